"""A run of something, measured by the tests: its measures are what the test says they are."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from wireproof.measures.estimate import Estimate, Measure
from wireproof.quantities import Duration, Fraction, Quantity


@dataclass(frozen=True)
class Fixed:
    """A measure whose statistics are fixed."""

    estimates: Mapping[str, Estimate]
    n: int = 1
    gaps: int = 0

    def estimate(self, statistic: str) -> Estimate:
        if statistic not in self.estimates:
            raise ValueError(f"no statistic '{statistic}': there is {', '.join(self.estimates)}")
        return self.estimates[statistic]


@dataclass(frozen=True)
class Run:
    """A run with these measures."""

    measures: Mapping[str, Measure]
    problems: tuple[str, ...] = ()
    name: str = field(default="steady")


def ms(value: float) -> Duration:
    return Duration(value / 1000)


def fixed(
    statistic: str, value: Quantity, low: Quantity | None, high: Quantity | None, n: int = 1000, gaps: int = 0
) -> Fixed:
    return Fixed({statistic: Estimate(statistic, value, low, high, n)}, n, gaps)


def times(value: float, low: float | None = None, high: float | None = None, n: int = 60_000) -> Estimate:
    """A 95th percentile in milliseconds."""
    return Estimate("p95", ms(value), None if low is None else ms(low), None if high is None else ms(high), n)


def rate(value: float, low: float, high: float, n: int) -> Estimate:
    """A share in per cent."""
    return Estimate("rate", Fraction(value / 100), Fraction(low / 100), Fraction(high / 100), n)
