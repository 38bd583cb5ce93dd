"""Faults whose effect is asked for, not told: who is concerned keeps the count."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from wireproof.faults.fault import Fault


@dataclass(eq=False)
class MeasuredFault(Fault):
    """A fault that somebody else counts for.

    Attributes:
        measure: gives the counts as they are; asked until the fault is healed, the last time right before.
    """

    measure: Callable[[], Mapping[str, int]] = dict
    _final: Mapping[str, int] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self._heal, self.undo = self.undo, self._measure_and_heal

    @property
    def effect(self) -> dict[str, int]:
        """What it touched so far, by kind."""
        return dict(self.measure() if self._final is None else self._final)

    def _measure_and_heal(self) -> None:
        final: Mapping[str, int] = {}
        try:
            final = self.measure()
        finally:
            self._final = final
            self._heal()
