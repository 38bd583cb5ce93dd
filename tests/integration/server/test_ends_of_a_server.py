"""A server that ends, in good order or not: what it acknowledged is stored, in order, and the next one delivers it."""

import asyncio
import itertools
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field

import pytest
from devices import GENEROUS_S, Device, Target, fresh
from outages import Scene, killed, locked, scene, suspended
from websockets.exceptions import ConnectionClosed

SENDERS = 4
WINDOW = 50
"""Messages that a sender has under way."""
FAST = {"RATE_LIMIT": "1000000", "BACKLOG_LIMIT": "1000000"}


@dataclass
class Sender:
    """Sends numbers in order; what is not acknowledged is sent again."""

    user: str
    acked: set[int] = field(default_factory=set)
    unknown: set[int] = field(default_factory=set)
    close_code: int | None = None
    under_load: asyncio.Event = field(default_factory=asyncio.Event)

    first: int = 0
    """The first number that is not acknowledged."""

    async def send_until_closed(self, target: Target) -> None:
        """As many as the server takes, until it ends the connection."""
        async with target.device(self.user, "phone") as phone:
            try:
                for number in itertools.count(self.first):
                    await self._send(phone, number)
                    if number - self.first > WINDOW:
                        await self._take(phone)
                        self.under_load.set()
            except ConnectionClosed:
                pass
            try:
                while True:
                    await self._take(phone)
            except ConnectionClosed:
                self.close_code = phone.socket.close_code

    async def send_up_to(self, target: Target, last: int) -> None:
        """The rest, and an acknowledgement of each."""
        async with target.device(self.user, "phone") as phone:
            for number in range(self.first, last + 1):
                await self._send(phone, number)
                await self._take(phone)
        assert self.first == last + 1

    async def _send(self, phone: Device, number: int) -> None:
        await phone.send("user_message", number, toDeviceId="desktop", id=f"m-{number}")

    async def _take(self, phone: Device) -> None:
        answer = (await phone.next("ack"))["payload"]
        number = int(answer["originalMessageId"].removeprefix("m-"))
        if answer["status"] == "failed":
            assert answer["code"] == "UNAVAILABLE", answer
            self.unknown.add(number)
        else:
            self.acked.add(number)
            while self.first in self.acked:
                self.first += 1


async def stored(at: Scene, user: str) -> list[int]:
    """What is in the database, in the order of its numbers for the desktop."""
    async with at.database() as rows:
        found = await rows.fetch(
            "SELECT m.payload::text::int AS number FROM deliveries d JOIN messages m ON m.key = d.message_key"
            " WHERE d.user_id = $1 ORDER BY d.seq",
            user,
        )
    return [row["number"] for row in found]


async def crowd(at: Scene) -> list[Sender]:
    """Senders whose recipients have been here once."""
    senders = [Sender(fresh("user")) for _ in range(SENDERS)]
    for sender in senders:
        async with at.target.device(sender.user, "desktop"):
            pass
    return senders


def none(_: Scene) -> AbstractAsyncContextManager[None]:
    """Nothing happens to PostgreSQL."""
    return AsyncExitStack()


@pytest.mark.parametrize("outage", [none, killed, suspended, locked], ids=lambda outage: outage.__name__)
async def test_sigterm_under_load(fragile, outage: Callable[[Scene], AbstractAsyncContextManager[object]]):
    async with scene(fragile, **FAST) as at:
        senders = await crowd(at)
        process = at.cluster.nodes[0].process
        async with at.target.device(senders[0].user, "desktop") as reader, at.target.open() as stranger:
            sending = [asyncio.create_task(sender.send_until_closed(at.target)) for sender in senders]
            for sender in senders:
                await sender.under_load.wait()
            async with outage(at):
                process.terminate()
                assert await reader.close_code() == 1012
                assert await stranger.close_code() == 1012
                await asyncio.gather(*sending)
                async with asyncio.timeout(GENEROUS_S):
                    assert await process.wait() == 0
        if outage in (none, killed):
            assert at.cluster.nodes[0].events("grace period over") == []
        for sender in senders:
            assert sender.close_code == 1012
            rows = await stored(at, sender.user)
            assert rows == sorted(set(rows))
            assert sender.acked <= set(rows) <= sender.acked | sender.unknown | set(range(sender.first, 1_000_000))
        await all_is_delivered(at, senders)


async def test_sigkill_under_load_again_and_again(fragile):
    async with scene(fragile, **FAST) as at:
        senders = await crowd(at)
        for number in range(3):
            target = at.cluster.targets[-1]
            for sender in senders:
                sender.under_load.clear()  # of the round before
            sending = [asyncio.create_task(sender.send_until_closed(target)) for sender in senders]
            for sender in senders:
                await sender.under_load.wait()
            await at.cluster.kill(number)
            await asyncio.gather(*sending)
            for sender in senders:
                assert sender.close_code in (None, 1006)
                assert sender.acked <= set(await stored(at, sender.user))
            if number < 2:
                await at.cluster.start()
        await all_is_delivered(at, senders)


async def all_is_delivered(at: Scene, senders: list[Sender]) -> None:
    """The next server takes what is missing, and gives the recipients everything in order, each once."""
    target = await at.cluster.start()
    for sender in senders:
        last = max(sender.acked) + 5
        await sender.send_up_to(target, last)
        rows = await stored(at, sender.user)
        assert sorted(rows) == list(range(len(rows)))
        async with target.device(sender.user, "desktop") as desktop:
            got = [await desktop.next("user_message") for _ in rows]
            await desktop.is_served()
        assert [message["payload"] for message in got] == rows
        assert [message["seq"] for message in got] == list(range(1, len(rows) + 1))
