"""What one transaction carries, and its form as columns for the SQL functions `store_batch`, `route_claimed`. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from reference_server import replies
from reference_server.protocol import Envelope, ErrorCode
from reference_server.router import Rule


class Sender(Protocol):
    """Who waits for the outcome of a message."""

    @property
    def generation(self) -> int:
        """The generation of the sender's registration."""

    def accepted(self, item: "Submission", delivered_at: bytes | None, skipped: Sequence[str] | None) -> None:
        """The message is stored; `delivered_at` is set when a recipient was online."""

    def refused(self, item: "Submission", code: ErrorCode, reason: str, retry_after_ms: int | None = None) -> None:
        """The message is not stored, or (UNAVAILABLE) nobody knows."""


class Submission:
    """One message on its way into the database."""

    __slots__ = ("_body", "answered", "envelope", "received_at", "rule", "sender", "size", "twins")

    def __init__(self, sender: Sender, envelope: Envelope, rule: Rule, size: int, received_at: float) -> None:
        self.sender = sender
        self.envelope = envelope
        self.rule = rule
        self.size = size
        self.received_at = received_at
        self.answered = False
        self.twins: list[Submission] = []
        """The same id again in the same batch: stored once, answered each."""
        self._body = b""

    @property
    def body(self) -> bytes:
        """The message without its closing brace, encoded once for all its recipients."""
        if not self._body:
            self._body = replies.body(self.envelope)
        return self._body


@dataclass(frozen=True, slots=True)
class Confirmed:
    """How far a device has confirmed, as absolute values of its present generation."""

    user_id: str
    device_id: str
    generation: int
    watermark: int
    exceptions: str


@dataclass(frozen=True, slots=True)
class Active:
    """When a device last sent a message; stored only where a task looks for the most recently active one."""

    user_id: str
    device_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Closed:
    """A registered connection that is gone."""

    user_id: str
    device_id: str
    generation: int
    session_id: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Messages in order of arrival, and the bookkeeping that rides along; `at` is the time of the commit."""

    at: datetime
    messages: list[Submission] = field(default_factory=list)
    confirmed: list[Confirmed] = field(default_factory=list)
    active: list[Active] = field(default_factory=list)
    closed: list[Closed] = field(default_factory=list)

    @property
    def bookkeeping(self) -> bool:
        """Whether anything rides along, or is all there is."""
        return bool(self.confirmed or self.active or self.closed)

    def columns(self) -> tuple[list[object], ...]:
        """The arguments of `store_batch` after its first four, one list per column."""
        letters = [item.envelope for item in self.messages]
        return (
            [m.user_id for m in letters],
            [m.from_device_id for m in letters],
            [item.sender.generation for item in self.messages],
            [m.id for m in letters],
            [m.to_device_id for m in letters],
            [m.type for m in letters],
            [bytes(m.payload).decode() for m in letters],
            [m.timestamp for m in letters],
            [m.priority for m in letters],
            [m.requires_ack for m in letters],
            [int(item.rule) for item in self.messages],
            [c.user_id for c in self.confirmed],
            [c.device_id for c in self.confirmed],
            [c.generation for c in self.confirmed],
            [c.watermark for c in self.confirmed],
            [c.exceptions for c in self.confirmed],
            [a.user_id for a in self.active],
            [a.device_id for a in self.active],
            [a.at for a in self.active],
            [o.user_id for o in self.closed],
            [o.device_id for o in self.closed],
            [o.generation for o in self.closed],
            [o.session_id for o in self.closed],
        )


@dataclass(frozen=True, slots=True)
class Routing:
    """Who receives each of the messages that a node has claimed in the database."""

    keys: list[int]
    rules: list[Rule]
    active: list[Active]

    def columns(self) -> tuple[list[object], ...]:
        """The arguments of `route_claimed` after its first four, one list per column."""
        return (
            list(self.keys),
            [int(rule) for rule in self.rules],
            [a.user_id for a in self.active],
            [a.device_id for a in self.active],
            [a.at for a in self.active],
        )
