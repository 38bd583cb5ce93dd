"""Types of keyword arguments that all rooms share, and what Robot calls to make them.

Types that are aliases while mypy looks are classes while Robot does: a converter is found by its class.
"""

import json
from collections.abc import Callable, Sequence
from inspect import Parameter, Signature
from typing import TYPE_CHECKING, Any

from wireproof.quantities import parse_names
from wireproof.wiretext import load_json, safe

if TYPE_CHECKING:
    Json = Any
else:

    class Json:
        """JSON: a JSON text such as `{"order": 17}` or `[1, 2]`, or a dictionary, list, number, boolean or None."""


class Names(tuple[str, ...]):
    """Names: a comma-separated text, or a list."""

    __slots__ = ()


def to_json(value: object) -> Any:
    """A JSON text's value; every other value as it is."""
    if not isinstance(value, str):
        return value
    try:
        return load_json(value)
    except ValueError as error:
        raise ValueError(f"{error}; a text is written with quotes, as in {json.dumps(safe(value, 30))}") from None


def to_names(value: object) -> Names:
    """A comma list, or a list of texts."""
    names = parse_names(value) if isinstance(value, str) else value
    if not isinstance(names, Sequence) or not all(isinstance(name, str) for name in names):
        raise ValueError("write names as a, b, c, or give a list of them")
    return Names(names)


class Converter:
    """What Robot calls for an argument of `type`.

    Robot inspects every converter of a library before each call of a keyword. A ready signature, and no annotations to
    resolve, save a tenth of a millisecond for a call.
    """

    __signature__ = Signature([Parameter("value", Parameter.POSITIONAL_ONLY)])

    def __init__(self, type: type, convert: Callable[[object], Any]) -> None:
        self._convert = convert
        self.__doc__ = type.__doc__  # what the keyword documentation says of the type

    def __call__(self, value):  # type: ignore[no-untyped-def]
        return self._convert(value)


Converters = dict[type, Callable[[Any], Any] | Callable[[Any, Any], Any]]
"""For Robot: argument types and what makes them."""


def converters(*pairs: tuple[type, Callable[[object], Any]]) -> Converters:
    """The converters of a library."""
    return {type: Converter(type, convert) for type, convert in pairs}
