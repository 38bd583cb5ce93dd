"""A plot: curves over two axes, with what belongs beside them, as one SVG that is as wide as its reader's window.

Lines are drawn in a box that is stretched; texts stand outside of it at a share of the width, so they keep their size.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from wireproof.report.charts.scales import Scale
from wireproof.report.markup import shown

COLOURS = 6
"""Of lines; a seventh looks like the first."""

_BOX = 1000
_TOP, _BOTTOM = 15, 18
"""Pixels above and below the box, for texts."""

_NEAR_THE_END = 0.88
"""A text that begins further right would be cut."""

_ROOM_PX, _ROOM = 16, 0.09
"""What the names of two ticks need from one to the next: down in pixels, across as a share."""

_LABEL_ROOM = 0.2
"""What the name of a fault needs, as a share."""


@dataclass(frozen=True, slots=True)
class Curve:
    """A line: its points in order. Where one has no value, the line is interrupted."""

    name: str
    points: Sequence[tuple[float, float | None]]

    @property
    def values(self) -> list[float]:
        return [value for _, value in self.points if value is not None]


@dataclass(frozen=True, slots=True)
class Limit:
    """A value that is allowed at most or needed at least; everywhere, or `at` a place of the other axis."""

    label: str
    value: float
    at: float | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time in which something is different."""

    label: str
    start: float
    end: float
    kind: Literal["warm-up", "drain", "fault"]


@dataclass(frozen=True, slots=True)
class Plot:
    """What is drawn.

    Attributes:
        title: what a reader sees in one line.
        description: the same with the numbers, for those who do not see it.
        first_colour: of the first curve; plots under one legend go on counting.
        height: in pixels.
    """

    title: str
    description: str
    x: Scale
    y: Scale
    curves: Sequence[Curve]
    limits: Sequence[Limit] = ()
    windows: Sequence[Window] = ()
    first_colour: int = 1
    height: int = 190

    def __str__(self) -> str:
        words = f"<title>{shown(self.title)}</title><desc>{shown(self.description, 2000)}</desc>"
        inside = "".join([*self._windows(), *self._grid(), *self._limits(), *self._curves()])
        box = (
            f'<svg y="{_TOP}" width="100%" height="{self._box_px}" viewBox="0 0 {_BOX} {_BOX}" '
            f'preserveAspectRatio="none">{inside}</svg>'
        )
        return f'<svg role="img" width="100%" height="{self.height}">{words}{box}{"".join(self._texts())}</svg>'

    @property
    def _box_px(self) -> int:
        return self.height - _TOP - _BOTTOM

    def _px(self, value: float) -> float:
        return _TOP + (1 - self.y.share(value)) * self._box_px

    def _across(self, value: float) -> str:
        return f"{self.x.share(value) * _BOX:.4g}"

    def _down(self, value: float) -> str:
        return f"{(1 - self.y.share(value)) * _BOX:.4g}"

    def _windows(self) -> Iterator[str]:
        for window in self.windows:
            start, end = self.x.share(window.start) * _BOX, self.x.share(window.end) * _BOX
            box = f'x="{start:.4g}" y="0" width="{max(end - start, 2):.4g}" height="{_BOX}"'
            yield f'<rect class="w-{window.kind}" {box}/>'

    def _grid(self) -> Iterator[str]:
        lines = "".join(f"M0 {self._down(value)}H{_BOX}" for value, _ in self.y.ticks())
        yield f'<path class="w-grid" d="{lines}M0 {_BOX}H{_BOX}"/>'

    def _limits(self) -> Iterator[str]:
        for limit in self.limits:
            corner = f"H{_BOX}" if limit.at is None else f"H{self._across(limit.at)}V0"
            yield f'<path class="w-limit" d="M0 {self._down(limit.value)}{corner}"/>'

    def _curves(self) -> Iterator[str]:
        for number, curve in enumerate(self.curves, self.first_colour):
            yield f'<path class="{colour(number)}" d="{self._line(curve)}"/>'

    def _line(self, curve: Curve) -> str:
        """A point between two gaps is a line of no length: its round ends make it a dot."""
        line, stroke = "", "M{} {}h0"
        for x, y in curve.points:
            if y is not None:
                line += stroke.format(self._across(x), self._down(y))
            stroke = "M{} {}h0" if y is None else "L{} {}"
        return line

    def _texts(self) -> Iterator[str]:
        last_px = float("inf")
        for value, words in self.y.ticks():
            if last_px - self._px(value) >= _ROOM_PX and value > 0:
                last_px = self._px(value)
                yield _text(0, last_px - 3, words)
        last = -1.0
        for value, words in self.x.ticks():
            share = self.x.share(value)
            if share - last >= _ROOM:
                last = share
                yield _text(share, self.height - 4, words)
        last = -1.0
        for window in self.windows:
            share = self.x.share(window.start)
            if window.kind == "fault" and share - last >= _LABEL_ROOM:
                last = share
                yield _text(share, 10, window.label, "w-fault")
        for limit in self.limits:
            share = 1 if limit.at is None else self.x.share(limit.at)
            yield _text(share, max(self._px(limit.value) - 3, 10), limit.label, "w-limit")


def colour(number: int) -> str:
    """The class of the number-th line of a figure, from 1."""
    return f"w-c{(number - 1) % COLOURS + 1}"


def _text(share: float, px: float, words: str, look: str = "") -> str:
    anchor = "end" if share > _NEAR_THE_END else "start"
    looks = f' class="{look}"' if look else ""
    return f'<text x="{100 * share:.4g}%" y="{px:.4g}" text-anchor="{anchor}"{looks}>{shown(words, 60)}</text>'
