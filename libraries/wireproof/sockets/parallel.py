"""Doing the same with many clients at once, bounded, and called off as a whole."""

import queue
import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

from wireproof.history import SLICE_S
from wireproof.journal import now_ns
from wireproof.quantities import Rate
from wireproof.sockets.errors import CancelledError, SocketsError
from wireproof.sockets.patience import Patience, sleep_until

LIMIT = 64
"""Openings under way at once: enough to keep a server busy, few enough for a laptop's ports and a proxy's backlog."""

T = TypeVar("T")
Job = Callable[[threading.Event], T]
"""Called in some thread with the event that calls it off."""


def in_parallel(jobs: Sequence[Job[T]], *, rate: Rate | None = None) -> list[T | SocketsError | ValueError]:
    """Runs all jobs and returns what each returned, or its `SocketsError` or `ValueError`, in order.

    The first jobs start together. When the caller is interrupted, all are called off and their threads end.

    Args:
        jobs: what to do.
        rate: starts at most so many a second; as many at once as `LIMIT` allows without it.
    """
    if len(jobs) == 1:
        return [_outcome(jobs[0], threading.Event())]
    results: list[T | SocketsError | ValueError] = [CancelledError("called off") for _ in jobs]
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    for number in range(len(jobs)):
        waiting.put(number)
    cancelled = threading.Event()
    crew = min(LIMIT, len(jobs))
    go = threading.Event()
    begin_ns = [0]

    def work() -> None:
        go.wait()
        while not cancelled.is_set():
            try:
                number = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                if rate is not None:
                    sleep_until(begin_ns[0] + int(number * rate.interval_s * 1e9), Patience(None, cancelled))
            except CancelledError:
                return
            results[number] = _outcome(jobs[number], cancelled)

    threads = [threading.Thread(target=work, name=f"wireproof-crew-{n}", daemon=True) for n in range(crew)]
    try:
        for thread in threads:
            thread.start()
        begin_ns[0] = now_ns()
        go.set()
        for thread in threads:
            while thread.is_alive():
                thread.join(SLICE_S)
    except BaseException:
        cancelled.set()
        go.set()
        raise
    return results


def _outcome(job: Job[T], cancelled: threading.Event) -> T | SocketsError | ValueError:
    try:
        return job(cancelled)
    except (SocketsError, ValueError) as error:
        return error
