"""CloudMessage: JSON envelopes between the devices of a user, as the reference server speaks it.

A client is a device. It registers after the server's challenge, and confirms what it reads; `confirm=False` stops that.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from wireproof.dialects.base import (
    Dialect,
    Draft,
    Frame,
    Login,
    LoginRefused,
    Message,
    Outcome,
    Outgoing,
    Recovery,
    Traits,
    fresh_id,
    read_json,
    scalar_fields,
    write_json,
)
from wireproof.wiretext import safe

CAPABILITIES = {
    "supportsFileSync": True,
    "supportsVoiceCommands": False,
    "supportsVideoStreaming": False,
    "supportsNotifications": True,
    "maxFileSize": 10_485_760,
    "supportedFormats": ["txt", "json", "png"],
}
"""What a device can do unless the login says otherwise."""

_UNAVAILABLE = "UNAVAILABLE"
_FOR_SERVER = ("heartbeat", "ack", "device_register", "device_unregister")
_DEVICE = {"type": "desktop", "platform": "wireproof", "version": "1.0.0"}
_OPTIONAL = frozenset({*_DEVICE, "capabilities", "authToken", "sessionId", "epoch", "lastSeq"})
_REQUIRED = frozenset({"id", "userId"})


class CloudMessage(Dialect):
    """Envelopes with id, type, fromDeviceId, toDeviceId, userId, payload, timestamp, priority and requiresAck."""

    name = "cloudmessage"
    traits = Traits(acknowledges=True, marks_redelivery=True, keeps_body=True, redelivery_s=10.0)

    def __init__(self, client: str = "", arrivals: Iterator[int] | None = None, *, confirm: bool = True) -> None:
        super().__init__(client, arrivals)
        self._confirm = confirm
        self._device = ""
        self._user = ""
        self._recovery = Recovery()

    def feed(self, frame: Frame) -> list[Message]:
        value, problem = read_json(frame)
        if not isinstance(value, dict):
            return [self.message(frame, json=value, problem=problem or "a CloudMessage is a JSON object")]
        payload = value.get("payload")
        seq, retry = value.get("seq"), value.get("retryCount")
        return [
            self.message(
                frame,
                json=value,
                kind=_text(value, "type"),
                id=_text(value, "id"),
                reply_to=_text(payload, "originalMessageId"),
                flow=f"{_text(value, 'fromDeviceId')}→{self._device}",
                seq=seq if type(seq) is int else None,
                retry=retry if type(retry) is int else 0,
                gap=_gap(value),
                fields=scalar_fields(value),
                body=payload,
            )
        ]

    def login(self, credentials: Mapping[str, Any]) -> Login:
        """Registers a device: waits for the challenge, answers it, waits for the acknowledgement.

        Args:
            credentials: the payload of `device_register`: `id` and `userId`; `type`, `platform`, `version` and
                `capabilities` where they differ from a plain desktop's; `authToken`; to resume `sessionId`, `epoch`
                and `lastSeq`.
        """
        missing = sorted(_REQUIRED - credentials.keys())
        unknown = sorted(credentials.keys() - _REQUIRED - _OPTIONAL)
        if missing or unknown:
            found = [f"{name} is missing" for name in missing] + [f"{safe(name)} is unknown" for name in unknown]
            known = ", ".join(sorted(_REQUIRED | _OPTIONAL))
            raise ValueError(f"a CloudMessage login takes {known}; {', '.join(found)}")
        return self._register(dict(credentials))

    def _register(self, credentials: dict[str, Any]) -> Generator[Sequence[Outgoing], Message, Mapping[str, Any]]:
        self._device, self._user = str(credentials["id"]), str(credentials["userId"])
        message = yield ()
        while message.kind != "device_register":
            message = yield ()
        payload = {**_DEVICE, "capabilities": CAPABILITIES, **credentials}
        registration = self._envelope(
            Draft(payload, "device_register"), payload, confidential="authToken" in credentials
        )
        message = yield (registration,)
        while message.kind != "ack" or message.reply_to not in ("", registration.id):  # the answer may name no message
            if message.kind == "error":
                raise LoginRefused(_reason(message.body))
            message = yield ()
        if _text(message.body, "status") != "success":
            raise LoginRefused(_reason(message.body))
        self._recovery = _recovery(credentials, message.body)
        return dict(message.body)

    @property
    def identity(self) -> str:
        """The device's id, once it registers."""
        return self._device

    @property
    def recovery(self) -> Recovery:
        """What the server granted of what the registration presented."""
        return self._recovery

    def outcome(self, message: Message) -> Outcome:
        """An acknowledgement or an error of the server; UNAVAILABLE means that nobody knows."""
        status, code = _text(message.body, "status"), _text(message.body, "code")
        if not message.reply_to or message.kind not in {"ack", "error"}:
            return ""
        if message.kind == "error" or status == "failed":
            return "unknown" if code == _UNAVAILABLE else "refused"
        return "acked"

    def welcomes(self, message: Message) -> bool:
        """The acknowledgement of a registration is the one that names a session."""
        return message.kind == "ack" and bool(_text(message.body, "sessionId"))

    def answers(self, message: Message) -> Sequence[Outgoing]:
        """A confirmation for what the server stored for this device and wants confirmed."""
        if not self._confirm or message.seq is None or message.fields.get("requiresAck") != "true":
            return ()
        payload = {"originalMessageId": message.id, "seq": message.seq}
        return (self._envelope(Draft(kind="ack", fields={"requiresAck": False}), payload),)

    def encode(self, draft: Draft) -> Outgoing:
        """An envelope of this device; `fields` set or override its top-level fields, also to wrong identities."""
        return self._envelope(draft, draft.body)

    def _envelope(self, draft: Draft, payload: Any, *, confidential: bool = False) -> Outgoing:
        envelope: dict[str, Any] = {
            "id": draft.id or fresh_id(),
            "type": draft.kind or "user_message",
            "fromDeviceId": self._device,
            "userId": self._user,
            "payload": payload,
            "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "priority": 1,
            "requiresAck": True,
        }
        if draft.to:
            envelope["toDeviceId"] = draft.to
        envelope.update({name: _typed(name, value) for name, value in draft.fields.items()})
        text = write_json(envelope)
        return Outgoing(
            text,
            id=str(envelope["id"]),
            kind=str(envelope["type"]),
            to=str(envelope.get("toDeviceId") or ""),
            about=_text(payload, "originalMessageId"),
            body=payload,
            acknowledged=bool(envelope["requiresAck"]),
            for_peer=envelope["type"] in _FOR_SERVER,
            confidential=confidential,
        )


