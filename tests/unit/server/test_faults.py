"""A fault of the server itself in the work of one connection ends that connection, and is told."""

import asyncio
import json
import logging
from typing import Any, cast

import pytest

from reference_server.channel import Link
from reference_server.clock import Clock
from reference_server.delivery import Delivery
from reference_server.metrics import Metrics
from reference_server.peer import Peer, Services
from reference_server.protocol import CloseCode
from reference_server.sessions import Sessions
from reference_server.settings import Settings
from reference_server.store import Admission
from reference_server.tasks import Tasks

SETTINGS = Settings(database_url="", redis_url="")
ADMITTED = Admission(
    outcome="registered",
    session_id="s",
    resumed=False,
    generation=1,
    epoch="e",
    last_seq=3,
    watermark=0,
    exceptions="{}",
    offered_before=0,
    kept=0,
)
REGISTRATION = {
    "id": "r",
    "type": "device_register",
    "fromDeviceId": "phone",
    "userId": "ada",
    "payload": {
        "id": "phone",
        "userId": "ada",
        "type": "mobile",
        "platform": "test",
        "version": "1",
        "capabilities": {},
    },
    "timestamp": "2026-01-01T00:00:00Z",
    "priority": 1,
    "requiresAck": True,
}


class Socket:
    """A link that notes how it was closed."""

    def __init__(self) -> None:
        self.closed: asyncio.Future[CloseCode] = asyncio.get_running_loop().create_future()

    def send(self, data: bytes) -> None:
        pass

    def pause(self) -> None:
        pass

    def resume(self) -> None:
        pass

    def close(self, code: CloseCode, reason: str) -> None:
        self.closed.set_result(code)


class Stumbling:
    """A store, and sessions, that fail in a way that nobody has thought of."""

    async def page(self, *_: object) -> list[Any]:
        raise ZeroDivisionError

    def identify(self, *_: object) -> None:
        return None

    async def open(self, *_: object) -> None:
        raise ZeroDivisionError


async def closed_after_a_fault(socket: Socket, caplog: pytest.LogCaptureFixture) -> CloseCode:
    async with asyncio.timeout(5):
        code = await socket.closed
    assert [(r.levelno, r.getMessage()) for r in caplog.records] == [(logging.ERROR, "background work failed")]
    return code


async def test_a_backlog_that_cannot_be_sent(caplog: pytest.LogCaptureFixture):
    socket = Socket()
    delivery = Delivery(SETTINGS, Clock(), cast(Any, Stumbling()), Metrics(), Tasks())
    channel = delivery.expect(("ada", "phone"), cast(Link, socket))
    delivery.activate(channel, ADMITTED)
    delivery.start(channel)
    assert await closed_after_a_fault(socket, caplog) is CloseCode.INTERNAL_ERROR


async def test_a_registration_that_cannot_be_answered(caplog: pytest.LogCaptureFixture):
    socket, nothing = Socket(), cast(Any, None)
    sessions = cast(Sessions, Stumbling())
    services = Services(SETTINGS, Clock(), sessions, nothing, nothing, Metrics(), Tasks())
    peer = Peer(services, cast(Any, socket), None, {})
    peer.challenge()
    peer.receive(json.dumps(REGISTRATION).encode())
    assert await closed_after_a_fault(socket, caplog) is CloseCode.INTERNAL_ERROR
