"""What of a load is drawn: from its measures to the views of charts. No markup here."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, median
from typing import Protocol

from wireproof.journal import Event
from wireproof.measures.durations import Durations
from wireproof.measures.estimate import Measured
from wireproof.measures.readings import Readings
from wireproof.quantities import Duration, Fraction, Size, magnitude
from wireproof.report.charts import (
    ConnectsView,
    Curve,
    LatencyView,
    LevelsView,
    Limit,
    SecondsView,
    Spread,
    Window,
)
from wireproof.timing.requirement import percentile_share
from wireproof.timing.validity import OWN
from wireproof.timing.verdict import Verdict

_CURVE = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999, 0.9995, 0.9999, 0.99999, 1.0)
"""The percentiles that a curve goes through."""

_BY_SECOND = ("p50", "p95", "p99")
_RATES = ("sent", "delivered")
_MOST_POINTS = 300
"""Of a curve over time: a longer load is drawn in steps of several seconds."""

_MISSING = 1.7
"""Times the usual distance of two readings: more, and one is missing between them."""

Points = list[tuple[float, float | None]]
Together = Callable[[Sequence[float]], float]
"""Makes one value of several."""


class LoadResult(Measured, Protocol):
    """What is read of the result of a load, beside its measures.

    Attributes:
        started_ns: when the first message was due.
        warmup_s, sending_s, length_s: until when it warmed up, sent, and waited for what was under way.
        offered: messages due in each second.
        live: series by the second, warm-up and drain included: `sent`, `delivered`, `connections`, `p50_ms`,
            `p95_ms`, `p99_ms`; None where there is no value.
        errors: how often what went wrong, by reason.
        summary: what was asked of it, a line each.
    """

    @property
    def started_ns(self) -> int: ...
    @property
    def warmup_s(self) -> float: ...
    @property
    def sending_s(self) -> float: ...
    @property
    def length_s(self) -> float: ...
    @property
    def offered(self) -> Sequence[float]: ...
    @property
    def live(self) -> Mapping[str, Sequence[float | None]]: ...
    @property
    def errors(self) -> Mapping[str, int]: ...
    @property
    def summary(self) -> Sequence[str]: ...


@dataclass(frozen=True)
class LoadViews:
    """The views of one load, and of what a monitoring saw of the system meanwhile.

    Args:
        result: of the load.
        verdicts: on it; their limits are drawn.
        events: of the run; faults among them are shaded, samples of processor and memory are drawn.
    """

    result: LoadResult
    verdicts: Sequence[Verdict] = ()
    events: Sequence[Event] = ()

    def latency(self) -> LatencyView:
        spreads = [_spread(name, durations) for name, durations in self._durations() if name not in OWN]
        return LatencyView(spreads, [_limit(one, at_share=True) for one in self._judged(Duration)])

    def seconds(self) -> SecondsView:
        """Delivery, where messages were delivered."""
        latencies = [Curve(f"delivery {name}", self._live(f"{name}_ms", max, 1000)) for name in _BY_SECOND]
        limits = [_limit(one) for one in self._judged(Duration) if one.requirement.metric == "delivery.time"]
        offered = Curve("offered", _steps(list(enumerate(self.result.offered)), fmean))
        done = [Curve(name, self._live(name, fmean)) for name in _RATES]
        return SecondsView(self.result.length_s, latencies, [offered, *done], limits, self.windows())

    def connects(self) -> ConnectsView:
        held = Curve("connections", self._live("connections", fmean))
        return ConnectsView(self.result.length_s, [held], self.result.errors, self.windows())

    def levels(self) -> LevelsView:
        return LevelsView(
            self.result.length_s,
            self._samples("cpu"),
            self._samples("memory"),
            [_limit(one) for one in self._judged(Fraction) if one.requirement.metric.startswith("cpu.")],
            [_limit(one) for one in self._judged(Size) if one.requirement.statistic != "slope"],
            self.windows(),
        )

    def harness(self) -> list[tuple[str, Durations]]:
        """What the generator says of its own error."""
        return [(name, durations) for name, durations in self._durations() if name in OWN]

    def busiest(self) -> float | None:
        """The largest share of a core that one worker of the generator used; None if it is not known."""
        used = self.result.measures.get("generator.cpu")
        return max(used.values) if isinstance(used, Readings) and used.n else None

    def windows(self) -> list[Window]:
        """Warm-up and drain, and the faults of that time."""
        result = self.result
        around = [
            Window("warm-up", 0, result.warmup_s, "warm-up"),
            Window("drain", result.sending_s, result.length_s, "drain"),
        ]
        return [window for window in around if window.end > window.start] + list(self._faults())

    def _faults(self) -> Iterable[Window]:
        begun: dict[object, tuple[str, float]] = {}
        for event in self.events:
            if event.kind != "fault":
                continue
            number, at_s = event.data.get("number"), self._place(event.at_ns)
            if event.data.get("phase") == "on":
                begun[number] = (f"'{event.source}' {event.data.get('name', '')}".strip(), at_s)
            elif number in begun:
                yield from self._fault(*begun.pop(number), at_s)
        for label, start in begun.values():
            yield from self._fault(label, start, self.result.length_s)

    def _fault(self, label: str, start: float, end: float) -> Iterable[Window]:
        if end >= 0 and start <= self.result.length_s:
            yield Window(label, max(start, 0), end, "fault")

    def _place(self, at_ns: int) -> float:
        return (at_ns - self.result.started_ns) / 1e9

    def _durations(self) -> list[tuple[str, Durations]]:
        measures = self.result.measures.items()
        return [(name, one) for name, one in measures if isinstance(one, Durations) and one.n]

    def _judged(self, kind: type) -> list[Verdict]:
        return [one for one in self.verdicts if isinstance(one.requirement.limit.limit, kind)]

    def _live(self, name: str, together: Together, per_unit: float = 1.0) -> Points:
        series = enumerate(self.result.live.get(name, ()))
        return _steps([(second, None if value is None else value / per_unit) for second, value in series], together)

    def _samples(self, what: str) -> list[Curve]:
        """A curve for each service that was looked at."""
        found: dict[str, list[tuple[float, float]]] = {}
        for event in self.events:
            value, at = event.data.get(what), self._place(event.at_ns)
            if event.kind == "sample" and isinstance(value, int | float) and 0 <= at <= self.result.length_s:
                found.setdefault(event.source, []).append((at, value))
        return [Curve(f"{name} {what}", _steps(_with_gaps(points), max)) for name, points in found.items()]


def _spread(name: str, durations: Durations) -> Spread:
    total = durations.total
    quantiles = {share: total.percentile(share) / 1e6 for share in _CURVE}
    return Spread(name.removesuffix(".time"), total.count, {**quantiles, 0.0: total.min / 1e6, 1.0: total.max / 1e6})


def _limit(verdict: Verdict, at_share: bool = False) -> Limit:
    requirement = verdict.requirement
    label = f"{requirement.metric.removesuffix('.time')} {requirement.statistic} {requirement.limit}"
    share = percentile_share(requirement.statistic) if at_share else None
    return Limit(label, magnitude(requirement.limit.limit), share)


def _steps(points: Sequence[tuple[float, float | None]], together: Together) -> Points:
    """As many points as can be told apart: of a long load, one for several; where all of those are gaps, a gap."""
    size = -(-len(points) // _MOST_POINTS) or 1
    groups = (points[place : place + size] for place in range(0, len(points), size))
    return [(float(group[0][0]), _one([value for _, value in group], together)) for group in groups]


def _one(values: Iterable[float | None], together: Together) -> float | None:
    known = [value for value in values if value is not None]
    return together(known) if known else None


def _with_gaps(points: Sequence[tuple[float, float]]) -> Points:
    """The readings, with a point without a value where one or more are missing."""
    usual = median(later[0] - earlier[0] for earlier, later in pairwise(points)) if len(points) > 1 else 0.0
    found: Points = []
    for at, value in points:
        if found and at - found[-1][0] > _MISSING * usual:
            found.append((found[-1][0] + usual, None))
        found.append((at, value))
    return found
