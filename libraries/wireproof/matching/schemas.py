"""JSON Schemas as an author gives them: the path of a file, the schema's text, or the schema itself."""

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from wireproof.matching.fuzzy import is_datetime
from wireproof.matching.templates import ANOTHER_TYPE, SHOWN, Difference, joined, shown
from wireproof.wiretext import load_json, safe

MOST_DIFFERENCES: Final = 20
"""A large message can break a rule a thousand times; nobody reads more than these."""


class Schema:
    """A JSON Schema of any draft (2020-12 unless `$schema` says otherwise).

    `format` is checked where Python can: uuid, date, date-time, email, ipv4, ipv6, regex and a few more. `$ref` reads
    other files beside the schema's own; nothing is ever fetched from a network.

    Raises:
        ValueError: the file cannot be read, or what it holds is not a schema.
    """

    def __init__(self, source: str | Mapping[str, Any]) -> None:
        from jsonschema import FormatChecker
        from jsonschema.exceptions import SchemaError
        from jsonschema.validators import Draft202012Validator, validator_for
        from referencing import Registry

        self.name, content = _read(source)
        validator = validator_for(content, default=Draft202012Validator)
        try:
            validator.check_schema(content)
        except SchemaError as error:
            place = _path(error.absolute_path) or "its top"
            raise ValueError(f"schema {self.name} is not valid at {place}: {safe(error.message)}") from None
        formats = FormatChecker()
        formats.checks("date-time")(lambda value: not isinstance(value, str) or is_datetime(value))
        registry: Registry[Any] = Registry(retrieve=_local_file)  # type: ignore[call-arg]  # an alias mypy cannot see
        self._validator = validator(content, registry=registry, format_checker=formats)

    def matches(self, value: Any) -> bool:
        """Whether a JSON value keeps every rule.

        Raises:
            ValueError: the schema refers to something that cannot be read.
        """
        return next(self._errors(value), None) is None

    def differences(self, value: Any) -> Iterator[Difference]:
        """The first broken rules, outermost first; raises as `matches` does."""
        for error in sorted(islice(self._errors(value), MOST_DIFFERENCES), key=lambda error: len(error.absolute_path)):
            rule = json.dumps(error.validator_value, ensure_ascii=False, default=str)
            path = _path(error.absolute_path) or "json"
            yield Difference(path, f"{error.validator} {safe(rule, SHOWN)}", shown(error.instance), ANOTHER_TYPE)

    def _errors(self, value: Any) -> Iterator[Any]:
        from jsonschema.exceptions import ValidationError
        from referencing.exceptions import Unresolvable

        try:
            yield from self._validator.iter_errors(value)
        except Unresolvable as error:
            raise ValueError(f"schema {self.name} refers to {safe(error.ref)}, which cannot be read") from None
        except (RecursionError, ArithmeticError) as error:
            yield ValidationError(type(error).__name__, validator="checkable value", validator_value=None)


def _read(source: str | Mapping[str, Any]) -> tuple[str, Any]:
    """The name to show, and the content; a file's own address goes into `$id`, so that `$ref` finds its neighbours."""
    if isinstance(source, Mapping):
        return "given inline", dict(source)
    inline = source.lstrip().startswith("{")
    name = "given inline" if inline else f"'{safe(source)}'"
    try:
        content = load_json(source if inline else Path(source).read_bytes())
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise ValueError(f"schema {name} cannot be read: {safe(reason)}") from None
    if not isinstance(content, dict | bool):
        raise ValueError(f"schema {name} is not valid: a schema is a JSON object, not {shown(content)}")
    if not inline and isinstance(content, dict):
        content = {"$id": Path(source).resolve().as_uri(), **content}
    return name, content


def _local_file(uri: str) -> Any:
    from urllib.request import url2pathname

    from referencing import Resource
    from referencing.exceptions import NoSuchResource
    from referencing.jsonschema import DRAFT202012

    address = urlsplit(uri)
    if address.scheme != "file":
        raise NoSuchResource(uri)
    try:
        content = load_json(Path(url2pathname(address.path)).read_bytes())
    except (OSError, ValueError):
        raise NoSuchResource(uri) from None
    return Resource.from_contents(content, default_specification=DRAFT202012)


def _path(steps: Any) -> str:
    path = ""
    for step in steps:
        path = joined(path, step)
    return path
