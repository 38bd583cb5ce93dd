"""How fast something grows: a slope with bounds that do not take readings for independent."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wireproof.measures.dependence import FEWEST_BLOCKS, worth
from wireproof.measures.estimate import Estimate
from wireproof.measures.tails import student
from wireproof.quantities import Quantity, Size

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

_STEPS = 12


@dataclass(frozen=True, slots=True)
class Trend:
    """Readings against something that increases: the time, or the messages so far.

    Attributes:
        values: the readings, in the unit of their kind.
        at: how far it was at each.
        kind: the quantity that they are.
        per: the slope is told for so much of it: 100 000 messages.
        gaps: how many readings are missing.
    """

    values: Sequence[float]
    at: Sequence[float]
    kind: type[Quantity]
    per: float = 1.0
    gaps: int = 0

    def __post_init__(self) -> None:
        if len(self.values) != len(self.at):
            raise ValueError(f"{len(self.values)} readings at {len(self.at)} places: give one place for each")

    @property
    def n(self) -> int:
        """How many readings there are."""
        return len(self.values)

    def estimate(self, statistic: str) -> Estimate:
        """The `slope`, with bounds as wide as the readings depend on each other.

        Readings that scatter around a line give the slope of least squares, and count as many as they are worth. Those
        that wander, as memory does, give the mean of their steps between thirteen places.

        Raises:
            ValueError: there is no such statistic, or the readings have no extent.
        """
        import numpy as np

        if statistic != "slope":
            raise ValueError(f"a trend has no statistic {statistic!r}: it has slope")
        x, y = np.asarray(self.at, dtype=np.float64) / self.per, np.asarray(self.values, dtype=np.float64)
        if len(x) < 2 or (np.diff(x) < 0).any() or x[0] == x[-1]:
            raise ValueError(f"these {len(x)} readings have no slope: take at least two while what they are over grows")
        slope, reach = _line(x, y) or _steps(x, y)
        value = self._quantity(slope, round)
        if reach is None:
            return Estimate(statistic, value, None, None, self.n)
        low, high = self._quantity(slope - reach, math.floor), self._quantity(slope + reach, math.ceil)
        return Estimate(statistic, value, low, high, self.n)

    def _quantity(self, value: float, whole: Callable[[float], int]) -> Quantity:
        return Size(whole(value)) if self.kind is Size else self.kind(value)  # type: ignore[arg-type]  # others take floats


def _line(x: "Floats", y: "Floats") -> tuple[float, float] | None:
    """Least squares: the slope and the reach of its bounds; None when the residuals are worth too little."""
    centred = x - x.mean()
    extent = float(centred @ centred)
    slope = float(centred @ y) / extent
    residuals = y - y.mean() - slope * centred
    independent = worth(residuals, 2)
    if independent < FEWEST_BLOCKS:
        return None
    error = math.sqrt(float(residuals @ residuals) / extent / (independent - 2))
    return slope, student(independent - 2) * error


def _steps(x: "Floats", y: "Floats") -> tuple[float, float | None]:
    """The slope from the first reading to the last, and the reach of its bounds, if steps between are independent."""
    import numpy as np

    slope = float((y[-1] - y[0]) / (x[-1] - x[0]))
    if len(x) <= _STEPS:
        return slope, None
    places = np.linspace(0, len(x) - 1, _STEPS + 1).round().astype(np.int64)
    strays = np.diff(y[places]) - slope * np.diff(x[places])
    deviation = math.sqrt(float(strays @ strays) * _STEPS / (_STEPS - 1))
    return slope, student(_STEPS - 1) * deviation / float(x[-1] - x[0])
