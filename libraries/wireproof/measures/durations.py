"""How long things took: a histogram for each second, which add up, and what their percentiles prove."""

import math
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from wireproof.measures.dependence import Spread, effective_size
from wireproof.measures.estimate import Estimate
from wireproof.measures.histogram import Histogram, percentile_share
from wireproof.measures.tails import percentile_ranks
from wireproof.quantities import Duration

if TYPE_CHECKING:
    import numpy.typing as npt

_SECOND_NS = 1_000_000_000


class Durations:
    """Durations by the second in which each began, on one clock.

    Those of several processes on one clock add up to the same as if one had recorded all.
    """

    __slots__ = ("_intervals", "_total")

    def __init__(self) -> None:
        self._intervals: dict[int, Histogram] = {}
        self._total: Histogram | None = None

    @classmethod
    def of(cls, at_ns: "npt.ArrayLike", took_ns: "npt.ArrayLike") -> "Durations":
        """From two columns of nanoseconds: when each began, and how long it took.

        Raises:
            ValueError: one of them took less than no time; or the columns differ in length.
        """
        import numpy as np

        seconds = np.asarray(at_ns, dtype=np.int64) // _SECOND_NS
        took_us = (np.asarray(took_ns, dtype=np.int64) + 500) // 1000
        if seconds.shape != took_us.shape:
            raise ValueError(f"{seconds.size} moments and {took_us.size} durations: give one of each")
        order = np.argsort(seconds, kind="stable")
        seconds, took_us = seconds[order], took_us[order]
        numbers, starts = np.unique(seconds, return_index=True)
        durations = cls()
        for second, column in zip(numbers.tolist(), np.split(took_us, starts[1:]), strict=False):
            durations._interval(second).record_many(column)
        return durations

    @classmethod
    def from_seconds(cls, took_s: Iterable[float]) -> "Durations":
        """From durations of which nobody noted when they were: they are one interval."""
        durations = cls()
        for seconds in took_s:
            durations.record(0, round(seconds * _SECOND_NS))
        return durations

    def record(self, at_ns: int, took_ns: int) -> None:
        """Counts one that began then and took so long."""
        self._interval(at_ns // _SECOND_NS).record((took_ns + 500) // 1000)

    def add(self, other: "Durations") -> None:
        """Counts everything that others hold."""
        for second, histogram in other._intervals.items():
            self._interval(second).add(histogram)

    @property
    def n(self) -> int:
        """How many were recorded."""
        return self.total.count

    @property
    def total(self) -> Histogram:
        """All of them in one histogram."""
        if self._total is None:
            self._total = Histogram.merged(self._intervals.values())
        return self._total

    @property
    def intervals(self) -> Mapping[int, Histogram]:
        """A histogram for each second of the clock in which something began, in order."""
        return MappingProxyType(dict(sorted(self._intervals.items())))

    def estimate(self, statistic: str) -> Estimate:
        """A percentile (`p50`, `p95`, `p99.9`), the `mean`, `max` or `min`.

        Percentiles are bounded by order statistics, which hold for any distribution: p99 has an upper bound from 299
        durations on. What happens in one second is alike, so they count only as many as the seconds show them to be
        worth. Fewer than ten seconds do not show it: then all count, and a mean has no bounds. The largest and the
        smallest are as they were observed.

        Raises:
            ValueError: nothing was recorded, or there is no such statistic.
        """
        total = self.total
        if (share := percentile_share(statistic)) is not None:
            return self._percentile(statistic, share)
        if statistic not in {"mean", "max", "min"}:
            raise ValueError(f"durations have no statistic {statistic!r}: they have p50, p95, p99.9, mean, max and min")
        if statistic == "mean":
            return self._mean()
        extreme = _duration(total.max if statistic == "max" else total.min)
        return Estimate(statistic, extreme, extreme, extreme, total.count)

    def _percentile(self, statistic: str, share: float) -> Estimate:
        total, n = self.total, self.n
        value = total.percentile(share)
        parts = list(self.intervals.values())
        worth = effective_size([part.count_above(value) for part in parts], [part.count for part in parts])
        low_rank, high_rank = percentile_ranks(share, worth)
        low = total.value_range(max(1, low_rank * n // worth))[0] if low_rank else None
        high = total.value_range(-(-high_rank * n // worth))[1] if high_rank else None
        return Estimate(statistic, _duration(value), _bound(low), _bound(high), n)

    def _mean(self) -> Estimate:
        total, mean = self.total, self.total.mean
        spread = Spread.of([part.sum - mean * part.count for part in self.intervals.values()])
        if not spread:
            return Estimate("mean", _duration(mean), None, None, total.count)
        reach = spread.reach * math.sqrt(spread.variance) / total.count
        low, high = max(mean - reach, total.min), min(mean + reach, total.max)
        return Estimate("mean", _duration(mean), _duration(low), _duration(high), total.count)

    def _interval(self, second: int) -> Histogram:
        self._total = None
        if second not in self._intervals:
            self._intervals[second] = Histogram()
        return self._intervals[second]

    @property
    def p50_ms(self) -> float:
        """The median in milliseconds."""
        return self.total.percentile(0.5) / 1000

    @property
    def p95_ms(self) -> float:
        """The 95th percentile in milliseconds."""
        return self.total.percentile(0.95) / 1000

    @property
    def p99_ms(self) -> float:
        """The 99th percentile in milliseconds."""
        return self.total.percentile(0.99) / 1000

    @property
    def p999_ms(self) -> float:
        """The 99.9th percentile in milliseconds."""
        return self.total.percentile(0.999) / 1000

    @property
    def max_ms(self) -> float:
        """The longest in milliseconds."""
        return self.total.max / 1000

    @property
    def mean_ms(self) -> float:
        """The mean in milliseconds."""
        return self.total.mean / 1000

    def __eq__(self, other: object) -> bool:
        return self._intervals == other._intervals if isinstance(other, Durations) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # they change

    def __repr__(self) -> str:
        if not self.n:
            return "<no durations>"
        return f"<{self.n} durations: p50 {self.p50_ms:.3g} ms, p95 {self.p95_ms:.3g} ms, max {self.max_ms:.3g} ms>"


def _duration(us: float) -> Duration:
    return Duration(us / 1e6)


def _bound(us: float | None) -> Duration | None:
    return None if us is None else _duration(us)
