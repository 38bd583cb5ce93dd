"""How many independent observations a series is worth: what comes one after the other resembles what came before.

One slow second makes a thousand messages late together. Bounds that take them for a thousand observations are too
narrow, so it counts how much more the seconds differ than chance would have it, and how much each resembles the next.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wireproof.measures.tails import student

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

FEWEST_BLOCKS = 10
"""In a shorter series nothing can be told of how its parts depend on each other."""

_MOST_BLOCKS = 120
_STRONGEST = 0.99


@dataclass(frozen=True, slots=True)
class Spread:
    """How far the sum of a series is from what it would be in another run.

    Attributes:
        variance: of the sum.
        reach: how many standard deviations a one-sided bound is away: more, the less the series tells of itself.
    """

    variance: float
    reach: float

    @classmethod
    def of(cls, deviations: Sequence[float]) -> "Spread | None":
        """From what each interval in turn deviates by, in sum 0; None when there are too few.

        In long series neighbours are taken together, which keeps what reaches further than one interval.
        """
        import numpy as np

        together = -(-len(deviations) // _MOST_BLOCKS)
        blocks = np.add.reduceat(np.asarray(deviations, dtype=np.float64), np.arange(0, len(deviations), together))
        if len(blocks) < FEWEST_BLOCKS:
            return None
        independent = max(worth(blocks, 1), 2.0)
        single = float(blocks @ blocks) * len(blocks) / (len(blocks) - 1)
        return cls(single * len(blocks) / independent, student(independent - 1))


def worth(residuals: "npt.NDArray[np.float64]", fitted: int) -> float:
    """As how many independent ones so many residuals count, by their first autocorrelation.

    Args:
        residuals: what is left of the values in their order.
        fitted: how many parameters were fitted to them, which hides some of the correlation: 1 a mean, 2 a line.
    """
    power, n = float(residuals @ residuals), len(residuals)
    if not power:
        return float(n)
    seen = max(float(residuals[1:] @ residuals[:-1]) / power, 0.0)
    alike = min(seen + (fitted + (fitted + 2) * seen) / n, _STRONGEST)
    return n * (1 - alike) / (1 + alike)


def effective_size(late: Sequence[int], counts: Sequence[int]) -> int:
    """How many independent observations those are worth that came in intervals, where a percentile is asked for.

    Args:
        late: how many of each interval are above the percentile.
        counts: how many each interval has.
    """
    n = sum(counts)
    above = sum(late) / n
    spread = Spread.of([more - above * count for more, count in zip(late, counts, strict=True)])
    if not spread or not above:
        return n
    by_chance = n * above * (1 - above)
    inflation = spread.variance / by_chance * (spread.reach / student(math.inf)) ** 2
    return max(1, int(n / max(1.0, inflation)))
