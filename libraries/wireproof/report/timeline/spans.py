"""What lasts: connections, outages and faults, from the events that begin and end them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from wireproof.journal import Event
from wireproof.wiretext import safe

Kind = Literal["connected", "down", "fault"]

_DOWN = frozenset({"stopped", "killed", "suspended"})
_UP = frozenset({"started", "resumed"})


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time: a lane's connection or outage, or a fault; `label` says which."""

    kind: Kind
    lane: str
    start_ns: int
    end_ns: int
    label: str = ""


@dataclass(frozen=True, slots=True)
class _Turn:
    """An event that begins or ends a span."""

    begins: bool
    kind: Kind
    label: str = ""


def spans_in(events: Iterable[Event], end_ns: int) -> Iterator[Span]:
    """The spans of events in order of time; what nothing has ended lasts until `end_ns`."""
    running: dict[tuple[Kind, str, str], Span] = {}
    seen: set[str] = set()
    for event in events:
        turn = _turn(event)
        if turn is None:
            continue
        key = (turn.kind, event.source, turn.label if turn.kind == "fault" else "")
        # The journal forgets its oldest events: who acts without having connected did so before.
        before = event.source not in seen and event.kind in ("sent", "received", "close")
        seen.add(event.source)
        if (turn.begins or before) and key not in running:
            running[key] = Span(turn.kind, event.source, 0 if before else event.at_ns, end_ns, turn.label)
        if not turn.begins and key in running:
            began = running.pop(key)
            yield Span(began.kind, began.lane, began.start_ns, event.at_ns, began.label)
    yield from running.values()


def _turn(event: Event) -> _Turn | None:
    if event.kind in ("connected", "sent", "received"):
        return _Turn(True, "connected")
    if event.kind in ("close", "refused"):
        return _Turn(False, "connected")
    if event.kind == "service":
        action = safe(event.data.get("action"))
        return _Turn(action in _DOWN, "down", action) if action in _DOWN | _UP else None
    if event.kind == "fault":
        return _Turn(event.data.get("phase") != "off", "fault", safe(event.data.get("name") or event.source, 60))
    return None
