"""Quantities as people write them: `50 ms`, `1000/s`, `512 MB`, `64 kB/s`, `99.9 %`, `100ms..5s`, `p95 < 50 ms`.

Every room reads its numbers here, so that a unit means the same everywhere. `parse` takes text and gives a frozen value
whose field names its unit; `str()` of a value gives text that parses back to an equal value. A text that is not the
quantity asked for raises ValueError with one line: what was given, what to write.

Sizes are decimal, as networks and the SI count them: 1 kB = 1000 bytes, 1 MB = 1 000 000 bytes. The binary units of
memory are written KiB, MiB, GiB, TiB (1024). Text is always in its shortest units; `KB`, `Mb` or `sec` are refused
rather than guessed.
"""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

_NUMBER_AND_UNIT = re.compile(r"\s*([0-9]{1,18}(?:\.[0-9]{1,40})?)\s*(\S*)\s*")  # any such number is a finite float
_DURATIONS = {
    "ns": Decimal("1e-9"),
    "us": Decimal("1e-6"),
    "µs": Decimal("1e-6"),
    "ms": Decimal("1e-3"),
    "s": Decimal(1),
    "min": Decimal(60),
    "h": Decimal(3600),
    "d": Decimal(86400),
}
_PERIODS = {"s": 1, "min": 60, "h": 3600}
_DECIMAL_SIZES = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_BINARY_SIZES = {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}
_SIZES = {unit: Decimal(factor) for unit, factor in (_DECIMAL_SIZES | _BINARY_SIZES).items()}


@dataclass(frozen=True, order=True, slots=True)
class Duration:
    """A length of time in seconds, 0 or more: `50 ms`, `2s`, `10 min` (units ns, us or µs, ms, s, min, h, d)."""

    seconds: float

    @classmethod
    def parse(cls, text: str) -> "Duration":
        """Reads a number with its unit; a bare number is refused, because seconds and milliseconds look alike."""
        return cls(float(_scaled(text, _DURATIONS, "a duration", "50 ms, 2 s or 10 min")))

    def __str__(self) -> str:
        if self.seconds >= 1 or self.seconds == 0:
            return f"{_plain(self.seconds)} s"
        unit = "ms" if self.seconds >= 1e-3 else "µs"
        return f"{_plain(self.seconds, _DURATIONS[unit])} {unit}"


@dataclass(frozen=True, order=True, slots=True)
class Rate:
    """Happenings per second, more than 0: `1000/s`, `90/min`, `10/h`."""

    per_second: float

    @classmethod
    def parse(cls, text: str) -> "Rate":
        """Reads count/unit with unit s, min or h; `1000` and `1000/sec` are refused."""
        wanted = "write a rate as count/unit with unit s, min or h, for example 1000/s"
        number, unit = _number_and_unit(text, wanted)
        if not unit.startswith("/") or unit[1:] not in _PERIODS:
            raise ValueError(f"{text!r} is not a rate: {wanted}")
        if not number:
            raise ValueError(f"{text!r} is not a rate: a rate is more than 0, for example 1000/s")
        return cls(float(number / _PERIODS[unit[1:]]))

    @property
    def interval_s(self) -> float:
        """Seconds from one happening to the next."""
        return 1 / self.per_second

    def __str__(self) -> str:
        return f"{_plain(self.per_second)}/s"


@dataclass(frozen=True, order=True, slots=True)
class Size:
    """A whole number of bytes: `512 MB`, `64 kB` (1000), `1 MiB` (1024 KiB), `250 B`."""

    bytes: int

    @classmethod
    def parse(cls, text: str) -> "Size":
        """Reads a number with its unit; `KB` is refused, because half the world reads 1000 and the other 1024."""
        scaled = _scaled(text, _SIZES, "a size", "512 MB, 64 kB (1000 bytes) or 64 KiB (1024 bytes)")
        if scaled != scaled.to_integral_value():
            raise ValueError(f"{text!r} is not a size: it comes to {scaled.normalize():f} bytes, no whole number")
        return cls(int(scaled))

    def __str__(self) -> str:
        return _size_text(self.bytes)


