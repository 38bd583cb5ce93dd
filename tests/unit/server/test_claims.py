"""Claims: a hint is acted on, a fault is outlived, and what is routed is handed on once for each device."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_server import claims as module
from reference_server.batch import Active, Routing
from reference_server.bus import Bus
from reference_server.claims import Claims, rule_of
from reference_server.clock import Clock
from reference_server.delivery import Delivery
from reference_server.metrics import Metrics
from reference_server.protocol import InvalidMessage
from reference_server.router import Rule
from reference_server.store import Collision, RowError, Store, Unavailable

Route = tuple[str | None, int | None, bool]
NOBODY: Route = (None, None, False)
ACTIVE = Active("ada", "desktop", Clock().now())


def row(**changes: object) -> dict[str, object]:
    return {
        "key": 1,
        "id": "m",
        "user_id": "ada",
        "from_device_id": "server",
        "to_device_id": None,
        "type": "user_message",
        "payload": "{}",
        "timestamp": "2026-01-01T00:00:00Z",
        "priority": 1,
        "requires_ack": True,
    } | changes


class Here:
    """A delivery that holds the devices of its user; notes what it is told."""

    def __init__(self, *devices: str) -> None:
        self.devices = devices
        self.noticed: list[tuple[str, int]] = []

    def notice(self, key: tuple[str, str], seq: int) -> bool:
        if key[1] in self.devices:
            self.noticed.append((key[1], seq))
        return key[1] in self.devices

    def activity(self, users: set[str]) -> list[Active]:
        return [ACTIVE for _ in users]


class Elsewhere:
    def __init__(self) -> None:
        self.woken: list[tuple[str, int]] = []

    def wake(self, user_id: str, device_id: str, seq: int) -> None:
        self.woken.append((device_id, seq))


class Table:
    """Gives each batch of rows once; a fault in place of rows is raised. Every key goes to the devices in `routes`."""

    def __init__(self, *batches: Any, routes: Sequence[Route] = (NOBODY,)) -> None:
        self.batches = list(batches)
        self.routes = routes
        self.routings: list[Routing] = []
        self.asked: list[tuple[int, int]] = []
        self.looked = asyncio.Event()
        self.fault: Exception | None = None

    async def has_unrouted(self) -> bool:
        if self.fault is not None:
            raise self.fault
        return bool(self.batches)

    async def route_unrouted(self, decide: Callable[[Sequence[Any]], Routing], after: int, count: int) -> list[Any]:
        self.asked.append((after, count))
        if not self.batches:
            self.looked.set()
            return []
        rows = self.batches.pop(0)
        if isinstance(rows, Exception):
            raise rows
        self.routings.append(decide(rows))
        names = ("key", "user_id", "device_id", "seq", "online")
        return [Record(zip(names, (r["key"], "ada", *route), strict=True)) for r in rows for route in self.routes]


class Record(dict[str, Any]):
    """A row as asyncpg gives it: by name, and in order."""

    def __iter__(self) -> Any:
        return iter(self.values())


@asynccontextmanager
async def claiming(table: Table, delivery: Here, bus: Elsewhere) -> AsyncIterator[tuple[Claims, Metrics]]:
    metrics = Metrics()
    claims = Claims(cast(Store, table), cast(Delivery, delivery), cast(Bus, bus), metrics)
    task = asyncio.create_task(claims.run())
    yield claims, metrics
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def never_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_INTERVAL", 3600)


async def looked(table: Table) -> None:
    async with asyncio.timeout(5):
        await table.looked.wait()


@pytest.mark.usefixtures("never_by_itself")
async def test_a_hint_makes_it_look_until_nothing_is_left():
    routes = [("phone", 7, True), ("tablet", 8, True), ("desktop", 9, False)]
    table, delivery, bus = Table([row(key=1)], [row(key=2)], routes=routes), Here("phone"), Elsewhere()
    async with claiming(table, delivery, bus) as (claims, metrics):
        claims.wake()
        await looked(table)
    assert [routing.keys for routing in table.routings] == [[1], [2]]
    assert delivery.noticed == [("phone", 7)] * 2
    assert bus.woken == [("tablet", 8)] * 2
    assert (metrics.rows_routed_total, metrics.rows_failed_total) == (2, 0)


@pytest.mark.usefixtures("never_by_itself")
async def test_what_nobody_receives_is_counted_as_failed():
    table, delivery, bus = Table([row(key=1), row(key=2)], routes=[NOBODY]), Here("phone"), Elsewhere()
    async with claiming(table, delivery, bus) as (claims, metrics):
        claims.wake()
        await looked(table)
    assert (delivery.noticed, bus.woken) == ([], [])
    assert (metrics.rows_routed_total, metrics.rows_failed_total) == (0, 2)


async def test_it_looks_by_itself(monkeypatch):
    monkeypatch.setattr(module, "LOOK_INTERVAL", 0.001)
    table = Table([row()])
    async with claiming(table, Here(), Elsewhere()):
        await looked(table)
    assert len(table.routings) == 1


@pytest.mark.parametrize("fault", [Unavailable("away"), ZeroDivisionError()])
async def test_a_fault_is_outlived(monkeypatch, fault):
    monkeypatch.setattr(module, "LOOK_INTERVAL", 0.001)
    table = Table(fault, [row()])
    async with claiming(table, Here(), Elsewhere()):
        await looked(table)
    assert len(table.routings) == 1


@pytest.mark.usefixtures("never_by_itself")
async def test_after_a_collision_it_looks_again_at_once():
    table = Table(Collision("40P01"), [row()], [row(key=2)])
    async with claiming(table, Here(), Elsewhere()) as (claims, _):
        claims.wake()
        await looked(table)
    assert [routing.keys for routing in table.routings] == [[1], [2]]
    assert table.asked == [(0, 256), (0, 128), (0, 256), (0, 256)]


@pytest.mark.parametrize("fault", [None, Unavailable("away"), ZeroDivisionError()])
@pytest.mark.usefixtures("never_by_itself")
async def test_whoever_waits_for_it_waits_for_a_look_that_begins_later(fault):
    table = Blocked(*([fault] if fault else [[row()]]))
    async with claiming(table, Here(), Elsewhere()) as (claims, _):
        claims.wake()
        await looked(table)
        settled = asyncio.create_task(claims.settled())
        given_up = asyncio.create_task(claims.settled())
        await asyncio.sleep(0)
        given_up.cancel()
        table.go_on.set()
        async with asyncio.timeout(5):
            await settled
    assert table.batches == []


@pytest.mark.usefixtures("never_by_itself")
async def test_whoever_waits_while_nothing_is_to_be_routed_has_nothing_to_wait_for():
    table = Table()
    async with claiming(table, Here(), Elsewhere()) as (claims, _), asyncio.timeout(5):
        await claims.settled()
    assert table.asked == []


@pytest.mark.usefixtures("never_by_itself")
async def test_a_row_whose_hint_is_lost_is_routed_for_whoever_waits():
    table = Table([row()])
    async with claiming(table, Here(), Elsewhere()) as (claims, _), asyncio.timeout(5):
        await claims.settled()
    assert [routing.keys for routing in table.routings] == [[1]]


@pytest.mark.usefixtures("never_by_itself")
async def test_nobody_waits_for_a_database_that_is_away():
    table = Table([row()])
    table.fault = Unavailable("away")
    async with claiming(table, Here(), Elsewhere()) as (claims, _), asyncio.timeout(5):
        await claims.settled()
    assert table.asked == []


class Blocked(Table):
    """Its first look finds nothing, but only when it may go on; the rows come with the second."""

    def __init__(self, *batches: Any) -> None:
        super().__init__(*batches)
        self.go_on = asyncio.Event()

    async def route_unrouted(self, decide: Callable[[Sequence[Any]], Routing], after: int, count: int) -> list[Any]:
        if not self.looked.is_set():
            self.looked.set()
            await self.go_on.wait()
            return []
        return await super().route_unrouted(decide, after, count)


class Poisoned(Table):
    """Rows of which the database refuses some."""

    def __init__(self, keys: Sequence[int], refused: set[int]) -> None:
        super().__init__()
        self.left, self.refused = list(keys), refused

    async def route_unrouted(self, decide: Callable[[Sequence[Any]], Routing], after: int, count: int) -> list[Any]:
        keys = [key for key in self.left if key > after][:count]
        self.batches = [[row(key=key) for key in keys]] if keys else []
        routed = await super().route_unrouted(decide, after, count)
        if self.refused & set(keys):
            raise RowError("23505")
        self.left = [key for key in self.left if key not in keys]
        return routed


@given(st.sets(st.integers(1, 600)), st.sets(st.integers(1, 600), max_size=5))
async def test_only_the_refused_rows_are_passed_over(keys, refused):
    table = Poisoned(sorted(keys), refused)
    async with claiming(table, Here(), Elsewhere()) as (claims, _):
        claims.wake()
        await looked(table)
    assert set(table.left) == keys & refused


@pytest.mark.usefixtures("never_by_itself")
async def test_a_task_brings_along_when_the_devices_were_active():
    table = Table([row(key=1), row(key=2, type="task_start"), row(key=3, type="mystery")], [row()])
    async with claiming(table, Here(), Elsewhere()) as (claims, _):
        claims.wake()
        await looked(table)
    first, second = table.routings
    assert first.rules == [Rule.OTHERS, Rule.TASK_RUNNER, Rule.NOBODY]
    assert (first.active, second.active) == ([ACTIVE], [])


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"payload": None}, "payload: is larger than a message may be"),
        ({"payload": r'"\udc00"'}, "payload: holds half of a surrogate pair"),
        ({"payload": '{"a":'}, "is not valid JSON"),
        ({"type": "ack"}, "type: ack is not for other devices"),
        ({"type": "mystery"}, "type: expected a known message type"),
        ({"id": ""}, "id: expected a text of 1 to 200 characters"),
        ({"user_id": "u" * 201}, "userId: expected a text of 1 to 200 characters"),
        ({"from_device_id": "d" * 201}, "fromDeviceId: expected a text of 1 to 200 characters"),
        ({"priority": 4}, r"priority: expected a whole number from 0 \(low\) to 3 \(critical\)"),
        ({"priority": None}, "priority: expected a whole number"),
        ({"timestamp": "yesterday"}, "timestamp: expected an ISO-8601 date and time"),
    ],
)
def test_what_the_wire_cannot_carry_is_named(changes, reason):
    with pytest.raises(InvalidMessage, match=reason):
        rule_of(row(**changes))


def test_the_rule_is_that_of_a_message():
    assert rule_of(row()) is Rule.OTHERS
    assert rule_of(row(to_device_id="phone")) is Rule.DIRECT
    assert rule_of(row(type="device_handoff")) is Rule.NOBODY
