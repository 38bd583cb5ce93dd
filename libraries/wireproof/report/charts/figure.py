"""A figure: its title, what the lines mean, the plots, the numbers."""

from collections.abc import Iterable, Sequence

from wireproof.report.charts.plot import Window, colour
from wireproof.report.markup import Table, shown


def figure(
    title: str,
    names: Iterable[str],
    plots: Iterable[object],
    tables: Iterable[Table],
    windows: Sequence[Window] = (),
) -> str:
    """One element; plots stand under one another, so that those over the same time can be compared by eye.

    Args:
        title: what is shown.
        names: of the lines, in the order of their colours.
        plots: what is drawn.
        tables: the numbers.
        windows: stretches of time that the plots shade.
    """
    lines = [
        f'<span><svg width="26" height="10" aria-hidden="true"><path class="{colour(number)}" d="M1 5H25"/></svg>'
        f"{shown(name, 60)}</span>"
        for number, name in enumerate(names, 1)
    ]
    kinds = dict.fromkeys(window.kind for window in windows)
    legend = "".join([*lines, *(f'<span><i class="w-{kind}"></i>{kind}</span>' for kind in kinds)])
    parts = [f"<h3>{shown(title)}</h3>", f'<p class="w-legend">{legend}</p>' if legend else "", *map(str, plots)]
    return f"<section>{''.join([*parts, *map(str, tables)])}</section>"
