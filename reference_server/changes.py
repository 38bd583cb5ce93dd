"""Hears what others do to the tables by SQL, and tells the devices. Only hints: rows are the truth."""

import asyncio
import contextlib
from collections import deque
from typing import Any, Literal

import asyncpg
import msgspec

from reference_server import logs, replies
from reference_server.channel import Channel
from reference_server.claims import Claims
from reference_server.clock import Clock
from reference_server.delivery import Delivery
from reference_server.protocol import CloseCode
from reference_server.settings import Settings
from reference_server.store import Unavailable, session_limits
from reference_server.tasks import Tasks

CHANNEL = "wireproof_changes"
RECONNECT_PAUSE = 0.5
CHECK_INTERVAL = 5.0
"""Seconds after which a silent connection has to prove that it is alive."""
WAITING_LIMIT = 100_000
"""Notifications that may wait for one client to read; beyond it the client is closed."""


class Change(msgspec.Struct, rename="camel"):
    """A hint as the triggers of `0004_rows.sql` give it."""

    table: Literal["messages", "conversations"]
    change: Literal["insert", "update", "delete"]
    user_id: str = ""
    ids: list[str] = []


_decode = msgspec.json.Decoder(Change).decode


class Changes:
    """The node's ear at the database, a connection of its own."""

    def __init__(self, settings: Settings, clock: Clock, claims: Claims, delivery: Delivery, tasks: Tasks) -> None:
        self._settings = settings
        self._clock = clock
        self._claims = claims
        self._delivery = delivery
        self._tasks = tasks
        self._waiting: dict[Channel, deque[bytes]] = {}
        self._connected = asyncio.Event()

    async def opened(self, patience: float) -> None:
        """Wait until the first change would be heard; raises Unavailable after `patience` seconds."""
        try:
            async with asyncio.timeout(patience):
                await self._connected.wait()
        except TimeoutError:
            raise Unavailable("nothing can be listened to") from None

    async def listen_forever(self) -> None:
        """Hear the database; listens again after every loss."""
        while True:
            try:
                await self._listen()
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as problem:
                if self._connected.is_set():
                    logs.warning("changes are not heard", reason=type(problem).__name__)
            self._connected.clear()
            await asyncio.sleep(RECONNECT_PAUSE)

    async def _listen(self) -> None:
        """Until the connection is lost; what was inserted before counts as heard of."""
        patience = self._settings.database_timeout
        connection: Any = await asyncpg.connect(
            self._settings.database_url,
            timeout=patience,
            command_timeout=patience,
            server_settings={
                "application_name": f"reference_server {self._settings.node} changes",
                **session_limits(patience),
            },
        )
        lost = asyncio.Event()
        try:
            connection.add_termination_listener(lambda _: lost.set())
            await connection.add_listener(CHANNEL, lambda *heard: self.hear(heard[-1]))
            self._connected.set()
            self._claims.wake()
            while not lost.is_set():
                await connection.execute("SELECT 1")
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(CHECK_INTERVAL):
                        await lost.wait()
            logs.warning("changes are not heard", reason="connection lost")
        finally:
            connection.terminate()

    def hear(self, hint: str) -> None:
        """One hint; anybody who may connect to the database can send one."""
        try:
            change = _decode(hint)
        except msgspec.DecodeError:
            logs.warning("a hint that cannot be read")
            return
        if change.change == "insert":
            self._claims.wake()
        else:
            self._announce(change)

    def _announce(self, change: Change) -> None:
        """Notify the devices of the user that are connected here."""
        for channel in self._delivery.of_user(change.user_id):
            payloads = (replies.changed(change.change, change.table, each) for each in change.ids)
            waiting = self._waiting.get(channel)
            if waiting is None:
                self._waiting[channel] = deque(payloads)
                self._tasks.start(self._notify(channel), "notify")
            elif len(waiting) > WAITING_LIMIT:
                channel.link.close(CloseCode.SLOW_CONSUMER, "the client does not read fast enough")
            else:
                waiting.extend(payloads)

    async def _notify(self, channel: Channel) -> None:
        """Send in order what waits, no faster than the client reads."""
        waiting = self._waiting[channel]
        try:
            while waiting and not channel.closed:
                now = self._clock.stamp()
                channel.link.send(channel.addressee.message(b"notification", waiting.popleft(), now))
                if channel.link.congested():
                    await channel.link.drain()
        finally:
            del self._waiting[channel]
