"""What one worker saw, as columns that grow: nothing but appends while the clock runs."""

from array import array
from collections import Counter
from typing import TYPE_CHECKING

from wireproof.delivery.columns import ABSENT
from wireproof.load.ids import PER_SHARD

if TYPE_CHECKING:
    from wireproof.load.connection import Connection


class Tally:
    """All messages, receipts and connections of one worker; clients by their number in the plan, from 1.

    Attributes:
        first: the number of the worker's first message; message `first + row` is row `row` of what was sent.
        open: for each message whether the closed loop still waits for it.
        errors: what went wrong, counted by its name: an errno, an HTTP status, a close code.
    """

    def __init__(self, shard: int) -> None:
        self.first = shard * PER_SHARD
        self.open = bytearray()
        self.errors: Counter[str] = Counter()
        self.sent_client, self.sent_at, self.sent_due = array("q"), array("q"), array("q")
        self.received_message, self.received_client, self.received_at = array("q"), array("q"), array("q")
        self.received_seq, self.received_retry, self.received_digest = array("q"), array("q"), array("q")
        self.verdict_message, self.verdict_client = array("q"), array("q")
        self.verdict_outcome, self.verdict_at = array("q"), array("q")
        self.confirmed_message, self.confirmed_client, self.confirmed_at = array("q"), array("q"), array("q")
        self.connections: list[tuple[int, int, int]] = []
        self.logins: list[tuple[int, int, str, int, str, int, int]] = []
        self.closes: list[tuple[int, int, int]] = []
        self.gaps: list[tuple[int, int, int, int]] = []
        self.connect_at, self.connect_took = array("q"), array("q")
        self.login_at, self.login_took = array("q"), array("q")
        self.tried = self.refused = 0
        self.unsent = 0
        self.others = 0

    @property
    def sent(self) -> int:
        return len(self.sent_at)

    def send(self, client: int, due_ns: int, at_ns: int) -> int:
        """Notes a sending and gives its message's number."""
        number = self.first + len(self.sent_at)
        self.sent_client.append(client)
        self.sent_due.append(due_ns)
        self.sent_at.append(at_ns)
        self.open.append(1)
        return number

    def receive(self, client: int, number: int, at_ns: int, seq: int = ABSENT, retry: int = 0, digest: int = 0) -> None:
        """Notes a receipt."""
        self.received_message.append(number)
        self.received_client.append(client)
        self.received_at.append(at_ns)
        self.received_seq.append(seq)
        self.received_retry.append(retry)
        self.received_digest.append(digest)

    def judge(self, client: int, number: int, outcome: int, at_ns: int) -> None:
        """Notes what the peer said of a message."""
        self.verdict_message.append(number)
        self.verdict_client.append(client)
        self.verdict_outcome.append(outcome)
        self.verdict_at.append(at_ns)

    def confirm(self, client: int, number: int, at_ns: int) -> None:
        """Notes that a recipient said that it has it."""
        self.confirmed_message.append(number)
        self.confirmed_client.append(client)
        self.confirmed_at.append(at_ns)

    def completes(self, number: int) -> int:
        """The row of a message of this worker that the closed loop waited for, once; ABSENT for any other."""
        row = number - self.first
        if 0 <= row < len(self.open) and self.open[row]:
            self.open[row] = 0
            return row
        return ABSENT

    def opened(self, connection: "Connection", at_ns: int) -> None:
        """Notes that a connection stands and is logged in."""
        client, dialect = connection.client, connection.dialect
        recovery, told = dialect.recovery, connection.connected_at
        if connection.member.login:
            self.login_at.append(at_ns)
            self.login_took.append(at_ns - told)
        last_seq = ABSENT if recovery.last_seq is None else recovery.last_seq
        recovered = ABSENT if recovery.recovered is None else int(recovery.recovered)
        self.entered(client, told, at_ns, dialect.identity, recovery.epoch, last_seq, recovered)

    def entered(
        self,
        client: int,
        connected_ns: int,
        at_ns: int,
        identity: str = "",
        epoch: str = "",
        last_seq: int = ABSENT,
        recovered: int = ABSENT,
    ) -> None:
        """Notes that a client is in, and what the peer said of its session."""
        self.connections.append((client, client, connected_ns))
        self.logins.append((client, client, identity, at_ns, epoch, last_seq, recovered))

    def columns(self) -> dict[str, "dict[str, array[int]]"]:
        """The large tables, by table and column."""
        return {
            "sent": {"client": self.sent_client, "at": self.sent_at, "due": self.sent_due},
            "received": {
                "message": self.received_message,
                "client": self.received_client,
                "at": self.received_at,
                "seq": self.received_seq,
                "retry": self.received_retry,
                "digest": self.received_digest,
            },
            "verdicts": {
                "message": self.verdict_message,
                "client": self.verdict_client,
                "outcome": self.verdict_outcome,
                "at": self.verdict_at,
            },
            "confirmed": {
                "message": self.confirmed_message,
                "client": self.confirmed_client,
                "at": self.confirmed_at,
            },
        }
