"""What an author asks a load for, and the plan that it becomes. Everything is checked before anything starts."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from wireproof import dialects, stack
from wireproof.dialects import Definition, Dialect
from wireproof.load import limits, local, members, profile, sense, stages
from wireproof.load.errors import LoadError
from wireproof.load.members import Client
from wireproof.load.plan import Endpoint, Model, Pace, Plan, Profile, RowProbe, Scenario, Tls, Traffic
from wireproof.load.queries import Queries, queries_of
from wireproof.quantities import Backoff, Rate
from wireproof.sockets import options as sockets
from wireproof.sockets import tls
from wireproof.sockets.errors import SocketsError
from wireproof.wiretext import refuse_secret_literal, reveal, safe

_ID = "$.id"
"""Where JSON messages keep their id unless their dialect is told otherwise."""

_JSON = ("json", "echo")

RECONNECT = Backoff(0.1, 5.0)
"""Between the attempts of a client whose connection ended, unless the author says otherwise: users come back, too."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """What a load is asked for; secrets are still wrapped, None means not given.

    Attributes:
        connections, rate, duration_s, stages: the profile, by its figures or as text.
        send, kind, fields: what messages say.
        id_at: JSON path of a message's id, for the dialect `json`.
        to, group: whom a client sends to, and whose messages reach each other in a fan-out; templates, see `members`.
        login, headers: of every client, templates; or
        each: all clients, one by one.
        query, subprotocols, tls: of every handshake.
        warmup_s: of the beginning, what is not measured.
        connect_rate: connections begun per second.
        reconnect: how long who has lost a connection waits before each attempt to come back; None for never.
        user, settings: the class of scenario `user`, and what its constructor takes; or
        queries: a file of named queries, which clients ask the stack's PostgreSQL in place of sending messages.
        row_query, row_every: a SELECT for the row of every so-manieth message, by its id.
    """

    url: str = ""
    connections: int | None = None
    rate: Rate | None = None
    duration_s: float | None = None
    stages: str = ""
    scenario: Scenario = "request reply"
    send: Any = None
    kind: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)
    id_at: str = ""
    to: str = ""
    group: str = ""
    dialect: str = "json"
    dialect_options: Mapping[str, Any] = field(default_factory=dict)
    login: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, Any] = field(default_factory=dict)
    each: tuple[Client, ...] = ()
    query: Mapping[str, Any] = field(default_factory=dict)
    subprotocols: tuple[str, ...] = ()
    tls: Mapping[str, Any] = field(default_factory=dict)
    model: Model = "open"
    depth: int = 1
    size: int = 0
    warmup_s: float = 0.0
    drain_s: float = 5.0
    connect_rate: Rate | None = None
    reconnect: Backoff | None = RECONNECT
    workers: int = 0
    spin: bool = False
    user: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    queries: str = ""
    row_query: str = ""
    row_every: int = 1


def plan_of(name: str, order: Order) -> Plan:
    """The plan of a load, all of it checked.

    Raises:
        ValueError: something in it cannot be; one line says what, and what to write.
    """
    if not name.strip():
        raise LoadError("a load needs a name")
    order = _asking(order) if order.queries else order
    wanted = _profile(order)
    sense.require(order, wanted)
    clients = _clients(order, wanted.peak_connections)
    endpoint = Endpoint(url=order.url) if order.scenario == "user" else _endpoint(order)
    return Plan(
        name=name,
        endpoint=endpoint,
        members=members.members_of(clients, order.scenario, endpoint),
        traffic=_traffic(order),
        profile=wanted,
        pace=Pace(
            warmup_s=order.warmup_s,
            drain_s=order.drain_s,
            connect_rate=order.connect_rate.per_second if order.connect_rate else 0.0,
            reconnect=order.reconnect,
            spin=order.spin,
            workers=order.workers,
        ),
    )


def needs_of(plan: Plan) -> limits.Needs:
    """What a plan asks of the machine."""
    return limits.Needs(
        connections=plan.profile.peak_connections,
        messages=profile.messages(plan.profile),
        processes=local.workers_of(plan),
        address=safe(urlsplit(plan.endpoint.url).netloc, 80),
    )


def _asking(order: Order) -> Order:
    """The same, with a class that asks the queries of a file."""
    if order.user or order.scenario != "request reply" or order.send is not None:
        raise LoadError("a load with queries asks a database and sends no messages: leave out scenario, user and send")
    try:
        queries_of(order.queries)
    except (OSError, ValueError) as error:
        raise LoadError(f"queries '{safe(order.queries, 80)}': {safe(error, 200)}") from None
    settings = {"dsn": _database(), "file": str(Path(order.queries).resolve())}
    return replace(order, scenario="user", user=f"{Queries.__module__}.{Queries.__qualname__}", settings=settings)


def _database() -> str:
    """The stack's PostgreSQL."""
    try:
        return stack.current().addresses.postgres
    except stack.StackError as error:
        raise LoadError(f"there is no database to ask: {error}") from None


