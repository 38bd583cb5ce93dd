"""The arguments of keywords that ask for a load, and the order that they make up."""

from datetime import timedelta
from typing import Any, Required, TypedDict

from robot.api.types import Secret

from wireproof.arguments import Json
from wireproof.load.errors import LoadError
from wireproof.load.members import Client
from wireproof.load.order import Order
from wireproof.quantities import Rate, Size

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
    *,
    duration: timedelta | None,
    warmup: timedelta | None,
    drain: timedelta | None,
    size: Size | None,
    login: Any,
    each: list[LoadClient] | None,
    rows: Rows | None,
    at: Rate | None,
    **given: Any,
) -> Order:
    """An order from keyword arguments: empty ones are not given."""
    times = {"duration_s": duration, "warmup_s": warmup, "drain_s": drain}
    given |= {name: time.total_seconds() for name, time in times.items() if time is not None}
    if rows is not None:
        given |= {"row_query": rows["query"], "row_every": rows.get("every", 1)}
    return Order(
        size=size.bytes if size else 0,
        login=_object(login),
        each=tuple(_client(one) for one in each or ()),
        connect_rate=at,
        **{name: value for name, value in given.items() if value not in ("", None)},
    )


def _client(one: LoadClient) -> Client:
    given: dict[str, Any] = {**one, "login": _object(one.get("login"))}
    return Client(**given)


def _object(login: Any) -> dict[str, Any]:
    if login is None or isinstance(login, dict):
        return login or {}
    raise LoadError("login is a dictionary of what the dialect needs, or its JSON text")
