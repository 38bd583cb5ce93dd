"""Changes: who hears of a hint, and what becomes of a client that does not read."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

import asyncpg
import msgspec
import pytest

from reference_server import changes as module
from reference_server.changes import Changes
from reference_server.channel import Channel
from reference_server.claims import Claims
from reference_server.clock import Clock
from reference_server.delivery import Delivery
from reference_server.protocol import CloseCode
from reference_server.settings import Settings
from reference_server.store import Unavailable
from reference_server.tasks import Tasks


class Link:
    """A client whose reading the test decides."""

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.full = False
        self.free = asyncio.Event()
        self.closed_with: CloseCode | None = None

    def send(self, data: bytes) -> None:
        self.sent.append(msgspec.json.decode(data)["payload"]["id"])

    def congested(self) -> bool:
        return self.full

    async def drain(self) -> None:
        await self.free.wait()

    def close(self, code: CloseCode, reason: str) -> None:
        self.closed_with = code


class Woken:
    def __init__(self) -> None:
        self.times = 0

    def wake(self) -> None:
        self.times += 1


class Database:
    """Connections as asyncpg gives them, or a fault in place of one."""

    def __init__(self, *faults: Exception) -> None:
        self.faults = list(faults)
        self.opened: asyncio.Queue[Connection] = asyncio.Queue()

    async def connect(self, *_: object, **__: object) -> "Connection":
        if self.faults:
            raise self.faults.pop(0)
        connection = Connection()
        self.opened.put_nowait(connection)
        return connection


class Connection:
    def __init__(self) -> None:
        self.heard: Callable[..., None]
        self.lost: Callable[[object], None]
        self.dead = self.terminated = False

    def add_termination_listener(self, lost: Callable[[object], None]) -> None:
        self.lost = lost

    async def add_listener(self, channel: str, heard: Callable[..., None]) -> None:
        assert channel == "wireproof_changes"
        self.heard = heard

    async def execute(self, _: str) -> None:
        if self.dead:
            raise TimeoutError

    def terminate(self) -> None:
        self.terminated = True


class Listening:
    """A node with two clients of ada."""

    def __init__(self) -> None:
        self.claims, self.tasks = Woken(), Tasks()
        self.links = [Link(), Link()]
        self.channels = [Channel(("ada", str(n)), link) for n, link in enumerate(self.links)]
        self.changes = Changes(
            Settings(database_url="", redis_url=""),
            Clock(),
            cast(Claims, self.claims),
            cast(Delivery, self),
            self.tasks,
        )

    def of_user(self, user_id: str) -> list[Channel]:
        return self.channels if user_id == "ada" else []

    def hear(self, *ids: str, **hint: object) -> None:
        told = {"table": "messages", "change": "update", "userId": "ada", "ids": ids, **hint}
        self.changes.hear(msgspec.json.encode(told).decode())


@pytest.fixture
async def node():
    node = Listening()
    yield node
    await node.tasks.stop()


async def settled() -> None:
    """Lets every task that can go on do so."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_an_insert_wakes_the_claims_and_tells_nobody(node):
    node.changes.hear('{"table":"messages","change":"insert","key":7}')
    await settled()
    assert (node.claims.times, node.links[0].sent) == (1, [])


async def test_a_change_is_told_to_every_client_of_the_user(node):
    node.hear("a", "b")
    node.hear("c", userId="bob")
    await settled()
    assert [link.sent for link in node.links] == [["a", "b"], ["a", "b"]]
    assert node.claims.times == 0


@pytest.mark.parametrize(
    "hint", ["", "[]", "{}", '{"table":"users","change":"update"}', '{"table":"messages"}', "\x00"]
)
async def test_what_is_no_hint_is_passed_over(node, hint):
    node.changes.hear(hint)
    await settled()
    assert (node.claims.times, node.links[0].sent) == (0, [])


async def test_who_reads_slowly_gets_everything_in_order_and_delays_nobody(node):
    slow, quick = node.links
    slow.full = True
    node.hear("a", "b")
    await settled()
    node.hear("c")
    await settled()
    assert (slow.sent, quick.sent) == (["a"], ["a", "b", "c"])
    slow.full = False
    slow.free.set()
    await settled()
    assert slow.sent == ["a", "b", "c"]


async def test_who_does_not_read_at_all_is_closed(node, monkeypatch):
    monkeypatch.setattr(module, "WAITING_LIMIT", 3)
    slow, quick = node.links
    slow.full = True
    node.hear("a", "b", "c", "d", "e")
    await settled()
    assert slow.closed_with is None
    node.hear("f")
    await settled()
    assert (slow.closed_with, quick.closed_with) == (CloseCode.SLOW_CONSUMER, None)


async def test_who_is_gone_is_told_nothing_more(node):
    slow, _ = node.links
    slow.full = True
    node.hear("a", "b")
    await settled()
    node.channels[0].closed = True
    slow.free.set()
    await settled()
    assert slow.sent == ["a"]


@pytest.fixture
def listen(node, monkeypatch):
    """Starts to listen to a database; nothing happens by itself within the test, but for the next attempt."""
    monkeypatch.setattr(module, "RECONNECT_PAUSE", 0)
    monkeypatch.setattr(module, "CHECK_INTERVAL", 3600)

    def start(database: Database) -> None:
        monkeypatch.setattr(asyncpg, "connect", database.connect)
        node.tasks.start(node.changes.listen_forever(), "listen")

    return start


async def test_what_is_heard_is_acted_on_and_every_new_connection_makes_the_claims_look(node, listen):
    database = Database()
    listen(database)
    await node.changes.opened(5)
    first = await database.opened.get()
    assert node.claims.times == 1
    first.heard(first, 1, "wireproof_changes", '{"table":"messages","change":"update","userId":"ada","ids":["a"]}')
    await settled()
    assert node.links[0].sent == ["a"]
    first.lost(first)
    async with asyncio.timeout(5):
        await database.opened.get()
    await node.changes.opened(5)
    assert (node.claims.times, first.terminated) == (2, True)


async def test_a_connection_that_dies_in_silence_is_replaced(node, listen, monkeypatch):
    monkeypatch.setattr(module, "CHECK_INTERVAL", 0.001)
    database = Database()
    listen(database)
    async with asyncio.timeout(5):
        first = await database.opened.get()
        first.dead = True
        await database.opened.get()
    assert first.terminated


@pytest.mark.parametrize("fault", [ConnectionRefusedError(), TimeoutError(), asyncpg.CannotConnectNowError("starting")])
async def test_a_database_that_is_away_is_tried_again(node, listen, fault):
    database = Database(fault, fault)
    listen(database)
    await node.changes.opened(5)
    assert database.opened.qsize() == 1


async def test_who_hears_nothing_in_time_says_so(node):
    with pytest.raises(Unavailable):
        await node.changes.opened(0)
