"""What charts over time say in words and in numbers."""

from collections.abc import Callable, Sequence

from wireproof.report.charts import words
from wireproof.report.charts.plot import Curve
from wireproof.report.markup import Table

Words = Callable[[float], str]


def with_values(curves: Sequence[Curve]) -> list[Curve]:
    """Those that have something to draw."""
    return [curve for curve in curves if curve.values]


def told(curves: Sequence[Curve], put: Words) -> str:
    """Each curve's range."""
    return "; ".join(
        f"{curve.name}: from {put(min(curve.values))} to {put(max(curve.values))}" for curve in with_values(curves)
    )


def numbers(caption: str, columns: Sequence[tuple[Curve, Words]]) -> Table:
    """A row for each second; where a curve has no point in it, a dash: a gap is no zero."""
    cells = [({int(at): value for at, value in curve.points if value is not None}, put) for curve, put in columns]
    seconds = sorted({second for values, _ in cells for second in values})
    rows = [[words.moment(second), *(_cell(values.get(second), put) for values, put in cells)] for second in seconds]
    return Table(caption, ["time", *(curve.name for curve, _ in columns)], rows, is_folded=True)


def _cell(value: float | None, put: Words) -> str:
    return words.ABSENT if value is None else put(value)
