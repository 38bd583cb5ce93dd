"""What a report shows of a load: its result, beside what was asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from wireproof.load import profile
from wireproof.load.plan import Plan
from wireproof.wiretext import safe

if TYPE_CHECKING:
    from wireproof.load.outcome import LoadResult
    from wireproof.measures.estimate import Measure

_SECOND_NS = 1_000_000_000


@dataclass(frozen=True)
class Picture:
    """A load as `wireproof.report.load_views.LoadResult` reads it."""

    plan: Plan
    result: "LoadResult"

    @property
    def name(self) -> str:
        return self.result.name

    @property
    def measures(self) -> Mapping[str, "Measure"]:
        return self.result.measures

    @property
    def problems(self) -> Sequence[str]:
        return self.result.problems

    @property
    def errors(self) -> Mapping[str, int]:
        return self.result.errors

    @property
    def live(self) -> Mapping[str, Sequence[float | None]]:
        return self.result.live

    @property
    def warmup_s(self) -> float:
        return self.plan.pace.warmup_s

    @property
    def sending_s(self) -> float:
        return min(self.plan.profile.duration_s, self.length_s)

    @property
    def length_s(self) -> float:
        return float(len(self.result.live["second"]))

    @property
    def started_ns(self) -> int:
        return self.result.started_ns

    @cached_property
    def offered(self) -> Sequence[float]:
        """Messages due in each second."""
        import numpy as np

        second = profile.due_ns(self.plan.profile) // _SECOND_NS
        return [float(count) for count in np.bincount(second, minlength=1)]

    @property
    def summary(self) -> Sequence[str]:
        """What was asked for, what came of it, and where every message is."""
        traffic, counts = self.plan.traffic, self.result.counts
        told = (f"{count} {name}" for name, count in counts.items() if count)
        return (
            f"{safe(self.plan.endpoint.url)}: {profile.shown(self.plan.profile)}, {traffic.scenario}, "
            f"{traffic.model} loop, dialect {safe(self.plan.endpoint.dialect, 60)}",
            ", ".join(told) or "nothing was sent",
            str(self.result.conservation),
        )
