"""Group commit: one task stores whatever has arrived in one round trip, then answers and delivers.

While messages wait, the next batch is handed to the database before the last one is answered: both have work then.
"""

import asyncio
from typing import Any

from reference_server import logs, replies
from reference_server.batch import Active, Batch, Closed, Submission
from reference_server.bus import Bus
from reference_server.clock import Clock
from reference_server.delivery import Delivery
from reference_server.metrics import Metrics
from reference_server.protocol import ErrorCode
from reference_server.router import Rule
from reference_server.store import Collision, RowError, Store, Unavailable

BATCH_MESSAGES = 512
BATCH_BYTES = 4 * 1024 * 1024
QUEUE_BYTES = 64 * 1024 * 1024
"""What may wait for the database in all; beyond it a message is refused at once."""
BOOKKEEPING_DELAY = 0.01
"""Seconds that confirmations wait for messages to ride along with."""
RETRY_PAUSE = 0.5
"""Seconds between attempts while the database is away and no message waits."""
RETRY_AFTER_MS = 1_000
ATTEMPTS = 3
"""A batch that collides with another node's is tried this often before it is split."""

_REFUSALS = {
    "not_found": (ErrorCode.DEVICE_NOT_FOUND, "no device of this user receives it"),
    "queue_full": (ErrorCode.QUEUE_FULL, "the recipient's backlog is full for this priority"),
    "stale": (ErrorCode.SESSION_EXPIRED, "this connection's registration is no longer valid"),
}


