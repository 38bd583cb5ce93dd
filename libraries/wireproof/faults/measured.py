"""Faults whose effect is asked for, not told: who is concerned keeps the count."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from wireproof.faults.fault import Fault
from wireproof.wiretext import safe


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
        """Heals it also where nobody answers any more: who counted may have been restarted meanwhile."""
        final: Mapping[str, int] = {}
        try:
            final, self.uncounted = self.measure(), ""
        except Exception as problem:  # noqa: BLE001 - it must be healed; who asks for the effect hears of it
            self.uncounted = safe(problem)
        self._heal()
        self._final = final
