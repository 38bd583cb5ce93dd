"""A registration and a revocation that meet."""

import asyncio
from typing import Any, cast

import pytest

from reference_server.channel import Channel
from reference_server.clock import Clock
from reference_server.delivery import Delivery
from reference_server.metrics import Metrics
from reference_server.protocol import CloseCode
from reference_server.registration import Capabilities, Registration
from reference_server.sessions import Sessions
from reference_server.settings import Settings
from reference_server.store import Admission, NewSession
from reference_server.tasks import Tasks

SETTINGS = Settings(database_url="", redis_url="")
PHONE = Registration("phone", "ada", "mobile", "test", "1", Capabilities())


class Link:
    def __init__(self) -> None:
        self.closed: list[CloseCode] = []

    def close(self, code: CloseCode, reason: str) -> None:
        self.closed.append(code)


class Quiet:
    """The writer and the bus, as far as a registration asks them."""

    async def closings_stored(self) -> None:
        pass

    def replaced(self, user_id: str, device_id: str, generation: int) -> None:
        pass

    def revoked(self, user_id: str, device_id: str, generation: int) -> None:
        pass

    def presence(self, user_id: str, device_id: str, *, online: bool) -> None:
        pass


class CommittedButNotHeardOf:
    """A store whose answer to a registration comes after that to a revocation."""

    def __init__(self, revoked_generation: int) -> None:
        self.revoked = revoked_generation
        self.answer = asyncio.Event()

    async def register(self, wanted: Registration, new: NewSession) -> Admission:
        await self.answer.wait()
        return Admission(
            outcome="registered",
            session_id=new.session_id,
            resumed=False,
            generation=7,
            epoch="e",
            last_seq=0,
            watermark=0,
            exceptions="{}",
            offered_before=0,
            kept=0,
        )

    async def revoke_session(self, session_id: str, user_id: str) -> tuple[str, int]:
        return "phone", self.revoked


@pytest.mark.parametrize(("revoked", "closed"), [(7, [CloseCode.REVOKED]), (6, [])])
async def test_what_is_revoked_before_its_registration_is_known_is_closed(revoked: int, closed: list[CloseCode]):
    store, link, quiet = CommittedButNotHeardOf(revoked), Link(), cast(Any, Quiet())
    delivery = Delivery(SETTINGS, Clock(), cast(Any, store), Metrics(), Tasks())
    sessions = Sessions(SETTINGS, None, cast(Any, store), delivery, quiet, quiet)
    registering = asyncio.create_task(sessions.open(PHONE, None, cast(Any, link)))
    while not delivery.under_way(("ada", "phone")):  # noqa: ASYNC110 - a turn of the loop, no time
        await asyncio.sleep(0)
    assert await sessions.revoke("any", "ada")
    store.answer.set()
    session = await registering
    assert link.closed == closed
    assert isinstance(session.channel, Channel)
