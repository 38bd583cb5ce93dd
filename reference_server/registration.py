"""What a device says when it registers, and whether that can be right. Pure, no I/O."""

from typing import Annotated, Literal

import msgspec

from reference_server.auth import AuthError, Identity
from reference_server.protocol import MAX_ID_LENGTH, Envelope, Id


class RegistrationError(Exception):
    """The registration cannot be accepted; the text names the field."""


class Capabilities(msgspec.Struct, rename="camel"):
    """What a device can do; what it leaves out it cannot."""

    supports_file_sync: bool = False
    supports_voice_commands: bool = False
    supports_video_streaming: bool = False
    supports_notifications: bool = False
    max_file_size: int | float = 0
    supported_formats: list[str] = []


class Registration(msgspec.Struct, rename="camel"):
    """The payload of `device_register`; unknown fields are ignored, older clients send some."""

    id: Id
    user_id: Id
    type: Literal["mobile", "desktop", "extension"]
    platform: Annotated[str, msgspec.Meta(max_length=100)]
    version: Annotated[str, msgspec.Meta(max_length=100)]
    capabilities: Capabilities
    auth_token: str | None = None
    session_id: Annotated[str, msgspec.Meta(max_length=MAX_ID_LENGTH)] | None = None
    epoch: Annotated[str, msgspec.Meta(max_length=MAX_ID_LENGTH)] | None = None
    last_seq: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] | None = None


_decode = msgspec.json.Decoder(Registration).decode


def read(envelope: Envelope) -> Registration:
    """The registration in a `device_register` message; raises RegistrationError naming the field."""
    try:
        registration = _decode(envelope.payload)
    except msgspec.ValidationError as problem:
        raise RegistrationError(_plain(str(problem))) from None
    except (msgspec.DecodeError, RecursionError):
        raise RegistrationError("payload: cannot be read") from None
    for name, text in (
        ("id", registration.id),
        ("userId", registration.user_id),
        ("platform", registration.platform),
        ("version", registration.version),
        ("sessionId", registration.session_id),
    ):
        if text is not None and "\0" in text:
            raise RegistrationError(f"payload.{name}: holds a NUL character")
    if envelope.from_device_id != registration.id:
        raise RegistrationError("fromDeviceId: differs from payload.id")
    if envelope.user_id != registration.user_id:
        raise RegistrationError("userId: differs from payload.userId")
    if registration.id == "server":
        raise RegistrationError("payload.id: server is the server's own name")
    return registration


def authorize(registration: Registration, identity: Identity) -> None:
    """Whether a token allows this registration; raises AuthError. It does not tell a wrong user from a wrong device."""
    if (registration.user_id, registration.id) != (identity.user_id, identity.device_id):
        raise AuthError("the token belongs to another device")


def recovers(registration: Registration, epoch: str, last_seq: int, kept: int) -> bool:
    """Whether everything can be sent again that the device missed.

    It must speak of the present numbering, and of all `kept` deliveries after its `lastSeq` none may be gone. One that
    claims more than was ever sent misses a negative number, which is never kept.
    """
    if registration.last_seq is None or registration.epoch != epoch:
        return False
    return kept == last_seq - registration.last_seq


def _plain(problem: str) -> str:
    """msgspec's reason as `payload.field: reason`."""
    reason, _, path = problem.rpartition(" - at `$")
    if not reason:
        reason, path = problem, "`"
    place = "payload" + path.removesuffix("`")
    if reason.startswith("Object missing required field `"):
        return f"{place}.{reason[31:-1]}: is missing"
    if reason.startswith("Invalid enum value"):
        return f"{place}: expected mobile, desktop or extension"
    return f"{place}: {reason[0].lower()}{reason[1:]}"
