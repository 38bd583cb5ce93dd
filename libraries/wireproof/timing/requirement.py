"""What is demanded of a measurement: one statistic of one metric, and its limit."""

import difflib
from dataclasses import dataclass

from wireproof.measures.histogram import percentile_share
from wireproof.quantities import Comparison
from wireproof.wiretext import safe

STATISTICS = ("min", "mean", "max", "last", "rate", "observed", "count", "slope")
"""Those that are no percentile."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """One limit.

    Attributes:
        name: what it is called in messages: a criterion's id, or the metric of a threshold.
        title: what is promised, in plain words; empty for a threshold.
        metric: what is observed: `delivery.time`.
        statistic: how many observations become one value: `p95`, `rate`, `max`.
        limit: what the value must meet.
        at_least: how many observations it has to stand on; 0 where nobody says.
    """

    name: str
    title: str
    metric: str
    statistic: str
    limit: Comparison
    at_least: int = 0

    @property
    def head(self) -> str:
        """How a line about it begins."""
        return f"{self.name} {self.title}".strip()


def require_statistic(statistic: str) -> None:
    """Refuses what is no statistic.

    Raises:
        ValueError: no measure has one of that name.
    """
    if statistic in STATISTICS or percentile_share(statistic) is not None:
        return
    near = difflib.get_close_matches(statistic, STATISTICS, n=1)
    hint = f"did you mean {near[0]}?" if near else f"write a percentile such as p95, or {', '.join(STATISTICS)}"
    raise ValueError(f"unknown statistic '{safe(statistic, 40)}': {hint}")
