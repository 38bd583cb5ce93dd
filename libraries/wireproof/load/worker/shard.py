"""One worker of a load: it opens its members' connections, sends by the schedule, and waits for what is on its way."""

import asyncio
import contextlib
import gc
from array import array
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from wireproof import dialects
from wireproof.dialects import Dialect, Draft
from wireproof.journal import now_ns
from wireproof.load import profile
from wireproof.load.outlook import Outlook, Progress
from wireproof.load.plan import Plan
from wireproof.load.split import schedule, senders_of, shards_of
from wireproof.load.talk import ShardResult
from wireproof.load.worker.bodies import padded
from wireproof.load.worker.columns import history_of
from wireproof.load.worker.connection import Connection
from wireproof.load.worker.dial import Dialer
from wireproof.load.worker.ids import Ids
from wireproof.load.worker.pacer import pace
from wireproof.load.worker.probes import Probes
from wireproof.load.worker.reading import Reader
from wireproof.load.worker.returns import Returns
from wireproof.load.worker.rows import RowLooks
from wireproof.load.worker.shared import Worker

if TYPE_CHECKING:
    from wireproof.load.worker.user_shard import Seat

PROGRESS_EVERY_S = 0.25
_LOOK_S = 0.02
_STOPPED_DRAIN_S = 1.0


