"""A load second by second: latencies above, what was offered and what got through below, on the same time."""

from collections.abc import Sequence
from dataclasses import dataclass

from wireproof.report.charts import words
from wireproof.report.charts.figure import figure
from wireproof.report.charts.over_time import numbers, told, with_values
from wireproof.report.charts.plot import Curve, Limit, Plot, Window
from wireproof.report.charts.scales import Linear, Log, from_zero


@dataclass(frozen=True, slots=True)
class SecondsView:
    """What happened in each second; all points are (seconds from the start of the load, value).

    Attributes:
        length_s: how long the time axis is.
        latencies: curves in seconds.
        rates: curves per second.
        limits: of the latencies.
        windows: warm-up, drain, faults.
    """

    length_s: float
    latencies: Sequence[Curve]
    rates: Sequence[Curve]
    limits: Sequence[Limit] = ()
    windows: Sequence[Window] = ()


def seconds(view: SecondsView) -> str:
    """The chart and its numbers, as one line of HTML; empty when there is nothing to draw."""
    latencies, rates = with_values(view.latencies), with_values(view.rates)
    plots = [*_latencies(view, latencies), *_rates(view, rates, len(latencies) + 1)]
    if not plots:
        return ""
    columns = [*((curve, words.duration) for curve in latencies), *((curve, words.rate) for curve in rates)]
    names = [curve.name for curve, _ in columns]
    table = numbers("second by second in numbers", columns)
    return figure("Second by second", names, plots, [table], view.windows)


def _latencies(view: SecondsView, curves: Sequence[Curve]) -> list[Plot]:
    if not curves:
        return []
    values = [value for curve in curves for value in curve.values]
    return [
        Plot(
            "latency over time",
            told(curves, words.duration),
            Linear(0, view.length_s, words.moment),
            Log.around([*values, *(limit.value for limit in view.limits)], words.duration),
            curves,
            [Limit(limit.label, limit.value) for limit in view.limits],
            view.windows,
        )
    ]


def _rates(view: SecondsView, curves: Sequence[Curve], first_colour: int) -> list[Plot]:
    if not curves:
        return []
    values = [value for curve in curves for value in curve.values]
    return [
        Plot(
            "messages per second over time",
            told(curves, words.rate),
            Linear(0, view.length_s, words.moment),
            from_zero(values, words.rate, 3),
            curves,
            windows=view.windows,
            first_colour=first_colour,
            height=120,
        )
    ]
