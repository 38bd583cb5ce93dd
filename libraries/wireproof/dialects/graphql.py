"""graphql-transport-ws: GraphQL subscriptions, queries and mutations over WebSocket.

The protocol is the one of the npm package `graphql-ws` (its PROTOCOL.md), also spoken by Apollo, Strawberry, Hasura and
others under the subprotocol `graphql-transport-ws`. The older subprotocol `graphql-ws` is another protocol.
"""

from collections.abc import Generator, Mapping, Sequence
from typing import Any, ClassVar

from wireproof.dialects.base import (
    Dialect,
    Draft,
    Frame,
    Message,
    Outgoing,
    fresh_id,
    read_json,
    scalar_fields,
    write_json,
)

_OF_CLIENTS = ("subscribe", "complete", "ping", "pong", "connection_init")
_CONTROL = frozenset({"connection_ack", "ping", "pong"})


class GraphqlTransportWs(Dialect):
    """One JSON object a message: `type` is its kind, `payload` its body, `id` the operation it belongs to.

    Messages have no id of their own. What the server sends for an operation has the operation's id as `reply_to` and as
    `flow`.
    """

    name = "graphql-transport-ws"
    subprotocols = ("graphql-transport-ws",)
    close_reasons: ClassVar[Mapping[int, str]] = {
        4400: "invalid message",
        4401: "unauthorized: a subscription before connection_ack",
        4403: "forbidden",
        4406: "subprotocol not acceptable",
        4408: "connection initialisation timeout",
        4409: "a subscription with this id already exists",
        4429: "too many initialisation requests",
        4500: "internal server error",
    }
    """What the protocol means by its close codes."""

    def feed(self, frame: Frame) -> list[Message]:
        value, problem = read_json(frame)
        if not isinstance(value, dict) or not isinstance(value.get("type"), str):
            return [
                self.message(frame, json=value, problem=problem or f"a {self.name} message is an object with a type")
            ]
        operation = value.get("id")
        operation = operation if isinstance(operation, str) else ""
        return [
            self.message(
                frame,
                json=value,
                kind=value["type"],
                reply_to=operation,
                flow=operation,
                fields=scalar_fields(value),
                body=value.get("payload"),
                control=value["type"] in _CONTROL,
            )
        ]

    def login(self, credentials: Mapping[str, Any]) -> Generator[Sequence[Outgoing], Message, Mapping[str, Any]]:
        """Initialises the connection: `connection_init` with the credentials as payload, until `connection_ack`.

        A server that refuses closes, most with 4403 or 4401. Returns the payload of the acknowledgement.
        """
        init: dict[str, Any] = {"type": "connection_init"}
        if credentials:
            init["payload"] = dict(credentials)
        message = yield (Outgoing(write_json(init), kind="connection_init", confidential=bool(credentials)),)
        while message.kind != "connection_ack":
            message = yield ()
        return message.body if isinstance(message.body, dict) else {}

    def answers(self, message: Message) -> Sequence[Outgoing]:
        """A pong with the payload of each ping."""
        return (_outgoing("pong", payload=message.body),) if message.kind == "ping" else ()

    def encode(self, draft: Draft) -> Outgoing:
        """A message of the draft's kind, `subscribe` unless it says otherwise; every operation is a `subscribe`.

        The body of a subscribe is its payload `{"query": …, "variables": …}`, or the text of the query alone.

        Raises:
            ValueError: the protocol has no such kind, no fields, no addressees, or the subscribe has no query.
        """
        kind = draft.kind or "subscribe"
        if kind not in _OF_CLIENTS:
            raise ValueError(f"{self.name} clients send {', '.join(_OF_CLIENTS)}, not '{kind}'; use Send Json for it")
        if draft.fields or draft.to:
            raise ValueError(f"{self.name} has neither fields nor addressees; variables belong into the body")
        if kind == "subscribe":
            payload = {"query": draft.body} if isinstance(draft.body, str) else draft.body
            if not isinstance(payload, dict) or not isinstance(payload.get("query"), str):
                raise ValueError('the body of a subscribe is a query, or {"query": …, "variables": …}')
            return _outgoing(kind, operation=draft.id or fresh_id(), payload=payload)
        if kind == "complete" and not draft.id:
            raise ValueError("a complete needs the id of the subscription that it ends")
        return _outgoing(kind, operation=draft.id, payload=draft.body)

    def is_reply(self, sent: Outgoing, message: Message) -> bool:
        """A result, error or end for a subscribe; the pong for a ping; nothing answers a complete."""
        match sent.kind:
            case "ping":
                return message.kind == "pong"
            case "connection_init":
                return message.kind == "connection_ack"
            case "subscribe":
                return message.reply_to == sent.id
        return False


def _outgoing(kind: str, *, operation: str = "", payload: Any = None) -> Outgoing:
    message: dict[str, Any] = {"type": kind}
    if operation:
        message["id"] = operation
    if payload is not None:
        message["payload"] = payload
    return Outgoing(write_json(message), id=operation, kind=kind)
