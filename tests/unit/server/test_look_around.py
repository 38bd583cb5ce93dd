"""What a node finds in the database that no hint told it, and what a repetition that could not be read costs."""

from collections.abc import Iterable
from typing import Any, cast

import pytest

from reference_server.batch import Closed
from reference_server.channel import Channel
from reference_server.clock import Clock
from reference_server.delivery import Delivery
from reference_server.metrics import Metrics
from reference_server.protocol import CloseCode
from reference_server.redelivery import Redelivery
from reference_server.settings import Settings
from reference_server.store import Admission, Unavailable
from reference_server.tasks import Tasks

SETTINGS = Settings(database_url="", redis_url="", message_timeout=10.0, retry_attempts=2)
KEY = ("ada", "phone")
GENERATION = 7


class Link:
    def __init__(self) -> None:
        self.closed: list[CloseCode] = []
        self.sent: list[bytes] = []

    def send(self, data: bytes) -> None:
        self.sent.append(data)

    def congested(self) -> bool:
        return False

    def close(self, code: CloseCode, reason: str) -> None:
        self.closed.append(code)


class Database:
    """What the database says of this node's devices."""

    def __init__(self) -> None:
        self.rows: list[tuple[Any, ...]] = []
        self.newest: dict[tuple[str, str], int] = {}
        self.away = False

    async def connected(self) -> list[tuple[Any, ...]]:
        if self.away:
            raise Unavailable("gone")
        return self.rows

    async def generations(self, keys: Iterable[tuple[str, str]]) -> list[tuple[Any, ...]]:
        return [(*key, self.newest[key]) for key in keys if key in self.newest]

    async def deliveries(self, *_: object) -> list[Any]:
        raise Unavailable("gone")


class Node:
    """A delivery with one connection."""

    def __init__(self) -> None:
        self.database = Database()
        self.delivery = Delivery(SETTINGS, Clock(), cast(Any, self.database), Metrics(), Tasks())
        self.orphans: list[Closed] = []
        self.delivery.on_orphan = self.orphans.append
        self.link = Link()
        self.channel = self.delivery.expect(KEY, cast(Any, self.link))
        self.delivery.activate(self.channel, admission(GENERATION))

    def expect(self) -> Channel:
        """A registration under way."""
        return self.delivery.expect(KEY, cast(Any, Link()))


def admission(generation: int) -> Admission:
    return Admission("registered", "session", False, generation, "e", 0, 0, "{}", 0, 0)


def row(generation: int = GENERATION, last_seq: int = 0, revoked: bool = False, key: tuple[str, str] = KEY) -> Any:
    return (*key, generation, last_seq, revoked, "session")


@pytest.fixture
async def node() -> Node:
    return Node()


async def test_a_device_that_is_where_it_belongs_is_left_alone(node):
    node.database.rows = [row()]
    await node.delivery.look_around()
    assert (node.link.closed, node.orphans) == ([], [])


async def test_deliveries_of_other_nodes_are_heard_of(node):
    node.database.rows = [row(last_seq=5)]
    await node.delivery.look_around()
    assert node.channel.high == 5


async def test_a_revoked_session_is_closed(node):
    node.database.rows = [row(revoked=True)]
    await node.delivery.look_around()
    assert node.link.closed == [CloseCode.REVOKED]


@pytest.mark.parametrize(("newest", "closed"), [(8, [CloseCode.REPLACED]), (GENERATION, []), (None, [])])
async def test_who_is_gone_from_here_is_closed_only_when_it_registered_again(node, newest, closed):
    if newest is not None:
        node.database.newest[KEY] = newest
    await node.delivery.look_around()
    assert node.link.closed == closed


async def test_what_is_connected_only_in_the_database_is_an_orphan(node):
    node.database.rows = [row(), row(key=("ada", "desktop"), generation=3)]
    await node.delivery.look_around()
    assert node.orphans == [Closed("ada", "desktop", 3, "session")]


async def test_a_newer_registration_whose_client_never_heard_of_it_ends_both(node):
    node.database.rows = [row(8)]
    node.database.newest[KEY] = 8
    await node.delivery.look_around()
    assert node.orphans == [Closed(*KEY, 8, "session")]
    assert node.link.closed == [CloseCode.REPLACED]


async def test_a_registration_under_way_is_no_orphan_and_ends_nothing(node):
    node.expect()
    node.database.rows = [row(8)]
    node.database.newest[KEY] = 8
    await node.delivery.look_around()
    assert (node.link.closed, node.orphans) == ([], [])


async def test_an_answer_from_before_the_present_registration_changes_nothing(node):
    node.database.rows = [row(6, last_seq=9)]
    await node.delivery.look_around()
    assert (node.link.closed, node.orphans, node.channel.high) == ([], [], 0)


async def test_while_the_database_is_away_nothing_is_concluded(node):
    node.database.away = True
    await node.delivery.look_around()
    assert (node.link.closed, node.orphans) == ([], [])


async def test_a_repetition_that_could_not_be_read_does_not_count(node):
    redelivery = Redelivery(SETTINGS, node.delivery._clock, cast(Any, node.database), Metrics(), Tasks())
    redelivery.expect(node.channel, 1, "m", 0)
    for _ in range(3 * SETTINGS.retry_attempts):
        due, again, first = node.channel.sends[1]
        numbers = redelivery._due(node.channel, due)
        assert numbers == [1]
        await redelivery._send_again(node.channel, numbers)
        assert node.channel.sends[1][1:] == (again, first)
