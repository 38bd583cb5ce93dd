"""What a load is to do: who connects where, who sends what to whom, by which schedule. Frozen, and sent to workers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from wireproof.quantities import Backoff

Scenario = Literal["pairs", "fan out", "request reply", "push only", "user"]
Model = Literal["open", "closed"]

NOBODY = -1
"""The peer of a member that sends to no single one."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of a profile, in which rate and connections change evenly from their first value to their last.

    Attributes:
        duration_s: how long it lasts.
        rate, rate_end: messages per second of all members together, at its begin and its end.
        connections, connections_end: how many members are connected.
    """

    duration_s: float
    rate: float
    rate_end: float
    connections: int
    connections_end: int


@dataclass(frozen=True, slots=True)
class Profile:
    """How a load grows and falls; `wireproof.load.profile` makes profiles and says when what is due."""

    stages: tuple[Stage, ...]

    @property
    def duration_s(self) -> float:
        return sum(stage.duration_s for stage in self.stages)

    @property
    def peak_connections(self) -> int:
        return max(max(stage.connections, stage.connections_end) for stage in self.stages)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """How a `wss` connection proves the server, and itself: PEM files, as `wireproof.sockets` takes them."""

    ca: str = ""
    cert: str = ""
    key: str = ""
    key_password: str = ""
    verify: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where clients connect, and how.

    Attributes:
        url: `ws://` or `wss://`.
        dialect: a built-in name or an import path.
        dialect_options: what the dialect's constructor takes.
        definition: where the dialect was made by `Define Dialect`, its parts by name; workers define it again.
        headers, subprotocols: of every handshake.
    """

    url: str
    dialect: str = "json"
    dialect_options: Mapping[str, Any] = field(default_factory=dict)
    definition: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    subprotocols: tuple[str, ...] = ()
    tls: Tls = field(default_factory=Tls)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One client of a load.

    Attributes:
        name: how the ledger calls it.
        login: the credentials of the dialect's login, secrets unwrapped; empty where there is none.
        headers: of its handshake, over those of the endpoint.
        peer: the index of the member that gets what it sends; its own for an echo; NOBODY where several do.
        to: who that is in the protocol's terms (`Draft.to`); empty where the protocol needs none.
        group: where several get what it sends: it reaches the others of its group.
    """

    name: str
    login: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    peer: int = NOBODY
    to: str = ""
    group: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """What the protocol may call it, and those it has to do with."""
        return (self.name, self.to, self.group, *(value for value in self.login.values() if isinstance(value, str)))


@dataclass(frozen=True, slots=True, kw_only=True)
class RowProbe:
    """For every `every`-th message the row that has to be there when it is acknowledged.

    Attributes:
        dsn: of PostgreSQL.
        query: a SELECT with one `%s` for the message's id, which returns a row.
        every: 1 asks for each message.
    """

    dsn: str
    query: str
    every: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """What is sent.

    Attributes:
        scenario: `pairs` sends to the peer; `request reply` gets its own message or its answer back; `fan out` reaches
            everybody of the same `group` but the sender; in `push only` clients receive, and only members with a
            peer or a recipient send; `user` runs a class.
        body: what a message says.
        kind: of which kind it is, in the dialect's terms.
        fields: further parts of a message, in the dialect's terms.
        size: the bytes of a message on the wire; a body that is an object with a text is padded to that. 0 leaves it.
        model: `open` sends when it is due, `closed` when an answer came.
        depth: in a closed loop the messages that each connection has under way; one that is lost is not replaced.
        user: the import path of the class of scenario `user`.
        settings: what that class's constructor takes.
        row_probe: whether rows are looked for.
    """

    scenario: Scenario = "request reply"
    body: Any = None
    kind: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)
    size: int = 0
    model: Model = "open"
    depth: int = 1
    user: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    row_probe: RowProbe | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How the generator works.

    Attributes:
        warmup_s: what is sent in the first seconds of the profile is counted by the ledger, not measured.
        drain_s: how long after the last sending messages may still arrive.
        connect_rate: handshakes begun per second, of all workers together; 0 for as fast as they succeed.
        connects_at_once: handshakes under way, of one worker.
        connect_timeout_s: how long one connection may take, login included.
        reconnect: how long who has lost a connection waits before each attempt to come back; None for never.
        spin: whether a worker burns its core to send within microseconds; else within a millisecond or two.
        workers: processes; 0 for one per core.
    """

    warmup_s: float = 0.0
    drain_s: float = 5.0
    connect_rate: float = 0.0
    connects_at_once: int = 50
    connect_timeout_s: float = 10.0
    reconnect: Backoff | None = None
    spin: bool = False
    workers: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A whole load.

    Attributes:
        name: what its author calls it.
        members: the clients; connection k of the profile is member k.
    """

    name: str
    endpoint: Endpoint
    members: tuple[Member, ...]
    traffic: Traffic
    profile: Profile
    pace: Pace = field(default_factory=Pace)
