"""The parts a matcher is made of: each looks at one side of a message and says how it differs."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from wireproof.matching.fuzzy import ABSENT
from wireproof.matching.paths import JsonPath
from wireproof.matching.schemas import Schema
from wireproof.matching.templates import (
    ANOTHER_TYPE,
    ANOTHER_VALUE,
    MISSING,
    SHOWN,
    Difference,
    Template,
    shown,
)
from wireproof.wiretext import safe

ANOTHER_SORT = 5
"""A message of another kind, or binary instead of text, is farther away than one with a wrong value."""


class Matchable(Protocol):
    """What matchers read of a message; see `wireproof.dialects.Message`."""

    @property
    def index(self) -> int: ...
    @property
    def opcode(self) -> str: ...
    @property
    def text(self) -> str | None: ...
    @property
    def json(self) -> Any: ...
    @property
    def kind(self) -> str: ...
    @property
    def fields(self) -> Mapping[str, str]: ...
    @property
    def problem(self) -> str: ...


class Check(Protocol):
    """One part of a matcher."""

    def matches(self, message: Matchable) -> bool: ...
    def differences(self, message: Matchable) -> Iterator[Difference]: ...


@dataclass(frozen=True, slots=True)
class OpcodeIs:
    """Text or binary."""

    opcode: str

    def matches(self, message: Matchable) -> bool:
        return message.opcode == self.opcode

    def differences(self, message: Matchable) -> Iterator[Difference]:
        if not self.matches(message):
            yield Difference("opcode", self.opcode, message.opcode, ANOTHER_SORT)


@dataclass(frozen=True, slots=True)
class KindIs:
    """What the dialect calls the message's kind."""

    kind: str

    def matches(self, message: Matchable) -> bool:
        return message.kind == self.kind

    def differences(self, message: Matchable) -> Iterator[Difference]:
        if not self.matches(message):
            yield Difference("kind", f"'{safe(self.kind, SHOWN)}'", f"'{safe(message.kind, SHOWN)}'", ANOTHER_SORT)


@dataclass(frozen=True, slots=True)
class FieldsAre:
    """Some header fields, each a text."""

    template: Template

    def matches(self, message: Matchable) -> bool:
        return self.template.matches(dict(message.fields))

    def differences(self, message: Matchable) -> Iterator[Difference]:
        yield from self.template.differences(dict(message.fields), "fields")


@dataclass(frozen=True, slots=True)
class TextIs:
    """The whole text."""

    text: str

    def matches(self, message: Matchable) -> bool:
        return message.text == self.text

    def differences(self, message: Matchable) -> Iterator[Difference]:
        if not self.matches(message):
            yield Difference("text", shown(self.text), _text(message), ANOTHER_VALUE)


@dataclass(frozen=True, slots=True)
class TextHas:
    """A pattern somewhere in the text."""

    pattern: re.Pattern[str]

    def matches(self, message: Matchable) -> bool:
        return message.text is not None and self.pattern.search(message.text) is not None

    def differences(self, message: Matchable) -> Iterator[Difference]:
        if not self.matches(message):
            expected = f"something like {safe(self.pattern.pattern, SHOWN)}"
            yield Difference("text", expected, _text(message), ANOTHER_VALUE)


@dataclass(frozen=True, slots=True)
class JsonIs:
    """A JSON template."""

    template: Template

    def matches(self, message: Matchable) -> bool:
        return self.template.matches(_json(message))

    def differences(self, message: Matchable) -> Iterator[Difference]:
        value = _json(message)
        if value is not ABSENT:
            for difference in self.template.differences(value, ""):
                yield difference if difference.path else replace(difference, path="json")
        elif not self.template.matches(ABSENT):
            yield Difference("json", "a JSON value", safe(message.problem), MISSING * self.template.leaves)


@dataclass(frozen=True, slots=True)
class JsonHas:
    """A JSON path that leads somewhere."""

    path: JsonPath

    def matches(self, message: Matchable) -> bool:
        value = _json(message)
        return value is not ABSENT and bool(self.path.values(value))

    def differences(self, message: Matchable) -> Iterator[Difference]:
        if not self.matches(message):
            yield Difference("json", f"something at {safe(self.path.expression, SHOWN)}", "nothing there", MISSING)


@dataclass(frozen=True, slots=True)
class SchemaHolds:
    """A JSON Schema."""

    schema: Schema

    def matches(self, message: Matchable) -> bool:
        value = _json(message)
        return value is not ABSENT and self.schema.matches(value)

    def differences(self, message: Matchable) -> Iterator[Difference]:
        value = _json(message)
        if value is ABSENT:
            yield Difference("json", f"a JSON value of schema {self.schema.name}", safe(message.problem), MISSING)
        else:
            yield from self.schema.differences(value)


@dataclass(frozen=True, slots=True)
class PredicateHolds:
    """What the author's own predicate says; what it raises is the author's to see."""

    predicate: Callable[[Any], object]
    name: str

    def matches(self, message: Matchable) -> bool:
        return bool(self.predicate(message))

    def differences(self, message: Matchable) -> Iterator[Difference]:
        if not self.matches(message):
            yield Difference("message", f"to satisfy {safe(self.name, SHOWN)}", "no", ANOTHER_TYPE)


def _json(message: Matchable) -> Any:
    """The message's JSON value; `ABSENT` where it has none, so that only the JSON text `null` is null."""
    return ABSENT if message.json is None and message.problem else message.json


def _text(message: Matchable) -> str:
    return shown(message.text) if message.text is not None else f"a {message.opcode} message"
