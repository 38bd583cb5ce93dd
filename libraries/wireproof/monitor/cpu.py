"""The processor time of a tree of processes, that of processes which have ended included."""

from collections.abc import Mapping
from dataclasses import dataclass

Identity = tuple[int, float]
"""A process: its number and when it was created."""


@dataclass(frozen=True, slots=True)
class Times:
    """Processor time in seconds: a process's own, and that of its children that have ended and were waited for."""

    own: float
    children: float = 0.0


class TreeClock:
    """Adds up what the members of a tree use.

    A process that ends between two looks takes what it used since the last one with it; its parent then has all of it
    among its children's time. What was counted before is taken off that.
    """

    def __init__(self, members: Mapping[Identity, Times]) -> None:
        """Begins with a tree as it is: what was used before does not count."""
        self._members = dict(members)

    def used(self, members: Mapping[Identity, Times]) -> float:
        """The seconds that were used since the last call, by all that are or were in the tree."""
        before, self._members = self._members, dict(members)
        stayed = [(times, before[identity]) for identity, times in members.items() if identity in before]
        came = sum(times.own + times.children for identity, times in members.items() if identity not in before)
        went = sum(times.own + times.children for identity, times in before.items() if identity not in members)
        own = sum(now.own - then.own for now, then in stayed)
        inherited = sum(now.children - then.children for now, then in stayed)
        return max(0.0, came + own + max(0.0, inherited - went))
