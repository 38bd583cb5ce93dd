"""Profiles as people write them: `0/s..1000/s over 30s, 1000/s for 2min, burst of 5000`.

A stage says what is sent, by how many, for how long:

    1000/s for 2min                             the same rate
    0/s..1000/s over 30s                        a ramp
    100/s..500/s in 5 steps of 30s              steps
    burst of 10000, burst of 10000 within 2s    at once, or within a time
    100 connections for 1min                    the same connections
    0..100 connections over 10s                 a ramp of connections
    200/s with 100 connections for 1min         both

What a stage does not say stays as it was before it.
"""

import re
from dataclasses import dataclass

from wireproof.load.errors import LoadError
from wireproof.load.plan import Profile, Stage
from wireproof.load.profile import AT_ONCE_S, burst, hold, profile_of, steps
from wireproof.quantities import Duration, Rate
from wireproof.wiretext import safe

_RATE = r"\d+(?:\.\d+)?/[A-Za-z]*"
_STAGE = re.compile(
    rf"(?:(?P<rate>{_RATE})(?:\.\.(?P<rate_end>{_RATE}))?)?"
    r"(?:(?:^|\s+with\s+|\s+)(?P<count>\d+)(?:\.\.(?P<count_end>\d+))?\s+connections?)?"
    r"\s+(?:(?P<word>for|over)|in\s+(?P<steps>\d+)\s+steps\s+of)\s+(?P<time>.+)"
)
_BURST = re.compile(r"burst\s+of\s+(?P<messages>\d+)(?:\s+messages)?(?:\s+within\s+(?P<time>.+))?")
_NO_RATE = re.compile(r"0+(?:\.0+)?/(?:s|min|h)")
_EXAMPLES = (
    "write 1000/s for 2min, 0/s..1000/s over 30s, 100/s..500/s in 5 steps of 30s, burst of 5000, "
    "0..100 connections over 10s or 200/s with 100 connections for 1min"
)


@dataclass(frozen=True, slots=True)
class _Level:
    """What goes on between two stages."""

    rate: float
    connections: int


def parse(text: str, connections: int = 0, rate: float = 0.0) -> Profile:
    """Reads the stages of a profile.

    Args:
        text: stages, with commas between them.
        connections: how many there are until a stage says otherwise.
        rate: likewise.

    Raises:
        LoadError: a stage cannot be read, or cannot be; the text says which, and what to write.
    """
    stages: list[Stage] = []
    level = _Level(rate, connections)
    for number, part in enumerate((part.strip() for part in text.split(",")), 1):
        try:
            stages += _stages(part, level)
        except ValueError as error:
            raise LoadError(f"stage {number} '{safe(part, 80)}': {error}") from None
        last = stages[-1]
        level = _Level(level.rate if part.startswith("burst") else last.rate_end, last.connections_end)
    return profile_of(stages)


def _stages(text: str, before: _Level) -> list[Stage]:
    if found := _BURST.fullmatch(text):
        within_s = Duration.parse(found["time"]).seconds if found["time"] else AT_ONCE_S
        return [burst(int(found["messages"]), before.connections, within_s)]
    found = _STAGE.fullmatch(text)
    if not found or not (found["rate"] or found["count"]):
        raise LoadError(f"it cannot be read: {_EXAMPLES}")
    duration_s = Duration.parse(found["time"]).seconds
    rate = _rate(found["rate"]) if found["rate"] else before.rate
    rate_end = _rate(found["rate_end"]) if found["rate_end"] else rate
    count = int(found["count"]) if found["count"] else before.connections
    count_end = int(found["count_end"]) if found["count_end"] else count
    if duration_s <= 0:
        raise LoadError("it lasts no time: give it more than 0 s")
    is_ramp = bool(found["rate_end"] or found["count_end"])
    is_flat = (rate, count) == (rate_end, count_end)
    if is_ramp and is_flat:
        raise LoadError("a ramp to nowhere: it ends where it begins; write for in place of over, and one value")
    if found["word"] == "for" and is_ramp:
        raise LoadError("it changes: write over in place of for")
    if found["word"] != "for" and is_flat:
        raise LoadError("nothing in it changes: write for, or from where to where, such as 0/s..1000/s")
    if found["steps"]:
        return steps((rate, rate_end), (count, count_end), int(found["steps"]), duration_s)
    return [hold(rate, count, duration_s)] if is_flat else [Stage(duration_s, rate, rate_end, count, count_end)]


def _rate(text: str) -> float:
    return 0.0 if _NO_RATE.fullmatch(text) else Rate.parse(text).per_second
