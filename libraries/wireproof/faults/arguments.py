"""What keyword arguments become: types for Robot's converters, each with one line that says what to write."""

from wireproof.arguments import Json, Names, converters, to_json, to_names
from wireproof.faults.fault import Fault
from wireproof.faults.frames.meaning import Recording
from wireproof.quantities import Bandwidth, Fraction, Size


def to_bandwidth(value: object) -> Bandwidth:
    """`64 kB/s`."""
    return Bandwidth.parse(str(value))


def to_size(value: object) -> Size:
    """`1 kB`."""
    return Size.parse(str(value))


def to_fraction(value: object) -> Fraction:
    """`1 %`."""
    return Fraction.parse(str(value))


def to_fault(value: object) -> Fault:
    """Only what a keyword returned."""
    raise ValueError(f"give what the keyword returned that made the fault, not a {type(value).__name__}")


def to_recording(value: object) -> Recording:
    """Only what `Record Messages` returned."""
    raise ValueError(f"give what Record Messages returned, not a {type(value).__name__}")


CONVERTERS = converters(
    (Names, to_names),
    (Json, to_json),
    (Bandwidth, to_bandwidth),
    (Size, to_size),
    (Fraction, to_fraction),
    (Fault, to_fault),
    (Recording, to_recording),
)
"""For Robot: argument types and what makes them."""
