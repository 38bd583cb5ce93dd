"""The AsyncAPI document says the same as the code."""

from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
import yaml

import reference_server
from reference_server import replies, router
from reference_server.protocol import Envelope, ErrorCode

DOCUMENT = yaml.safe_load((Path(reference_server.__file__).parent / "asyncapi.yaml").read_text())
NOW = b"2026-01-01T00:00:00.000Z"


def check(name: str, message: bytes) -> None:
    schema = {**DOCUMENT["components"]["messages"][name]["payload"], "components": DOCUMENT["components"]}
    jsonschema.validate(msgspec.json.decode(message), schema, jsonschema.Draft202012Validator)


def from_server(kind: bytes, payload: bytes) -> bytes:
    return replies.Addressee("ada", "phone").message(kind, payload, NOW)


@pytest.mark.parametrize(
    ("name", "kind", "payload"),
    [
        ("challenge", b"device_register", replies.challenge(NOW, {})),
        ("challenge", b"device_register", replies.challenge(NOW, {"id": "phone"})),
        ("registered", b"ack", replies.registered("s", "e", NOW, resumed=False, recovered=False)),
        ("outcome", b"ack", replies.accepted("m", NOW, None)),
        ("outcome", b"ack", replies.accepted("m", None, ["desktop"])),
        ("outcome", b"ack", replies.failed("m", ErrorCode.QUEUE_FULL, "full", 1000)),
        ("heartbeatAnswer", b"heartbeat", replies.heartbeat("m")),
        ("error", b"error", replies.error(ErrorCode.UNAVAILABLE, "away", "m", 1000)),
        ("error", b"error", replies.error(ErrorCode.INVALID_MESSAGE, "is not valid JSON")),
        ("gap", b"notification", replies.gap(2, 3)),
        ("change", b"notification", replies.changed("update", "messages", "m")),
        ("change", b"notification", replies.changed("delete", "conversations", "c")),
    ],
)
def test_what_the_server_says_has_the_documented_shape(name: str, kind: bytes, payload: bytes):
    check(name, from_server(kind, payload))


def test_a_message_in_nobodys_name_has_no_target():
    message = msgspec.json.decode(replies.Addressee("", "").message(b"error", b"{}", NOW))
    assert "toDeviceId" not in message


def test_a_delivery_has_the_documented_shape():
    envelope = Envelope(
        id="m",
        type="user_message",
        from_device_id="phone",
        user_id="ada",
        payload=msgspec.Raw(b"[ 1 ]"),
        timestamp="2026-01-01",
        priority=1,
        requires_ack=True,
    )
    for retry_count in (0, 2):
        check("delivery", replies.delivery(replies.body(envelope), 7, retry_count))


def test_names_and_codes_are_complete():
    schemas: dict[str, Any] = DOCUMENT["components"]["schemas"]
    assert schemas["code"]["enum"] == [str(code) for code in ErrorCode]
    envelope_types = next(f for f in msgspec.structs.fields(Envelope) if f.name == "type").type.__args__
    exchanged = [
        kind for kind in envelope_types if router.audience(msgspec.convert(_minimal(kind), Envelope)) is not None
    ]
    assert sorted(schemas["exchanged"]["enum"]) == sorted(exchanged)
    assert {*schemas["envelope"]["properties"], "retryCount"} == {
        f.encode_name for f in msgspec.structs.fields(Envelope)
    }


def _minimal(kind: str) -> dict[str, Any]:
    return {
        "id": "m",
        "type": kind,
        "fromDeviceId": "a",
        "userId": "u",
        "payload": msgspec.Raw(b"1"),
        "timestamp": "",
        "priority": 0,
        "requiresAck": False,
    }
