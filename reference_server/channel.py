"""The deliveries of one registered connection: what was sent, what is confirmed, what comes next. No I/O of its own."""

from typing import Protocol

from reference_server import replies
from reference_server.confirmations import Confirmations
from reference_server.protocol import CloseCode
from reference_server.store import Admission

Key = tuple[str, str]
"""(userId, deviceId)"""


class Link(Protocol):
    """A connection as the delivery sees it."""

    def send(self, data: bytes) -> None:
        """Write one text frame without waiting; beyond the outbound limit the connection is closed."""

    def congested(self) -> bool:
        """Whether the client reads more slowly than it is written to."""

    async def drain(self) -> None:
        """Wait until the client has caught up, or is gone."""

    def close(self, code: CloseCode, reason: str) -> None:
        """Close, at once for the server and with a handshake for the client."""


class Channel:
    """The deliveries of one registered connection."""

    __slots__ = (
        "active_at",
        "addressee",
        "closed",
        "confirmed",
        "cursor",
        "generation",
        "high",
        "ids",
        "key",
        "link",
        "live",
        "numbers",
        "offered_before",
        "sends",
    )

    def __init__(self, key: Key, link: Link) -> None:
        self.key = key
        self.link = link
        self.addressee = replies.Addressee(*key)
        self.generation = 0
        self.confirmed = Confirmations()
        self.cursor = 0
        self.high = 0
        self.offered_before = 0
        self.live = False
        self.closed = False
        self.active_at = 0.0
        """When the device last sent a message, on the monotonic clock."""
        self.ids: dict[int, str] = {}
        self.numbers: dict[str, int] = {}
        self.sends: dict[int, tuple[float, int, int]] = {}
        """Unconfirmed: number -> (time to send again, times sent again here, retryCount of the first time)"""

    def admit(self, admission: Admission) -> None:
        """Take over where the device's confirmations end."""
        self.generation = admission.generation
        self.confirmed = Confirmations(admission.watermark, admission.exceptions)
        self.cursor = self.confirmed.watermark
        self.high = max(self.high, admission.last_seq)
        self.offered_before = admission.offered_before

    def expect_confirmation(self, seq: int, message_id: str, due: float, first: int) -> None:
        """Remember that a delivery was written and needs a confirmation."""
        self.ids[seq] = message_id
        self.numbers[message_id] = seq
        self.sends[seq] = (due, 0, first)

    def forget(self, seq: int) -> None:
        """Stop waiting for a confirmation."""
        message_id = self.ids.pop(seq, None)
        if message_id is not None and self.numbers.get(message_id) == seq:
            del self.numbers[message_id]
        self.sends.pop(seq, None)
