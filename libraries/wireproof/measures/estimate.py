"""What a measurement says: a value, and the bounds between which the truth lies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from wireproof.quantities import Quantity


@dataclass(frozen=True, slots=True)
class Estimate:
    """One statistic of a measure.

    Attributes:
        statistic: which one: p95, rate, max.
        value: what it came to.
        low, high: the one-sided 95 % bounds; None where the sample is too small to have one. Where a value is judged as
            it was observed, both are the value.
        n: how many observations it stands on.
    """

    statistic: str
    value: Quantity
    low: Quantity | None
    high: Quantity | None
    n: int


class Measure(Protocol):
    """Something measured: durations, a proportion, readings."""

    @property
    def n(self) -> int:
        """How many observations it holds."""

    def estimate(self, statistic: str) -> Estimate:
        """What one statistic of it comes to.

        Raises:
            ValueError: it has no such statistic (the text lists those it has), or no observation.
        """


class Measured(Protocol):
    """A run of something that measures: a load, a monitoring, a series of calls."""

    @property
    def name(self) -> str:
        """What its author called it."""

    @property
    def measures(self) -> Mapping[str, Measure]:
        """What was measured, by metric, as `criteria.yaml` names them: delivery.time, cpu.server."""

    @property
    def problems(self) -> Sequence[str]:
        """Why the measurement itself failed, a plain line each: none of its measures can be judged then."""
