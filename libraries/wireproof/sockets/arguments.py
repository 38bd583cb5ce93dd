"""What keyword arguments become: types for Robot's converters, each with one line that says what to write."""

from collections.abc import Sequence
from enum import IntEnum

from wireproof.arguments import Json, Names, converters, to_json, to_names
from wireproof.dialects import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT
from wireproof.moments import Since, to_since
from wireproof.quantities import Backoff, Rate
from wireproof.wiretext import refuse_secret_literal


class Clients(tuple[str, ...]):
    """Clients: a client's name, a group's name, `all`, or a list of those."""

    __slots__ = ()


class Payload(bytes):
    """Bytes: as bytes, as text (sent as UTF-8), or as hexadecimal digits after `hex:`, such as `hex:48 69`."""

    __slots__ = ()


class Opcode(IntEnum):
    """What a frame is, by name or by number from 0 to 15; most numbers are reserved."""

    continuation = CONTINUATION
    text = TEXT
    binary = BINARY
    reserved_3 = 3
    reserved_4 = 4
    reserved_5 = 5
    reserved_6 = 6
    reserved_7 = 7
    close = CLOSE
    ping = PING
    pong = PONG
    reserved_11 = 11
    reserved_12 = 12
    reserved_13 = 13
    reserved_14 = 14
    reserved_15 = 15


def to_clients(value: object) -> Clients:
    """One name, or a list of names."""
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, Sequence) or not all(isinstance(name, str) for name in names) or not names:
        raise ValueError("write a client's name, a group's name, or a list of them")
    return Clients(names)


def to_rate(value: object) -> Rate:
    """`1000/s`, `90/min`, `10/h`."""
    return value if isinstance(value, Rate) else Rate.parse(str(value))


def to_backoff(value: object) -> Backoff:
    """`100ms..5s`."""
    return value if isinstance(value, Backoff) else Backoff.parse(str(value))


def to_payload(value: object) -> Payload:
    """Bytes, a text, or hexadecimal digits."""
    if isinstance(value, bytes | bytearray):
        return Payload(value)
    text = str(value)
    refuse_secret_literal(text)
    if not text.startswith("hex:"):
        try:
            return Payload(text.encode())
        except UnicodeEncodeError:
            raise ValueError("a text with half a character has no bytes: write them as hex:…") from None
    try:
        return Payload(bytes.fromhex(text.removeprefix("hex:")))
    except ValueError:
        raise ValueError("after hex: write pairs of hexadecimal digits, such as hex:ff 00") from None


CONVERTERS = converters(
    (Json, to_json),
    (Clients, to_clients),
    (Names, to_names),
    (Payload, to_payload),
    (Since, to_since),
    (Rate, to_rate),
    (Backoff, to_backoff),
)
"""For Robot: argument types and what makes them."""
