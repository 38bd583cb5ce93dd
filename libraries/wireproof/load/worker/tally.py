"""What one worker saw, as rows of numbers: nothing but packed bytes are appended while the clock runs."""

from array import array
from collections import Counter
from collections.abc import Mapping
from struct import Struct
from typing import TYPE_CHECKING

from wireproof.delivery.columns import ABSENT
from wireproof.load.worker.ids import PER_SHARD

if TYPE_CHECKING:
    from wireproof.delivery.history import Ints
    from wireproof.load.worker.connection import Connection

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "sent": ("client", "at", "due"),
    "received": ("message", "client", "at", "seq", "retry", "digest"),
    "verdicts": ("message", "client", "outcome", "at"),
    "confirmed": ("message", "client", "at"),
}
"""The large tables. One row at once costs half of what its values cost one by one."""

_sent, _received, _verdict, _confirmed = (Struct(f"={len(columns)}q").pack for columns in COLUMNS.values())


class Attempts:
    """Attempts to open connections: how many were made, and how long those took that got one."""

    def __init__(self, word: str, errors: Counter[str]) -> None:
        self.tried = self.refused = 0
        self.at, self.took = array("q"), array("q")
        self._word, self._errors = word, errors

    def made(self, began_ns: int, at_ns: int) -> None:
        """There is a connection."""
        self.at.append(at_ns)
        self.took.append(at_ns - began_ns)

    def failed(self, why: str) -> None:
        """There is none, or the protocol did not let the client in."""
        self.refused += 1
        self._errors[f"{self._word}: {why}"] += 1


class Tally:
    """All messages, receipts and connections of one worker; clients by their number in the plan, from 1.

    Attributes:
        first: the number of the worker's first message; message `first + row` is row `row` of what was sent.
        next: the number that the next message gets.
        errors: what went wrong, counted by its name: an errno, an HTTP status, a close code.
        connects, reconnects: attempts to open the first connections of clients, and later ones.
    """

    def __init__(self, shard: int) -> None:
        self.first = self.next = shard * PER_SHARD
        self.errors: Counter[str] = Counter()
        self._rows = {table: array("q") for table in COLUMNS}
        self._note_sent = self._rows["sent"].frombytes
        self._note_received = self._rows["received"].frombytes
        self._note_verdict = self._rows["verdicts"].frombytes
        self._note_confirmed = self._rows["confirmed"].frombytes
        self._made: Counter[int] = Counter()
        self.connections: list[tuple[int, int, int]] = []
        self.logins: list[tuple[int, int, str, int, str, int, int]] = []
        self.closes: list[tuple[int, int, int]] = []
        self.gaps: list[tuple[int, int, int, int]] = []
        self.connects, self.reconnects = Attempts("connect", self.errors), Attempts("reconnect", self.errors)
        self.login_at, self.login_took = array("q"), array("q")
        self.unsent = 0
        self.others = 0

    @property
    def sent(self) -> int:
        """How many messages went out."""
        return self.next - self.first

    def send(self, client: int, due_ns: int, at_ns: int) -> int:
        """Notes a sending and gives its message's number."""
        number = self.next
        self.next = number + 1
        self._note_sent(_sent(client, at_ns, due_ns))
        return number

    def receive(self, client: int, number: int, at_ns: int, seq: int = ABSENT, retry: int = 0, digest: int = 0) -> None:
        """Notes a receipt."""
        self._note_received(_received(number, client, at_ns, seq, retry, digest))

    def judge(self, client: int, number: int, outcome: int, at_ns: int) -> None:
        """Notes what the peer said of a message."""
        self._note_verdict(_verdict(number, client, outcome, at_ns))

    def confirm(self, client: int, number: int, at_ns: int) -> None:
        """Notes that a recipient said that it has it."""
        self._note_confirmed(_confirmed(number, client, at_ns))

    def count(self, table: str) -> int:
        """How many rows a table has."""
        return len(self._rows[table]) // len(COLUMNS[table])

    def columns(self, table: str, begin: int = 0) -> "dict[str, Ints]":
        """The columns of a table, from a row on; what is noted later does not change them."""
        import numpy as np

        names = COLUMNS[table]
        matrix = np.array(self._rows[table][begin * len(names) :], np.int64).reshape(-1, len(names))
        return {name: np.ascontiguousarray(matrix[:, place]) for place, name in enumerate(names)}

    @property
    def clients(self) -> int:
        """How many clients were let in."""
        return len(self._made)

    def opened(self, connection: "Connection", at_ns: int) -> int:
        """Notes that a connection stands and is logged in; gives the how manieth of its client it is, from 1."""
        client, dialect = connection.client, connection.dialect
        recovery, told = dialect.recovery, connection.connected_at
        if connection.member.login and not self._made[client]:
            self.login_at.append(at_ns)
            self.login_took.append(at_ns - told)
        last_seq = ABSENT if recovery.last_seq is None else recovery.last_seq
        recovered = ABSENT if recovery.recovered is None else int(recovery.recovered)
        return self.entered(client, told, at_ns, dialect.identity, recovery.epoch, last_seq, recovered)

    def entered(
        self,
        client: int,
        connected_ns: int,
        at_ns: int,
        identity: str = "",
        epoch: str = "",
        last_seq: int = ABSENT,
        recovered: int = ABSENT,
    ) -> int:
        """Notes that a client is in, and what the peer said of its session; gives the connection's number."""
        self._made[client] += 1
        number = self._made[client]
        self.connections.append((client, number, connected_ns))
        self.logins.append((client, number, identity, at_ns, epoch, last_seq, recovered))
        return number
