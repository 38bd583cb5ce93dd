"""What the numbers of a monitoring are: by the first part of a metric's name its kind of quantity."""

import math
from collections.abc import Mapping

from wireproof.quantities import Count, Duration, Fraction, Quantity, Rate, Size, of_kind

KINDS: Mapping[str, type[Quantity]] = {
    "memory": Size,
    "cpu": Fraction,
    "sessions": Count,
    "active": Count,
    "transaction": Duration,
    "size": Size,
    "commits": Rate,
    "dataset": Size,
    "clients": Count,
    "commands": Rate,
}

SPANS = frozenset({"cpu", "commits"})
"""What is told of the time since the look before."""


def kind(metric: str) -> type[Quantity]:
    """The kind of quantity that a metric is."""
    return KINDS[metric.partition(".")[0]]


def spans(metric: str) -> bool:
    """Whether a number tells of the time since the look before, and not of the moment."""
    return metric.partition(".")[0] in SPANS


def quantity(metric: str, value: float) -> Quantity:
    """A number of a metric with its unit."""
    return of_kind(kind(metric), value)


def shown(value: Quantity) -> str:
    """A quantity as people read it: `61.8 MB`, `3.2 %`, `120 ms`."""
    match value:
        case Size(size):
            return f"{size / 1e6:.1f} MB"
        case Fraction(ratio):
            return f"{ratio * 100:.1f} %"
        case Duration(seconds):
            return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
        case Rate(per_second):
            return f"{per_second:.3g}/s"
        case Count(number):
            return f"{number:g}" if number == int(number) else f"{number:.1f}"
    raise TypeError(f"{value!r} is not shown here")


def share(good: int, tried: int) -> str:
    """A share in per cent; what is not all is never rounded to 100 %."""
    return f"{math.floor(good / tried * 10_000) / 100:g} %"
