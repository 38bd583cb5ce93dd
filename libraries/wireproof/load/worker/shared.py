"""What all connections of one worker share."""

import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING

from wireproof.load.worker.reading import Reader
from wireproof.load.worker.receipts import Shapes
from wireproof.load.worker.tally import Tally
from wireproof.load.worker.template import Builder, Values

if TYPE_CHECKING:
    from wireproof.load.worker.connection import Connection
    from wireproof.load.worker.rows import RowLooks
    from wireproof.load.worker.user_shard import Seat


def _nobody_comes_back(client: int, since_ns: int) -> None:
    """A lost connection stays lost."""


class Worker:
    """The state of one worker.

    Attributes:
        tally: what they saw.
        rows: looks for the rows of messages, where that is asked for.
        closed_loop: whether an answer sends the next message; off while nothing more shall be sent.
        awaited: the messages that a closed loop waits for, and the clients that sent them.
        models: what builds messages like one of number 0, if anything but a dialect can, and their bodies' digest.
        frames, parsed: how many messages came, and how many of them the dialect had to read.
        faults: what the dialect raised: how often, and the first one's traceback.
        acknowledged: whether a message is done when the peer says so, else when it arrives.
        lost: told of a client whose connection ended, and since when that had stood.
        notes_others: whether messages that nobody of this load sent are receipts, too: what a server pushes.
    """

    def __init__(self, shard: int, reader: Reader) -> None:
        self.tally = Tally(shard)
        self.reader = reader
        self.shapes = Shapes(reader)
        self.known = self.shapes.known
        self.values = Values()
        self.models: dict[bytes, tuple[Builder | None, int]] = {}
        self.connections: dict[int, Connection | Seat] = {}
        self.rows: RowLooks | None = None
        self.closed_loop = False
        self.awaited: dict[int, int] = {}
        self.acknowledged = False
        self.lost: Callable[[int, int], None] = _nobody_comes_back
        self.notes_others = False
        self.frames = self.parsed = 0
        self.faults = 0
        self.first_fault = ""
        self.misread = ""

    def fault(self) -> None:
        """Counts what a dialect raised; to be called where it is handled."""
        self.faults += 1
        self.first_fault = self.first_fault or traceback.format_exc()

    def done(self, number: int, at_ns: int) -> None:
        """A message of a closed loop came to its end: its sender sends the next."""
        client = self.awaited.pop(number, None)
        if client is None:
            return
        connection = self.connections[client]
        # What it sent on an earlier connection is not among those that it has under way now.
        if number >= connection.since:
            connection.send(at_ns)
