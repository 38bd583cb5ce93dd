"""Numbers in words, as short as they can be read without misleading."""

ABSENT = "\N{EN DASH}"
"""Where there is no number: never a zero."""

_DURATIONS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))
_SIZES = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1.0, "B"))


def duration(seconds: float) -> str:
    """Three digits and a unit: 63.1 ms."""
    return _scaled(seconds, _DURATIONS)


def size(amount: float) -> str:
    """Three digits and a decimal unit: 498 MB."""
    return _scaled(amount, _SIZES)


def share(ratio: float) -> str:
    return f"{_digits(100 * ratio)} %"


def number(value: float) -> str:
    """Three digits, more of a whole number, thousands apart: 60 000."""
    return f"{round(value):,}".replace(",", "\u202f") if abs(value) >= 100 or value == int(value) else _digits(value)


def rate(per_second: float) -> str:
    return f"{number(per_second)}/s"


def moment(seconds: float) -> str:
    """A place on an axis of time: 30 s, 2:30 min."""
    if abs(seconds) < 120:
        return f"{seconds:g} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}" if minutes >= 60 else f"{minutes}:{rest:02d}"


def _scaled(value: float, units: tuple[tuple[float, str], ...]) -> str:
    if not value:
        return f"0 {units[0][1]}"
    factor, unit = next((pair for pair in units if abs(value) >= pair[0] * 0.9995), units[-1])
    return f"{_digits(value / factor)} {unit}"


def _digits(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 99.95 else f"{value:.3g}"
