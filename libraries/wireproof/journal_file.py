"""A saved journal: reading it, and finding in it what happened to some messages."""

import json
import mmap
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from wireproof.journal import VERSION, Event

_SEARCHED = 64_000_000
"""Bytes at the end of a journal that are searched: a hundred thousand messages, in a fraction of a second."""


def read(path: Path) -> Iterator[Event]:
    """The events of a saved journal.

    Raises:
        ValueError: the file is no journal of this version, or a line of it cannot be read; the line is named.
    """
    with path.open(encoding="utf-8") as lines:
        header = _line(path, 1, next(lines, ""))
        if header.get("journal") != VERSION:
            raise ValueError(f"{path} is no journal of version {VERSION}: its first line has no such header")
        for number, line in enumerate(lines, start=2):
            yield _event(path, number, line)


def about(path: Path, ids: Collection[str], most: int) -> list[Event]:
    """The last events of a saved journal that are about messages with one of these ids, in order.

    Args:
        path: the journal; it may still be written.
        ids: as journals hold them.
        most: how many events at most.
    """
    if not ids or not path.stat().st_size:
        return []
    texts = b"|".join(re.escape(json.dumps(id).encode()) for id in ids)
    found: list[tuple[int, int]] = []
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
        for match in re.compile(rb'"(?:id|reply_to|about)": (?:' + texts + b")").finditer(text, len(text) - _SEARCHED):
            begin, end = text.rfind(b"\n", 0, match.start()) + 1, text.find(b"\n", match.end())
            if end > 0 and (not found or begin > found[-1][0]):
                found.append((begin, end))
        lines = [text[begin:end].decode() for begin, end in found[-most:]]
    return [
        Event(entry.pop("at_ns"), entry.pop("kind"), entry.pop("source"), entry) for entry in map(json.loads, lines)
    ]


def _event(path: Path, number: int, line: str) -> Event:
    entry = _line(path, number, line)
    try:
        return Event(entry.pop("at_ns"), entry.pop("kind"), entry.pop("source"), entry)
    except KeyError as missing:
        raise ValueError(f"{path}, line {number}: an event without {missing}") from None


def _line(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        entry = json.loads(line)
    except ValueError:
        raise ValueError(f"{path}, line {number}: not a line of a journal") from None
    if not isinstance(entry, dict):
        raise ValueError(f"{path}, line {number}: not a line of a journal")
    return entry
