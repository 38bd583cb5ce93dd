"""What of a load is drawn: from its measures to the views of charts. No markup here."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Protocol

from wireproof.journal import Event
from wireproof.measures.durations import Durations
from wireproof.measures.estimate import Measure, Measured
from wireproof.measures.histogram import Histogram
from wireproof.measures.readings import Readings
from wireproof.quantities import Count, Duration, Fraction, Rate, Size, magnitude
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
from wireproof.timing.verdict import Verdict

HARNESS = ("send.lateness", "loop.lag", "gc.pause", "self.echo")
"""What the generator itself adds: no latency of the system."""

_CURVE = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999, 0.9995, 0.9999, 0.99999, 1.0)
"""The percentiles that a curve goes through."""

_BY_SECOND = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
_SECOND_NS = 1_000_000_000
_MOST_POINTS = 300
"""Of a curve over time: a longer load is drawn in steps of several seconds."""


class LoadResult(Measured, Protocol):
    """What is read of the result of a load, beside its measures.

    Attributes:
        started_ns: when the first message was due.
        warmup_s, sending_s, length_s: until when it warmed up, sent, and waited for what was under way.
        offered: messages due in each second.
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
    def errors(self) -> Mapping[str, int]: ...
    @property
    def summary(self) -> Sequence[str]: ...


@dataclass(frozen=True)
class LoadViews:
    """The views of one load, and of what watched the system meanwhile.

    Args:
        result: of the load.
        verdicts: on it; their limits are drawn.
        beside: what else was measured at the same time, such as a monitoring.
        events: of the run; faults among them are shaded.
    """

    result: LoadResult
    verdicts: Sequence[Verdict] = ()
    beside: Sequence[Measured] = ()
    events: Sequence[Event] = ()

    @property
    def measures(self) -> Mapping[str, Measure]:
        """All of them; the load's own win."""
        found: dict[str, Measure] = {}
        for measured in (*self.beside, self.result):
            found.update(measured.measures)
        return found

    def latency(self) -> LatencyView:
        spreads = [_spread(name, durations) for name, durations in self._durations() if name not in HARNESS]
        return LatencyView(spreads, [_limit(one, at_share=True) for one in self._judged(Duration)])

    def seconds(self) -> SecondsView:
        """Of the first kind of latency there is: delivery if messages were delivered."""
        kinds = [(name, durations) for name, durations in self._durations() if name not in HARNESS]
        wanted = next((pair for pair in kinds if pair[0] == "delivery.time"), kinds[0] if kinds else None)
        latencies = self._by_second(wanted[0].removesuffix(".time"), wanted[1]) if wanted else []
        limits = [_limit(one) for one in self._judged(Duration) if wanted and one.requirement.metric == wanted[0]]
        offered = Curve("offered", _thinned([(float(second), rate) for second, rate in enumerate(self.result.offered)]))
        rates = [self._over_time(name, readings) for name, readings in self._readings(Rate)]
        return SecondsView(self.result.length_s, latencies, [offered, *rates], limits, self.windows())

    def connects(self) -> ConnectsView:
        counts = [self._over_time(name, readings) for name, readings in self._readings(Count)]
        return ConnectsView(self.result.length_s, counts, self.result.errors, self.windows())

    def levels(self) -> LevelsView:
        return LevelsView(
            self.result.length_s,
            [self._over_time(name, readings) for name, readings in self._readings(Fraction)],
            [self._over_time(name, readings) for name, readings in self._readings(Size)],
            [_limit(one) for one in self._judged(Fraction) if one.requirement.metric.startswith("cpu.")],
            [_limit(one) for one in self._judged(Size) if one.requirement.statistic != "slope"],
            self.windows(),
        )

    def harness(self) -> list[tuple[str, Durations]]:
        """What the generator says of its own error."""
        return [(name, durations) for name, durations in self._durations() if name in HARNESS]

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
        return [(name, one) for name, one in self.measures.items() if isinstance(one, Durations) and one.n]

    def _readings(self, kind: type) -> list[tuple[str, Readings]]:
        readings = ((name, one) for name, one in self.measures.items() if isinstance(one, Readings) and one.at_ns)
        return [(name, one) for name, one in readings if one.kind is kind]

    def _judged(self, kind: type) -> list[Verdict]:
        return [one for one in self.verdicts if isinstance(one.requirement.limit.limit, kind)]

    def _by_second(self, stem: str, durations: Durations) -> list[Curve]:
        """Each second stands at its middle; those in which nothing came are a gap."""
        seconds = list(durations.intervals.items())
        step = _step(len(seconds))
        points: list[tuple[float, Histogram | None]] = []
        for number, group in groupby(seconds, key=lambda pair: pair[0] // step):
            at = self._place(number * step * _SECOND_NS) + step / 2
            if points and at > points[-1][0] + 1.5 * step:
                points.append((points[-1][0] + step, None))
            points.append((at, Histogram.merged(histogram for _, histogram in group)))
        return [
            Curve(f"{stem} {name}", [(at, one.percentile(share) / 1e6 if one else None) for at, one in points])
            for name, share in _BY_SECOND
        ]

    def _over_time(self, name: str, readings: Readings) -> Curve:
        points = [(self._place(at), value) for at, value in zip(readings.at_ns, readings.values, strict=True)]
        inside = [(at, value) for at, value in points if 0 <= at <= self.result.length_s]
        return Curve(name, _thinned(inside))


def _spread(name: str, durations: Durations) -> Spread:
    total = durations.total
    quantiles = {share: total.percentile(share) / 1e6 for share in _CURVE}
    return Spread(name.removesuffix(".time"), total.count, {**quantiles, 0.0: total.min / 1e6, 1.0: total.max / 1e6})


def _limit(verdict: Verdict, at_share: bool = False) -> Limit:
    requirement = verdict.requirement
    label = f"{requirement.metric.removesuffix('.time')} {requirement.statistic} {requirement.limit}"
    share = percentile_share(requirement.statistic) if at_share else None
    return Limit(label, magnitude(requirement.limit.limit), share)


def _step(points: int) -> int:
    return -(-points // _MOST_POINTS) or 1


def _thinned(points: Sequence[tuple[float, float]]) -> list[tuple[float, float | None]]:
    """The largest of several points in a row when there are many; a gap where a reading is missing."""
    if len(points) < 2:
        return list(points)
    distances = sorted(later[0] - earlier[0] for earlier, later in pairwise(points))
    usual = distances[len(distances) // 2]
    size = _step(len(points))
    drawn: list[tuple[float, float | None]] = []
    for place in range(0, len(points), size):
        group = points[place : place + size]
        if place and group[0][0] - points[place - 1][0] > 1.7 * usual:
            drawn.append((points[place - 1][0] + usual, None))
        drawn.append((group[0][0], max(value for _, value in group)))
    return drawn
