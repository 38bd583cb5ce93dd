"""Defects of dependencies: what was lost once is not taken up again."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import asyncpg

from reference_server.app import Parts
from reference_server.bus import Bus
from reference_server.defects.defect import mixed
from reference_server.delivery import Delivery
from reference_server.store import Store


@dataclass
class _Hearing:
    """Whether a node has lost its subscription."""

    lost: bool = False


class _DeafBus(Bus):
    """Subscribes until it is subscribed, and never again."""

    hearing: _Hearing

    async def _listen(self, subscription: Any) -> None:
        if self.hearing.lost:
            await asyncio.get_running_loop().create_future()
        try:
            await super()._listen(subscription)
        finally:
            self.hearing.lost = self.connected


class _Trusting(Delivery):
    """Looks into the database for what other nodes have stored only as long as it hears them."""

    hearing: _Hearing

    async def look_around(self) -> None:
        if not self.hearing.lost:
            await super().look_around()


def go_deaf(parts: Parts) -> Parts:
    """A node whose subscription was lost learns nothing of the others any more."""
    hearing = _Hearing()
    bus = mixed(_DeafBus, parts.bus, hearing=hearing)
    return replace(parts, bus=bus, delivery=mixed(_Trusting, parts.delivery, hearing=hearing))


class _FixedPool:
    """Lends the connections that it was given, and never looks whether they are alive."""

    def __init__(self, pool: Any, connections: list[Any]) -> None:
        self._pool = pool
        self._connections = connections
        self._idle: asyncio.Queue[Any] = asyncio.Queue()
        for connection in connections:
            self._idle.put_nowait(connection)

    @contextlib.asynccontextmanager
    async def acquire(self, timeout: float | None = None) -> AsyncIterator[Any]:
        connection = await asyncio.wait_for(self._idle.get(), timeout)
        try:
            yield connection
        finally:
            self._idle.put_nowait(connection)

    async def close(self) -> None:
        for connection in self._connections:
            await self._pool.release(connection)
        await self._pool.close()

    def terminate(self) -> None:
        self._pool.terminate()


class _PoisonedStore(Store):
    """Replaces no connection that was lost."""

    async def open(self) -> None:
        await super().open()
        for name, pool in vars(self).items():
            if isinstance(pool, asyncpg.Pool):
                connections = [await pool.acquire() for _ in range(pool.get_max_size())]
                setattr(self, name, _FixedPool(pool, connections))


def poison(parts: Parts) -> Parts:
    """A connection to PostgreSQL that was lost stays lost."""
    return replace(parts, store=mixed(_PoisonedStore, parts.store))
