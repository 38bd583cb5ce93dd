"""Fuzzy words: texts such as `#uuid` that stand for any value of a kind inside a JSON template."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from wireproof.wiretext import safe

ABSENT: Final = object()
"""Stands for the value of a key that an object does not have."""

EXACTLY: Final = "#exactly "
"""What follows is the text itself: `#exactly #general` is the text `#general`."""

_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_DATETIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Word:
    """A fuzzy word as written, the type of value it is about (empty: any), and which values it accepts."""

    text: str
    type_name: str
    accepts: Callable[[Any], bool]


def word_of(text: str) -> Word:
    """The fuzzy word that a text is; a pattern has to fit the whole value, not a part of it.

    Raises:
        ValueError: there is no such word, or its pattern is no regular expression.
    """
    if text.startswith("#regex "):
        return Word(text, "text", _fitting(text.removeprefix("#regex ")))
    if text in _WORDS:
        return _WORDS[text]
    known = ", ".join([*_WORDS, "#regex <pattern>"])
    raise ValueError(
        f"unknown fuzzy word '{safe(text)}': there are {known}; for the text itself write '{EXACTLY}{safe(text)}'"
    )


def is_datetime(value: Any) -> bool:
    """Whether a value is a date with a time of day as RFC 3339 writes them; the zone may be missing."""
    if not isinstance(value, str) or not _DATETIME.fullmatch(value):
        return False
    try:
        datetime.fromisoformat(value.upper())
    except ValueError:
        return False
    return True


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_integer(value: Any) -> bool:
    return _is_number(value) and (isinstance(value, int) or value.is_integer())


def _fitting(pattern: str) -> Callable[[Any], bool]:
    try:
        fullmatch = re.compile(pattern).fullmatch
    except re.error as error:
        raise ValueError(f"'{safe(pattern)}' is no regular expression: {safe(error)}") from None
    return lambda value: isinstance(value, str) and fullmatch(value) is not None


_WORDS: Final[Mapping[str, Word]] = {
    word.text: word
    for word in (
        Word("#uuid", "text", lambda value: isinstance(value, str) and _UUID.fullmatch(value) is not None),
        Word("#datetime", "text", is_datetime),
        Word("#string", "text", lambda value: isinstance(value, str)),
        Word("#number", "number", _is_number),
        Word("#integer", "number", _is_integer),
        Word("#boolean", "boolean", lambda value: isinstance(value, bool)),
        Word("#array", "array", lambda value: isinstance(value, list)),
        Word("#object", "object", lambda value: isinstance(value, dict)),
        Word("#null", "null", lambda value: value is None),
        Word("#notnull", "", lambda value: value is not None and value is not ABSENT),
        Word("#present", "", lambda value: value is not ABSENT),
        Word("#absent", "nothing", lambda value: value is ABSENT),
        Word("#ignore", "", lambda _: True),
    )
}
