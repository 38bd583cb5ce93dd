"""A log-linear histogram of durations: any number of values in little space, each within 0.8 % of what it was.

Values are whole microseconds. Those below 256 have a bucket each; above, 128 buckets lie between a power of two and the
next. This is the layout of HdrHistogram with two significant figures. Count, sum, minimum and maximum are exact.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

HIGHEST_US = 2**42 - 1
"""The longest duration that is counted, some 50 days; a longer one is a mistake of who measured."""

SUB_BITS = 7
"""2 ** SUB_BITS buckets between a power of two and the next."""

_PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d{1,4})?)")


class Histogram:
    """How often each duration occurred, in microseconds; what took less than half a microsecond counts as 0.

    Histograms of parts add up to the histogram of the whole, in any order.

    Attributes:
        count: how many values were recorded.
        sum: what they add up to.
    """

    __slots__ = ("_counts", "_max", "_min", "count", "sum")

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}
        self._min = HIGHEST_US
        self._max = 0
        self.count = 0
        self.sum = 0

    @classmethod
    def merged(cls, parts: "Iterable[Histogram]") -> "Histogram":
        """The histogram of all that the parts hold."""
        whole = cls()
        for part in parts:
            whole.add(part)
        return whole

    @classmethod
    def from_buckets(cls, counts: Mapping[int, int]) -> "Histogram":
        """A histogram of which only the buckets are known: its minimum, maximum and sum are what they allow."""
        histogram = cls()
        for bucket, count in counts.items():
            low, high = bucket_range(bucket)
            histogram._counts[bucket] = count
            histogram._grow(count, count * (low + high) // 2, low, high)
        return histogram

    def record(self, us: int) -> None:
        """Counts one duration; ValueError when it is negative or longer than HIGHEST_US."""
        if not 0 <= us <= HIGHEST_US:
            raise ValueError(_refusal(us))
        counts, bucket = self._counts, bucket_of(us)
        counts[bucket] = counts.get(bucket, 0) + 1
        self.count += 1
        self.sum += us
        if us < self._min:
            self._min = us
        if us > self._max:
            self._max = us

    def record_many(self, us: "npt.ArrayLike") -> None:
        """Counts a column of whole microseconds, all or none of them; ValueError as `record`."""
        import numpy as np

        column = np.asarray(us, dtype=np.int64)
        if not column.size:
            return
        shortest, longest = int(column.min()), int(column.max())
        if shortest < 0 or longest > HIGHEST_US:
            raise ValueError(_refusal(shortest if shortest < 0 else longest))
        buckets = _buckets(column)
        first = int(buckets.min())
        occurred = np.bincount(buckets - first)
        for offset in np.flatnonzero(occurred).tolist():
            self._counts[first + offset] = self._counts.get(first + offset, 0) + int(occurred[offset])
        self._grow(column.size, int(column.sum()), shortest, longest)

    def add(self, other: "Histogram") -> None:
        """Counts everything that another histogram holds."""
        for bucket, count in other._counts.items():
            self._counts[bucket] = self._counts.get(bucket, 0) + count
        self._grow(other.count, other.sum, other._min, other._max)

    @property
    def min(self) -> int:
        """The shortest duration."""
        self._need_values()
        return self._min

    @property
    def max(self) -> int:
        """The longest duration."""
        self._need_values()
        return self._max

    @property
    def mean(self) -> float:
        """The arithmetic mean."""
        self._need_values()
        return self.sum / self.count

    def percentile(self, share: float) -> int:
        """The nearest-rank percentile: of n values in order, that at position share * n, rounded up.

        It is given as the highest value of its bucket, so never less than it was, and at most 0.8 % more.
        """
        return self.value_range(rank(share, self.count))[1]

    def value_range(self, rank: int) -> tuple[int, int]:
        """Between which values the rank-th shortest duration lies; ranks count from 1."""
        self._need_values()
        seen = 0
        for bucket, count in self.buckets():
            seen += count
            if seen >= rank:
                low, high = bucket_range(bucket)
                return max(low, self._min), min(high, self._max)
        raise ValueError(f"there is no rank {rank} among {self.count} values")

    def count_above(self, us: int) -> int:
        """How many are in buckets above that of a value."""
        bucket = bucket_of(us)
        return sum(count for other, count in self._counts.items() if other > bucket)

    def buckets(self) -> Iterator[tuple[int, int]]:
        """The number of each bucket that holds something and how much, the shortest durations first."""
        return iter(sorted(self._counts.items()))

    def _grow(self, count: int, total: int, shortest: int, longest: int) -> None:
        self.count += count
        self.sum += total
        self._min = min(self._min, shortest)
        self._max = max(self._max, longest)

    def _need_values(self) -> None:
        if not self.count:
            raise ValueError("nothing was recorded: there is no value to tell")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Histogram):
            return NotImplemented
        return (self._counts, self.sum, self._min, self._max) == (other._counts, other.sum, other._min, other._max)

    __hash__ = None  # type: ignore[assignment]  # it changes

    def __repr__(self) -> str:
        if not self.count:
            return "<histogram of nothing>"
        return f"<histogram of {self.count} values, {self._min} to {self._max} µs>"


def percentile_share(statistic: str) -> float | None:
    """The share that a percentile names: 0.95 for `p95`; None where it is no percentile."""
    found = _PERCENTILE.fullmatch(statistic)
    share = float(found[1]) / 100 if found else 0.0
    return share if share > 0 else None


def rank(share: float, count: int) -> int:
    """The position of a percentile among values in order, from 1; the share is cut to 0..1."""
    hidden = 1e-6  # 0.07 * 100 is a little more than 7
    return min(max(1, -int(-(share * count - hidden) // 1)), max(1, count))


def bucket_of(us: int) -> int:
    """The number of the bucket in which a value is counted."""
    shift = us.bit_length() - 1 - SUB_BITS
    return us if shift <= 0 else (shift << SUB_BITS) + (us >> shift)


def bucket_range(bucket: int, sub_bits: int = SUB_BITS) -> tuple[int, int]:
    """The lowest and the highest value that are counted in a bucket, of this layout or a coarser or finer one."""
    shift = max(0, (bucket >> sub_bits) - 1)
    low = (bucket - (shift << sub_bits)) << shift
    return low, low + (1 << shift) - 1


def _buckets(us: "npt.NDArray[np.int64]") -> "npt.NDArray[np.int64]":
    import numpy as np

    exponent = np.frexp(us.astype(np.float64))[1].astype(np.int64)  # the bit length: exact below 2**53
    shift = np.maximum(exponent - 1 - SUB_BITS, 0)
    return (shift << SUB_BITS) + (us >> shift)


def _refusal(us: int) -> str:
    why = "a duration is 0 or more: are start and end swapped?" if us < 0 else "nothing takes longer than 50 days here"
    return f"{us} µs cannot be recorded: {why}"
