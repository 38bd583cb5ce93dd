"""Events and failures for the tests of timelines, and a strict reader of what they draw."""

from collections.abc import Sequence
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

from wireproof.journal import Event
from wireproof.report.timeline import Failure

MS = 1_000_000
VOID = frozenset({"meta"})
_TAGS = "html head meta title style body h1 p div b span svg path rect ol li i s q a details summary"
DRAWN = frozenset(_TAGS.split())
"""Every element that a timeline consists of."""


def event(at_ms: float, kind: str, source: str, **data: Any) -> Event:
    return Event(round(at_ms * MS), kind, source, data)


def failure(message: str = "it failed", *, began_ms: float = 500, at_ms: float = 1000, **parts: Any) -> Failure:
    defaults = {"keyword": "Wait For Message", "arguments": (), "where": "test 'Some Test'", "zero_ns": 0}
    moments = {"began_ns": round(began_ms * MS), "at_ns": round(at_ms * MS)}
    return Failure(**{**defaults, **moments, "message": message, "at": datetime(2026, 1, 1, tzinfo=UTC), **parts})


class Reader(HTMLParser):
    """Reads HTML and refuses what is unbalanced, unknown or active."""

    drawn = DRAWN

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[tuple[Sequence[str], str]] = []
        self._lines: list[list[str]] = []
        self.feed(html)
        self.close()
        assert self.open == [], f"never closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {name for name, _ in attrs}
        assert tag in self.drawn, f"<{tag}> is no part of it"
        assert not {name for name in names if name.startswith("on")}, f"<{tag}> acts: {names}"
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag == "li":
            self._lines.append([])
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> is out of order"

    def handle_data(self, data: str) -> None:
        self.texts.append((tuple(self.open), data))
        if "li" in self.open:
            self._lines[-1].append(data.strip())

    def count(self, tag: str, word: str = "") -> int:
        """Elements of that tag that have the class."""
        return sum(1 for name, attrs in self.elements if name == tag and (not word or word in classes(attrs)))

    @property
    def lines(self) -> list[str]:
        """The lines of the list, their parts with a bar between."""
        return ["|".join(parts) for parts in self._lines]

    @property
    def text(self) -> str:
        return "".join(text for inside, text in self.texts if "style" not in inside)


def classes(attrs: dict[str, str]) -> list[str]:
    return attrs.get("class", "").split()
