"""Processor and memory of what is under test, on the time axis of the load; where nobody looked, there is a gap."""

from collections.abc import Sequence
from dataclasses import dataclass

from wireproof.report.charts import words
from wireproof.report.charts.figure import figure
from wireproof.report.charts.over_time import numbers, told, with_values
from wireproof.report.charts.plot import Curve, Plot, Window
from wireproof.report.charts.scales import Linear, from_zero


@dataclass(frozen=True, slots=True)
class LevelsView:
    """What the monitor saw.

    Attributes:
        length_s: how long the time axis is.
        processor: curves of shares of a core.
        memory: curves in bytes.
        windows: warm-up, drain, faults.
    """

    length_s: float
    processor: Sequence[Curve] = ()
    memory: Sequence[Curve] = ()
    windows: Sequence[Window] = ()


def levels(view: LevelsView) -> str:
    """The chart and its numbers, as one line of HTML; empty when there is nothing to draw."""
    processor, memory = with_values(view.processor), with_values(view.memory)
    time = Linear(0, view.length_s, words.moment)
    strips = [
        ("processor over time", processor, words.share, 1),
        ("memory over time", memory, words.size, len(processor) + 1),
    ]
    plots = [
        Plot(
            title,
            told(curves, put),
            time,
            from_zero([value for curve in curves for value in curve.values], put, 3),
            curves,
            windows=view.windows,
            first_colour=first,
            height=120,
        )
        for title, curves, put, first in strips
        if curves
    ]
    if not plots:
        return ""
    columns = [(curve, put) for _, curves, put, _ in strips for curve in curves]
    names = [curve.name for curve, _ in columns]
    table = numbers("processor and memory in numbers", columns)
    return figure("Processor and memory", names, plots, [table], view.windows)
