"""The dialects of servers without a protocol of their own: plain JSON objects, and an echo."""

from typing import Any

from wireproof.dialects.base import (
    Dialect,
    Draft,
    Frame,
    Message,
    Outgoing,
    Traits,
    fresh_id,
    read_json,
    scalar_fields,
    write_json,
)


class PlainJson(Dialect):
    """One JSON value a message. An object's `type` is its kind, `id` its id, `replyTo` what it answers."""

    name = "json"

    def feed(self, frame: Frame) -> list[Message]:
        value, problem = read_json(frame)
        if not isinstance(value, dict):
            return [self.message(frame, json=value, body=value, problem=problem)]
        return [
            self.message(
                frame,
                json=value,
                kind=_text(value.get("type")),
                id=_text(value.get("id")),
                reply_to=_text(value.get("replyTo")),
                fields=scalar_fields(value),
                body=value,
            )
        ]

    def encode(self, draft: Draft) -> Outgoing:
        """The body with `type`, `id`, `to` and the fields added to it; a body that is no object goes out as it is."""
        added = {**draft.fields}
        if draft.kind:
            added["type"] = draft.kind
        if draft.to:
            added["to"] = draft.to
        if draft.body is not None and not isinstance(draft.body, dict):
            if added:
                raise ValueError(f"kind, to and fields need a JSON object as body, not {type(draft.body).__name__}")
            return Outgoing(write_json(draft.body), id=draft.id, body=draft.body)
        body = {**(draft.body or {}), **added}
        if draft.id or "id" not in body:
            body["id"] = draft.id or fresh_id()
        return Outgoing(write_json(body), id=_text(body["id"]), kind=_text(body.get("type")), to=draft.to, body=body)


class Echo(PlainJson):
    """A server that sends back what it gets: the echo of a message is its reply."""

    name = "echo"
    traits = Traits(keeps_body=True)

    def is_reply(self, sent: Outgoing, message: Message) -> bool:
        return message.raw == sent.payload


def _text(value: Any) -> str:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
