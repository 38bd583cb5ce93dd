"""JSON paths: `$.payload.items[0].id`, and everything else that jsonpath-ng reads, filters included."""

import functools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from wireproof.wiretext import safe

_SIMPLE = re.compile(r"\$?(?:(?:^|\.)[A-Za-z_][A-Za-z0-9_]*|\[[0-9]{1,9}\])*")
_STEP = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9]+")
# what jsonpath-ng raises on values that its filters and arithmetic do not expect, and on very deep ones
_UNFIT = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError, RecursionError)


@dataclass(frozen=True, slots=True)
class JsonPath:
    """A place, or places, in JSON values; `names` are its steps if it leads by names alone from object to object."""

    expression: str
    _find: Callable[[Any], list[Any]]
    names: tuple[str, ...] = ()

    def values(self, value: Any) -> list[Any]:
        """What stands there in a JSON value: nothing, one value or several; never raises."""
        try:
            return self._find(value)
        except _UNFIT:
            return []


@functools.lru_cache(maxsize=256)
def json_path(expression: str) -> JsonPath:
    """The path that an expression describes.

    Names and positions alone (`$.a.b[0]`, also without `$.`) are looked up directly: dialects do so for every message,
    and this takes a tenth of the time.

    Raises:
        ValueError: it is no JSON path; the line says where it breaks.
    """
    if expression and _SIMPLE.fullmatch(expression):
        steps = tuple(int(step) if step.isdigit() else step for step in _STEP.findall(expression))
        names = tuple(step for step in steps if isinstance(step, str))
        return JsonPath(expression, functools.partial(_walk, steps), names if len(names) == len(steps) else ())
    from jsonpath_ng.exceptions import JSONPathError
    from jsonpath_ng.ext.parser import parse

    try:
        found = parse(expression)
    except JSONPathError as error:
        raise ValueError(f"'{safe(expression)}' is no JSON path: {safe(error)}; write one as $.items[0].id") from None
    return JsonPath(expression, lambda value: [match.value for match in found.find(value)])


def _walk(steps: Sequence[Any], value: Any) -> list[Any]:
    for step in steps:
        if not isinstance(value, dict if isinstance(step, str) else list):
            return []
        value = value[step]
    return [value]
