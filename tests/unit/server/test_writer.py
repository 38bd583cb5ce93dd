"""The writer's rules with a store that misbehaves: every sender gets one answer, and only the guilty one is refused."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

import msgspec
import pytest

from reference_server import writer as module
from reference_server.batch import Batch, Closed, Submission
from reference_server.bus import Bus
from reference_server.clock import Clock
from reference_server.delivery import Delivery
from reference_server.metrics import Metrics
from reference_server.protocol import Envelope
from reference_server.router import Rule
from reference_server.store import Collision, RowError, Store, Unavailable
from reference_server.writer import ATTEMPTS, QUEUE_BYTES, Writer


class Sender:
    generation = 1

    def __init__(self) -> None:
        self.answers: list[str] = []
        self.answered = asyncio.Event()

    def accepted(self, item: Submission, delivered_at: bytes | None, skipped: object) -> None:
        self._note(f"{item.envelope.id} stored")

    def refused(self, item: Submission, code: str, reason: str, retry_after_ms: int | None = None) -> None:
        self._note(f"{item.envelope.id} {code}")

    def _note(self, answer: str) -> None:
        self.answers.append(answer)
        self.answered.set()

    async def wait_for(self, count: int) -> list[str]:
        async with asyncio.timeout(5):
            while len(self.answers) < count:
                self.answered.clear()
                await self.answered.wait()
        return self.answers


class NobodyHere:
    """No device is connected; `on_dirty` and the rest are what the writer asks of a delivery."""

    dirty = False
    caught_up = 0
    on_dirty: Callable[[], None]

    def take_confirmations(self) -> list[Any]:
        return []

    def restore(self, taken: list[Any]) -> None:
        assert not taken

    def offer(self, key: tuple[str, str], seq: int, item: Submission) -> bool:
        return False

    def database_is_back(self) -> None:
        self.caught_up += 1


class ScriptedStore:
    """Stores what `judge` lets pass; keeps the ids of every batch that was tried."""

    def __init__(self, judge: Callable[[list[str]], None]) -> None:
        self.judge = judge
        self.tried: list[list[str]] = []

    async def store_batch(self, batch: Batch) -> list[Any]:
        ids = [item.envelope.id for item in batch.messages]
        self.tried.append(ids)
        self.judge(ids)
        return [(n, "stored", "desktop", n, False, None, None) for n in range(1, len(ids) + 1)]

    async def ping(self) -> None:
        self.judge([])


def message(sender: Sender, message_id: str, size: int = 100) -> Submission:
    envelope = Envelope(
        id=message_id,
        type="user_message",
        from_device_id="phone",
        to_device_id="desktop",
        user_id="ada",
        payload=msgspec.Raw(b"null"),
        timestamp="2026-01-01T00:00:00Z",
        priority=1,
        requires_ack=True,
    )
    return Submission(sender, envelope, Rule.DIRECT, size, 0.0)


@asynccontextmanager
async def writing(store: ScriptedStore, nobody: NobodyHere | None = None) -> AsyncIterator[Writer]:
    delivery = cast(Delivery, nobody or NobodyHere())
    writer = Writer(cast(Store, store), Clock(), delivery, cast(Bus, None), Metrics())
    task = asyncio.create_task(writer.run())
    yield writer
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def sender() -> Sender:
    return Sender()


async def test_what_waits_is_stored_in_one_batch(sender):
    store = ScriptedStore(lambda ids: None)
    async with writing(store) as writer:
        for number in range(5):
            writer.submit(message(sender, f"m{number}"))
        assert await sender.wait_for(5) == [f"m{number} stored" for number in range(5)]
    assert store.tried == [["m0", "m1", "m2", "m3", "m4"]]


class SlowStore(ScriptedStore):
    """Tells how many answers a sender has when a batch comes, and stores the batch when it may."""

    def __init__(self, sender: Sender, judge: Callable[[list[str]], None]) -> None:
        super().__init__(judge)
        self._sender = sender
        self.asked: asyncio.Queue[int] = asyncio.Queue()
        self.may = asyncio.Semaphore(0)

    async def store_batch(self, batch: Batch) -> list[Any]:
        self.asked.put_nowait(len(self._sender.answers))
        await self.may.acquire()
        return await super().store_batch(batch)


@pytest.mark.parametrize("away", [False, True])
async def test_the_next_batch_goes_to_the_database_before_the_last_is_answered(sender, away):
    def judge(ids: list[str]) -> None:
        if away and "second" in ids:
            raise Unavailable("cut")

    store = SlowStore(sender, judge)
    async with writing(store) as writer, asyncio.timeout(5):
        writer.submit(message(sender, "first"))
        assert await store.asked.get() == 0
        writer.submit(message(sender, "second"))
        store.may.release()
        assert await store.asked.get() == 0
        assert await sender.wait_for(1) == ["first stored"]
        store.may.release()
        assert await sender.wait_for(2) == ["first stored", f"second {'UNAVAILABLE' if away else 'stored'}"]


async def test_who_waits_for_all_rounds_waits_for_their_answers(sender):
    store = SlowStore(sender, lambda ids: None)
    async with writing(store) as writer, asyncio.timeout(5):
        writer.submit(message(sender, "first"))
        await store.asked.get()
        writer.submit(message(sender, "second"))
        drained = asyncio.create_task(writer.drain())
        for _ in range(2):
            store.may.release()
        await drained
        assert sender.answers == ["first stored", "second stored"]


async def test_only_the_guilty_message_is_refused_and_the_order_stays(sender):
    def judge(ids: list[str]) -> None:
        if "m3" in ids:
            raise RowError("bad value")

    async with writing(ScriptedStore(judge)) as writer:
        for number in range(8):
            writer.submit(message(sender, f"m{number}"))
        answers = await sender.wait_for(8)
    assert answers == [f"m{n} {'INVALID_MESSAGE' if n == 3 else 'stored'}" for n in range(8)]


async def test_the_same_id_twice_in_a_batch_is_stored_once_and_answered_twice(sender):
    store = ScriptedStore(lambda ids: None)
    async with writing(store) as writer:
        for message_id in ("a", "b", "a"):
            writer.submit(message(sender, message_id))
        assert sorted(await sender.wait_for(3)) == ["a stored", "a stored", "b stored"]
    assert store.tried == [["a", "b"]]


async def test_a_collision_is_tried_again(sender):
    left = [Collision("23505")] * (ATTEMPTS - 1)

    def judge(ids: list[str]) -> None:
        if left:
            raise left.pop()

    store = ScriptedStore(judge)
    async with writing(store) as writer:
        writer.submit(message(sender, "a"))
        assert await sender.wait_for(1) == ["a stored"]
    assert len(store.tried) == ATTEMPTS


async def test_bookkeeping_that_keeps_colliding_remains_to_be_done():
    left = [Collision("40P01")] * ATTEMPTS

    def judge(ids: list[str]) -> None:
        if left:
            raise left.pop()

    store = ScriptedStore(judge)
    async with writing(store) as writer:
        writer.closed(Closed("ada", "phone", 1, "session"))
        async with asyncio.timeout(5):
            await writer.drain()
    assert len(store.tried) == ATTEMPTS + 1


async def test_while_the_database_is_away_everybody_hears_so_and_afterwards_it_goes_on(sender):
    away = True

    def judge(ids: list[str]) -> None:
        if away:
            raise Unavailable("gone")

    nobody = NobodyHere()
    async with writing(ScriptedStore(judge), nobody) as writer:
        writer.submit(message(sender, "a"))
        writer.submit(message(sender, "b"))
        assert await sender.wait_for(2) == ["a UNAVAILABLE", "b UNAVAILABLE"]
        away = False
        writer.submit(message(sender, "a"))
        assert (await sender.wait_for(3))[-1] == "a stored"
        await writer.drain()
        assert nobody.caught_up == 1


async def test_an_idle_writer_finds_out_by_itself_that_the_database_is_back(sender, monkeypatch):
    monkeypatch.setattr(module, "RETRY_PAUSE", 0.001)
    away = True
    asked = asyncio.Event()

    def judge(ids: list[str]) -> None:
        if not ids:
            asked.set()
        if away:
            raise Unavailable("gone")

    nobody = NobodyHere()
    async with writing(ScriptedStore(judge), nobody) as writer, asyncio.timeout(5):
        writer.submit(message(sender, "a"))
        await asked.wait()
        assert not nobody.caught_up
        away = False
        while not nobody.caught_up:  # noqa: ASYNC110
            await asyncio.sleep(0)


async def test_to_finish_is_to_answer_everybody_and_not_to_wait_for_a_database_that_is_away(sender):
    def judge(ids: list[str]) -> None:
        raise Unavailable("gone")

    async with writing(ScriptedStore(judge)) as writer, asyncio.timeout(5):
        writer.submit(message(sender, "a"))
        writer.closed(Closed("ada", "phone", 1, "session"))
        await writer.finish()
    assert sender.answers == ["a UNAVAILABLE"]


async def test_what_a_split_batch_had_stored_before_the_database_went_stays_stored(sender):
    def judge(ids: list[str]) -> None:
        if len(ids) == 4:
            raise RowError("bad value")
        if "m2" in ids:
            raise Unavailable("gone")

    async with writing(ScriptedStore(judge)) as writer:
        for number in range(4):
            writer.submit(message(sender, f"m{number}"))
        assert await sender.wait_for(4) == ["m0 stored", "m1 stored", "m2 UNAVAILABLE", "m3 UNAVAILABLE"]


async def test_a_fault_of_the_server_itself_does_not_end_the_writer(sender):
    def judge(ids: list[str]) -> None:
        if ids == ["a"]:
            raise ZeroDivisionError

    async with writing(ScriptedStore(judge)) as writer:
        writer.submit(message(sender, "a"))
        assert await sender.wait_for(1) == ["a UNAVAILABLE"]
        writer.submit(message(sender, "b"))
        assert (await sender.wait_for(2))[-1] == "b stored"


async def test_whoever_waits_for_a_round_hears_of_its_end_though_it_ends_in_a_fault():
    class Faulty(NobodyHere):
        def take_confirmations(self) -> list[Any]:
            raise ZeroDivisionError

    delivery = cast(Delivery, Faulty())
    writer = Writer(cast(Store, ScriptedStore(lambda ids: None)), Clock(), delivery, cast(Bus, None), Metrics())
    task = asyncio.create_task(writer.run())
    writer.closed(Closed("ada", "phone", 1, "session"))
    async with asyncio.timeout(5):
        await writer.closings_stored()
        with pytest.raises(ZeroDivisionError):
            await task


async def test_more_than_may_wait_is_refused_at_once(sender):
    async with writing(ScriptedStore(lambda ids: None)) as writer:
        writer.submit(message(sender, "a", QUEUE_BYTES + 1))
        writer.submit(message(sender, "b"))
        assert sender.answers == ["b UNAVAILABLE"]
        assert (await sender.wait_for(2))[-1] == "a stored"