class Shard:
    """One worker's part of a plan.

    Args:
        plan: the whole load.
        index: which worker it is.
        shards: how many there are.
        nonce: of the run, in all ids.
    """

    def __init__(self, plan: Plan, index: int, shards: int, nonce: str) -> None:
        self.plan, self.index, self.shards = plan, index, shards
        self.members = shards_of(plan, shards)[index]
        names = frozenset(name.encode("utf-8", "replace") for member in plan.members for name in member.names)
        self.reader = Reader(Ids(nonce), answered=plan.traffic.scenario == "request reply", names=names)
        self.worker = Worker(index, self.reader)
        self.worker.notes_others = plan.traffic.scenario == "push only"
        if plan.traffic.row_probe is not None:
            self.worker.rows = RowLooks(plan.traffic.row_probe, self.reader.ids)
        self.probes = Probes(self.worker.values.refresh)
        self.start_ns = self.ended_ns = 0
        self._stop = asyncio.Event()
        self.due = 0
        self.times: dict[str, tuple[array[int], array[int]]] = {}
        self.phase = "connecting"
        self._senders = {*senders_of(plan)} & {*self.members}
        self._opens = profile.open_ns(plan.profile).tolist()
        self._closes = profile.close_ns(plan.profile).tolist()
        self._late: list[asyncio.Task[None]] = []
        self._early: asyncio.Future[list[bool]] | None = None
        self._returns = Returns(plan.pace.reconnect, partial(self._enter, again=True))
        self.worker.lost = self._returns.lost
        if plan.endpoint.definition:
            dialects.define(dialects.Definition(**plan.endpoint.definition))

    # -- connecting --------------------------------------------------------------------------------------------------

    async def connect(self, told: Callable[[Progress], None]) -> None:
        """Opens the connections that have to be there before the start.

        Args:
            told: called four times a second with how it goes.

        Raises:
            ValueError: the dialect cannot send what the plan asks for, or the host has no address.
        """
        gc.disable()  # nothing of what is made now is garbage; looking through it again and again takes half the time
        await self._prepare()
        telling = asyncio.ensure_future(self._tell(told))
        self._early = asyncio.gather(*(self._enter(index) for index in self.members if not self._opens[index]))
        with contextlib.suppress(asyncio.CancelledError):
            await self._early
        telling.cancel()

    async def _prepare(self) -> None:
        self._dialer = Dialer(self.plan.endpoint, self.plan.pace, self.shards)
        await self._dialer.resolve()
        await self.probes.open()
        self._body = self._padded()
        if self.worker.rows is not None:
            await self.worker.rows.open()

    async def _enter(self, index: int, *, again: bool = False) -> bool:
        """Opens a member's connection and says whether that went well."""
        member, traffic = self.plan.members[index], self.plan.traffic
        draft = Draft(self._body, traffic.kind, member.to, traffic.fields)
        connection = Connection(self.worker, index + 1, member, self._dialect(member.name), draft)
        attempts = self.worker.tally.reconnects if again else self.worker.tally.connects
        if not await self._dialer.open(connection, attempts, in_line=not again):
            return False
        self.worker.connections[connection.client] = connection
        if index in self._senders:
            outgoing = connection.prepare()
            self.worker.acknowledged = connection.dialect.traits.acknowledges and outgoing.acknowledged
            if self.worker.closed_loop:
                self._begin(connection)
        return True

    def _dialect(self, client: str) -> Dialect:
        endpoint = self.plan.endpoint
        return dialects.create(endpoint.dialect, client, options=endpoint.dialect_options)

    def _padded(self) -> object:
        """The body, padded so that the first member's message has the size that was asked for."""
        traffic, member = self.plan.traffic, self.plan.members[self.members[0]]
        dialect = self._dialect(member.name)
        with contextlib.suppress(StopIteration):
            if (login := dialect.login(dict(member.login))) is not None:
                next(login)
        id = self.reader.ids.text(0)

        def length(body: object) -> int:
            return len(dialect.encode(Draft(body, traffic.kind, member.to, traffic.fields, id)).payload)

        return padded(traffic.body, traffic.size, length)

    # -- running -----------------------------------------------------------------------------------------------------

    async def run(self, start_ns: int, told: Callable[[Progress], None]) -> None:
        """Sends what the plan says from that moment on, then waits for what is on its way.

        Args:
            start_ns: when, on the journal's clock.
            told: called four times a second with how it goes.
        """
        self.start_ns = start_ns
        gc.collect()
        gc.freeze()
        gc.enable()
        await asyncio.sleep(max(0.0, (start_ns - now_ns()) / 1e9))
        self.probes.start()
        self.phase = "running"
        telling = asyncio.ensure_future(self._tell(told))
        self._late = [asyncio.ensure_future(self._open_late(index)) for index in self.members if self._opens[index]]
        leaving = [index for index in self.members if self._closes[index] != profile.STAYS]
        self._late += [asyncio.ensure_future(self._close_early(index)) for index in leaving]
        try:
            await (self._closed_loop() if self.plan.traffic.model == "closed" else self._open_loop())
            self.ended_ns = self.ended_ns or self._over_ns()
            self.probes.stop()
            self.phase = "draining"
            await self._drain()
        finally:
            self.probes.stop()
            telling.cancel()
            self._returns.close()
            for task in self._late:
                task.cancel()

    async def _open_loop(self) -> None:
        due, sender = schedule(self.plan, self.members)
        clients = (sender + 1).tolist()
        connections, tally = self.worker.connections, self.worker.tally

        def send(place: int, due_ns: int) -> None:
            connection = connections.get(clients[place])
            if connection is None:
                tally.unsent += 1
            else:
                connection.send(due_ns)

        moments = due.tolist()
        self.due = await pace(self.start_ns, moments, send, self._stop.is_set, spin=self.plan.pace.spin)
        if self.due < len(moments):
            self.ended_ns = self.start_ns + moments[self.due]
        await self._until(self.plan.profile.duration_s)

    async def _closed_loop(self) -> None:
        self.worker.closed_loop = True
        for client, connection in list(self.worker.connections.items()):
            if client - 1 in self._senders:
                self._begin(connection)
        await self._until(self.plan.profile.duration_s)
        self.worker.closed_loop = False

    def _begin(self, connection: "Connection | Seat") -> None:
        """Sends a connection's first messages of a closed loop."""
        for _ in range(self.plan.traffic.depth):
            connection.send(now_ns())

    async def _open_late(self, index: int) -> None:
        await self._until(self._opens[index] / 1e9)
        if self._stop.is_set():
            return
        await self._enter(index)

    async def _close_early(self, index: int) -> None:
        await self._until(self._closes[index] / 1e9)
        if self._stop.is_set():  # what is on its way to it may still come
            return
        self._returns.forget(index + 1)
        connection = self.worker.connections.get(index + 1)
        if isinstance(connection, Connection):
            connection.leave()
        elif connection is not None:
            await connection.leave()

    async def _until(self, after_s: float) -> None:
        """Waits until so long after the start, or until it is stopped."""
        left_s = self.start_ns / 1e9 + after_s - now_ns() / 1e9
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), max(0.0, left_s))

    def _over_ns(self) -> int:
        """When the sending was over: as planned, to the nanosecond, where nobody stopped it; a timer may ring early."""
        planned = self.start_ns + int(self.plan.profile.duration_s * 1e9)
        return min(now_ns(), planned) if self._stop.is_set() else planned

    async def _drain(self) -> None:
        allowed = min(self.plan.pace.drain_s, _STOPPED_DRAIN_S) if self._stop.is_set() else self.plan.pace.drain_s
        deadline = now_ns() + int(allowed * 1e9)
        outlook = Outlook(self.plan, self.worker)
        rows = self.worker.rows

        def is_quiet() -> bool:
            return outlook.is_quiet(somebody_returns=self._returns.pending) and (rows is None or rows.is_idle)

        while now_ns() < deadline and not is_quiet():  # noqa: ASYNC110 - computed from columns, told by nobody
            await asyncio.sleep(_LOOK_S)

    async def _tell(self, told: Callable[[Progress], None]) -> None:
        outlook = Outlook(self.plan, self.worker)
        while True:
            await asyncio.sleep(PROGRESS_EVERY_S)
            told(outlook.progress(self.phase, self.start_ns, self.probes))

    def stop(self) -> None:
        """Sends nothing more; what is on its way may still come."""
        self._stop.set()
        self.worker.closed_loop = False
        if self._early is not None:
            self._early.cancel()

    def result(self, path: Path) -> ShardResult:
        """What it saw; the history of messages goes into a file.

        Args:
            path: which.
        """
        worker, tally, probes = self.worker, self.worker.tally, self.probes
        dialect = self._dialect("")
        history_of(self.plan, worker, self.reader.ids, dialect.traits).save(path)
        times = {
            **self.times,
            "connect.time": (tally.connects.at, tally.connects.took),
            "reconnect.time": (self._returns.at, self._returns.took),
            "login.time": (tally.login_at, tally.login_took),
            "loop.lag": (probes.lag_at, probes.lag_took),
            "gc.pause": (probes.gc_at, probes.gc_took),
            "self.echo": (probes.echo_at, probes.echo_took),
        }
        counts = {
            "due": self.due if self.plan.traffic.model == "open" else tally.sent + tally.unsent,
            "unsent": tally.unsent,
            "tried": tally.connects.tried,
            "connected": tally.clients,
            "reconnected": len(tally.logins) - tally.clients,
            "others": tally.others,
            "frames": worker.frames,
            "parsed": worker.parsed,
        }
        if worker.rows is not None:
            times["flow.time"] = worker.rows.times(tally)
            counts |= {"acked-not-persisted": worker.rows.missing, "rows unanswered": worker.rows.failed}
        return ShardResult(
            history=path,
            start_ns=self.start_ns,
            ended_ns=self.ended_ns or now_ns(),
            times=times,
            counts=counts,
            errors=dict(tally.errors),
            cpu=probes.cpu_s / probes.wall_s if probes.wall_s else 0.0,
            faults=worker.faults,
            first_fault=worker.first_fault,
            misread=worker.misread,
        )

    async def close(self) -> None:
        """Closes all connections."""
        for connection in self.worker.connections.values():
            if isinstance(connection, Connection):
                connection.leave()
        if self.worker.rows is not None:
            await self.worker.rows.close()
        self.probes.close()
        await asyncio.sleep(_LOOK_S)
