"""What a dialect is: how a protocol carries messages in WebSocket frames.

A dialect does no I/O. It is given frames and gives messages; it is asked for frames to send. One instance serves one
connection and may keep state. A client drives it; so can a test, a load worker or a fault proxy.
"""

import itertools
import uuid
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from json import dumps
from typing import Any, ClassVar, Literal

from wireproof.journal import now_ns
from wireproof.wiretext import InvalidTextError, decode_text, load_json, safe

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
"""Opcodes of RFC 6455, section 5.2."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One whole data message as it was read: fragments joined, compression undone."""

    opcode: int
    payload: bytes
    at_ns: int = field(default_factory=now_ns)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One data message to send.

    Attributes:
        payload: the frame's bytes.
        opcode: text or binary.
        id, kind, to: in the protocol's terms, empty where it has none.
        about: the id of the message that this one confirms.
        body: the part that the author chose.
        acknowledged: whether the peer is asked to say that it has taken the message over.
        for_peer: the peer itself is meant, nobody else will get it: no ledger counts it.
        confidential: the journal keeps nothing of what it says.
    """

    payload: bytes
    opcode: int = TEXT
    id: str = ""
    kind: str = ""
    to: str = ""
    about: str = ""
    body: Any = None
    acknowledged: bool = True
    for_peer: bool = False
    confidential: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """What an author asks to send, in no protocol's terms; the dialect makes an `Outgoing` of it."""

    body: Any = None
    kind: str = ""
    to: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)
    id: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Message:
    """One message that a client received.

    Attributes:
        at_ns: when its last frame was read, on the journal's clock.
        index: the how manieth message of its client, from 1, counted over reconnects.
        client: the client's name.
        opcode: text or binary.
        raw: the payload's bytes.
        text: the payload as text, or None with the reason in `problem`.
        json: the JSON value that matchers look at; None if there is none, with the reason in `problem`.
        kind, id, reply_to, flow, seq: as the protocol names them; empty, or None for `seq`, where it has none.
        sent_id: the id under which its author sent it, where the protocol gives what it delivers another one.
        retry: the how manieth repetition of this delivery it says to be; 0 for a first one.
        gap: the first and the last `seq` of deliveries that will never come, where this message says so.
        fields: headers, or the scalar top-level fields, as texts.
        body: the part that the author of the message chose.
        control: belongs to the protocol (a heartbeat, an acknowledgement); hidden from matchers.
        problem: why it could not be read, safe to show.
    """

    at_ns: int
    index: int = 0
    client: str = ""
    opcode: Literal["text", "binary"] = "text"
    raw: bytes = b""
    text: str | None = None
    json: Any = None
    kind: str = ""
    id: str = ""
    reply_to: str = ""
    flow: str = ""
    seq: int | None = None
    sent_id: str = ""
    retry: int = 0
    gap: tuple[int, int] | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    control: bool = False
    problem: str = ""

    @property
    def at_ms(self) -> float:
        return self.at_ns / 1e6

    def __repr__(self) -> str:
        kind = f" {safe(self.kind, 40)}" if self.kind else ""
        return f"<{safe(self.client, 40)} #{self.index}{kind}, {len(self.raw)} bytes>"


