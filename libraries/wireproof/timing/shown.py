"""Measured values in words: three digits, never so few that a value seems to be on the other side of its limit."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from wireproof.quantities import Bandwidth, Count, Duration, Fraction, Quantity, Rate, Size, magnitude

_DIGITS = 3
_MOST_DECIMALS = 9
_UNITS: dict[type[Quantity], tuple[tuple[float, str], ...]] = {
    Duration: ((1, " s"), (1e-3, " ms"), (1e-6, " µs")),
    Size: ((1e9, " GB"), (1e6, " MB"), (1e3, " kB"), (1, " B")),
    Bandwidth: ((1e9, " GB/s"), (1e6, " MB/s"), (1e3, " kB/s"), (1, " B/s")),
    Fraction: ((0.01, " %"),),
    Rate: ((1, "/s"),),
    Count: ((1, ""),),
}


@dataclass(frozen=True, slots=True)
class Scale:
    """How the numbers of one line are written: in one unit, against one limit.

    Attributes:
        factor: how much of the base unit one is.
        unit: what follows a number, its blank included.
        limit: what the numbers are compared with, in the base unit.
    """

    factor: float
    unit: str
    limit: float
    is_share: bool = False

    @classmethod
    def of(cls, value: Quantity, limit: Quantity) -> "Scale":
        """The scale in which `value` is at least 1; that of the limit for nothing."""
        units = _UNITS[type(value)]
        size = abs(magnitude(value) or magnitude(limit))
        factor, unit = next((pair for pair in units if size >= pair[0]), units[-1])
        return cls(factor, unit, magnitude(limit), isinstance(value, Fraction))

    def number(self, quantity: Quantity, whole: Callable[[float], float] = round) -> str:
        """A value without its unit: `31.4`, `60 000`, `99.987`.

        Args:
            quantity: the value.
            whole: how the last digit is made: rounded, `math.floor` or `math.ceil`.
        """
        exact = magnitude(quantity)
        value, limit = exact / self.factor, round(self.limit / self.factor, _MOST_DECIMALS)
        decimals = self._decimals(value)
        shown = _rounded(value, decimals, whole)
        while decimals < _MOST_DECIMALS and _side(shown, limit) != _side(exact, self.limit):
            decimals += 1
            shown = _rounded(value, decimals, whole)
        text = f"{shown:,.{decimals}f}".replace(",", " ")
        is_whole = self.is_share or self.unit in ("", "/s")
        return text.rstrip("0").rstrip(".") if is_whole and decimals else text

    def text(self, quantity: Quantity, whole: Callable[[float], float] = round) -> str:
        """A value with its unit; the arguments are those of `number`."""
        return f"{self.number(quantity, whole)}{self.unit}"

    def _decimals(self, value: float) -> int:
        # 99.987 % says how much is missing; to round it to 100.0 would hide that.
        telling = 100 - value if self.is_share and 90 < value < 100 else value
        decimals = _DIGITS - 1 - math.floor(math.log10(abs(telling))) if telling else 0
        return min(max(0, decimals), _MOST_DECIMALS)


def count(number: int) -> str:
    """A number of things: `60 000`."""
    return f"{number:,}".replace(",", " ")


def _rounded(value: float, decimals: int, whole: Callable[[float], float]) -> float:
    return float(whole(value * 10**decimals) / 10**decimals)


def _side(value: float, limit: float) -> int:
    return (value > limit) - (value < limit)
