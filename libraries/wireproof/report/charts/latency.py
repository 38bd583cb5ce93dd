"""Latency by percentile: how long the slowest tenth, hundredth, thousandth takes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from wireproof.report.charts import words
from wireproof.report.charts.figure import figure
from wireproof.report.charts.plot import Curve, Limit, Plot
from wireproof.report.charts.scales import Log, Tail
from wireproof.report.markup import Table

_NAMED = (0.5, 0.9, 0.95, 0.99, 0.999, 1.0)
"""The percentiles of the table; the last is the maximum."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How durations of one kind are spread.

    Attributes:
        name: what took that long.
        n: how many there were.
        quantiles: seconds by share, 1 for the longest.
    """

    name: str
    n: int
    quantiles: Mapping[float, float]

    def at(self, share: float) -> float | None:
        """The quantile, if there are observations beyond it; the longest always."""
        return self.quantiles.get(share) if share == 1 or self.n * (1 - share) >= 1 else None

    @property
    def points(self) -> list[tuple[float, float]]:
        """The curve; it ends with the longest at the share of all the others."""
        end = 1 - 1 / self.n
        inside = [(share, value) for share, value in sorted(self.quantiles.items()) if share < end]
        return [*inside, (end, self.quantiles[1])] if 1 in self.quantiles else inside


@dataclass(frozen=True, slots=True)
class LatencyView:
    """Several spreads, and what is allowed; a limit's `at` is the share that it is for."""

    spreads: Sequence[Spread]
    limits: Sequence[Limit] = ()


def latency(view: LatencyView) -> str:
    """The chart and its numbers, as one line of HTML."""
    spreads = [spread for spread in view.spreads if spread.n]
    if not spreads:
        return ""
    values = [value for spread in spreads for value in spread.quantiles.values()]
    highest = min(max(1 - 1 / max(spread.n for spread in spreads), 0.99), 0.999999)
    plot = Plot(
        "latency by percentile",
        "; ".join(_told(spread) for spread in spreads),
        Tail(highest),
        Log.around([*values, *(limit.value for limit in view.limits)], words.duration),
        [Curve(spread.name, spread.points) for spread in spreads],
        view.limits,
        height=230,
    )
    heads = ["", *(spread.name for spread in spreads)]
    counts = ["n", *(words.number(spread.n) for spread in spreads)]
    rows = [[_name(share), *(_cell(spread.at(share)) for spread in spreads)] for share in _NAMED]
    table = Table("", heads, [counts, *rows])
    return figure("Latency by percentile", [spread.name for spread in spreads], [plot], [table])


def _told(spread: Spread) -> str:
    named = ((_name(share), spread.at(share)) for share in _NAMED)
    told = ", ".join(f"{name} {words.duration(at)}" for name, at in named if at is not None)
    return f"{spread.name}: {told} of {words.number(spread.n)}"


def _name(share: float) -> str:
    return f"p{100 * share:.10g}" if share < 1 else "max"


def _cell(seconds: float | None) -> str:
    return words.ABSENT if seconds is None else words.duration(seconds)
