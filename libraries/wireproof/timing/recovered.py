"""A recovery as a measurement, so that a criterion can judge it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from wireproof.measures.estimate import Estimate, Measure
from wireproof.quantities import Duration
from wireproof.timing import telling
from wireproof.timing.figures import Recovery

METRIC = "recovery.time"

_STATISTICS = ("max", "min", "mean", "last")


@dataclass(frozen=True, slots=True)
class RecoveryTime:
    """From the heal until everything was drained.

    While that is not over it is longer than it was so far: a limit beyond that can be missed then, but not be met.
    """

    recovery: Recovery

    @property
    def n(self) -> int:
        """One: a recovery happens once."""
        return 1

    def estimate(self, statistic: str) -> Estimate:
        """`max`, `min`, `mean` and `last` are the same.

        Raises:
            ValueError: there is no such statistic.
        """
        if statistic not in _STATISTICS:
            raise ValueError(f"one recovery has no statistic {statistic!r}: it has {', '.join(_STATISTICS)}")
        drained_ms = self.recovery.drained_ms
        value = Duration((self.recovery.looked_ms if drained_ms is None else drained_ms) / 1000)
        return Estimate(statistic, value, value, None if drained_ms is None else value, self.n)


@dataclass(frozen=True, slots=True)
class Recovered:
    """A recovery as a `Measured`."""

    recovery: Recovery

    @property
    def name(self) -> str:
        return f"recovery from {self.recovery.fault.label}"

    @property
    def measures(self) -> Mapping[str, Measure]:
        return {METRIC: RecoveryTime(self.recovery)}

    @property
    def problems(self) -> Sequence[str]:
        """Why there is no telling how long it took."""
        problem = telling.unmeasurable(self.recovery, "drained") or telling.still_on(self.recovery)
        return [problem] if problem else []
