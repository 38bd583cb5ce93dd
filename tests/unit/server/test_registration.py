"""What a device may say when it registers, and what its token says about that."""

import json
from typing import Any

import jwt
import pytest

from reference_server.auth import AUDIENCE, AuthError, Tokens, bearer
from reference_server.clock import Clock
from reference_server.protocol import Envelope, parse
from reference_server.registration import RegistrationError, authorize, read, recovers

SECRET = "a secret of at least thirty-two bytes"
CAPABILITIES = {
    "supportsFileSync": True,
    "supportsVoiceCommands": False,
    "supportsVideoStreaming": False,
    "supportsNotifications": True,
    "maxFileSize": 1024,
    "supportedFormats": ["txt"],
}
PAYLOAD = {
    "id": "phone",
    "userId": "ada",
    "type": "mobile",
    "platform": "test",
    "version": "1.0.0",
    "capabilities": CAPABILITIES,
}


class Standing(Clock):
    def wall(self) -> float:
        return 1_000_000.0 + self.ahead


TOKENS = Tokens(SECRET, Standing())


def message(payload: Any, **changes: Any) -> Envelope:
    fields = {
        "id": "r",
        "type": "device_register",
        "fromDeviceId": "phone",
        "userId": "ada",
        "payload": payload,
        "timestamp": "2026-01-01T00:00:00Z",
        "priority": 1,
        "requiresAck": True,
    }
    return parse(json.dumps({**fields, **changes}).encode())


def test_a_registration_is_read():
    registration = read(message({**PAYLOAD, "lastSeq": 3, "fromAnOldClient": 1}))
    assert (registration.id, registration.user_id, registration.type, registration.last_seq) == (
        "phone",
        "ada",
        "mobile",
        3,
    )
    assert registration.capabilities.supports_file_sync


@pytest.mark.parametrize("name", PAYLOAD)
def test_a_missing_field_is_named(name: str):
    with pytest.raises(RegistrationError, match=rf"^payload\.{name}: is missing$"):
        read(message({key: value for key, value in PAYLOAD.items() if key != name}))


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("id", 1, "payload.id: expected `str`, got `int`"),
        ("type", "toaster", "payload.type: expected mobile, desktop or extension"),
        ("platform", None, "payload.platform: expected `str`, got `null`"),
        ("platform", "a\0b", "payload.platform: holds a NUL character"),
        ("capabilities", [], "payload.capabilities: expected `object`, got `array`"),
        ("capabilities", {"supportsFileSync": 1}, "payload.capabilities.supportsFileSync: expected `bool`, got `int`"),
        (
            "capabilities",
            {"supportedFormats": [1]},
            "payload.capabilities.supportedFormats[0]: expected `str`, got `int`",
        ),
        ("sessionId", "a\0b", "payload.sessionId: holds a NUL character"),
        ("sessionId", "x" * 201, "payload.sessionId: expected `str` of length <= 200"),
        ("lastSeq", -1, "payload.lastSeq: expected `int` >= 0"),
        ("id", "other", "fromDeviceId: differs from payload.id"),
        ("userId", "other", "userId: differs from payload.userId"),
    ],
)
def test_a_wrong_field_is_named(name: str, value: Any, says: str):
    with pytest.raises(RegistrationError) as caught:
        read(message({**PAYLOAD, name: value}))
    assert str(caught.value) == says


@pytest.mark.parametrize("payload", [None, [], "x", 17])
def test_a_registration_that_is_no_object(payload: Any):
    with pytest.raises(RegistrationError, match=r"^payload: expected `object`"):
        read(message(payload))


def test_no_device_may_call_itself_the_server():
    with pytest.raises(RegistrationError, match=r"^payload\.id: server is the server's own name$"):
        read(message({**PAYLOAD, "id": "server"}, fromDeviceId="server"))


def test_a_token_names_who_may_register():
    identity = TOKENS.check(TOKENS.issue("ada", "phone").token)
    assert (identity.user_id, identity.device_id) == ("ada", "phone")
    authorize(read(message(PAYLOAD)), identity)


@pytest.mark.parametrize(("user", "device"), [("ada", "tablet"), ("bob", "phone")])
def test_a_token_of_another_device_does_not_tell_which_part_is_wrong(user: str, device: str):
    with pytest.raises(AuthError, match=r"^the token belongs to another device$"):
        authorize(read(message(PAYLOAD)), TOKENS.check(TOKENS.issue(user, device).token))


def claims(**changes: Any) -> dict[str, Any]:
    whole = {"sub": "ada", "device": "phone", "aud": AUDIENCE, "exp": 2_000_000, "jti": "j", **changes}
    return {name: value for name, value in whole.items() if value is not None}


@pytest.mark.parametrize(
    "changes",
    [{name: None} for name in claims()]
    + [{"exp": 999_999}, {"exp": "soon"}, {"aud": "else"}, {"sub": ""}, {"sub": 1}, {"device": 1}],
)
def test_a_token_with_a_wrong_claim_is_refused(changes: dict[str, Any]):
    with pytest.raises(AuthError):
        TOKENS.check(jwt.encode(claims(**changes), SECRET, algorithm="HS256"))


def test_a_token_that_is_not_ours_is_refused():
    unsigned = jwt.encode(claims(), None, algorithm="none")
    for token in ("", "x", "a.b.c", unsigned, jwt.encode(claims(), SECRET[::-1], algorithm="HS256")):
        with pytest.raises(AuthError) as caught:
            TOKENS.check(token)
        assert not token or token not in str(caught.value)


def test_expiry_follows_the_servers_clock():
    with pytest.raises(AuthError, match="expired"):
        TOKENS.check(TOKENS.issue("ada", "phone", expires_in=0).token)
    with pytest.raises(AuthError, match="another service"):
        TOKENS.check(TOKENS.issue("ada", "phone", audience="else").token)


def test_an_identity_is_checked_again():
    clock = Standing()
    tokens = Tokens(SECRET, clock)
    identity = tokens.check(tokens.issue("ada", "phone", expires_in=10).token)
    clock.advance(9)
    tokens.check_again(identity)
    clock.advance(1)
    with pytest.raises(AuthError, match="expired"):
        tokens.check_again(identity)


@pytest.mark.parametrize(
    ("epoch", "last_seq", "kept", "outcome"),
    [
        ("e", 4, 6, True),
        ("e", 0, 10, True),
        ("e", 10, 0, True),
        ("other", 4, 6, False),
        (None, 4, 6, False),
        ("e", None, 0, False),
        ("e", None, 10, False),
        ("e", 11, 0, False),
        ("e", 4, 5, False),
        ("e", 9, 0, False),
    ],
)
def test_a_device_recovers_when_nothing_that_it_missed_is_gone(
    epoch: str | None, last_seq: int | None, kept: int, outcome: bool
):
    """The device's numbering is `e`, and its newest delivery has number 10."""
    registration = read(message({**PAYLOAD, "epoch": epoch, "lastSeq": last_seq}))
    assert recovers(registration, "e", 10, kept) is outcome


def test_the_authorization_header():
    assert bearer(None) is None
    assert bearer("Bearer abc") == "abc"
    for header in ("Basic abc", "Bearer", "Bearer ", "abc"):
        with pytest.raises(AuthError):
            bearer(header)