class Writer:
    """The only one who stores messages; order of arrival is order of commit."""

    def __init__(self, store: Store, clock: Clock, delivery: Delivery, bus: Bus, metrics: Metrics) -> None:
        self._store = store
        self._clock = clock
        self._delivery = delivery
        self._bus = bus
        self._metrics = metrics
        self._queue: list[Submission] = []
        self._queued_bytes = 0
        self._closed: list[Closed] = []
        self._waiters: list[asyncio.Future[None]] = []
        self._wake = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._in_round = False
        self._answering = False
        """Whether senders wait for the outcome of the round."""
        self._unanswered: tuple[Batch, list[Any]] | None = None
        """The batch committed last and its rows, when the next one goes first."""
        self._away = False
        delivery.on_dirty = lambda: self._wake_later(BOOKKEEPING_DELAY)
        delivery.on_orphan = self.closed

    def submit(self, item: Submission) -> None:
        """Queue a message; its sender hears of it later, or at once when too much waits already."""
        if self._queued_bytes > QUEUE_BYTES:
            item.sender.refused(item, ErrorCode.UNAVAILABLE, "the database does not keep up", RETRY_AFTER_MS)
            return
        self._queue.append(item)
        self._queued_bytes += item.size
        self._wake.set()

    def closed(self, closed: Closed) -> None:
        """Queue that a registered connection is gone."""
        self._closed.append(closed)
        self._wake.set()

    async def closings_stored(self) -> None:
        """Wait until the database knows of every connection closed before this call, or has been found away."""
        if (self._closed or self._in_round) and not self._away:
            await self._round_over()

    async def drain(self) -> None:
        """Wait until everything queued is stored and answered; never ends while the database is away."""
        while self._queue or self._in_round or self._bookkeeping:
            await self._round_over()

    async def finish(self) -> None:
        """Like `drain`, but without waiting for a database that is away: all are answered, what rides along is lost."""
        while self._queue or self._answering or ((self._in_round or self._bookkeeping) and not self._away):
            await self._round_over()

    @property
    def _bookkeeping(self) -> bool:
        return bool(self._closed) or self._delivery.dirty

    async def run(self) -> None:
        """The writer task."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._queue or self._bookkeeping or self._waiters or self._away:
                waiters, self._waiters = self._waiters, []
                self._in_round = True
                try:
                    reached = await self._round()
                finally:
                    if waiters or not self._queue:
                        self._answer_last()
                    self._answering = self._unanswered is not None
                    self._in_round = False
                    for waiter in waiters:
                        waiter.set_result(None)
                if not reached and not self._queue:
                    self._wake_later(RETRY_PAUSE)
                    break

    async def _round_over(self) -> None:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        self._wake.set()
        await asyncio.shield(waiter)

    def _wake_later(self, delay: float) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(delay, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self._wake.set()

    async def _round(self) -> bool:
        """One batch; False when the database is away."""
        items = self._take()
        self._answering = bool(items)
        confirmed = self._delivery.take_confirmations()
        closed, self._closed = self._closed, []
        batch = Batch(self._clock.now(), items, [entry for _, entry in confirmed], self._activity(items), closed)
        try:
            await self._commit(batch)
        except Unavailable as problem:
            if items or not self._away:
                logs.warning("database away", reason=str(problem), messages=len(items))
            self._delivery.restore(confirmed)
            self._closed = closed + self._closed
            self._unavailable(items)
            self._away = True
            return False
        except Exception as problem:  # noqa: BLE001 - the writer must outlive whatever one batch does
            logs.error("batch failed", problem, messages=len(items))
            self._unavailable(items)
        if self._away:
            self._away = False
            logs.info("database back")
            self._delivery.database_is_back()
        return True

    def _take(self) -> list[Submission]:
        """The next messages in order; the same id twice becomes one with a twin."""
        items: list[Submission] = []
        known: dict[tuple[str, str, str], Submission] = {}
        size = taken = 0
        for item in self._queue:
            if taken == BATCH_MESSAGES or (size + item.size > BATCH_BYTES and taken):
                break
            taken += 1
            size += item.size
            m = item.envelope
            first = known.setdefault((m.user_id, m.from_device_id, m.id), item)
            if first is item:
                items.append(item)
            else:
                first.twins.append(item)
        del self._queue[:taken]
        self._queued_bytes -= size
        return items

    def _activity(self, items: list[Submission]) -> list[Active]:
        """When the devices were last active, of the users whose tasks look for the most recent one."""
        users = {item.envelope.user_id for item in items if item.rule is Rule.TASK_RUNNER}
        return self._delivery.activity(users) if users else []

    async def _commit(self, batch: Batch) -> None:
        """Store a batch; one that is refused for a value is split until only the guilty message is left out."""
        if not batch.messages and not batch.bookkeeping:
            if self._away:
                await self._store.ping()
            return
        refusal = ErrorCode.INVALID_MESSAGE
        for _ in range(ATTEMPTS):
            try:
                rows = await self._stored(batch)
            except Collision:
                refusal = ErrorCode.UNAVAILABLE
                continue
            except RowError as problem:
                refusal = ErrorCode.INVALID_MESSAGE
                logs.warning("batch refused", reason=str(problem), messages=len(batch.messages))
                break
            self._unanswered = (batch, rows)
            return
        if not batch.messages and refusal is ErrorCode.UNAVAILABLE:
            raise Unavailable("collisions")
        if batch.bookkeeping and batch.messages:
            await self._commit(Batch(batch.at, [], batch.confirmed, batch.active, batch.closed))
        if len(batch.messages) == 1:
            self._refuse(batch.messages[0], refusal, "the database refuses a value of this message")
            return
        half = len(batch.messages) // 2
        for part in (batch.messages[:half], batch.messages[half:]):
            await self._commit(Batch(batch.at, part))

    async def _stored(self, batch: Batch) -> list[Any]:
        """Commit a batch, and answer the last one as soon as this one is on its way to the database."""
        if self._unanswered is not None:
            asyncio.get_running_loop().call_soon(self._answer_last)
        try:
            return await self._store.store_batch(batch)
        finally:
            self._answer_last()

    def _answer_last(self) -> None:
        """Settle the batch committed last; nothing happens when that is done."""
        if self._unanswered is None:
            return
        (batch, rows), self._unanswered = self._unanswered, None
        try:
            self._settle(batch, rows)
        except Exception as problem:  # noqa: BLE001 - the writer must outlive whatever one batch does
            logs.error("batch failed", problem, messages=len(batch.messages))
            self._unavailable(batch.messages)

    def _settle(self, batch: Batch, rows: list[Any]) -> None:
        """Answer the senders of a committed batch and hand the deliveries on."""
        at, now = replies.stamp(batch.at), self._clock.monotonic()
        items, metrics = batch.messages, self._metrics
        metrics.batches_total += 1
        for ordinal, outcome, device_id, seq, online, delivered_at, skipped in rows:
            item = items[ordinal - 1]
            user_id = item.envelope.user_id
            if outcome == "stored":
                if not self._delivery.offer((user_id, device_id), seq, item) and online:
                    self._bus.wake(user_id, device_id, seq)
                if not item.answered:
                    metrics.messages_stored_total += 1
                    metrics.observe_store(now - item.received_at)
                    self._accept(item, at if online else None, skipped)
            elif outcome == "repeated":
                if device_id is not None:
                    self._look_again(user_id, device_id, seq)
                if not item.answered:
                    self._accept(item, replies.stamp(delivered_at) if delivered_at else None, skipped)
            else:
                self._refuse(item, *_REFUSALS[outcome])

    def _look_again(self, user_id: str, device_id: str, seq: int) -> None:
        if not self._delivery.notice((user_id, device_id), seq):
            self._bus.wake(user_id, device_id, seq)

    def _accept(self, item: Submission, delivered_at: bytes | None, skipped: list[str] | None) -> None:
        for each in (item, *item.twins):
            each.answered = True
            each.sender.accepted(each, delivered_at, skipped)

    def _refuse(self, item: Submission, code: ErrorCode, reason: str, retry_after_ms: int | None = None) -> None:
        if code in {ErrorCode.UNAVAILABLE, ErrorCode.QUEUE_FULL}:
            retry_after_ms = RETRY_AFTER_MS
        for each in (item, *item.twins):
            each.answered = True
            each.sender.refused(each, code, reason, retry_after_ms)

    def _unavailable(self, items: list[Submission]) -> None:
        for item in items:
            if not item.answered:
                self._refuse(item, ErrorCode.UNAVAILABLE, "the database cannot be reached")
