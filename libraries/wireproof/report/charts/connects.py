"""Connections over time, and why some could not be opened or were lost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from wireproof.report.charts import words
from wireproof.report.charts.figure import figure
from wireproof.report.charts.over_time import numbers, told, with_values
from wireproof.report.charts.plot import Curve, Plot, Window
from wireproof.report.charts.scales import Linear, from_zero
from wireproof.report.markup import Table


@dataclass(frozen=True, slots=True)
class ConnectsView:
    """Connections of a load.

    Attributes:
        length_s: how long the time axis is.
        counts: curves of numbers: held, opened, failed.
        reasons: how often what went wrong.
        windows: warm-up, drain, faults.
    """

    length_s: float
    counts: Sequence[Curve]
    reasons: Mapping[str, int] = field(default_factory=dict)
    windows: Sequence[Window] = ()


def connects(view: ConnectsView) -> str:
    """The chart and its numbers, as one line of HTML; empty when there is nothing to show."""
    curves = with_values(view.counts)
    if not curves and not view.reasons:
        return ""
    plots, tables = [], []
    if curves:
        values = [value for curve in curves for value in curve.values]
        time = Linear(0, view.length_s, words.moment)
        count = from_zero(values, words.number, 3)
        plots = [
            Plot(
                "connections over time",
                told(curves, words.number),
                time,
                count,
                curves,
                windows=view.windows,
                height=120,
            )
        ]
        tables = [numbers("connections in numbers", [(curve, words.number) for curve in curves])]
    if view.reasons:
        most_first = sorted(view.reasons.items(), key=lambda pair: -pair[1])
        rows = [[reason, words.number(count)] for reason, count in most_first]
        tables.insert(0, Table("what went wrong", ["reason", "how often"], rows))
    return figure("Connections", [curve.name for curve in curves], plots, tables, view.windows)
