"""Settings of the reference server: their names as `/version` shows them and as the environment carries them."""

import re
from collections.abc import Mapping

from wireproof.stack.errors import StackError
from wireproof.wiretext import load_json, safe

PREFIX = "REFERENCE_SERVER_"

FUNCTIONAL: Mapping[str, float] = {
    "heartbeatInterval": 0.5,
    "heartbeatTimeout": 4,
    "registrationTimeout": 3,
    "messageTimeout": 2,
    "sessionTimeout": 5,
}
"""Short times for functional tests, in seconds: the tests of a time-out shall not wait as long as production does."""

SETTINGS_VARIABLE = "SERVER_SETTINGS"
"""Where a run is told further settings for every server that it starts, as a JSON object."""

NOT_REPORTED = frozenset({"allowedOrigins"})
"""Settings that `/version` does not show."""

Setting = str | int | float | bool | list[str]


def given(text: str) -> dict[str, Setting] | None:
    """The settings in a JSON object; None when there is no text at all.

    Raises:
        StackError: it is no JSON object.
    """
    if not text:
        return None
    try:
        found = load_json(text)
    except ValueError as problem:
        raise StackError(f"${{{SETTINGS_VARIABLE}}} is no JSON: {safe(str(problem))}") from None
    if not isinstance(found, dict):
        raise StackError(f'${{{SETTINGS_VARIABLE}}} is {safe(text)}: expected an object, as {{"maxConnections": 3}}')
    return found


def environment(settings: Mapping[str, Setting]) -> dict[str, str]:
    """The environment variables for settings given by their camelCase names: heartbeatTimeout, maxConnections, ...

    Raises:
        StackError: a name is not camelCase.
    """
    return {f"{PREFIX}{_screaming_snake(name)}": _text(value) for name, value in settings.items()}


def _screaming_snake(name: str) -> str:
    if not re.fullmatch("[a-z][a-zA-Z0-9]*", name):
        raise StackError(f"'{name}' is no name of a setting: write it as /version does, for example heartbeatTimeout")
    return re.sub("([A-Z])", r"_\1", name).upper()


def _text(value: Setting) -> str:
    if isinstance(value, list):
        return ",".join(value)
    return str(int(value)) if isinstance(value, bool) else str(value)
