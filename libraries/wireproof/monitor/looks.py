"""What a source saw each time that it looked: the rows of a monitoring."""

import threading
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

USED = "process."
"""Subjects that begin so are services, by the processor and memory that they use; the others are probes."""


@dataclass(frozen=True, slots=True)
class Look:
    """One look at one subject.

    Attributes:
        began_ns, ended_ns: from when to when it took, on the journal's clock.
        problem: why there is nothing to see; empty where there is.
        values: numbers by metric, in base units: bytes, seconds, shares.
        identity: what changes when the subject is started anew; empty where that cannot be told.
        remark: what is worth knowing of a look that went well.
    """

    began_ns: int
    ended_ns: int
    problem: str = ""
    values: Mapping[str, float] = field(default_factory=dict)
    identity: str = ""
    remark: str = ""


class Looks:
    """All looks by subject, in the order of time. Threads add, others read."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_subject: dict[str, list[Look]] = {}

    def add(self, subject: str, look: Look) -> None:
        with self._lock:
            self._by_subject.setdefault(subject, []).append(look)

    def last(self, subject: str) -> Look | None:
        """The latest look at a subject."""
        with self._lock:
            looks = self._by_subject.get(subject)
            return looks[-1] if looks else None

    def before(self, at_ns: int) -> dict[str, Look]:
        """The last look at each subject that began before a moment."""
        with self._lock:
            places = {subject: bisect_left(looks, at_ns, key=_began) for subject, looks in self._by_subject.items()}
            return {subject: self._by_subject[subject][place - 1] for subject, place in places.items() if place}

    def between(self, since_ns: int, until_ns: int) -> dict[str, Sequence[Look]]:
        """The looks that began in a time, by subject; a subject that was not looked at has none."""
        with self._lock:
            return {
                subject: looks[bisect_left(looks, since_ns, key=_began) : bisect_left(looks, until_ns, key=_began)]
                for subject, looks in self._by_subject.items()
            }


def _began(look: Look) -> int:
    return look.began_ns
