"""A thread that looks again and again, and ends when it is told."""

import threading

from wireproof.monitor.beat import Beat


def test_it_looks_until_it_is_told_to_stop_and_closes_in_its_thread() -> None:
    seen: list[str] = []
    enough = threading.Event()

    def look() -> None:
        seen.append(threading.current_thread().name)
        if len(seen) == 3:
            enough.set()

    beat = Beat("http", 0.001, look, lambda: seen.append(f"closed in {threading.current_thread().name}"))
    beat.start()
    beat.wait_for_first_look()
    assert enough.wait(60)
    beat.ask_to_stop()
    beat.join()
    assert seen[:3] == ["wireproof-monitor-http"] * 3
    assert seen[-1] == "closed in wireproof-monitor-http"
    assert beat.crash == ""


def test_a_crash_is_told_and_ends_it() -> None:
    closed = threading.Event()

    def look() -> None:
        raise RuntimeError("no more")

    beat = Beat("http", 0.001, look, closed.set)
    beat.start()
    beat.wait_for_first_look()
    beat.join()
    assert beat.crash == "RuntimeError: no more"
    assert closed.is_set()
