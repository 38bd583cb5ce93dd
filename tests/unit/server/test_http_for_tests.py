"""The test mode's requests and what the writer still has to do."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest
from aiohttp import web

from reference_server import http_for_tests
from reference_server.clock import Clock
from reference_server.http_for_tests import ApiForTests


class Busy:
    """A writer that never gets quiet, and stores closings at the time that the clock shows."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.closed_at: list[float] = []

    async def drain(self) -> None:
        await asyncio.Event().wait()

    async def settled(self) -> None:
        await asyncio.Event().wait()

    async def closings_stored(self) -> None:
        await asyncio.sleep(0)
        self.closed_at.append(self.clock.ahead)


class Idle:
    """A store, a writer, claims without anything to do."""

    async def drain(self) -> None:
        pass

    async def settled(self) -> None:
        pass

    async def renew_leases(self) -> None:
        pass

    async def purge(self) -> None:
        pass


class Request:
    async def read(self) -> bytes:
        return b'{"advance": 60}'


async def test_who_left_before_the_step_left_before_the_step():
    clock = Clock()
    writer = Busy(clock)
    api = api_with(clock, writer=writer)
    answer = await handler(api, "/test/clock")(cast(Any, Request()))
    assert answer.status == 200
    assert (writer.closed_at, clock.ahead) == ([0.0], 60)


def api_with(clock: Clock, store: object = None, claims: object = None, writer: object = None) -> ApiForTests:
    idle = Idle()
    parts = [cast(Any, part or idle) for part in (store, claims, writer)]
    return ApiForTests(clock, *parts, None)


def handler(api: ApiForTests, path: str) -> Callable[[web.Request], Awaitable[Any]]:
    return next(cast(Any, route.handler) for route in api.routes() if route.path == path)


class Tidy(Idle):
    """A store that counts how often house was kept."""

    def __init__(self) -> None:
        self.times = 0

    async def purge(self) -> None:
        self.times += 1


async def test_a_reset_keeps_house_only_after_the_clock_was_moved():
    clock, store = Clock(), Tidy()
    reset = handler(api_with(clock, store=store), "/test/reset")
    assert (await reset(cast(Any, None))).status == 204
    assert store.times == 0
    clock.advance(5)
    assert (await reset(cast(Any, None))).status == 204
    assert (store.times, clock.ahead) == (1, 0)


@pytest.mark.parametrize("busy", ["writer", "claims"])
async def test_a_reset_gives_up_on_a_server_that_does_not_get_quiet(monkeypatch: pytest.MonkeyPatch, busy: str):
    monkeypatch.setattr(http_for_tests, "PATIENCE", 0.01)
    clock = Clock()
    clock.advance(5)
    api = api_with(clock, **{busy: Busy(clock)})
    with pytest.raises(web.HTTPServiceUnavailable) as caught:
        await handler(api, "/test/reset")(cast(Any, None))
    assert caught.value.text == "messages keep coming, or the database is away"
    assert clock.ahead == 5
