"""Disturbances: what is done on purpose to a part of the system under test, told to the journal from when to when.

Every room that does harm begins one here, so that their numbers are unique in the run and `fault` events read the same.
"""

import itertools
import threading
from collections.abc import Mapping
from typing import Any

from wireproof import journal

_numbers = itertools.count(1)


def number() -> int:
    """A number that no other disturbance of this run has."""
    return next(_numbers)


class Disturbance:
    """A disturbance that has begun. Ending it twice records one end.

    Attributes:
        place: what it is done to: a link's or a service's name, postgres, redis.
        name: what it is, in words: black hole, killed, COMMIT reply held.
        number: pairs its two events.
    """

    def __init__(self, place: str, name: str) -> None:
        self.place = place
        self.name = name
        self.number = number()
        self._is_on = True
        self._lock = threading.Lock()

    @property
    def is_on(self) -> bool:
        """Whether it has not ended yet."""
        return self._is_on

    def end(self, *, touched: int, effect: Mapping[str, Any] | None = None, at_ns: int | None = None) -> None:
        """Records the end; does nothing when it has ended before. Callable from any thread.

        Args:
            touched: how much it had an effect on: connections, processes, sessions, ...; 0 means none.
            effect: what was counted, by its name.
            at_ns: when the healing was ordered, now if not given: what the healing takes counts as recovery.
        """
        with self._lock:
            if not self._is_on:
                return
            self._is_on = False
        self._record("off", at_ns, touched=touched, effect=dict(effect or {}))

    def _record(self, phase: str, at_ns: int | None, **details: Any) -> None:
        journal.current().record(
            "fault", self.place, at_ns=at_ns, phase=phase, name=self.name, number=self.number, **details
        )


def begin(place: str, name: str, *, at_ns: int | None = None, duration_s: float | None = None) -> Disturbance:
    """Begins a disturbance and records it.

    Args:
        place: what it is done to.
        name: what it is, in words.
        at_ns: when it was ordered, now if not given.
        duration_s: how long it is going to last, where that is known.
    """
    disturbance = Disturbance(place, name)
    disturbance._record("on", at_ns, **({} if duration_s is None else {"duration_s": duration_s}))
    return disturbance
