"""Append-only record of what arrived, read by many, consumed by nobody.

One thread appends; any number of keywords look at the past and wait for the future with `History.follow`. Because
nothing is consumed, a message that came before the wait began still counts, and two waits can look for the same one.
"""

import threading
from bisect import bisect_left
from collections.abc import Iterator
from operator import attrgetter
from typing import Generic, Protocol, TypeVar

from wireproof.journal import now_ns

SLICE_S = 0.1
"""The longest uninterrupted sleep of a wait: Robot's time-outs take effect between slices."""


class Timed(Protocol):
    """Something that arrived at `at_ns` on the journal's clock."""

    @property
    def at_ns(self) -> int: ...


T = TypeVar("T", bound=Timed)
_arrival = attrgetter("at_ns")


class History(Generic[T]):
    """What arrived so far, in order of arrival, and whether more may come."""

    def __init__(self) -> None:
        self._items: list[T] = []
        self._waiters: list[threading.Event] = []
        self._ended: str | None = None

    def __len__(self) -> int:
        return len(self._items)

    @property
    def ended(self) -> str | None:
        """Why nothing more will come, or None while it may."""
        return self._ended

    def append(self, item: T) -> None:
        """Adds an item and wakes every wait; called by one thread only, with rising times."""
        self._items.append(item)
        self._wake()

    def end(self, reason: str) -> None:
        """Says that no more will come: waits stop at once."""
        self._ended = reason
        self._wake()

    def reopen(self) -> None:
        """Says that more may come again, after a reconnect."""
        self._ended = None

    def snapshot(self, since_ns: int = 0) -> list[T]:
        """What arrived at or after `since_ns`."""
        return self._items[self._first(since_ns) :]

    def follow(self, since_ns: int, deadline_ns: int) -> Iterator[T]:
        """Yields what arrived since `since_ns`, then what arrives, until `deadline_ns` or the end of the history.

        What had arrived when the deadline passed is still yielded.
        """
        position = self._first(since_ns)
        waiter = threading.Event()
        self._waiters.append(waiter)
        try:
            while True:
                waiter.clear()
                # Looked at before the items are: what came before the end was said must not be missed.
                over = self._ended is not None or now_ns() >= deadline_ns
                arrived = len(self._items)
                while position < arrived:
                    yield self._items[position]
                    position += 1
                if over:
                    return
                waiter.wait(min(SLICE_S, max(0.0, (deadline_ns - now_ns()) / 1e9)))
        finally:
            self._waiters.remove(waiter)

    def _first(self, since_ns: int) -> int:
        return bisect_left(self._items, since_ns, key=_arrival) if since_ns else 0

    def _wake(self) -> None:
        for waiter in list(self._waiters):
            waiter.set()
