"""Protocols for tests of a load's bytes: a client's dialect, and what their server would make of what it sends."""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from wireproof.dialects import CloudMessage, Definition, Dialect, Draft, Echo, PlainJson, Stomp


@dataclass(frozen=True)
class Protocol:
    """A protocol.

    Attributes:
        make: a dialect that is logged in as far as it needs to be.
        delivered: the frame that brings a message to its recipient, with a number and a moment of the server's.
        said: the frame that tells its sender what became of it; None where the protocol says nothing.
        draft: what is sent, but for the id.
    """

    name: str
    make: Callable[[], Dialect]
    delivered: Callable[[bytes, int], bytes]
    said: Callable[[str, int], bytes] | None
    draft: Draft


def cloud_message() -> Dialect:
    dialect = CloudMessage("alice")
    with suppress(StopIteration):
        next(dialect.login({"id": "device-0001", "userId": "user-01"}))
    return dialect


def _numbered(payload: bytes, seq: int) -> bytes:
    return payload[:-1] + b',"seq":%d}' % seq


def _acked(id: str, seq: int) -> bytes:
    payload = {"originalMessageId": id, "status": "delivered", "deliveredAt": f"2026-01-01T10:{seq % 60:02}:00.000Z"}
    envelope = {"id": f"s-4fa9-{seq}", "type": "ack", "fromDeviceId": "server", "payload": payload, "priority": 1}
    return json.dumps({**envelope, "timestamp": f"2026-01-01T10:{seq % 60:02}:00.123Z"}).encode()


def _stomp_delivery(payload: bytes, seq: int) -> bytes:
    head, _, body = payload.partition(b"\n\n")
    headers = [line for line in head.split(b"\n")[1:] if not line.startswith(b"receipt")]
    ours = [b"MESSAGE", b"subscription:0", b"message-id:T_sub-0@@session-xQ%d" % seq]
    return b"\n".join([*ours, *headers]) + b"\n\n" + body


DEFINED = Definition(name="deep", id="$.head.id", seq="$.head.n", ack={"got": "$.head.id", "n": "$.head.n"})


def _deep(payload: bytes, seq: int) -> bytes:
    value: dict[str, Any] = json.loads(payload)
    value["head"]["n"] = seq
    return json.dumps(value).encode()


PROTOCOLS = [
    Protocol("cloudmessage", cloud_message, _numbered, _acked, Draft({"text": "hi", "n": 1}, to="device-0002")),
    Protocol("json", lambda: PlainJson("alice"), lambda payload, seq: payload, None, Draft({"text": "hi"}, "say")),
    Protocol("echo", lambda: Echo("alice"), lambda payload, seq: payload, None, Draft({"text": "hi 100 %"}, "say")),
    Protocol(
        "stomp",
        lambda: Stomp("alice"),
        _stomp_delivery,
        lambda id, seq: f"RECEIPT\nreceipt-id:{id}\n\n\0".encode(),
        Draft({"text": "hi"}, to="/queue/a"),
    ),
    Protocol("defined", DEFINED.dialect().__call__, _deep, None, Draft({"text": "hi"})),
]