# -- the profile -----------------------------------------------------------------------------------------------------


def _profile(order: Order) -> Profile:
    count = order.connections if order.connections is not None else len(order.each)
    if count < 0:
        raise LoadError(f"{count} connections cannot be: give 1 or more")
    rate = order.rate.per_second if order.rate else 0.0
    if order.stages:
        if order.duration_s is not None:
            raise LoadError("stages say how long each of them lasts: leave out duration, or stages")
        return stages.parse(order.stages, count, rate)
    if order.duration_s is None:
        raise LoadError("say how long: give duration, such as 30s, or stages, such as 0/s..1000/s over 30s")
    if order.duration_s <= 0:
        raise LoadError(f"a duration of {order.duration_s:g} s makes no load: give more than 0 s, such as 30s")
    return profile.constant_rate(rate, count, order.duration_s)


# -- the clients -----------------------------------------------------------------------------------------------------


def _clients(order: Order, count: int) -> list[Client]:
    usual = Client(name="client", headers=order.headers, to=order.to, group=order.group)
    if not order.each:
        return members.from_template(replace(usual, login=order.login), count)
    if order.login:
        raise LoadError("each lists every client's own login: leave out login, or each")
    if len(order.each) != count:
        raise LoadError(f"each lists {len(order.each)} clients, the load has {count} connections: make them the same")
    return [
        Client(
            name=client.name or one.name,
            login=client.login,
            headers={**one.headers, **client.headers},
            to=client.to or one.to,
            group=client.group or one.group,
        )
        for client, one in zip(order.each, members.from_template(usual, count), strict=True)
    ]


# -- where and how ---------------------------------------------------------------------------------------------------


def _endpoint(order: Order) -> Endpoint:
    """Where clients connect; a header, a url or a certificate that cannot be is refused as `Open Client` refuses it."""
    url = order.url or _stack_url()
    refuse_secret_literal([order.send, order.login, order.headers, order.query])
    secured = sockets.Tls(**order.tls)
    try:
        target = sockets.target_of(
            sockets.Options(url=url, headers=order.headers, query=order.query, subprotocols=order.subprotocols)
        )
        if target.secure:
            tls.context(secured)
        for client in order.each:
            sockets.target_of(sockets.Options(url=url, headers=client.headers))
    except SocketsError as error:
        raise LoadError(str(error)) from None
    scheme, host = ("wss" if target.secure else "ws"), target.host_header
    found = _dialect(order)
    definition = _definition(order, found)
    return Endpoint(
        url=f"{scheme}://{host}{target.resource}",
        dialect=str(definition.get("name", order.dialect)),
        dialect_options={} if definition else order.dialect_options,
        definition=definition,
        subprotocols=target.subprotocols or found.subprotocols,
        tls=Tls(
            ca=secured.ca,
            cert=secured.cert,
            key=secured.key,
            key_password=str(reveal(secured.key_password) or ""),
            verify=secured.verify,
        ),
    )


def _dialect(order: Order) -> Dialect:
    try:
        return dialects.create(order.dialect, "", None, order.dialect_options)
    except ValueError:
        raise
    except Exception as error:
        raise LoadError(f"the dialect '{safe(order.dialect, 60)}' raised {members.failure(error)}") from error


def _stack_url() -> str:
    try:
        return stack.current().endpoint("ws")
    except stack.StackError:
        raise LoadError("no url: give one, or start a stack with Ensure Stack") from None


def _definition(order: Order, found: Dialect) -> Mapping[str, Any]:
    """The parts of a dialect that workers, which are processes of their own, have to define again."""
    definition = getattr(found, "definition", None)
    parts: dict[str, Any] = {}
    if isinstance(definition, Definition):
        parts = {one.name: getattr(definition, one.name) for one in fields(definition) if one.init}
    if order.id_at and order.id_at != parts.get("id", _ID):
        base = parts.get("base", order.dialect)
        if base not in _JSON:
            raise LoadError(
                f"id_at says where JSON messages keep their id; the dialect '{safe(order.dialect, 60)}' knows that "
                "itself: leave id_at out"
            )
        parts |= {"name": f"{order.dialect}-with-id", "base": base, "id": order.id_at}
    if parts:
        dialects.define(Definition(**parts))
    return parts


def _traffic(order: Order) -> Traffic:
    probe = None
    if order.row_query:
        probe = RowProbe(dsn=_database(), query=order.row_query, every=order.row_every)
    return Traffic(
        scenario=order.scenario,
        body=reveal(order.send),
        kind=order.kind,
        fields=reveal(dict(order.fields)),
        size=order.size,
        model=order.model,
        depth=order.depth,
        user=order.user,
        settings=reveal(dict(order.settings)),
        row_probe=probe,
    )
