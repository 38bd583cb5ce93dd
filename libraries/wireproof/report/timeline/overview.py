"""The overview: a track for each lane, all on one true scale of time, as HTML with inline SVG."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise

from wireproof.report.markup import shown
from wireproof.report.timeline.layout import Layout, Row
from wireproof.report.timeline.spans import Span

_WIDTH = 1000
_HEIGHT, _MIDDLE = 24, 12
_STROKES = {"↑": -9, "↓": 9}
"""How far a frame's stroke goes from the lifeline."""

_LABEL_ROOM = 0.08
"""A label with less room, as a share of the width, is left out; its line stays."""


class Scale:
    """Moments as places: a share of the shown time, or an x of the tracks."""

    def __init__(self, layout: Layout) -> None:
        self._start_ns = layout.start_ns
        self.length_ns = max(layout.end_ns - layout.start_ns, 1)

    def share(self, at_ns: int) -> float:
        return min(max((at_ns - self._start_ns) / self.length_ns, 0.0), 1.0)

    def x(self, at_ns: int) -> int:
        return round(self.share(at_ns) * _WIDTH)


def overview(layout: Layout) -> Iterator[str]:
    """One track for each lane, all on the same true scale of time, over what concerns all of them."""
    scale = Scale(layout)
    rows = defaultdict(list)
    for row in layout.rows:
        rows[row.lane].append(row)
    spans = defaultdict(list)
    for span in layout.spans:
        spans[span.lane].append(span)
    yield f'<div class="w-lanes"><b></b><div class="w-flags">{"".join(_flags(layout, scale))}</div>'
    yield _track(_everywhere(layout, rows[""], scale), f' class="w-all" style="grid-row:2/span {len(layout.lanes)}"')
    for lane in layout.lanes:
        named = ' class="w-named"' if layout.failure.names(lane) else ""
        yield f"<b{named}>{shown(lane, 60)}</b>"
        yield _track([*_stretches(spans[lane], scale), *_strokes(rows[lane], scale)])
    yield f'<b>seconds</b><div class="w-axis">{"".join(_axis(layout, scale))}</div></div>'


def _track(inside: Iterable[str], attributes: str = "") -> str:
    box = f'viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="none" aria-hidden="true"'
    return f"<svg {box}{attributes}>{''.join(inside)}</svg>"


def _rectangle(look: str, start: int, end: int) -> str:
    return f'<rect class="w-{look}" x="{start}" y="0" width="{max(end - start, 2)}" height="{_HEIGHT}"/>'


def _everywhere(layout: Layout, rows: Iterable[Row], scale: Scale) -> Iterator[str]:
    """What goes through all lanes: faults, the wait of the failed keyword, marks, the failure."""
    for span in layout.spans:
        if span.kind == "fault":
            yield _rectangle("fault", scale.x(span.start_ns), scale.x(span.end_ns))
    yield _rectangle("wait", scale.x(layout.failure.began_ns), _WIDTH)
    lines = "".join(f"M{scale.x(row.at_ns)} 0V{_HEIGHT}" for row in rows if row.entry.look == "mark")
    yield f'<path class="w-mark" d="{lines}"/><path class="w-failure" d="M{_WIDTH} 0V{_HEIGHT}"/>'


def _stretches(spans: Iterable[Span], scale: Scale) -> Iterator[str]:
    """Connections as lifelines, outages as boxes."""
    life = ""
    for span in spans:
        start, end = scale.x(span.start_ns), scale.x(span.end_ns)
        if span.kind == "connected":
            life += f"M{start} {_MIDDLE}H{end}"
        elif span.kind == "down":
            yield _rectangle("outage", start, end)
    yield f'<path class="w-life" d="{life}"/>'


def _strokes(rows: Iterable[Row], scale: Scale) -> Iterator[str]:
    """Frames as strokes from the lifeline, sent ones up and received ones down; everything else as a dot."""
    places: dict[tuple[str, str], dict[int, None]] = defaultdict(dict)
    for row in rows:
        entry = row.entry
        length = _STROKES.get(entry.symbol, 0) // (2 if entry.look == "quiet" else 1)
        classes = f"w-{entry.look}" + " w-dot" * (not length) + " w-told" * row.pointed_at
        places[classes, f"v{length}" if length else "h0"][scale.x(row.at_ns)] = None
    for (classes, stroke), xs in places.items():
        yield f'<path class="{classes}" d="{"".join(f"M{x} {_MIDDLE}{stroke}" for x in xs)}"/>'


def _flags(layout: Layout, scale: Scale) -> Iterator[str]:
    """The names of faults, marks and scopes above the tracks, as far as there is room."""
    faults = [(scale.share(span.start_ns), span.label, "fault") for span in layout.spans if span.kind == "fault"]
    marks = [(scale.share(row.at_ns), row.entry.words, "mark") for row in layout.rows if row.entry.look == "mark"]
    placed: list[tuple[float, str, str]] = []
    for flag in [*faults, *reversed(marks)]:
        if flag[0] <= 1 - _LABEL_ROOM and all(abs(flag[0] - other[0]) >= _LABEL_ROOM for other in placed):
            placed.append(flag)
    for (share, words, look), (end, _, _) in pairwise([*sorted(placed), (1.0, "", "")]):
        yield f'<span class="w-{look}" style="left:{share:.1%};max-width:{end - share:.1%}">{shown(words, 60)}</span>'


def _axis(layout: Layout, scale: Scale) -> Iterator[str]:
    step = _nice(scale.length_ns / 5)
    at_ns = layout.failure.zero_ns + -((layout.failure.zero_ns - layout.start_ns) // step) * step
    digits = max(0, 9 - len(str(step)) + 1)
    while at_ns <= layout.end_ns:
        share = scale.share(at_ns)
        if share < 0.97:
            yield f'<span style="left:{share:.1%}">{(at_ns - layout.failure.zero_ns) / 1e9:.{digits}f}</span>'
        at_ns += step


def _nice(length: float) -> int:
    """The next 1, 2 or 5 times a power of ten."""
    power = 10 ** (len(str(max(int(length), 1))) - 1)
    return int(next(factor * power for factor in (1, 2, 5, 10) if factor * power >= length))
