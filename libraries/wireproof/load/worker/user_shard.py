"""One worker of a load whose clients are objects of an author's class."""

import asyncio
from array import array
from typing import TYPE_CHECKING

from wireproof.delivery.columns import REFUSED
from wireproof.journal import now_ns
from wireproof.load.user import StepFailedError, User, user_class
from wireproof.load.worker.dial import reason
from wireproof.load.worker.shard import Shard
from wireproof.load.worker.shared import Worker
from wireproof.wiretext import safe

if TYPE_CHECKING:
    from wireproof.load.plan import Member

_SERVERS_FAULT = (StepFailedError, OSError, TimeoutError)


class Seat:
    """One user, and the steps that wait for it.

    Args:
        worker: what it shares with the others.
        client: its number in the ledger's names.
        member: who it is.
        user: of the author's class.
    """

    digest = 0
    since = 0

    def __init__(self, worker: Worker, client: int, member: "Member", user: User) -> None:
        self.worker, self.client, self.member, self.user = worker, client, member, user
        self.is_open = False
        self._steps: asyncio.Queue[tuple[int, int]] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def enter(self, timeout_s: float) -> None:
        """Connects, and is ready for steps."""
        tally = self.worker.tally
        tally.connects.tried += 1
        began_ns = now_ns()
        try:
            async with asyncio.timeout(timeout_s):
                await self.user.connect()
        except _SERVERS_FAULT as error:
            tally.connects.failed(_reason(error))
            return
        except Exception:  # noqa: BLE001 - an author's class may raise anything
            self.worker.fault()
            return
        at_ns = now_ns()
        tally.connects.made(began_ns, at_ns)
        tally.entered(self.client, at_ns, at_ns)
        self.is_open = True
        self._task = asyncio.ensure_future(self._work())

    def send(self, due_ns: int) -> None:
        """Has a step done that was due then, after those before it."""
        if not self.is_open:
            self.worker.tally.unsent += 1
            return
        number = self.worker.tally.send(self.client, due_ns, now_ns())
        if self.worker.closed_loop:
            self.worker.awaited[number] = self.client
        self._steps.put_nowait((number, due_ns))

    async def _work(self) -> None:
        worker, user = self.worker, self.user
        while True:
            number, user.due_ns = await self._steps.get()
            try:
                await user.step()
            except _SERVERS_FAULT as error:
                worker.tally.errors[f"step: {_reason(error)}"] += 1
                worker.tally.judge(self.client, number, REFUSED, now_ns())
            except Exception:  # noqa: BLE001 - an author's class may raise anything
                worker.fault()
                worker.tally.judge(self.client, number, REFUSED, now_ns())
            else:
                worker.tally.receive(self.client, number, now_ns())
            if worker.closed_loop:
                worker.done(number, now_ns())

    async def leave(self) -> None:
        """Ends: no step is done any more."""
        self.is_open = False
        if self._task is None:
            return
        self._task.cancel()
        try:
            await self.user.close()
        except _SERVERS_FAULT as error:
            self.worker.tally.errors[f"close: {_reason(error)}"] += 1
        except Exception:  # noqa: BLE001 - an author's class may raise anything
            self.worker.fault()


class UserShard(Shard):
    """One worker's part of a plan of scenario `user`."""

    async def _prepare(self) -> None:
        self._class = user_class(self.plan.traffic.user)
        await self.probes.open()

    async def _enter(self, index: int, *, again: bool = False) -> bool:
        plan = self.plan
        user = self._class(plan.members[index].name, index, plan.members[index].login, plan.traffic.settings, self.note)
        seat = Seat(self.worker, index + 1, plan.members[index], user)
        self.worker.connections[seat.client] = seat
        await seat.enter(plan.pace.connect_timeout_s)
        if self.worker.closed_loop:
            self._begin(seat)
        return seat.is_open

    def note(self, metric: str, since_ns: int, until_ns: int) -> None:
        """Notes a duration under a metric."""
        if metric not in self.times:
            self.times[metric] = (array("q"), array("q"))
        at, took = self.times[metric]
        at.append(since_ns)
        took.append(until_ns - since_ns)

    async def close(self) -> None:
        """Lets all users go."""
        for seat in self.worker.connections.values():
            if isinstance(seat, Seat):
                await seat.leave()
        self.probes.close()


def _reason(error: BaseException) -> str:
    return safe(error, 120) if isinstance(error, StepFailedError) else reason(error)