def _typed(name: str, value: Any) -> Any:
    """Robot gives texts; the envelope wants a number and a boolean in these two fields."""
    if name == "priority" and isinstance(value, str) and value.removeprefix("-").isdecimal():
        return int(value)
    if name == "requiresAck" and isinstance(value, str) and value.lower() in {"true", "false", "yes", "no"}:
        return value.lower() in {"true", "yes"}
    return value


def _text(value: Any, name: str) -> str:
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, str) else ""


def _recovery(presented: Mapping[str, Any], granted: Mapping[str, Any]) -> Recovery:
    last_seq = presented.get("lastSeq")
    return Recovery(
        epoch=_text(granted, "epoch"),
        resumed=granted.get("resumed") is True if "sessionId" in presented else None,
        last_seq=last_seq if type(last_seq) is int else None,
        recovered=granted.get("recovered") is True if "lastSeq" in presented else None,
    )


def _gap(envelope: Mapping[str, Any]) -> tuple[int, int] | None:
    """The deliveries that the server gives up; the same words with a number are some device's."""
    payload = envelope.get("payload")
    is_notice = envelope.get("type") == "notification" and "seq" not in envelope
    if not is_notice or not isinstance(payload, dict) or payload.get("change") != "gap":
        return None
    first, last = payload.get("fromSeq"), payload.get("toSeq")
    return (first, last) if type(first) is int and type(last) is int else None


def _reason(payload: Any) -> str:
    parts = (_text(payload, "code"), _text(payload, "error"), _text(payload, "message"))
    return safe(": ".join(part for part in parts if part) or "refused without a reason")
