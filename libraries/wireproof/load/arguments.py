"""What keyword arguments become: types for Robot's converters, each with one line that says what to write."""

from wireproof.arguments import Json, Names, converters, to_json, to_names
from wireproof.quantities import Backoff, Rate, Size


def to_rate(value: object) -> Rate:
    """`1000/s`, `90/min`, `10/h`."""
    return value if isinstance(value, Rate) else Rate.parse(str(value))


def to_size(value: object) -> Size:
    """`250 B`, `64 kB`."""
    return value if isinstance(value, Size) else Size.parse(str(value))


def to_reconnect(value: object) -> Backoff | None:
    """`100ms..5s`, or `none`."""
    if isinstance(value, Backoff):
        return value
    if str(value).strip().lower() == "none":
        return None
    try:
        return Backoff.parse(str(value))
    except ValueError as error:
        raise ValueError(f"{error}, or none") from None


CONVERTERS = converters((Json, to_json), (Names, to_names), (Rate, to_rate), (Size, to_size), (Backoff, to_reconnect))
"""For Robot: argument types and what makes them."""
