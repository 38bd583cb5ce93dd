"""Which messages an author means, and which of those that came is nearest to it."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from wireproof.matching.checks import (
    Check,
    FieldsAre,
    JsonHas,
    JsonIs,
    KindIs,
    Matchable,
    OpcodeIs,
    PredicateHolds,
    SchemaHolds,
    TextHas,
    TextIs,
)
from wireproof.matching.paths import json_path
from wireproof.matching.schemas import Schema
from wireproof.matching.templates import Difference, compiled
from wireproof.wiretext import safe

NEAREST_AMONG: Final = 5_000
"""A near miss is looked for among the last so many messages: a tenth of a second's work after a failed wait."""

_SHOWN_DIFFERENCES = 3


@dataclass(frozen=True, kw_only=True)
class Matcher:
    """What a message has to be; all given parts together. Without parts every message matches.

    Attributes:
        json: a template of the JSON value: a subset of an object's keys, all of a list's elements in order, fuzzy words
            such as `#uuid` for values. None asks for nothing; the JSON value null is asked for with `#null`.
        kind: the message's kind, exactly.
        fields: some of the message's fields; numbers are compared as texts, fuzzy words work.
        text: the whole text, exactly.
        regex: a pattern found somewhere in the text.
        jsonpath: a JSON path that finds at least one value, such as `$.items[?(@.id==17)]`.
        schema: a JSON Schema: a file's path, the schema's JSON text, or the schema.
        opcode: `text` or `binary`.
        where: a predicate that is given the message; what it raises is not caught.

    Raises:
        ValueError: when it is made, if a part is not what it has to be; when it is used, if the schema refers to
            something that cannot be read. One line each.
    """

    json: Any = None
    kind: str = ""
    fields: Mapping[str, Any] | None = None
    text: str = ""
    regex: str = ""
    jsonpath: str = ""
    schema: str | Mapping[str, Any] = ""
    opcode: str = ""
    where: Callable[[Any], object] | None = None
    _checks: tuple[Check, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_checks", tuple(self._cheapest_first()))

    def _cheapest_first(self) -> list[Check]:
        checks: list[Check] = []
        if self.opcode:
            checks.append(OpcodeIs(_opcode(self.opcode)))
        if self.kind:
            checks.append(KindIs(self.kind))
        if self.fields:
            checks.append(FieldsAre(compiled({name: _field(value) for name, value in self.fields.items()})))
        if self.text:
            checks.append(TextIs(self.text))
        if self.regex:
            checks.append(TextHas(_pattern(self.regex)))
        if self.json is not None:
            checks.append(JsonIs(compiled(self.json)))
        if self.jsonpath:
            checks.append(JsonHas(json_path(self.jsonpath)))
        if self.schema:
            checks.append(SchemaHolds(Schema(self.schema)))
        if self.where is not None:
            checks.append(PredicateHolds(self.where, _name(self.where)))
        return checks

    def matches(self, message: Matchable) -> bool:
        """Whether a message is all that is asked."""
        for check in self._checks:  # noqa: SIM110 - all() with a generator takes twice as long
            if not check.matches(message):
                return False
        return True

    def differences(self, message: Matchable) -> list[Difference]:
        """Where a message is not what is asked, in the order of the parts; empty exactly if it matches."""
        return [difference for check in self._checks for difference in check.differences(message)]

    def describe(self) -> str:
        """What is asked, as one short line: the JSON alone where nothing else is asked, else each part by its name."""
        parts = {
            "opcode": self.opcode,
            "kind": self.kind,
            "fields": _compact(self.fields) if self.fields else "",
            "text": self.text,
            "regex": self.regex,
            "json": "" if self.json is None else _compact(self.json),
            "jsonpath": self.jsonpath,
            "schema": _compact(self.schema) if isinstance(self.schema, Mapping) else self.schema,
            "where": "" if self.where is None else _name(self.where),
        }
        asked = {name: safe(value) for name, value in parts.items() if value}
        if list(asked) == ["json"]:
            return asked["json"]
        return " ".join(f"{name}={value}" for name, value in asked.items()) or "(any)"


@dataclass(frozen=True, slots=True)
class NearMiss:
    """The message that came nearest, and how it differs."""

    message: Matchable
    differences: tuple[Difference, ...]

    @property
    def text(self) -> str:
        """`nearest #1841 differs: order expected 17 (number), got "17" (text)`, at most three differences."""
        first = "; ".join(str(difference) for difference in self.differences[:_SHOWN_DIFFERENCES])
        more = len(self.differences) - _SHOWN_DIFFERENCES
        return f"nearest #{self.message.index} differs: {first}" + (f"; and {more} more" if more > 0 else "")


def nearest(matcher: Matcher, messages: Sequence[Matchable]) -> NearMiss | None:
    """The message with the least differences, the latest of equals; None if there is none that differs.

    A value of the wrong type counts less than a wrong value if it reads the same (17 and "17"), a missing value more, a
    message of another kind most.
    """
    misses = [NearMiss(message, tuple(matcher.differences(message))) for message in messages[-NEAREST_AMONG:]]
    return min((miss for miss in reversed(misses) if miss.differences), key=_distance, default=None)


def _distance(miss: NearMiss) -> int:
    return sum(difference.distance for difference in miss.differences)


def _opcode(name: str) -> str:
    if name not in {"text", "binary"}:
        raise ValueError(f"opcode is text or binary, not '{safe(name)}'")
    return name


def _field(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(f"fields are texts and numbers, not {safe(value, 80)} ({type(value).__name__})")
    return str(value)


def _pattern(regex: str) -> re.Pattern[str]:
    try:
        return re.compile(regex)
    except re.error as error:
        raise ValueError(f"regex '{safe(regex)}' is no regular expression: {safe(error)}") from None


def _name(predicate: Callable[[Any], object]) -> str:
    return getattr(predicate, "__name__", type(predicate).__name__)


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
