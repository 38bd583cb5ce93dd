"""Samples of a level: memory, processor time, connections held, a rate by the second."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from wireproof.measures.estimate import Estimate
from wireproof.measures.histogram import rank
from wireproof.measures.trend import Trend
from wireproof.quantities import Quantity, Size

_PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d{1,4})?)")


@dataclass(frozen=True, slots=True)
class Readings:
    """A level at several moments.

    Attributes:
        values: the readings, in the unit of their kind: bytes, seconds, per second, a ratio.
        kind: the quantity that they are.
        at_ns: when each was taken; empty where nobody noted it.
        gaps: how many readings are missing. A gap is no reading, and never 0.
    """

    values: Sequence[float]
    kind: type[Quantity]
    at_ns: Sequence[int] = ()
    gaps: int = 0

    def __post_init__(self) -> None:
        if len(self.at_ns) not in {0, len(self.values)}:
            raise ValueError(f"{len(self.values)} readings at {len(self.at_ns)} moments: give one moment for each")

    @property
    def n(self) -> int:
        """How many readings there are."""
        return len(self.values)

    def estimate(self, statistic: str) -> Estimate:
        """`max`, `min`, `mean`, a percentile or the `last`, all as observed; or the `slope` per second, with bounds.

        Raises:
            ValueError: there is no reading, no such statistic, or no moment for a slope.
        """
        if statistic == "slope":
            if not len(self.at_ns):
                raise ValueError("these readings have no moments, so no slope")
            return self.against([at_ns / 1e9 for at_ns in self.at_ns]).estimate(statistic)
        value = self._observed(statistic)
        return Estimate(statistic, value, value, value, self.n)

    def against(self, at: Sequence[float], per: float = 1.0) -> Trend:
        """The readings over something else that increases, such as the messages so far, a place for each reading."""
        return Trend(self.values, at, self.kind, per, self.gaps)

    def _observed(self, statistic: str) -> Quantity:
        if not self.n:
            raise ValueError(f"there is no reading, so no {statistic}")
        found = _PERCENTILE.fullmatch(statistic)
        if found:
            value = sorted(self.values)[rank(float(found[1]) / 100, self.n) - 1]
        elif statistic in {"max", "min", "mean", "last"}:
            value = {
                "max": max(self.values),
                "min": min(self.values),
                "mean": sum(self.values) / self.n,
                "last": self.values[-1],
            }[statistic]
        else:
            raise ValueError(f"readings have no statistic {statistic!r}: they have max, min, mean, p95, last and slope")
        return Size(round(value)) if self.kind is Size else self.kind(value)  # type: ignore[arg-type]

    def __repr__(self) -> str:
        if not self.n:
            return "<no readings>"
        low, high = self._observed("min"), self._observed("max")
        missing = f", {self.gaps} missing" if self.gaps else ""
        return f"<{self.n} readings, {low} to {high}{missing}>"
