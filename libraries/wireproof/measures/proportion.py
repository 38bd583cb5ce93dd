"""How many of how many: a share with exact bounds."""

from dataclasses import dataclass

from wireproof.measures.estimate import Estimate
from wireproof.measures.tails import highest_share, lowest_share
from wireproof.quantities import Count, Fraction


@dataclass(frozen=True, slots=True)
class Proportion:
    """How many of those that were tried were so: connects that succeeded, messages that were lost.

    Attributes:
        good: how many were so.
        tried: how many could have been.
    """

    good: int
    tried: int

    def __post_init__(self) -> None:
        if not 0 <= self.good <= self.tried:
            raise ValueError(f"{self.good} of {self.tried} is no proportion: give 0 to {self.tried} of {self.tried}")

    @property
    def n(self) -> int:
        """How many were tried."""
        return self.tried

    @property
    def failed(self) -> int:
        """How many were not so."""
        return self.tried - self.good

    def estimate(self, statistic: str) -> Estimate:
        """The share as `rate`, with exact (Clopper-Pearson) bounds, or as `observed`; `count` is how many were so.

        Raises:
            ValueError: nothing was tried, or there is no such statistic.
        """
        if statistic == "count":
            count = Count(self.good)
            return Estimate(statistic, count, count, count, self.tried)
        if statistic not in {"rate", "observed"}:
            raise ValueError(f"a proportion has no statistic {statistic!r}: it has rate, observed and count")
        if not self.tried:
            raise ValueError("nothing was tried: there is no rate")
        share = Fraction(self.good / self.tried)
        if statistic == "observed":
            return Estimate(statistic, share, share, share, self.tried)
        low, high = lowest_share(self.good, self.tried), highest_share(self.good, self.tried)
        return Estimate(statistic, share, Fraction(low), Fraction(high), self.tried)

    def __repr__(self) -> str:
        return f"<{self.good} of {self.tried}>"
