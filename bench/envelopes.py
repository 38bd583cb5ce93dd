"""CloudMessage envelopes of one bench device as byte templates: nothing is serialised while the clock runs."""

import json
import struct
import time
import uuid
from typing import Any

import jwt

ENVELOPE_BYTES = 250


def text_frame(message: bytes) -> bytes:
    """A client's frame; its mask is zero, so the message is in it as it is."""
    size = len(message)
    if size < 126:
        return struct.pack("!BB4x", 0x81, 0x80 | size) + message
    return struct.pack("!BBH4x", 0x81, 0xFE, size) + message


class Envelopes:
    """What a device sends: its registration, numbered messages to its partner, confirmations."""

    def __init__(self, nonce: str, number: int) -> None:
        self.user, self.device, self.partner = f"{nonce}-u{number // 2}", f"{nonce}-d{number}", f"{nonce}-d{number ^ 1}"
        self._prefix = f'{{"id":"{nonce}-'.encode()
        bare = self._tail("user_message", True, f'"toDeviceId":"{self.partner}","payload":""')
        padding = "x" * (ENVELOPE_BYTES - len(self._prefix) - 8 - len(bare))
        self._message = self._tail("user_message", True, f'"toDeviceId":"{self.partner}","payload":"{padding}"')
        self._confirmation = self._tail("ack", False, '"payload":{"originalMessageId":"')[:-1]

    def message(self, number: int) -> bytes:
        """The message of that number, `ENVELOPE_BYTES` long; its id ends with the number."""
        return b"%b%08d%b" % (self._prefix, number, self._message)

    def confirmation(self, message_id: str, seq: int) -> bytes:
        identity = message_id.encode()
        return b'{"id":"c-%b%b%b","seq":%d}}' % (identity, self._confirmation, identity, seq)

    def registration(self, token_secret: str) -> bytes:
        """The answer to the challenge, with a token of its own."""
        payload: dict[str, Any] = {
            "id": self.device,
            "userId": self.user,
            "type": "desktop",
            "platform": "bench",
            "version": "1.0.0",
            "capabilities": {"supportsFileSync": True, "supportsNotifications": True},
            "authToken": jwt.encode(self._claims(), token_secret, algorithm="HS256"),
        }
        tail = self._tail("device_register", True, f'"payload":{json.dumps(payload)}')
        return b'{"id":"r-%b%b' % (self.device.encode(), tail)

    def _tail(self, kind: str, requires_ack: bool, rest: str) -> bytes:
        return (
            f'","type":"{kind}","fromDeviceId":"{self.device}","userId":"{self.user}",'
            f'"timestamp":"2026-01-01T00:00:00Z","priority":1,"requiresAck":{str(requires_ack).lower()},{rest}}}'
        ).encode()

    def _claims(self) -> dict[str, Any]:
        expiry = int(time.time()) + 3600
        return {"sub": self.user, "device": self.device, "aud": "cloudmessage", "exp": expiry, "jti": uuid.uuid4().hex}
