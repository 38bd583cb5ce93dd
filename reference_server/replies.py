"""The messages that the server itself writes, as bytes ready for a frame. Pure, no I/O."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from itertools import count

from reference_server.clock import iso
from reference_server.protocol import Envelope, ErrorCode, encode

_WHAT_TO_DO = {
    ErrorCode.INVALID_MESSAGE: "Correct the message and send it again.",
    ErrorCode.AUTH_REQUIRED: "Register the device first.",
    ErrorCode.AUTH_FAILED: "Get a new token and register again.",
    ErrorCode.REGISTRATION_FAILED: "Correct the registration and connect again.",
    ErrorCode.DEVICE_NOT_FOUND: "Check toDeviceId, or register the device that should receive this.",
    ErrorCode.FORBIDDEN: "Use the identity that this connection registered with.",
    ErrorCode.RATE_LIMITED: "Wait for retryAfter milliseconds, then go on more slowly.",
    ErrorCode.QUEUE_FULL: "The recipient has too many unconfirmed messages: wait, or send with a higher priority.",
    ErrorCode.UNAVAILABLE: "The outcome is unknown: send the same id again after retryAfter milliseconds.",
    ErrorCode.SESSION_EXPIRED: "Connect and register again.",
}
_RUN = secrets.token_hex(6).encode()
_numbers = count(1)


class Addressee:
    """Whom replies go to; the JSON text of its ids is made once per connection."""

    __slots__ = ("_middle",)

    def __init__(self, user_id: str, device_id: str) -> None:
        to = b',"toDeviceId":' + encode(device_id) if device_id else b""
        self._middle = b'","fromDeviceId":"server"' + to + b',"userId":' + encode(user_id) + b',"payload":'

    def message(self, kind: bytes, payload: bytes, timestamp: bytes) -> bytes:
        """One server message; `payload` is JSON text."""
        return b'{"id":"s-%b-%d","type":"%b%b%b,"timestamp":"%b","priority":1,"requiresAck":false}' % (
            _RUN,
            next(_numbers),
            kind,
            self._middle,
            payload,
            timestamp,
        )


def stamp(moment: datetime) -> bytes:
    """A moment as the wire carries it."""
    return iso(moment).encode()


def challenge(server_time: bytes, device: dict[str, str]) -> bytes:
    """Payload of the first message; `device` echoes what the query string suggests, empty for none."""
    payload: dict[str, object] = {"challenge": "Please register your device", "serverTime": server_time.decode()}
    if device:
        payload["device"] = device
    return encode(payload)


def registered(session_id: str, epoch: str, server_time: bytes, *, resumed: bool, recovered: bool) -> bytes:
    """Payload of the ack that answers a registration."""
    return encode(
        {
            "status": "success",
            "sessionId": session_id,
            "resumed": resumed,
            "recovered": recovered,
            "serverTime": server_time.decode(),
            "epoch": epoch,
        }
    )


def accepted(original_id: str, delivered_at: bytes | None, skipped: Sequence[str] | None) -> bytes:
    """Payload of the ack for a stored message: `delivered` with its time, else `queued`."""
    tail = b',"skipped":' + encode(skipped) if skipped else b""
    if delivered_at is None:
        return b'{"originalMessageId":%b,"status":"queued"%b}' % (encode(original_id), tail)
    return b'{"originalMessageId":%b,"status":"delivered","deliveredAt":"%b"%b}' % (
        encode(original_id),
        delivered_at,
        tail,
    )


def failed(original_id: str, code: ErrorCode, reason: str, retry_after_ms: int | None = None) -> bytes:
    """Payload of the ack for a message that was readable but refused."""
    payload: dict[str, object] = {"originalMessageId": original_id, "status": "failed", "code": code, "error": reason}
    if retry_after_ms is not None:
        payload["retryAfter"] = retry_after_ms
    return encode(payload)


def error(code: ErrorCode, reason: str, original_id: str = "", retry_after_ms: int | None = None) -> bytes:
    """Payload of an error: a short text, a code, and what to do."""
    payload: dict[str, object] = {"error": reason, "code": code, "message": _WHAT_TO_DO[code]}
    if original_id:
        payload["originalMessageId"] = original_id
    if retry_after_ms is not None:
        payload["retryAfter"] = retry_after_ms
    return encode(payload)


def heartbeat(original_id: str) -> bytes:
    """Payload of the answer to a heartbeat."""
    return b'{"originalMessageId":%b}' % encode(original_id)


def gap(first: int, last: int) -> bytes:
    """Payload of the notification that deliveries are gone by expiry or deletion."""
    return b'{"change":"gap","fromSeq":%d,"toSeq":%d}' % (first, last)


def changed(change: str, table: str, row_id: str) -> bytes:
    """Payload of the notification that somebody changed a row by SQL."""
    return encode({"change": change, "table": table, "id": row_id})


def body(envelope: Envelope) -> bytes:
    """A stored message without its closing brace, made once for all its recipients."""
    return encode(envelope)[:-1]


def delivery(opened: bytes, seq: int, retry_count: int = 0) -> bytes:
    """One delivery of a `body` to one device."""
    if retry_count:
        return b'%b,"seq":%d,"retryCount":%d}' % (opened, seq, retry_count)
    return b'%b,"seq":%d}' % (opened, seq)
