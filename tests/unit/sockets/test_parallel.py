"""Doing the same with many at once."""

import threading

import pytest

from wireproof.sockets.errors import SocketsError
from wireproof.sockets.parallel import LIMIT, in_parallel

GENEROUS_S = 30


def test_results_come_in_order_with_errors_in_their_place() -> None:
    def job(number: int) -> int:
        if number % 10 == 3:
            raise SocketsError(f"no {number}")
        return number

    jobs = [lambda _cancelled, number=number: job(number) for number in range(100)]
    results = in_parallel(jobs)  # type: ignore[type-var]
    assert [str(result) for result in results[:5]] == ["0", "1", "2", "no 3", "4"]
    assert sum(isinstance(result, SocketsError) for result in results) == 10


def test_nothing_to_do() -> None:
    assert in_parallel([]) == []


def test_no_more_than_the_limit_at_once() -> None:
    here = threading.Barrier(LIMIT, timeout=GENEROUS_S)

    def job(_cancelled: threading.Event) -> int:
        here.wait()
        return threading.active_count()

    most = max(in_parallel([job] * (2 * LIMIT)))  # type: ignore[type-var]
    assert isinstance(most, int)
    assert most <= LIMIT + threading.active_count() + 1


def test_an_interrupt_calls_off_every_job(monkeypatch: pytest.MonkeyPatch) -> None:
    called_off = threading.Semaphore(0)
    running = threading.Semaphore(0)

    def job(cancelled: threading.Event) -> None:
        running.release()
        assert cancelled.wait(GENEROUS_S)
        called_off.release()

    class Interrupt(BaseException):
        """As Robot's time-out is one."""

    join = threading.Thread.join

    def interrupted(self: threading.Thread, timeout: float | None = None) -> None:
        if self.name.startswith("wireproof-crew"):
            for _ in range(2):
                assert running.acquire(timeout=GENEROUS_S)
            raise Interrupt
        join(self, timeout)

    monkeypatch.setattr(threading.Thread, "join", interrupted)
    with pytest.raises(Interrupt):
        in_parallel([job] * 2)
    for _ in range(2):
        assert called_off.acquire(timeout=GENEROUS_S)
