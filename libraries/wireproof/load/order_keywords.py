"""The arguments of keywords that ask for a load, and the order that they make up."""

import inspect
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Required, TypedDict, TypeVar

from robot.api.types import Secret

from wireproof.arguments import Json, Names
from wireproof.load.errors import LoadError
from wireproof.load.members import Client
from wireproof.load.order import RECONNECT, Order
from wireproof.load.plan import Model, Scenario
from wireproof.quantities import Backoff, Rate, Size

# mypy: implicit-optional
# ruff: noqa: RUF013
# Robot keeps a converter's reason only where a type stands alone: `x: T = None`, not `T | None`.

Asking = TypeVar("Asking", bound=Callable[..., Any])

Headers = dict[str, str | Secret]


class LoadTls(TypedDict, total=False):
    """TLS: PEM files `ca`, `cert` and `key`, a `key_password`, `verify` (default True)."""

    ca: str
    cert: str
    key: str
    key_password: Secret
    verify: bool


class LoadClient(TypedDict, total=False):
    """One client of a load: its `name`, its `login` and `headers`, whom it sends `to`, its `group`."""

    name: str
    login: Json
    headers: Headers
    to: str
    group: str


class Rows(TypedDict, total=False):
    """Rows to look for: a `query` with one `%s` for a message's id; `every` 10 asks for each tenth message."""

    query: Required[str]
    every: int


def order_from(
    url: str,
    *,
    connections: int = None,
    rate: Rate = None,
    duration: timedelta = None,
    stages: str = "",
    scenario: Scenario = "request reply",
    send: Json = None,
    kind: str = "",
    fields: dict[str, Any] = None,
    to: str = "",
    group: str = "",
    id_at: str = "",
    size: Size = None,
    dialect: str = "json",
    dialect_options: dict[str, Any] = None,
    login: Json = None,
    headers: Headers = None,
    each: list[LoadClient] = None,
    query: Headers = None,
    subprotocols: Names = None,
    tls: LoadTls = None,
    at: Rate = None,
    reconnect: Backoff = RECONNECT,
    model: Model = "open",
    depth: int = 1,
    warmup: timedelta = None,
    drain: timedelta = None,
    workers: int = 0,
    spin: bool = False,
    user: str = "",
    settings: dict[str, Any] = None,
    queries: str = "",
    rows: Rows = None,
) -> Order:
    """The order that a keyword's arguments make up; None and empty ones are not given.

    Args:
        url: where clients connect.
        connections: how many clients connect.
        rate: how many messages a second they send, all together: `1000/s`.
        duration: how long.
        stages: in place of a duration a profile, such as `0/s..1000/s over 30s, 1000/s for 2min`; see [Profiles].
        scenario: who sends to whom; see [Scenarios].
        send: what messages say, as JSON; they get an id each.
        kind: of which kind they are, in the dialect's terms.
        fields: further parts of a message, in the dialect's terms.
        to: whom a message is for, in the dialect's terms; a template, see [Clients of a load].
        group: which group of a fan-out a client belongs to, a template such as `room-{pair}`; one if not given.
        id_at: JSON path of a message's id, for the dialects `json` and `echo`; `$.id` if not given.
        size: how long messages are made, such as `250 B`.
        dialect: how messages are carried, as for wireproof.Sockets.
        dialect_options: what the dialect can be told.
        login: what the dialect's login needs; a template, see [Clients of a load]; values may be `Secret`.
        headers: HTTP headers of the upgrade; a template; values may be `Secret`.
        each: in place of templates a dictionary for every client: `name`, `login`, `headers`, `to`, `group`.
        query: parameters added to the url; values may be `Secret`.
        subprotocols: offered to the server, best first; the dialect's own if not given.
        tls: certificates for `wss`.
        at: how many connections are begun a second; as fast as they succeed if not given.
        reconnect: how long a client whose connection ended waits before it connects again, the first time and at most;
            `none` lets it stay away.
        model: `open` sends when a message is due, `closed` when an answer has come.
        depth: how many messages each connection of a closed loop has under way.
        warmup: how much of the beginning is not measured.
        drain: how long messages may still arrive after the last sending, 5 s if not given.
        workers: processes that make the load; one per core if not given.
        spin: burns a core of each worker to send within microseconds, not within a millisecond or two.
        user: import path of the class that the scenario `user` runs.
        settings: what that class's constructor takes; values may be `Secret`.
        queries: a file of named queries; the clients then ask the stack's PostgreSQL and send no messages.
        rows: a row that has to be in the stack's PostgreSQL when a message is acknowledged: `query`, a SELECT with
            one `%s` for the message's id, and `every`, to ask for every so-manieth message only.
    """
    given: dict[str, Any] = {
        "url": url,
        "connections": connections,
        "rate": rate,
        "duration_s": _seconds(duration),
        "stages": stages,
        "scenario": scenario,
        "send": send,
        "kind": kind,
        "fields": fields,
        "to": to,
        "group": group,
        "id_at": id_at,
        "size": None if size is None else size.bytes,
        "dialect": dialect,
        "dialect_options": dialect_options,
        "login": _object(login),
        "headers": headers,
        "each": tuple(_client(one) for one in each or ()),
        "query": query,
        "subprotocols": subprotocols,
        "tls": tls,
        "connect_rate": at,
        "model": model,
        "depth": depth,
        "warmup_s": _seconds(warmup),
        "drain_s": _seconds(drain),
        "workers": workers,
        "spin": spin,
        "user": user,
        "settings": settings,
        "queries": queries,
    }
    if rows is not None:
        given |= {"row_query": rows["query"], "row_every": rows.get("every", 1)}
    return Order(reconnect=reconnect, **{name: value for name, value in given.items() if value not in ("", None)})


def asks(method: Asking) -> Asking:
    """Gives a keyword that takes `**asked` the options of `order_from`: for Robot they are its own.

    Their documentation replaces the line of the keyword's `Args:` that begins with `**asked`.
    """
    own, asked = inspect.signature(method), inspect.signature(order_from)
    leading = [one for one in own.parameters.values() if one.kind is one.POSITIONAL_OR_KEYWORD]
    trailing = [one for one in own.parameters.values() if one.kind is one.KEYWORD_ONLY]
    options = [one for one in asked.parameters.values() if one.kind is one.KEYWORD_ONLY]
    described = inspect.cleandoc(order_from.__doc__ or "").partition("    url: where clients connect.\n")[2]
    method.__signature__ = own.replace(parameters=[*leading, *options, *trailing])  # type: ignore[attr-defined]
    method.__annotations__ = {**order_from.__annotations__, **method.__annotations__}
    method.__doc__ = re.sub(r"(?m)^    \*\*asked:.*\n", lambda _: f"{described}\n", inspect.getdoc(method) or "")
    return method


def _seconds(time: timedelta | None) -> float | None:
    return None if time is None else time.total_seconds()


def _client(one: LoadClient) -> Client:
    given: dict[str, Any] = {**one, "login": _object(one.get("login"))}
    return Client(**given)


def _object(login: Any) -> dict[str, Any]:
    if login is None or isinstance(login, dict):
        return login or {}
    raise LoadError("login is a dictionary of what the dialect needs, or its JSON text")
