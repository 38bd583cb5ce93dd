"""The deliveries of one registered connection: what was sent, what is confirmed, what comes next. No I/O of its own."""

from typing import Protocol

from reference_server import replies
from reference_server.confirmations import Confirmations
from reference_server.protocol import CloseCode
from reference_server.store import Admission

Key = tuple[str, str]
"""(userId, deviceId)"""
NOTHING = 2**63 - 1
"""After this number nothing comes."""


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


class ReadableLink(Link, Protocol):
    """A connection whose reading can be stopped for a while."""

    def pause(self) -> None:
        """Stop reading; the client's own socket buffer fills up."""

    def resume(self) -> None:
        """Read on."""


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
        "recover_after",
        "revoked",
        "sends",
    )

    def __init__(self, key: Key, link: Link) -> None:
        self.key = key
        self.link = link
        self.addressee = replies.Addressee(*key)
        self.generation = 0
        self.revoked = 0
        """The generation that was revoked before this channel knew its own."""
        self.confirmed = Confirmations()
        self.cursor = 0
        self.high = 0
        self.offered_before = 0
        self.recover_after = NOTHING
        """What comes after this number is sent although it is confirmed."""
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

    def recover(self, after: int) -> None:
        """Begin after this number; what is unconfirmed before it still comes first."""
        self.recover_after = after
        self.cursor = min(self.cursor, after)

    def owes(self, seq: int) -> bool:
        """Whether a delivery is to be sent on this connection."""
        return seq > self.recover_after or seq not in self.confirmed

    def owed(self, first: int, last: int) -> list[tuple[int, int]]:
        """The numbers that `owes` is true of, as ranges with both ends included."""
        ranges = self.confirmed.missing(first, min(last, self.recover_after))
        asked_for = max(first, self.recover_after + 1)
        if asked_for <= last:
            ranges.append((asked_for, last))
        return ranges

    def seen_before(self, seq: int) -> bool:
        """Whether an earlier connection may have received a delivery."""
        return seq <= self.offered_before or seq in self.confirmed

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