@dataclass(frozen=True, order=True, slots=True)
class Bandwidth:
    """Bytes per second, more than 0: `64 kB/s`, `1 MiB/s`."""

    bytes_per_second: float

    @classmethod
    def parse(cls, text: str) -> "Bandwidth":
        """Reads a size per second; bits (`8 Mbit/s`) are refused: divide by 8."""
        units = {f"{unit}/s": factor for unit, factor in _SIZES.items()}
        scaled = _scaled(text, units, "a bandwidth", "64 kB/s (1000 bytes) or 1 MiB/s")
        if not scaled:
            raise ValueError(f"{text!r} is not a bandwidth: it is more than 0, for example 64 kB/s")
        return cls(float(scaled))

    def __str__(self) -> str:
        return f"{_size_text(self.bytes_per_second)}/s"


@dataclass(frozen=True, order=True, slots=True)
class Fraction:
    """A share as a ratio, 0 or more: `99.9 %` is 0.999. More than 100 % is a share too (of one processor core)."""

    ratio: float

    @classmethod
    def parse(cls, text: str) -> "Fraction":
        """Reads a number of per cent; the sign is needed, because 1 may be 1 % or all."""
        return cls(float(_scaled(text, {"%": Decimal("0.01")}, "a share", "99.9 %")))

    def __str__(self) -> str:
        return f"{_plain(self.ratio, Decimal('0.01'))} %"


@dataclass(frozen=True, order=True, slots=True)
class Count:
    """A number without a unit: `0`, `10000`, `1.5`."""

    value: float

    @classmethod
    def parse(cls, text: str) -> "Count":
        """Reads a number that has no unit."""
        return cls(float(_scaled(text, {"": Decimal(1)}, "a count", "10000")))

    def __str__(self) -> str:
        return _plain(self.value)


Quantity = Duration | Rate | Size | Bandwidth | Fraction | Count

KINDS: Mapping[str, type[Quantity]] = {
    kind.__name__: kind for kind in (Duration, Rate, Size, Bandwidth, Fraction, Count)
}
"""By name, as data keep it beside a bare number."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits between attempts, doubling from the first to a limit, in seconds: `100ms..5s`."""

    first_s: float
    limit_s: float

    @classmethod
    def parse(cls, text: str) -> "Backoff":
        """Reads first..limit, the first more than 0 and not above the limit."""
        wanted = "write a backoff as first..limit, for example 100ms..5s"
        first, dots, limit = text.partition("..")
        if not dots:
            raise ValueError(f"{text!r} is not a backoff: {wanted}")
        backoff = cls(Duration.parse(first).seconds, Duration.parse(limit).seconds)
        if not 0 < backoff.first_s <= backoff.limit_s:
            raise ValueError(
                f"{text!r} is not a backoff: the first wait is more than 0 and at most the limit; {wanted}"
            )
        return backoff

    def delay_s(self, attempt: int) -> float:
        """The longest wait before attempt 1, 2, …; who waits takes a random part of it, so that many do not meet."""
        doublings = min(attempt - 1, 64)
        return min(self.first_s * 2.0**doublings, self.limit_s)

    def __str__(self) -> str:
        return f"{Duration(self.first_s)}..{Duration(self.limit_s)}"


_OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
}
_COMPARISON = re.compile(r"\s*([^<>=!\s]*)\s*([<>=!]+)(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is compared (empty when the reader knows), how, and with what: `> 99 %`, `delivery.p95 < 50 ms`."""

    subject: str
    operator: str
    limit: Quantity

    @classmethod
    def parse(cls, text: str) -> "Comparison":
        """Reads an optional subject without blanks, one of < <= > >= == !=, and a quantity."""
        found = _COMPARISON.fullmatch(text)
        if not found or found[2] not in _OPERATORS:
            operators = " ".join(_OPERATORS)
            raise ValueError(
                f"{text!r} is not a comparison: write one of {operators} and a quantity, for example p95 < 50 ms"
            )
        return cls(found[1], found[2], parse_quantity(found[3]))

    def holds(self, observed: Quantity) -> bool:
        """Whether the observed quantity meets the limit; ValueError when the two are of different kinds."""
        if type(observed) is not type(self.limit):
            raise ValueError(
                f"{observed} ({_kind(observed)}) cannot be compared with {self.limit} ({_kind(self.limit)}): "
                "give both in units of one kind"
            )
        return _OPERATORS[self.operator](magnitude(observed), magnitude(self.limit))

    def __str__(self) -> str:
        return f"{self.subject} {self.operator} {self.limit}".lstrip()


def parse_quantity(text: str) -> Quantity:
    """Reads any quantity; its unit says which kind it is, no unit means a count."""
    wanted = "write a number with a unit: 50 ms, 1000/s, 512 MB, 64 kB/s, 99.9 %, or a bare count"
    _, unit = _number_and_unit(text, wanted)
    kinds: tuple[tuple[bool, Callable[[str], Quantity]], ...] = (
        (unit == "", Count.parse),
        (unit == "%", Fraction.parse),
        (unit in _DURATIONS, Duration.parse),
        (unit in _SIZES, Size.parse),
        (unit.startswith("/"), Rate.parse),
        (unit.removesuffix("/s") in _SIZES, Bandwidth.parse),
    )
    for fits, parse in kinds:
        if fits:
            return parse(text)
    raise ValueError(f"{text!r} has an unknown unit {unit!r}: {wanted}")


def parse_names(text: str) -> tuple[str, ...]:
    """Reads a comma list, blanks around names dropped; an empty name is refused, an empty text is an empty list."""
    if not text.strip():
        return ()
    names = tuple(name.strip() for name in text.split(","))
    if "" in names:
        raise ValueError(f"{text!r} has an empty name at position {names.index('') + 1}: write names as a, b, c")
    return names


def require_wait(seconds: float) -> None:
    """Refuses a time that nobody can wait for.

    Raises:
        ValueError: it is negative; waiting for silence so long would prove nothing.
    """
    if seconds < 0:
        raise ValueError(f"cannot wait for {seconds:g} s: give a time of 0 s or more")


def _number_and_unit(text: str, wanted: str) -> tuple[Decimal, str]:
    found = _NUMBER_AND_UNIT.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is not a number with a unit: {wanted}")
    return Decimal(found[1]), found[2]


def _scaled(text: str, units: Mapping[str, Decimal], kind: str, examples: str) -> Decimal:
    number, unit = _number_and_unit(text, f"write {kind} as {examples}")
    if unit not in units:
        raise ValueError(f"{text!r} is not {kind}: write {examples}")
    return number * units[unit]


def _plain(value: float, unit: Decimal = Decimal(1)) -> str:
    """The value in the unit, every digit kept and no exponent: decimal arithmetic on the shortest text of the float."""
    text = f"{Decimal(repr(value)) / unit:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _size_text(size: float) -> str:
    """Binary units where they come out whole and decimal ones do not; so 1 048 576 is `1 MiB` and not `1.048576 MB`."""
    unit, factor = _largest(_DECIMAL_SIZES, size)
    binary_unit, binary_factor = _largest(_BINARY_SIZES, size)
    if size % factor and size >= binary_factor and not size % binary_factor:
        unit, factor = binary_unit, binary_factor
    return f"{_plain(size, Decimal(factor))} {unit}"


def _largest(units: Mapping[str, int], size: float) -> tuple[str, int]:
    fitting = [(unit, factor) for unit, factor in units.items() if factor <= size]
    return fitting[-1] if fitting else next(iter(units.items()))


def magnitude(quantity: Quantity) -> float:
    """The bare number of a quantity: seconds, per second, bytes, a ratio."""
    match quantity:
        case Duration(value) | Rate(value) | Size(value) | Bandwidth(value) | Fraction(value) | Count(value):
            return value


def of_kind(kind: type[Quantity], number: float) -> Quantity:
    """The quantity of a bare number, as `magnitude` gives it; bytes are rounded to whole ones."""
    return Size(round(number)) if kind is Size else kind(number)  # type: ignore[arg-type]  # the others take floats


def _kind(quantity: Quantity) -> str:
    return type(quantity).__name__.lower()
