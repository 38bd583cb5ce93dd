"""Who receives which type: the table of the protocol."""

import msgspec
import pytest

from reference_server.protocol import Envelope
from reference_server.router import Rule, audience

TALK = ["user_message", "user_response", "device_status"]
TASKS = ["task_start", "task_pause", "task_resume", "task_cancel", "task_status"]
FILES = ["file_upload", "file_download", "file_sync", "file_delete"]
NOT_EXCHANGED = ["heartbeat", "ack", "error", "device_register", "device_unregister"]
TABLE = {
    **dict.fromkeys(TALK, Rule.OTHERS),
    **dict.fromkeys(TASKS, Rule.TASK_RUNNER),
    **dict.fromkeys(FILES, Rule.FILE_SYNC),
    "notification": Rule.NOTIFICATIONS,
    "device_handoff": Rule.NOBODY,
}


def message(kind: str, to: str | None = None) -> Envelope:
    return Envelope(
        id="m",
        type=kind,
        from_device_id="phone",
        to_device_id=to,
        user_id="ada",
        payload=msgspec.Raw(b"null"),
        timestamp="2026-01-01T00:00:00Z",
        priority=1,
        requires_ack=True,
    )


@pytest.mark.parametrize(("kind", "rule"), TABLE.items())
def test_without_a_target_the_type_decides(kind: str, rule: Rule):
    assert audience(message(kind)) is rule


@pytest.mark.parametrize("kind", TABLE)
def test_a_target_is_the_whole_audience(kind: str):
    assert audience(message(kind, to="desktop")) is Rule.DIRECT


@pytest.mark.parametrize("kind", NOT_EXCHANGED)
@pytest.mark.parametrize("to", [None, "desktop"])
def test_these_are_not_for_other_devices(kind: str, to: str | None):
    assert audience(message(kind, to)) is None


def test_every_type_has_its_row():
    kinds = next(field for field in msgspec.structs.fields(Envelope) if field.name == "type").type.__args__
    assert set(kinds) == {*TABLE, *NOT_EXCHANGED}
