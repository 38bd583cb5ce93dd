"""A protocol of the tests' own: it logs in, beats, answers questions and can fail; given by import path."""

from collections.abc import Generator, Mapping, Sequence
from typing import Any, ClassVar

from wireproof.dialects import Dialect, Draft, Frame, Heartbeat, Login, LoginRefused, Message, Outgoing


class Ticking(Dialect):
    """Text commands: HELLO token, TICK, ASK, SAY."""

    name = "ticking"
    subprotocols: ClassVar[tuple[str, ...]] = ("ticking",)

    def feed(self, frame: Frame) -> list[Message]:
        if frame.payload == b"BOOM":
            raise KeyError("what the author forgot")
        kind, _, body = frame.payload.decode().partition(" ")
        return [self.message(frame, kind=kind, body=body, control=kind in ("TICK", "WELCOME"))]

    def login(self, credentials: Mapping[str, Any]) -> Login:
        return self._say_hello(credentials.get("token", ""))

    def _say_hello(self, token: str) -> Generator[Sequence[Outgoing], Message, Mapping[str, Any]]:
        message = yield [Outgoing(f"HELLO {token}".encode(), kind="HELLO", confidential=True)]
        if message.kind == "OOPS":
            1 / 0  # noqa: B018 - the author's mistake
        if message.kind != "WELCOME":
            raise LoginRefused(str(message.body))
        return {"session": message.body}

    def answers(self, message: Message) -> Sequence[Outgoing]:
        return [Outgoing(b"ANSWER")] if message.kind == "ASK" else []

    def encode(self, draft: Draft) -> Outgoing:
        return Outgoing(f"SAY {draft.body}".encode(), kind="SAY")

    def is_reply(self, sent: Outgoing, message: Message) -> bool:
        return message.kind == "HEARD"

    @property
    def heartbeat(self) -> Heartbeat:
        return Heartbeat(0.05, Outgoing(b"TICK", kind="TICK"))
