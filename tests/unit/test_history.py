import signal
import threading
from dataclasses import dataclass

import pytest

from wireproof.history import SLICE_S, History
from wireproof.journal import now_ns

NEVER_NS = 2**62


@dataclass(frozen=True)
class Item:
    at_ns: int


def started(target):
    thread = threading.Thread(target=target, daemon=True)
    thread.start()
    return thread


def a_waiter_of(history, amount=1):
    """Returns when `amount` threads wait in `follow`."""
    while len(history._waiters) < amount:
        threading.Event().wait(0.001)


@pytest.fixture
def history(monkeypatch):
    """A history whose waits have to be woken: they would sleep longer than the tests wait for them."""
    monkeypatch.setattr("wireproof.history.SLICE_S", 60)
    return History[Item]()


def test_a_snapshot_starts_at_its_moment(history):
    for at_ns in (10, 20, 20, 30):
        history.append(Item(at_ns))
    assert len(history) == 4
    assert history.snapshot() == [Item(10), Item(20), Item(20), Item(30)]
    assert history.snapshot(20) == [Item(20), Item(20), Item(30)]
    assert history.snapshot(31) == []


def test_the_past_is_given_even_when_the_deadline_has_passed(history):
    history.append(Item(10))
    assert list(history.follow(0, 0)) == [Item(10)]
    assert list(history.follow(11, 0)) == []


def test_waiting_consumes_nothing(history):
    history.append(Item(10))
    assert next(history.follow(0, NEVER_NS)) == next(history.follow(0, NEVER_NS)) == Item(10)


def test_what_arrives_wakes_every_wait(history):
    found = []
    threads = [started(lambda: found.append(next(history.follow(0, NEVER_NS)))) for _ in range(3)]
    a_waiter_of(history, 3)
    history.append(Item(10))
    for thread in threads:
        thread.join(10)
    assert found == [Item(10)] * 3


def test_the_end_stops_a_wait_after_what_came_before_it(history):
    found = []
    thread = started(lambda: found.extend(history.follow(0, NEVER_NS)))
    a_waiter_of(history)
    history.append(Item(10))
    history.append(Item(20))
    history.end("closed by the server")
    thread.join(10)
    assert not thread.is_alive()
    assert found == [Item(10), Item(20)]
    assert history.ended == "closed by the server"


def test_the_end_wakes_a_wait_for_nothing(history):
    thread = started(lambda: list(history.follow(0, NEVER_NS)))
    a_waiter_of(history)
    history.end("closed by the server")
    thread.join(10)
    assert not thread.is_alive()


def test_a_reopened_history_is_waited_for_again(history):
    history.end("closed")
    history.reopen()
    assert history.ended is None
    items = []
    thread = started(lambda: items.append(next(history.follow(0, NEVER_NS))))
    a_waiter_of(history)
    history.append(Item(10))
    thread.join(10)
    assert items == [Item(10)]


def test_a_wait_ends_at_its_deadline(history):
    deadline = now_ns() + 20_000_000
    assert list(history.follow(0, deadline)) == []
    assert now_ns() >= deadline


def test_no_wait_is_left_behind(history):
    history.append(Item(10))
    next(history.follow(0, NEVER_NS))
    waiting = history.follow(0, NEVER_NS)
    next(waiting)
    waiting.close()
    assert history._waiters == []


def test_nothing_is_lost_between_one_writer_and_many_readers(history):
    amount = 5000
    found = [[], [], []]
    threads = [started(lambda mine=mine: mine.extend(history.follow(0, NEVER_NS))) for mine in found]
    for number in range(amount):
        history.append(Item(number + 1))
    history.end("done")
    for thread in threads:
        thread.join(30)
    assert [len(mine) for mine in found] == [amount] * 3
    assert all(mine == history.snapshot() for mine in found)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs POSIX timers")
def test_a_signal_interrupts_a_wait_as_robots_time_out_does():
    history = History[Item]()

    class TimedOut(BaseException):
        pass

    def interrupt(number, frame):
        raise TimedOut

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, SLICE_S / 2)
        with pytest.raises(TimedOut):
            list(history.follow(0, NEVER_NS))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert history._waiters == []
