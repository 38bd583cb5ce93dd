"""Axes: where a value stands, as a share of the axis, and which values are named on it."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

Label = Callable[[float], str]

_LEAST = 1e-9
"""Of a logarithmic axis: a nanosecond; what is less stands at its start."""


class Scale(Protocol):
    """An axis."""

    def share(self, value: float) -> float:
        """Where a value stands, from 0 to 1; what lies beyond an end stands there."""

    def ticks(self) -> Iterator[tuple[float, str]]:
        """The values that are named, with their names, from the axis' start to its end."""


@dataclass(frozen=True, slots=True)
class Linear:
    """Equal steps for equal differences."""

    low: float
    high: float
    label: Label
    most: int = 5

    def share(self, value: float) -> float:
        return _within((value - self.low) / (self.high - self.low)) if self.high > self.low else 0.0

    def ticks(self) -> Iterator[tuple[float, str]]:
        step = _nice((self.high - self.low) / self.most)
        value = math.ceil(self.low / step) * step
        while value <= self.high * (1 + 1e-9):
            yield value, self.label(value)
            value += step


@dataclass(frozen=True, slots=True)
class Log:
    """Equal steps for equal factors; for times, of which the rare ones are long."""

    low: float
    high: float
    label: Label

    @classmethod
    def around(cls, values: list[float], label: Label) -> "Log":
        """From a nice value at or below the least to one above the greatest; at least a factor of ten."""
        positive = [max(value, _LEAST) for value in values if value > 0] or [1e-3]
        low, high = _floor(min(positive)), _nice(max(positive) * 1.05)
        return cls(low, max(high, low * 10), label)

    def share(self, value: float) -> float:
        if value <= self.low:
            return 0.0
        return _within(math.log(value / self.low) / math.log(self.high / self.low))

    def ticks(self) -> Iterator[tuple[float, str]]:
        factors = (1, 2, 5) if self.high / self.low <= 200 else (1,)
        power = 10 ** math.floor(math.log10(self.low) + 1e-9)
        while power <= self.high * (1 + 1e-9):
            for factor in factors:
                if self.low * (1 - 1e-9) <= factor * power <= self.high * (1 + 1e-9):
                    yield factor * power, self.label(factor * power)
            power *= 10


@dataclass(frozen=True, slots=True)
class Tail:
    """Shares of observations, the last of them spread: from 90 % to 99 % is as far as from 99 % to 99.9 %."""

    highest: float
    """The highest share below 1 that is shown; all of them stand at the end."""

    def share(self, value: float) -> float:
        if value >= self.highest:
            return 1.0
        return _within(math.log(1 - value) / math.log(1 - self.highest))

    def ticks(self) -> Iterator[tuple[float, str]]:
        for value in (0.0, 0.5, 0.9, 0.95, 0.99, 0.999, 0.9999, 0.99999, 0.999999):
            if value <= self.highest + 1e-12:
                yield value, f"p{100 * value:.10g}" if value else "min"


def _within(share: float) -> float:
    return min(max(share, 0.0), 1.0)


def _nice(value: float) -> float:
    """The next 1, 2 or 5 times a power of ten."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= value * (1 - 1e-9))


def _floor(value: float) -> float:
    """The last 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(factor * power for factor in (5, 2, 1) if factor * power <= value * (1 + 1e-9))


def from_zero(values: list[float], label: Label, most: int = 4) -> Linear:
    """An axis from 0 to a nice value above the greatest."""
    high = max(values, default=0.0)
    step = _nice((high or 1.0) / most)
    return Linear(0.0, step * math.ceil((high or 1.0) * 1.02 / step), label, most)
