"""Dialects: how a protocol carries messages in WebSocket frames. `create` makes one by name."""

import importlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from wireproof.dialects.base import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    Dialect,
    Draft,
    Frame,
    Heartbeat,
    Login,
    LoginRefused,
    Message,
    Outcome,
    Outgoing,
    Recovery,
    Traits,
)
from wireproof.dialects.cloud_message import CloudMessage
from wireproof.dialects.definition import Definition
from wireproof.dialects.graphql import GraphqlTransportWs
from wireproof.dialects.plain_json import Echo, PlainJson
from wireproof.dialects.stomp import Stomp
from wireproof.wiretext import safe

__all__ = [
    "BINARY",
    "CLOSE",
    "CONTINUATION",
    "PING",
    "PONG",
    "TEXT",
    "Definition",
    "Dialect",
    "Draft",
    "Frame",
    "Heartbeat",
    "Login",
    "LoginRefused",
    "Message",
    "Outcome",
    "Outgoing",
    "Recovery",
    "Traits",
    "create",
    "define",
    "register",
]

Factory = Callable[..., Dialect]
"""Called with the client's name, the numbers of its messages, and the dialect's options by name."""

_factories: dict[str, Factory] = {
    dialect.name: dialect for dialect in (CloudMessage, PlainJson, Echo, GraphqlTransportWs, Stomp)
}
_BUILT_IN = frozenset(_factories)


def register(name: str, factory: Factory) -> None:
    """Makes a dialect known by `name`, in place of an earlier one of that name."""
    _factories[name] = factory


def define(definition: Definition) -> None:
    """Makes a dialect from JSON paths known by its name, in place of an earlier one.

    Raises:
        ValueError: the name is a built-in dialect's.
    """
    if definition.name in _BUILT_IN:
        raise ValueError(f"the dialect '{safe(definition.name)}' is built in; give yours another name")
    register(definition.name, definition.dialect())


def create(
    name: str, client: str = "", arrivals: Iterator[int] | None = None, options: Mapping[str, Any] | None = None
) -> Dialect:
    """A dialect for one connection.

    Args:
        name: a built-in or registered name, or the import path of a `Dialect` class: ``package.module.ClassName``.
        client: the client whose connection it serves.
        arrivals: numbers for its messages, shared with the dialects of the client's earlier connections.
        options: what the dialect's constructor takes beyond that, such as `confirm` of CloudMessage.

    Raises:
        ValueError: there is no such dialect, or it has no such option.
    """
    factory = _factories.get(name) or _imported(name)
    try:
        return factory(client, arrivals, **(options or {}))
    except TypeError as error:
        raise ValueError(f"the dialect '{safe(name)}' cannot be made with these options: {safe(error)}") from None


def _imported(path: str) -> Factory:
    module_name, dot, class_name = path.rpartition(".")
    if not dot:
        raise ValueError(
            f"no dialect named '{safe(path)}'; there are {', '.join(sorted(_factories))}, "
            "those of `Define Dialect`, and import paths such as package.module.ClassName"
        )
    try:
        found = getattr(importlib.import_module(module_name), class_name)
    except Exception as error:  # noqa: BLE001 - the author's module may raise anything while it is imported
        raise ValueError(f"the dialect '{safe(path)}' cannot be imported: {safe(error)}") from None
    if not (isinstance(found, type) and issubclass(found, Dialect)):
        raise ValueError(f"'{safe(path)}' is not a subclass of wireproof.dialects.Dialect")
    return found
