"""Types of arguments of the library `wireproof.Timing`."""

from datetime import timedelta

from wireproof.arguments import converters
from wireproof.moments import Since, to_since
from wireproof.quantities import Duration
from wireproof.wiretext import safe


class Latency(float):
    """Latency: a text with a unit such as `31 ms`, or a timedelta such as RequestsLibrary's `${response.elapsed}`."""

    __slots__ = ()


def to_latency(value: object) -> Latency:
    """Seconds; a bare number is refused, because seconds and milliseconds look alike."""
    if isinstance(value, Latency):
        return value
    if isinstance(value, Duration):
        return Latency(value.seconds)
    if isinstance(value, timedelta):
        if value < timedelta():
            raise ValueError(f"a latency is not negative: {value.total_seconds():g} s")
        return Latency(value.total_seconds())
    if isinstance(value, str):
        return Latency(Duration.parse(value).seconds)
    raise ValueError(f"{safe(repr(value), 60)} is no latency: give a text such as 31 ms, or a timedelta")


CONVERTERS = converters((Since, to_since), (Latency, to_latency))
"""For Robot: argument types and what makes them."""
