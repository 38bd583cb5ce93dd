"""Who gets a lane: everyone while there is room, then those that the failure is about."""

from collections.abc import Iterable, Sequence
from enum import IntEnum

from wireproof.journal import Event
from wireproof.report.timeline.failure import Failure

MOST_LANES = 12
"""With more sources, only those that have to do with the failure get a lane; the others are counted."""

EVERYWHERE = frozenset({"scope", "mark", "verdict", "measurement", "traffic", "leaks", "criteria"})
"""Kinds that happen to the whole run, not at a client or service."""


class _Part(IntEnum):
    """What a source has to do with the failure; smaller is more."""

    NAMED = 0
    HANDLED_THE_MESSAGE = 1
    DISTURBED = 2
    NONE = 3


def sources_of(known: Iterable[Event], current: Iterable[Event], failure: Failure) -> list[str]:
    """Everything that acted since the test began, and what the failure names though it was silent."""
    active = {event.source for event in current if event.kind not in EVERYWHERE}
    earlier = {event.source for event in known if event.kind not in EVERYWHERE} - active
    return [*active, *(source for source in earlier if failure.names(source))]


def lanes_for(sources: Sequence[str], current: Iterable[Event], failure: Failure) -> tuple[str, ...]:
    """The lanes from top to bottom: those that the failure is about first, then as they began to act."""
    parts = dict.fromkeys(sources, _Part.NONE)
    began: dict[str, int] = {}
    for place, event in enumerate(current):
        if event.source in parts:
            began.setdefault(event.source, place)
            parts[event.source] = min(parts[event.source], _part_of(event, failure))
    parts |= {source: _Part.NAMED for source in sources if failure.names(source)}
    lanes = sorted(sources, key=lambda source: (parts[source], began.get(source, -1), source))
    if len(lanes) > MOST_LANES and parts[lanes[0]] < _Part.DISTURBED:
        lanes = [lane for lane in lanes if parts[lane] < _Part.NONE]
    return tuple(lanes[:MOST_LANES])


def _part_of(event: Event, failure: Failure) -> _Part:
    if failure.tells_of(event):
        return _Part.HANDLED_THE_MESSAGE
    return _Part.DISTURBED if event.kind in ("service", "fault") else _Part.NONE
