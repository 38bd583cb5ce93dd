"""The test mode's requests when the server does not get quiet."""

import asyncio
from typing import Any, cast

import pytest
from aiohttp import web

from reference_server import http_for_tests
from reference_server.clock import Clock
from reference_server.http_for_tests import ApiForTests


class Busy:
    """A writer that never ends."""

    async def drain(self) -> None:
        await asyncio.Event().wait()


async def test_a_reset_gives_up_on_a_server_that_does_not_get_quiet(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(http_for_tests, "PATIENCE", 0.01)
    clock = Clock()
    clock.advance(5)
    api = ApiForTests(clock, cast(Any, None), cast(Any, Busy()), None)
    reset = next(route for route in api.routes() if route.path == "/test/reset")
    with pytest.raises(web.HTTPServiceUnavailable) as caught:
        await reset.handler(cast(Any, None))
    assert caught.value.text == "messages keep coming, or the database is away"
    assert clock.ahead == 5
