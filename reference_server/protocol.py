"""The CloudMessage envelope: what may be read from the wire, and why something may not. Pure, no I/O."""

import json
import re
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Annotated, Any, Literal

import msgspec

MAX_ID_LENGTH = 200
"""Characters of an id; three of them of four bytes each still fit into one index row of the database."""

Type = Literal[
    "user_message",
    "user_response",
    "task_start",
    "task_pause",
    "task_resume",
    "task_cancel",
    "task_status",
    "file_upload",
    "file_download",
    "file_sync",
    "file_delete",
    "device_register",
    "device_unregister",
    "device_status",
    "device_handoff",
    "heartbeat",
    "ack",
    "error",
    "notification",
]
Id = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_ID_LENGTH)]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class CloseCode(IntEnum):
    """Why the server closes a connection."""

    NORMAL = 1000
    HEARTBEAT_TIMEOUT = 1001
    PROTOCOL_ERROR = 1002
    INVALID_UTF8 = 1007
    POLICY = 1008
    TOO_BIG = 1009
    INTERNAL_ERROR = 1011
    RESTARTING = 1012
    OVERLOADED = 1013
    REPLACED = 4001
    REVOKED = 4002
    SLOW_CONSUMER = 4008


class ErrorCode(StrEnum):
    """What went wrong, for programs; the value is what the wire carries."""

    INVALID_MESSAGE = "INVALID_MESSAGE"
    AUTH_REQUIRED = "AUTH_REQUIRED"
    AUTH_FAILED = "AUTH_FAILED"
    REGISTRATION_FAILED = "REGISTRATION_FAILED"
    DEVICE_NOT_FOUND = "DEVICE_NOT_FOUND"
    FORBIDDEN = "FORBIDDEN"
    RATE_LIMITED = "RATE_LIMITED"
    QUEUE_FULL = "QUEUE_FULL"
    UNAVAILABLE = "UNAVAILABLE"
    SESSION_EXPIRED = "SESSION_EXPIRED"


class Envelope(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, rename="camel"):
    """One message as read; `payload` keeps the sender's JSON text byte for byte."""

    id: Id
    type: Type
    from_device_id: Id
    to_device_id: Id | None = None
    user_id: Id
    payload: msgspec.Raw
    timestamp: Annotated[str, msgspec.Meta(max_length=64)]
    priority: Annotated[int, msgspec.Meta(ge=0, le=3)]
    requires_ack: bool
    retry_count: Count | None = None


class InvalidMessage(ValueError):  # noqa: N818 - the protocol's own word for it
    """A message that cannot be read.

    `field` is the guilty top-level field ("" when none is), `message_id` its id ("" when that cannot be read).
    """

    def __init__(self, field: str, reason: str, message_id: str = "") -> None:
        super().__init__(f"{field}: {reason}" if field else reason)
        self.field = field
        self.message_id = message_id


_decode = msgspec.json.Decoder(Envelope).decode
encode = msgspec.json.Encoder().encode
_FIELDS = tuple(field.encode_name for field in msgspec.structs.fields(Envelope))
_EXPECTED = {
    "id": f"a text of 1 to {MAX_ID_LENGTH} characters",
    "type": "a known message type",
    "fromDeviceId": f"a text of 1 to {MAX_ID_LENGTH} characters",
    "toDeviceId": f"a text of 1 to {MAX_ID_LENGTH} characters, or leave it out",
    "userId": f"a text of 1 to {MAX_ID_LENGTH} characters",
    "payload": "any JSON value",
    "timestamp": "an ISO-8601 date and time",
    "priority": "a whole number from 0 (low) to 3 (critical)",
    "requiresAck": "true or false",
    "retryCount": "a whole number of at least 0, or leave it out",
}
_MISSING = re.compile(r"Object missing required field `(.*)`", re.DOTALL)
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_AT = re.compile(r" - at `\$\.(\w+)")
_ESCAPE = re.compile(rb"\\(?:u([0-9a-fA-F]{4})|.)", re.DOTALL)


