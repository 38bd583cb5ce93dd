"""The block bootstrap: bounds for values that depend on those before them, as latencies of a loaded server do."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from wireproof.measures.histogram import Histogram, bucket_range
from wireproof.measures.tails import CONFIDENCE

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

FEWEST_BLOCKS = 10
"""With fewer blocks their resamples say nothing about those that were not seen."""

MOST_BLOCKS = 120
"""More are folded, neighbours together: longer blocks keep longer dependence, and the time stays bounded."""

_RESAMPLES = 400
_SEED = 20


def percentile_bounds(intervals: Sequence[Histogram], share: float) -> tuple[int, int] | None:
    """The one-sided bounds of a percentile in microseconds; None with too few intervals."""
    import numpy as np

    blocks = _folded(intervals)
    if len(blocks) < FEWEST_BLOCKS:
        return None
    buckets = np.array(sorted({bucket for block in blocks for bucket, _ in block.buckets()}))
    counts = np.zeros((len(blocks), len(buckets)))
    for row, block in zip(counts, blocks, strict=True):
        occupied = list(block.buckets())
        row[np.searchsorted(buckets, [bucket for bucket, _ in occupied])] = [count for _, count in occupied]
    cumulated = (_weights(len(blocks)) @ counts).cumsum(axis=1)
    ranks = np.maximum(np.ceil(share * cumulated[:, -1:] - 1e-6), 1)
    reached = np.sort((cumulated < ranks).sum(axis=1))
    low, high = buckets[reached[_tail()]], buckets[reached[-1 - _tail()]]
    return bucket_range(int(low))[0], bucket_range(int(high))[1]


def mean_bounds(intervals: Sequence[Histogram]) -> tuple[float, float] | None:
    """The one-sided bounds of the mean in microseconds; None with too few intervals."""
    import numpy as np

    blocks = _folded(intervals)
    if len(blocks) < FEWEST_BLOCKS:
        return None
    weights = _weights(len(blocks))
    sums, counts = np.array([[float(block.sum), float(block.count)] for block in blocks]).T
    means = np.sort((weights @ sums) / (weights @ counts))
    return float(means[_tail()]), float(means[-1 - _tail()])


def _weights(blocks: int) -> "npt.NDArray[np.float64]":
    """How often each block is drawn in each resample; the same every time, so that a figure is the same twice."""
    import numpy as np

    return np.random.default_rng(_SEED).multinomial(blocks, [1 / blocks] * blocks, _RESAMPLES).astype(np.float64)


def _tail() -> int:
    return round(_RESAMPLES * (1 - CONFIDENCE)) - 1


def _folded(intervals: Sequence[Histogram]) -> Sequence[Histogram]:
    together = -(-len(intervals) // MOST_BLOCKS)
    if together <= 1:
        return intervals
    return [Histogram.merged(intervals[at : at + together]) for at in range(0, len(intervals), together)]
