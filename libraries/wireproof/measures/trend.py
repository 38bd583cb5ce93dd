"""How fast something grows: a slope with bounds that do not take readings for independent."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wireproof.measures.estimate import Estimate
from wireproof.measures.tails import student
from wireproof.quantities import Quantity, Size

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_FEWEST = 5.0
"""With fewer readings that are worth an independent one, a line through them proves nothing."""


@dataclass(frozen=True, slots=True)
class Trend:
    """Readings against something that increases: the time, or the messages so far.

    Attributes:
        values: the readings, in the unit of their kind.
        at: how far it was at each.
        kind: the quantity that they are.
        per: the slope is told for so much of it: 100 000 messages.
    """

    values: Sequence[float]
    at: Sequence[float]
    kind: type[Quantity]
    per: float = 1.0

    def __post_init__(self) -> None:
        if len(self.values) != len(self.at):
            raise ValueError(f"{len(self.values)} readings at {len(self.at)} places: give one place for each")

    @property
    def n(self) -> int:
        """How many readings there are."""
        return len(self.values)

    def estimate(self, statistic: str) -> Estimate:
        """The `slope`, by least squares.

        Neighbouring readings resemble each other, so the bounds count only as many as their residuals are worth; None
        where those are too few.

        Raises:
            ValueError: there is no such statistic, or the readings have no extent.
        """
        import numpy as np

        if statistic != "slope":
            raise ValueError(f"a trend has no statistic {statistic!r}: it has slope")
        x, y = np.asarray(self.at, dtype=np.float64), np.asarray(self.values, dtype=np.float64)
        if len(x) < 2 or x.min() == x.max():
            raise ValueError(f"{len(x)} readings at one place have no slope: take readings while it goes on")
        x = (x - x.mean()) / self.per
        spread = float(x @ x)
        slope = float(x @ y) / spread
        residuals = y - y.mean() - slope * x
        worth = len(x) * _independent(residuals)
        if worth < _FEWEST:
            return Estimate(statistic, _quantity(self.kind, slope, round), None, None, self.n)
        error = math.sqrt(float(residuals @ residuals) / (worth - 2) / (spread * worth / len(x)))
        reach = student(worth - 2) * error
        low, high = _quantity(self.kind, slope - reach, math.floor), _quantity(self.kind, slope + reach, math.ceil)
        return Estimate(statistic, _quantity(self.kind, slope, round), low, high, self.n)


def _independent(residuals: "npt.NDArray[np.float64]") -> float:
    """Which share of so many readings would tell as much, were they independent: from the first autocorrelation."""
    power = float(residuals @ residuals)
    if not power:
        return 1.0
    n = len(residuals)
    alike = float(residuals[1:] @ residuals[:-1]) / power
    alike = min(max(alike + (2 + 4 * max(alike, 0.0)) / n, 0.0), 0.999)  # least squares hides some of it
    return (1 - alike) / (1 + alike)


def _quantity(kind: type[Quantity], value: float, whole: Callable[[float], int]) -> Quantity:
    return Size(whole(value)) if kind is Size else kind(value)  # type: ignore[arg-type]  # all others take floats
