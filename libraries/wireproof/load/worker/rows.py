"""Looks for the row of a message as soon as the message is acknowledged: whether what is promised is stored."""

import asyncio
from array import array
from typing import TYPE_CHECKING, Any

from wireproof.journal import now_ns

if TYPE_CHECKING:
    from psycopg import AsyncConnection

    from wireproof.load.plan import RowProbe
    from wireproof.load.worker.ids import Ids
    from wireproof.load.worker.tally import Tally


class RowLooks:
    """Asks for rows, one after another, on a connection of its own.

    Args:
        probe: what to ask, and for which messages.
        ids: how messages are called.

    Attributes:
        missing: messages that were acknowledged and have no row.
        failed: looks that brought no answer.
    """

    def __init__(self, probe: "RowProbe", ids: "Ids") -> None:
        self.every = probe.every
        self.missing = 0
        self.failed = 0
        self._probe, self._ids = probe, ids
        self._message, self._at = array("q"), array("q")
        self._asked: asyncio.Queue[int] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self._busy = False

    async def open(self) -> None:
        """Connects.

        Raises:
            ValueError: the database cannot be reached.
        """
        import psycopg

        try:
            self._connection: AsyncConnection[Any] = await psycopg.AsyncConnection.connect(
                self._probe.dsn, autocommit=True
            )
        except psycopg.OperationalError as error:
            raise ValueError(f"the database whose rows are looked for cannot be reached: {error}") from None
        self._task = asyncio.ensure_future(self._work())

    def ask(self, number: int) -> None:
        """A message was acknowledged: if it is one of those, its row has to be there."""
        if not number % self.every:
            self._asked.put_nowait(number)

    @property
    def is_idle(self) -> bool:
        """Whether every look has been answered."""
        return self._asked.empty() and not self._busy

    async def _work(self) -> None:
        import psycopg

        while True:
            number = await self._asked.get()
            self._busy = True
            try:
                cursor = await self._connection.execute(self._probe.query, (self._ids.text(number),))
                row = await cursor.fetchone()
            except psycopg.Error:
                self.failed += 1
            else:
                if row is None:
                    self.missing += 1
                else:
                    self._message.append(number)
                    self._at.append(now_ns())
            self._busy = False

    async def close(self) -> None:
        """Ends."""
        if self._task is not None:
            self._task.cancel()
            await self._connection.close()

    def times(self, tally: "Tally") -> "tuple[array[int], array[int]]":
        """When each message was due whose row was found, and how long it took until it was stored and delivered."""
        arrived: dict[int, int] = {}
        wanted = set(self._message)
        received, sent_due = tally.columns("received"), tally.columns("sent")["due"]
        for number, at_ns in zip(received["message"].tolist(), received["at"].tolist(), strict=True):
            if number in wanted:
                arrived.setdefault(number, at_ns)
        due, took = array("q"), array("q")
        for number, at_ns in zip(self._message, self._at, strict=True):
            if number in arrived:
                due_ns = int(sent_due[number - tally.first])
                due.append(due_ns)
                took.append(max(arrived[number], at_ns) - due_ns)
        return due, took