class LoginRefused(Exception):  # noqa: N818 - reads as what happened
    """The peer said no to a login.

    Attributes:
        reason: what it said, safe to show.
        code: its close code, where the protocol refuses by closing.
    """

    def __init__(self, reason: str, code: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """What a client has to send when it has been silent for `interval_s`."""

    interval_s: float
    outgoing: Outgoing


@dataclass(frozen=True, slots=True)
class Traits:
    """What a protocol promises about deliveries; a delivery ledger judges by it.

    Attributes:
        acknowledges: the peer says of every message whether it has taken it over; see `Dialect.outcome`.
        marks_redelivery: a delivery that repeats an earlier one says so; see `Message.retry`.
        keeps_body: the recipient gets the author's body unchanged.
        counts_flows: deliveries are numbered (`Message.seq`) anew in each flow; without it, through for each recipient.
        redelivery_s: after so long without a confirmation a delivery is repeated; 0 where nothing is repeated.
    """

    acknowledges: bool = False
    marks_redelivery: bool = False
    keeps_body: bool = False
    counts_flows: bool = False
    redelivery_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Recovery:
    """What the peer said at a login about the deliveries before it.

    Attributes:
        epoch: names the numbering of the client's deliveries (`Message.seq`): with another one it starts anew.
        resumed: whether the session that the client presented goes on; None if it presented none.
        last_seq: the delivery up to which the client said that it has read; None if it did not say.
        recovered: whether all after that is still there and comes now; None if the client did not ask.
    """

    epoch: str = ""
    resumed: bool | None = None
    last_seq: int | None = None
    recovered: bool | None = None


Outcome = Literal["", "acked", "refused", "unknown"]

Login = Generator[Sequence[Outgoing], Message, Mapping[str, Any]]
"""Yields messages to send, is sent each message that arrives, returns what the peer granted, raises `LoginRefused`."""


class Dialect:
    """A protocol over WebSocket. Subclasses set `name` and override what their protocol has; see docs/dialects.md.

    `subprotocols` are offered in the handshake unless the author names others. `close_reasons` says what the protocol
    means by its close codes, for servers that give no reason. `traits` says what it promises about deliveries.

    Args:
        client: the name of the client whose connection it serves.
        arrivals: numbers for its messages; a client passes the same ones to the dialect of its next connection.
    """

    name: ClassVar[str] = ""
    subprotocols: ClassVar[tuple[str, ...]] = ()
    close_reasons: ClassVar[Mapping[int, str]] = {}
    traits: ClassVar[Traits] = Traits()

    def __init__(self, client: str = "", arrivals: Iterator[int] | None = None) -> None:
        self.client = client
        self._arrivals = arrivals or itertools.count(1)

    def feed(self, frame: Frame) -> list[Message]:
        """The messages that `frame` completes; usually one."""
        return [self.message(frame)]

    def login(self, credentials: Mapping[str, Any]) -> Login | None:
        """The conversation that has to come first, or None where the protocol has none.

        Args:
            credentials: names and values the author gave, secrets already unwrapped.

        Raises:
            ValueError: when it starts, if a credential is missing or unknown.
        """
        if credentials:
            names = ", ".join(safe(name) for name in credentials)
            raise ValueError(f"the dialect '{self.name}' has no login; leave out {names}")
        return None

    def answers(self, message: Message) -> Sequence[Outgoing]:
        """What the protocol obliges a receiver of `message` to send: a pong, a confirmation."""
        return ()

    def encode(self, draft: Draft) -> Outgoing:
        """The message that says `draft`, with a fresh id where the draft has none.

        Raises:
            ValueError: the draft asks for something that the protocol does not have.
        """
        raise ValueError(
            f"the dialect '{self.name}' has no messages to send by parts: use Send Text, Send Json or Send Binary"
        )

    def is_reply(self, sent: Outgoing, message: Message) -> bool:
        """Whether `message` answers `sent`."""
        return bool(sent.id) and message.reply_to == sent.id

    def outcome(self, message: Message) -> Outcome:
        """What `message` says about the message it replies to: taken over, refused, or that nobody knows."""
        return "acked" if message.reply_to else ""

    def welcomes(self, message: Message) -> bool:
        """Whether `message` is the good end of a login; asked by who only looks on and has not seen it begin."""
        return False

    @property
    def identity(self) -> str:
        """Who this connection is, in the terms of a draft's `to`; empty where the protocol names nobody."""
        return ""

    @property
    def recovery(self) -> Recovery:
        """What the peer said about the deliveries before, once logged in; nothing where the protocol does not."""
        return Recovery()

    @property
    def heartbeat(self) -> Heartbeat | None:
        """What to send when idle, once logged in; None where the protocol leaves that to WebSocket pings."""
        return None

    def message(self, frame: Frame, *, json: Any = None, problem: str = "", **parts: Any) -> Message:
        """A message of `frame` with this connection's client and number; `parts` are attributes of `Message`."""
        text = None
        if frame.opcode == TEXT:
            try:
                text = decode_text(frame.payload)
            except InvalidTextError as error:
                problem = problem or str(error)
        return Message(
            at_ns=frame.at_ns,
            index=next(self._arrivals),
            client=self.client,
            opcode="text" if frame.opcode == TEXT else "binary",
            raw=frame.payload,
            text=text,
            json=json,
            problem=problem,
            **parts,
        )


def read_json(frame: Frame) -> tuple[Any, str]:
    """The JSON value of a frame, and why there is none."""
    try:
        return load_json(frame.payload), ""
    except ValueError as error:
        return None, str(error)


def write_json(value: Any) -> bytes:
    """A JSON text on the wire.

    Raises:
        ValueError: the value is no JSON value: a date, bytes, NaN, half a character.
    """
    try:
        return dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"cannot be sent as JSON: {safe(error)}") from None


def fresh_id() -> str:
    """An id that no other message of any run has."""
    return str(uuid.uuid4())


def scalar_fields(value: Mapping[str, Any]) -> dict[str, str]:
    """The top-level texts, numbers and booleans of a JSON object, as texts; booleans as JSON writes them."""
    return {
        name: str(item).lower() if isinstance(item, bool) else str(item)
        for name, item in value.items()
        if isinstance(item, str | int | float)
    }
