"""JSON templates: what a JSON value has to look like, and how a given one differs.

An object asks for a subset of its keys, a list for all its elements in order, at every depth. Numbers and texts are
different types, and so are `true` and 1; 1 and 1.0 are one number. A text that starts with `#` is a fuzzy word, see
`fuzzy`.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from wireproof.matching.fuzzy import ABSENT, EXACTLY, Word, word_of
from wireproof.wiretext import safe

DEEPEST: Final = 100
"""Templates nest at most this deep, far below where Python's stack ends."""

LARGEST: Final = sys.float_info.max
"""Numbers beyond this are infinite to most JSON readers, and nothing can be said of them."""

SHOWN: Final = 80
"""Characters of one value in a difference: two of them and their path fit in a failure's line."""

# how far a value is from what was asked, for each leaf of the template; only the order matters
ANOTHER_TYPE_SAME_TEXT, ANOTHER_VALUE, ANOTHER_TYPE, MISSING = 1, 2, 3, 4

_PLAIN_KEY = re.compile(r"[^\W\d][\w-]{0,59}")


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where a message is not what was asked; both sides are shown with their types, safe to log.

    `distance` orders near misses: the sum over a message is smaller the nearer it is.
    """

    path: str
    expected: str
    got: str
    distance: int

    def __str__(self) -> str:
        return f"{self.path} expected {self.expected}, got {self.got}"


class Template(Protocol):
    """What is asked of one JSON value (or of `ABSENT`); `leaves` counts the single values it asks for."""

    @property
    def leaves(self) -> int: ...
    def matches(self, value: Any) -> bool: ...
    def differences(self, value: Any, path: str) -> Iterator[Difference]: ...


@dataclass(frozen=True, slots=True)
class Literal:
    """A text, a number, a boolean or null."""

    expected: Any
    leaves: int = 1

    def matches(self, value: Any) -> bool:
        expected = self.expected
        if expected is None or expected is True or expected is False:
            return value is expected
        return bool(value == expected) and value is not True and value is not False

    def differences(self, value: Any, path: str) -> Iterator[Difference]:
        if not self.matches(value):
            yield Difference(path, shown(self.expected), shown(value), self._distance(value))

    def _distance(self, value: Any) -> int:
        if value is ABSENT:
            return MISSING
        if type_name(value) == type_name(self.expected):
            return ANOTHER_VALUE
        same_text = not isinstance(value, dict | list) and _bare(value) == _bare(self.expected)
        return ANOTHER_TYPE_SAME_TEXT if same_text else ANOTHER_TYPE


@dataclass(frozen=True, slots=True)
class Fuzzy:
    """A fuzzy word."""

    word: Word
    leaves: int = 1

    def matches(self, value: Any) -> bool:
        return self.word.accepts(value)

    def differences(self, value: Any, path: str) -> Iterator[Difference]:
        if not self.word.accepts(value):
            same_type = type_name(value) == self.word.type_name
            distance = MISSING if value is ABSENT else ANOTHER_VALUE if same_type else ANOTHER_TYPE
            yield Difference(path, safe(self.word.text, SHOWN), shown(value), distance)


@dataclass(frozen=True, slots=True)
class Object:
    """Some keys of an object and what their values have to be."""

    entries: tuple[tuple[str, Template], ...]
    leaves: int

    def matches(self, value: Any) -> bool:
        if not isinstance(value, dict):
            return False
        for key, template in self.entries:  # noqa: SIM110 - all() with a generator takes twice as long
            if not template.matches(value.get(key, ABSENT)):
                return False
        return True

    def differences(self, value: Any, path: str) -> Iterator[Difference]:
        if not isinstance(value, dict):
            distance = self.leaves * (MISSING if value is ABSENT else ANOTHER_TYPE)
            yield Difference(path, "an object", shown(value), distance)
            return
        for key, template in self.entries:
            yield from template.differences(value.get(key, ABSENT), joined(path, key))


@dataclass(frozen=True, slots=True)
class Array:
    """Every element of an array, in order."""

    elements: tuple[Template, ...]
    leaves: int

    def matches(self, value: Any) -> bool:
        if not isinstance(value, list) or len(value) != len(self.elements):
            return False
        return all(template.matches(item) for template, item in zip(self.elements, value, strict=True))

    def differences(self, value: Any, path: str) -> Iterator[Difference]:
        if not isinstance(value, list) or len(value) != len(self.elements):
            distance = ANOTHER_VALUE if isinstance(value, list) else MISSING if value is ABSENT else ANOTHER_TYPE
            yield Difference(path, _array_of(self.elements), shown(value), self.leaves * distance)
            return
        for position, (template, item) in enumerate(zip(self.elements, value, strict=True)):
            yield from template.differences(item, joined(path, position))


def compiled(value: Any) -> Template:
    """The template that a JSON value is.

    Raises:
        ValueError: an unknown fuzzy word, a bad pattern, or a value that JSON does not have; the line names its path.
    """
    return _compiled(value, "", depth=0)


def type_name(value: Any) -> str:
    """The JSON type of a value, in the words of failure messages."""
    match value:
        case bool():
            return "boolean"
        case str():
            return "text"
        case int() | float():
            return "number"
        case None:
            return "null"
        case dict():
            return "object"
        case list():
            return "array"
    return "nothing" if value is ABSENT else type(value).__name__


def shown(value: Any) -> str:
    """A JSON value with its type, cut to one short safe piece of a line."""
    match value:
        case None:
            return "null"
        case dict() if value:
            return f"an object with keys {safe(', '.join(map(str, list(value)[:5])), SHOWN)}"
        case dict():
            return "an empty object"
        case list():
            return _array_of(value)
        case str() | int() | float():
            return f"{safe(json.dumps(value, ensure_ascii=False), SHOWN)} ({type_name(value)})"
    return type_name(value)


def joined(path: str, key: str | int) -> str:
    """The path of a member: `payload.data`, `items[2]`, `["odd key"]`."""
    if isinstance(key, str) and _PLAIN_KEY.fullmatch(key):
        return f"{path}.{key}" if path else key
    return f"{path}[{safe(json.dumps(key, ensure_ascii=False), SHOWN)}]"


def _array_of(elements: Sequence[Any]) -> str:
    return f"an array of {len(elements)}"


def _bare(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _compiled(value: Any, path: str, *, depth: int, member: bool = False) -> Template:
    if depth > DEEPEST:
        raise ValueError(f"json nests deeper than {DEEPEST}: ask for less of the message, or use jsonpath")
    match value:
        case Mapping():
            entries = tuple(
                (_key(key, path), _compiled(item, joined(path, str(key)), depth=depth + 1, member=True))
                for key, item in value.items()
            )
            return Object(entries, sum(template.leaves for _, template in entries) or 1)
        case list() | tuple():
            elements = tuple(
                _compiled(item, joined(path, position), depth=depth + 1) for position, item in enumerate(value)
            )
            return Array(elements, sum(template.leaves for template in elements) or 1)
        case str() if value.startswith("#"):
            return _fuzzy(value, path or "json", member=member)
        case None | bool() | str():
            return Literal(value)
        case int() | float() if abs(value) <= LARGEST:
            return Literal(value)
    raise ValueError(f"{path or 'json'}: {safe(value, SHOWN)} ({type(value).__name__}) is not a JSON value")


def _key(key: Any, path: str) -> str:
    if not isinstance(key, str):
        raise ValueError(f"{path or 'json'}: the key {safe(key, SHOWN)} is not a text, and JSON has no others")
    return key


def _fuzzy(text: str, path: str, *, member: bool) -> Template:
    if text == "#absent" and not member:
        raise ValueError(f"{path}: #absent asks that an object has not a key; here it is not the value of one")
    if text.startswith(EXACTLY):
        return Literal(text.removeprefix(EXACTLY))
    try:
        return Fuzzy(word_of(text))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
