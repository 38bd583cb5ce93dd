"""The list: each event in words, with the pauses between them."""

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter

from wireproof.report.markup import shown
from wireproof.report.timeline.layout import LEFT_OUT, Layout, Row

_UNFOLDED = 16
_FEWEST_FOLDED = 3

_LONGEST_WORDS, _LONGEST_EXCERPT, _LONGEST_REASON = 200, 160, 1000
_SHORTEST_WORDS, _SHORTEST_EXCERPT = 56, 16
_TEXT_BUDGET = 90_000
"""Characters for all lines together: the more lines, the shorter each."""

_PAUSE_SHARE = 0.05
_SHORTEST_PAUSE_NS = 20_000_000


def listing(layout: Layout) -> Iterator[str]:
    """The events as a list: the last ones and those that the failure tells of are seen at once."""
    lines = list(_lines(layout))
    first_open = len(lines) - _UNFOLDED
    stays_open = [
        place >= first_open or row.pointed_at or row.entry.symbol == LEFT_OUT for place, row in enumerate(layout.rows)
    ]
    for is_open, run in groupby(zip(stays_open, lines, strict=True), key=itemgetter(0)):
        told = [line for _, line in run]
        if is_open or len(told) < _FEWEST_FOLDED:
            yield f"<ol>{''.join(told)}</ol>"
        else:
            yield f"<details><summary>{len(told)} events</summary><ol>{''.join(told)}</ol></details>"


def _lines(layout: Layout) -> Iterator[str]:
    room = _TEXT_BUDGET // len(layout.rows)
    least_pause_ns = max(_PAUSE_SHARE * (layout.end_ns - layout.start_ns), _SHORTEST_PAUSE_NS)
    before_ns = layout.start_ns
    for row in layout.rows:
        pause_ns = row.at_ns - before_ns
        pause = f'<li class="w-pause"><span>{_duration(pause_ns)}</span></li>' if pause_ns >= least_pause_ns else ""
        yield pause + _line(row, (row.at_ns - layout.failure.zero_ns) / 1e9, room)
        before_ns = row.at_ns


def _duration(length_ns: int) -> str:
    return f"{length_ns / 1e6:.0f} ms" if length_ns < 1e9 else f"{length_ns / 1e9:.2f} s"


def _line(row: Row, at_s: float, room: int) -> str:
    limit = _LONGEST_REASON if row.entry.look == "failure" else max(min(room, _LONGEST_WORDS), _SHORTEST_WORDS)
    words = shown(row.entry.words, limit)
    left = min(room - len(words), _LONGEST_EXCERPT)
    excerpt = f" <q>{shown(row.entry.excerpt, left)}</q>" if row.entry.excerpt and left >= _SHORTEST_EXCERPT else ""
    lane = f"<b>{shown(row.lane, 40)}</b>" if row.lane else ""
    symbol = f"<s>{row.entry.symbol}</s>"
    return f'<li class="{_classes(row)}"><i>{at_s:.4f}</i>{symbol}<span>{lane}{words}{excerpt}</span></li>\n'


def _classes(row: Row) -> str:
    return f"w-{row.entry.look}" + " w-told" * row.pointed_at + " w-under" * row.under_fault
