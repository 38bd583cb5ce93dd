"""Does memory grow? A verdict on a trend, in words."""

from wireproof.measures.trend import Trend
from wireproof.quantities import Size


def judge(service: str, trend: Trend, at_most: Size, *, by_messages: bool) -> tuple[str, str]:
    """What is wrong, empty when nothing is, and what was found.

    Args:
        service: whose memory.
        trend: of its memory.
        at_most: what it may grow by.
        by_messages: whether by 100 000 messages; else by minute.
    """
    per = "100 000 messages" if by_messages else "minute"
    slope = trend.estimate("slope")
    if not isinstance(slope.low, Size) or not isinstance(slope.high, Size):
        return f"{slope.n} readings of the memory of {service} are too few for a slope: monitor for longer", ""
    told = (
        f"the memory of {service} grows by {_size(slope.value.bytes)} per {per} "  # type: ignore[union-attr]
        f"(95 % bounds {_size(slope.low.bytes)} to {_size(slope.high.bytes)}, {slope.n} readings)"
    )
    if slope.low >= at_most:
        return f"{told}, at most {at_most} is allowed", told
    if slope.high >= at_most:
        return f"{told}: that does not prove less than {at_most}; monitor for longer", told
    return "", told


def _size(size: float) -> str:
    return f"{size / 1e6:.2f} MB"
