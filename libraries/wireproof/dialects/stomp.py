"""STOMP 1.2 over WebSocket, as RabbitMQ, ActiveMQ and Spring speak it."""

import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Any, Final

from wireproof.dialects.base import (
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
    Traits,
    fresh_id,
    read_json,
    write_json,
)
from wireproof.dialects.stomp_frames import BrokenFrameError, StompFrame, decode, split
from wireproof.wiretext import safe

_COMMANDS: Final = frozenset(
    {"SEND", "SUBSCRIBE", "UNSUBSCRIBE", "ACK", "NACK", "BEGIN", "COMMIT", "ABORT", "DISCONNECT", "CONNECT", "STOMP"}
)
_LOGIN: Final = {"accept-version": "1.2", "host": "/", "heart-beat": "10000,10000"}
"""What a client says of itself; credentials of these names win. `/` is RabbitMQ's default host, others ignore it."""

_SENT_ID: Final = "correlation-id"

_EARLY: Final = 0.75
"""Heart-beats go out after this part of the agreed interval, so that a slow network does not make them late."""


class Stomp(Dialect):
    """A STOMP frame a message: the command is its kind, headers are its fields, `message-id` is its id.

    `reply_to` is a receipt's id, `flow` the destination, `json` the body where it is JSON. Heart-beats are no messages.
    Messages of subscriptions with `ack:client` or `ack:client-individual` are acknowledged; `confirm=False` stops that.
    """

    name = "stomp"
    traits = Traits(keeps_body=True)
    subprotocols = ("v12.stomp",)

    def __init__(self, client: str = "", arrivals: Iterator[int] | None = None, *, confirm: bool = True) -> None:
        super().__init__(client, arrivals)
        self._confirm = confirm
        self._stream = b""
        self._heartbeat: Heartbeat | None = None

    def feed(self, frame: Frame) -> list[Message]:
        """The frames that are whole now: a message may bring several, or a part of one."""
        try:
            frames, self._stream = split(self._stream + frame.payload)
        except BrokenFrameError as error:
            self._stream = b""
            return [self.message(frame, problem=str(error))]
        return [self._read(Frame(frame.opcode, data, frame.at_ns)) for data in frames]

    def _read(self, frame: Frame) -> Message:
        try:
            stomp = decode(frame.payload)
        except ValueError as error:
            return self.message(frame, problem=str(error))
        value, problem = read_json(Frame(frame.opcode, stomp.body))
        headers = stomp.headers
        return self.message(
            frame,
            json=value,
            problem=problem if stomp.body else f"a {stomp.command} frame without a body",
            kind=stomp.command,
            id=headers.get("message-id", ""),
            sent_id=headers.get(_SENT_ID, ""),
            reply_to=headers.get("receipt-id", ""),
            flow=headers.get("destination", ""),
            fields=headers,
            body=stomp.body.decode(errors="backslashreplace") if problem else value,
            control=stomp.command in {"CONNECTED", "RECEIPT"},
        )

    def login(self, credentials: Mapping[str, Any]) -> Login:
        """Sends CONNECT with the credentials as headers and waits for CONNECTED, whose headers are what is granted.

        Args:
            credentials: such as `login` and `passcode`, or `Authorization`; `host` where it is not `/`; `heart-beat`,
                10 s both ways unless it says otherwise.
        """
        headers = {name: str(value) for name, value in {**_LOGIN, **credentials}.items()}
        connect = StompFrame("CONNECT", headers).encode()
        return self._connect(Outgoing(connect, kind="CONNECT", confidential=bool(credentials)), headers["heart-beat"])

    def _connect(self, connect: Outgoing, offer: str) -> Generator[Sequence[Outgoing], Message, Mapping[str, Any]]:
        message = yield (connect,)
        while message.kind not in {"CONNECTED", "ERROR"}:
            message = yield ()
        if message.kind == "ERROR":
            raise LoginRefused(_reason(message))
        version = message.fields.get("version", "1.0")
        if version != "1.2":
            raise LoginRefused(f"the server speaks STOMP {safe(version, 40)}, not 1.2")
        self._heartbeat = _heartbeat(offer, message.fields.get("heart-beat", "0,0"))
        return dict(message.fields)

    @property
    def heartbeat(self) -> Heartbeat | None:
        """A line feed, as often as both ends agreed; None before the login and where one of them wants none."""
        return self._heartbeat

    def answers(self, message: Message) -> Sequence[Outgoing]:
        """An ACK for a message that waits for one."""
        if not self._confirm or message.kind != "MESSAGE" or "ack" not in message.fields:
            return ()
        ack = StompFrame("ACK", {"id": message.fields["ack"]}).encode()
        return (Outgoing(ack, kind="ACK", about=message.sent_id or message.id),)

    def encode(self, draft: Draft) -> Outgoing:
        """A frame of the draft's kind, SEND unless it says otherwise, `to` as its destination, fields as its headers.

        It asks for a receipt, with the draft's id or a fresh one, so that it can be waited for. An id of the draft also
        goes along as `correlation-id`: subscribers get that header, the receipt only the sender. A body that is no text
        goes out as JSON.

        Raises:
            ValueError: the protocol has no such kind, the body is not JSON, or a header cannot be written.
        """
        command = draft.kind or "SEND"
        if command not in _COMMANDS:
            raise ValueError(f"STOMP clients send {', '.join(sorted(_COMMANDS))}, not '{safe(command, 40)}'")
        headers = {"destination": draft.to} if draft.to else {}
        is_text = isinstance(draft.body, str)
        if draft.body is not None:
            headers["content-type"] = "text/plain" if is_text else "application/json"
        headers |= {name: str(value) for name, value in draft.fields.items()}
        if command not in {"CONNECT", "STOMP"}:
            headers.setdefault("receipt", draft.id or fresh_id())
        if draft.id and command == "SEND":
            headers.setdefault(_SENT_ID, draft.id)
        body = b"" if draft.body is None else draft.body.encode() if is_text else write_json(draft.body)
        return Outgoing(
            StompFrame(command, headers, body).encode(),
            id=headers.get("receipt", ""),
            kind=command,
            to=draft.to,
            body=draft.body,
        )

    def outcome(self, message: Message) -> Outcome:
        """A receipt, or the ERROR that names one."""
        if not message.reply_to:
            return ""
        return "refused" if message.kind == "ERROR" else "acked"

    def is_reply(self, sent: Outgoing, message: Message) -> bool:
        """The receipt. An ERROR is none: the connection ends after it, and a wait for the receipt says so."""
        return message.kind == "RECEIPT" and super().is_reply(sent, message)


def _heartbeat(client: str, server: str) -> Heartbeat | None:
    """What the client has to send: the larger of what it can do and what the server wants, in milliseconds."""
    can_ms, wanted_ms = _milliseconds(client)[0], _milliseconds(server)[1]
    if not can_ms or not wanted_ms:
        return None
    return Heartbeat(max(can_ms, wanted_ms) / 1000 * _EARLY, Outgoing(b"\n", TEXT, kind="heart-beat"))


def _milliseconds(header: str) -> tuple[int, int]:
    found = re.fullmatch(r"([0-9]{1,9}),([0-9]{1,9})", header)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _reason(message: Message) -> str:
    body = message.body if isinstance(message.body, str) else ""
    parts = (message.fields.get("message", "").strip(), body.strip())
    return safe(": ".join(part for part in parts if part) or "refused without a reason")
