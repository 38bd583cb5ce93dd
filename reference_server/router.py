"""Who receives a message: the table of the protocol, as pure rules. The store resolves a rule to devices at commit."""

from enum import IntEnum

from reference_server.protocol import Envelope


class Rule(IntEnum):
    """An audience within the sender's user; the numbers are what the SQL function `store_batch` knows."""

    DIRECT = 0
    """The device named in toDeviceId."""
    OTHERS = 1
    """Every other device of the user."""
    FILE_SYNC = 2
    """Every other device that supports file sync."""
    NOTIFICATIONS = 3
    """Every other device that supports notifications."""
    TASK_RUNNER = 4
    """The most recently active other desktop or extension."""
    NOBODY = 5
    """No one: the message needs toDeviceId and has none."""


_WITHOUT_TARGET = {
    "user_message": Rule.OTHERS,
    "user_response": Rule.OTHERS,
    "device_status": Rule.OTHERS,
    "task_start": Rule.TASK_RUNNER,
    "task_pause": Rule.TASK_RUNNER,
    "task_resume": Rule.TASK_RUNNER,
    "task_cancel": Rule.TASK_RUNNER,
    "task_status": Rule.TASK_RUNNER,
    "file_upload": Rule.FILE_SYNC,
    "file_download": Rule.FILE_SYNC,
    "file_sync": Rule.FILE_SYNC,
    "file_delete": Rule.FILE_SYNC,
    "notification": Rule.NOTIFICATIONS,
    "device_handoff": Rule.NOBODY,
}


def audience(envelope: Envelope) -> Rule | None:
    """The rule for a message; None for the types that devices do not exchange (heartbeat, ack, registration, error)."""
    rule = _WITHOUT_TARGET.get(envelope.type)
    return Rule.DIRECT if rule is not None and envelope.to_device_id is not None else rule
