"""Routes the messages that others insert by SQL: one node claims them, and they are delivered like any other."""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any

from reference_server import logs, router
from reference_server.batch import Routing
from reference_server.bus import Bus
from reference_server.channel import Key
from reference_server.delivery import LOOK_INTERVAL, Delivery
from reference_server.metrics import Metrics
from reference_server.protocol import InvalidMessage, encode, envelope_of, parse
from reference_server.router import Rule
from reference_server.store import Collision, RowError, Store, Unavailable

CLAIM_ROWS = 256


class Claims:
    """Looks for unrouted messages when it is told to, and every few seconds, because hints get lost."""

    def __init__(self, store: Store, delivery: Delivery, bus: Bus, metrics: Metrics) -> None:
        self._store = store
        self._delivery = delivery
        self._bus = bus
        self._metrics = metrics
        self._wake = asyncio.Event()
        self._looking = False
        self._waiters: list[asyncio.Future[None]] = []

    def wake(self) -> None:
        """There may be unrouted messages."""
        self._wake.set()

    async def settled(self) -> None:
        """Wait until what was committed before this call is routed, or the database has been found away."""
        if not self._looking and not self._wake.is_set() and not await self._anything_waits():
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        self.wake()
        await waiter

    async def _anything_waits(self) -> bool:
        try:
            return await self._store.has_unrouted()
        except Unavailable:
            return False

    async def run(self) -> None:
        """The task that routes them."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_INTERVAL):
                    await self._wake.wait()
            self._wake.clear()
            waiters, self._waiters = self._waiters, []
            self._looking = True
            try:
                await self._route_all()
            except Unavailable as problem:
                logs.warning("rows wait to be routed", reason=str(problem))
            except Exception as problem:  # noqa: BLE001 - the task must outlive whatever one row does
                logs.error("rows not routed", problem)
            self._looking = False
            for waiter in waiters:
                if not waiter.done():  # whoever waited may have given up
                    waiter.set_result(None)

    async def _route_all(self) -> None:
        """Batch after batch until nothing is left; one row that the database refuses is passed over."""
        after, count, last = 0, CLAIM_ROWS, 0

        def decide(rows: Sequence[Any]) -> Routing:
            nonlocal last
            last = rows[-1]["key"]
            return self._decide(rows)

        while True:
            try:
                routed = await self._store.route_unrouted(decide, after, count)
            except (Collision, RowError) as problem:
                if count > 1:
                    count //= 2
                    continue
                logs.warning("row passed over", key=last, reason=str(problem))
                if last == after:
                    return
                after = last
            else:
                if not routed:
                    return
                self._settle(routed)
                count = min(count * 2, CLAIM_ROWS)

    def _decide(self, rows: Sequence[Any]) -> Routing:
        """Who receives each of the rows that the transaction holds; it is not committed yet."""
        rules = [self._rule(row) for row in rows]
        users = {row["user_id"] for row, rule in zip(rows, rules, strict=True) if rule is Rule.TASK_RUNNER}
        return Routing([row["key"] for row in rows], rules, self._delivery.activity(users))

    def _rule(self, row: Any) -> Rule:
        try:
            return rule_of(row)
        except InvalidMessage as problem:
            logs.warning("row cannot be sent", key=row["key"], reason=str(problem))
            return Rule.NOBODY

    def _settle(self, routed: Sequence[Any]) -> None:
        """Hand the deliveries on; runs right after the commit. A device reads from the database what is new to it."""
        highest: dict[Key, tuple[int, bool]] = {}
        failed = []
        for key, user_id, device_id, seq, online in routed:
            if device_id is None:
                failed.append(key)
            else:
                highest[user_id, device_id] = (seq, online)
        for (user_id, device_id), (seq, online) in highest.items():
            if not self._delivery.notice((user_id, device_id), seq) and online:
                self._bus.wake(user_id, device_id, seq)
        if failed:
            logs.warning("rows without a recipient", keys=failed)
        self._metrics.rows_failed_total += len(failed)
        self._metrics.rows_routed_total += len({row["key"] for row in routed}) - len(failed)


def rule_of(row: Any) -> Rule:
    """Who receives a row, read like a message from the wire; raises InvalidMessage for what the wire cannot carry."""
    if row["payload"] is None:
        raise InvalidMessage("payload", "is larger than a message may be")
    envelope = parse(encode(envelope_of(row["user_id"], row)))
    rule = router.audience(envelope)
    if rule is None:
        raise InvalidMessage("type", f"{envelope.type} is not for other devices")
    return rule
