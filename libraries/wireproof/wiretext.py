"""The only door from wire bytes to a log, a report or a failure message.

Robot Framework writes what a test logs into output.xml and log.html. One lone surrogate makes that XML unreadable, a
text that starts with ``*HTML*`` is rendered as markup, a line that starts with ``*ERROR*`` becomes a log entry of its
own. Everything that a peer may have chosen goes through `safe` first.
"""

import json
import re
import threading
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn, Protocol, runtime_checkable
from urllib.parse import quote, quote_plus

MASK = "<secret>"
SHORTEST_SECRET = 4
"""Shorter texts are not masked: they would hide half of every line and protect nothing."""

_PREFIX = 4
_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
# Controls (C0, C1), what is invisible, line and paragraph separators, marks that turn the reading direction, tags,
# surrogates, non-characters.
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ufdd0-\ufdef\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")
_SURROGATE = re.compile("[\ud800-\udfff]")


class InvalidTextError(ValueError):
    """The wire carried something that is not text: invalid UTF-8 or a lone surrogate."""


class _Secrets:
    """The texts to mask, longest first, found by their first characters so that a thousand tokens cost one look-up."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_prefix: dict[str, tuple[str, ...]] = {}

    def add(self, text: str) -> None:
        with self._lock:
            known = {*self._by_prefix.get(text[:_PREFIX], ()), text}
            ordered = tuple(sorted(known, key=len, reverse=True))
            self._by_prefix = {**self._by_prefix, text[:_PREFIX]: ordered}

    def mask(self, text: str) -> str:
        spans = sorted(span for prefix in self._by_prefix for span in self._spans(text, prefix))
        if not spans:
            return text
        parts, end = [], 0
        for start, stop in spans:
            # One secret may stand inside another or overlap it: together they are one mask, so that no part is left.
            if start >= end:
                parts += [text[end:start], MASK]
            end = max(end, stop)
        return "".join([*parts, text[end:]])

    def _spans(self, text: str, prefix: str) -> Iterator[tuple[int, int]]:
        start = text.find(prefix)
        while start >= 0:
            longest = next((secret for secret in self._by_prefix[prefix] if text.startswith(secret, start)), "")
            if longest:
                yield start, start + len(longest)
            start = text.find(prefix, start + 1)


_secrets = _Secrets()


def hide(secret: str) -> None:
    """Masks `secret` in everything that `safe` lets through from now on.

    The credentials of an ``Authorization`` value are hidden without their scheme too, because servers like to echo
    them, and so are the forms that a query string and a JSON text carry.
    """
    _, _, credentials = secret.partition(" ")
    for text in (secret, credentials):
        for form in (text, quote(text, safe="", errors="replace"), quote_plus(text, errors="replace"), _in_json(text)):
            if len(text) >= SHORTEST_SECRET:
                _secrets.add(form)


@runtime_checkable
class Hidden(Protocol):
    """A secret by its shape, Robot's `Secret`: only keywords know Robot."""

    @property
    def value(self) -> Any: ...


def reveal(value: Any) -> Any:
    """`value` with every secret in it unwrapped, and hidden from logs from now on."""
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, Hidden):
        text = str(value.value)
        hide(text)
        return text
    if isinstance(value, Mapping):
        return {key: reveal(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [reveal(item) for item in value]
    return value


def holds_secret(value: Any) -> bool:
    """Whether a secret stands anywhere in `value`."""
    if isinstance(value, Mapping):
        return any(holds_secret(item) for item in value.values())
    if isinstance(value, list | tuple):
        return any(holds_secret(item) for item in value)
    return not isinstance(value, str | int | float | None) and isinstance(value, Hidden)


def _in_json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def safe(value: object, limit: int = 200) -> str:
    """`value` as one printable line of at most `limit` characters and a note of what was cut.

    Bytes are read as UTF-8, with what is not UTF-8 shown as ``\\xNN``. Known secrets become ``<secret>``.
    """
    if isinstance(value, bytes | bytearray):
        text = bytes(value).decode("utf-8", "backslashreplace")
    else:
        text = value if isinstance(value, str) else str(value)
    text = _secrets.mask(text)
    if len(text) <= limit:
        return _UNPRINTABLE.sub(_escaped, text)
    return f"{_UNPRINTABLE.sub(_escaped, text[:limit])}… ({len(text)} characters)"


def _escaped(match: re.Match[str]) -> str:
    character = match.group()
    code = ord(character)
    if code > 0xFFFF:
        return f"\\U{code:08x}"
    return _ESCAPES.get(character) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")


def decode_text(data: bytes) -> str:
    """The text of a frame.

    Raises:
        InvalidTextError: the bytes are not UTF-8; the message names the first bad byte.
    """
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidTextError(f"not UTF-8: byte 0x{data[error.start]:02x} at position {error.start}") from None


def load_json(text: str | bytes) -> Any:
    """The value of a JSON text.

    Raises:
        InvalidTextError: a string in it holds half a character (a lone surrogate), which no text file can keep.
        ValueError: it is not JSON, or nests deeper than Python reads.
    """
    if isinstance(text, bytes):
        text = decode_text(text)
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("not readable as JSON: nested too deep") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg} at position {error.pos}") from None
    except ValueError as error:
        raise ValueError(f"not readable as JSON: {error}") from None
    if _SURROGATE_ESCAPE.search(text) or _SURROGATE.search(text):
        _refuse_surrogates(value)
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _refuse_surrogates(value: Any) -> None:
    for text in strings_in(value):
        found = _SURROGATE.search(text)
        if found:
            code = ord(found.group())
            raise InvalidTextError(f"half a character (lone surrogate \\u{code:04x}) in a JSON string")


def strings_in(value: object) -> Iterator[str]:
    """Every string in a JSON-like value, keys and bytes included, without recursion: depth is the sender's choice."""
    rest = [value]
    while rest:
        item = rest.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, bytes | bytearray):
            yield item.decode("utf-8", "replace")
        elif isinstance(item, Mapping):
            rest.extend(item.keys())
            rest.extend(item.values())
        elif isinstance(item, list | tuple):
            rest.extend(item)


def refuse_secret_literal(value: object) -> None:
    """Refuses to send the text that a `Secret` turns into when it is put inside another string.

    Raises:
        ValueError: ``<secret>`` stands somewhere in `value`.
    """
    if any(MASK in text for text in strings_in(value)):
        raise ValueError(
            f"the text {MASK} would be sent: a Secret was put inside a string; "
            "make a new one with `VAR ${H: Secret}  Bearer ${TOKEN}` or `Create Secret`"
        )