def parse(data: bytes) -> Envelope:
    """Read one message, given as UTF-8 JSON text; raises InvalidMessage and nothing else."""
    try:
        envelope = _decode(data)
    except msgspec.ValidationError as problem:
        raise _refusal(data, problem) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise _malformed(data) from None
    except RecursionError:
        raise InvalidMessage("payload", "nested too deeply") from None
    payload = bytes(envelope.payload)
    try:
        payload.decode()
    except UnicodeDecodeError:
        raise InvalidMessage("payload", "is not valid UTF-8", envelope.id) from None
    if b"\\u" in data:
        _require_storable(envelope, payload)
    try:
        datetime.fromisoformat(envelope.timestamp)
    except ValueError:
        raise InvalidMessage("timestamp", f"expected {_EXPECTED['timestamp']}", envelope.id) from None
    envelope.retry_count = None
    return envelope


def _require_storable(envelope: Envelope, payload: bytes) -> None:
    """Only an escape can bring in what the database refuses: half of a surrogate pair, or NUL in a text."""
    if has_lone_surrogate(payload):
        raise InvalidMessage("payload", "holds half of a surrogate pair", envelope.id)
    for field, text in (
        ("id", envelope.id),
        ("toDeviceId", envelope.to_device_id),
        ("fromDeviceId", envelope.from_device_id),
        ("userId", envelope.user_id),
    ):
        if text is not None and "\0" in text:
            raise InvalidMessage(field, "holds a NUL character", envelope.id)


def envelope_of(user_id: str, row: Any) -> Envelope:
    """A stored message as it was read from its sender."""
    return Envelope(
        id=row["id"],
        type=row["type"],
        from_device_id=row["from_device_id"],
        to_device_id=row["to_device_id"],
        user_id=user_id,
        payload=msgspec.Raw(row["payload"].encode()),
        timestamp=row["timestamp"],
        priority=row["priority"],
        requires_ack=row["requires_ack"],
    )


def has_lone_surrogate(text: bytes) -> bool:
    """Whether JSON text escapes one half of a surrogate pair without the other (RFC 8259 section 8.2)."""
    high_at = -1
    for match in _ESCAPE.finditer(text):
        unit = int(match[1], 16) if match[1] else 0
        if high_at >= 0:
            if not 0xDC00 <= unit <= 0xDFFF or match.start() != high_at:
                return True
            high_at = -1
        elif 0xD800 <= unit <= 0xDBFF:
            high_at = match.end()
        elif 0xDC00 <= unit <= 0xDFFF:
            return True
    return high_at >= 0


def _refusal(data: bytes, problem: msgspec.ValidationError) -> InvalidMessage:
    text = str(problem)
    if match := _MISSING.match(text):
        return InvalidMessage(match[1], "is missing", _id_of(data))
    if match := _UNKNOWN.match(text):
        return InvalidMessage(_short(match[1]), "is not a field of a message", _id_of(data))
    if (match := _AT.search(text)) and match[1] in _FIELDS:
        return InvalidMessage(match[1], f"expected {_EXPECTED[match[1]]}", _id_of(data))
    return InvalidMessage("", "expected a JSON object")


def _malformed(data: bytes) -> InvalidMessage:
    """The JSON cannot be read; Python's own lenient reader tells whether half a surrogate pair is to blame."""
    try:
        loose = json.loads(data)
        guilty = [field for field in _FIELDS if has_lone_surrogate(json.dumps(loose.get(field)).encode())]
    except (ValueError, RecursionError, AttributeError):
        return InvalidMessage("", "is not valid JSON")
    if not guilty:
        return InvalidMessage("", "is not valid JSON")
    message_id = loose.get("id")
    readable = isinstance(message_id, str) and "id" not in guilty and len(message_id) <= MAX_ID_LENGTH
    return InvalidMessage(guilty[0], "holds half of a surrogate pair", message_id if readable else "")


class _OnlyId(msgspec.Struct):
    id: Id


_decode_id = msgspec.json.Decoder(_OnlyId).decode


def _id_of(data: bytes) -> str:
    try:
        return _decode_id(data).id
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""


def _short(text: str) -> str:
    return text if len(text) <= 64 else text[:64] + "…"
