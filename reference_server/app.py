"""The composition root: everything is made and wired here, and nowhere else.

A part is replaced by handing over another `Parts`: a subclass of any class below takes its place, and the rest does not
notice.
"""

import asyncio
import contextlib
import gc
import os
import signal
from dataclasses import dataclass

from reference_server import logs
from reference_server.auth import Tokens
from reference_server.bus import Bus
from reference_server.changes import Changes
from reference_server.claims import Claims
from reference_server.clock import Clock
from reference_server.delivery import Delivery
from reference_server.gateway import Gateway
from reference_server.http import Api
from reference_server.http_for_tests import ApiForTests
from reference_server.metrics import Metrics
from reference_server.migrate import MigrationError
from reference_server.peer import Services
from reference_server.sessions import Sessions
from reference_server.settings import Settings
from reference_server.store import Store, Unavailable
from reference_server.tasks import Tasks
from reference_server.writer import Writer

DATABASE_PATIENCE = 10.0
"""Seconds that the start waits for PostgreSQL."""
PURGE_INTERVAL = 300.0


class StartError(Exception):
    """The server cannot start; one plain line."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The classes that an application is made of."""

    clock: type[Clock] = Clock
    tokens: type[Tokens] = Tokens
    store: type[Store] = Store
    bus: type[Bus] = Bus
    delivery: type[Delivery] = Delivery
    writer: type[Writer] = Writer
    claims: type[Claims] = Claims
    changes: type[Changes] = Changes
    sessions: type[Sessions] = Sessions
    gateway: type[Gateway] = Gateway
    api: type[Api] = Api


class App:
    """One node."""

    def __init__(self, settings: Settings, parts: Parts | None = None) -> None:
        parts = parts or Parts()
        self.settings = settings
        self._tasks = Tasks()
        self._clock = parts.clock()
        metrics = Metrics()
        tokens = parts.tokens(settings.token_secret, self._clock) if settings.auth_mode == "token" else None
        self.store = parts.store(settings, self._clock)
        self._bus = parts.bus(settings)
        self._delivery = parts.delivery(settings, self._clock, self.store, metrics, self._tasks)
        self._writer = parts.writer(self.store, self._clock, self._delivery, self._bus, metrics)
        self._claims = parts.claims(self.store, self._delivery, self._bus, metrics)
        self._changes = parts.changes(settings, self._clock, self._claims, self._delivery, self._tasks)
        sessions = parts.sessions(settings, tokens, self.store, self._delivery, self._writer, self._bus)
        self._bus.listener = sessions
        services = Services(settings, self._clock, sessions, self._delivery, self._writer, metrics, self._tasks)
        self._gateway = parts.gateway(services, tokens)
        more = []
        if settings.test_mode:
            more = ApiForTests(self._clock, self.store, self._claims, self._writer, tokens).routes()
        self._api = parts.api(settings, self._clock, self.store, self._bus, sessions, tokens, metrics, more)

    async def start(self) -> None:
        """Migrate, connect and listen; raises StartError."""
        try:
            for name in await migrate(self.store):
                logs.info("migrated", migration=name)
            await self.store.open()
            await self.store.forget_presence()
            self._tasks.keep(self._changes.listen_forever, "changes")
            await self._changes.opened(DATABASE_PATIENCE)
        except Unavailable as problem:
            raise StartError(f"PostgreSQL cannot be reached ({problem}): check REFERENCE_SERVER_DATABASE_URL") from None
        for work, name in (
            (self._writer.run, "writer"),
            (self._claims.run, "claims"),
            (self._bus.publish_forever, "bus out"),
            (self._bus.listen_forever, "bus in"),
            (self._delivery.redelivery.run, "redelivery"),
            (self._delivery.look_around_forever, "look around"),
            (self._gateway.heartbeat_forever, "heartbeat"),
            (self._renew_leases_forever, "leases"),
            (self._purge_forever, "purge"),
        ):
            self._tasks.keep(work, name)
        try:
            ws_port = await self._gateway.start()
            http_port = await self._api.start()
        except OSError as problem:
            ports = f"{self.settings.ws_port} and {self.settings.http_port}"
            reason = os.strerror(problem.errno) if problem.errno else type(problem).__name__
            raise StartError(f"cannot listen on {self.settings.host}, ports {ports}: {reason}") from None
        if self.settings.auth_mode == "open":
            logs.warning("OPEN MODE: everybody is who they say they are; never use this where others can connect")
        if self.settings.test_mode:
            logs.warning("TEST MODE: anybody can get a token; never use this in production")
        if self.settings.defects:
            logs.warning("DEFECTS: wrong on purpose", defects=self.settings.defects, seed=self.settings.defect_seed)
        gc.freeze()
        logs.info("listening", node=self.settings.node, wsPort=ws_port, httpPort=http_port)

    async def stop(self) -> None:
        """Drain: accept nothing new, finish commits and acks, close with 1012; within the grace period.

        Half of that is for the database, so that every client hears of the end whatever the database does.
        """
        logs.info("draining")
        self._api.draining = True
        self._gateway.stop_accepting()
        half = self.settings.shutdown_grace / 2
        for ending in (self._writer.finish, self._close_clients):
            try:
                async with asyncio.timeout(half):
                    await ending()
            except TimeoutError:
                logs.warning("grace period over")
        await self._release()
        logs.info("stopped")

    async def _close_clients(self) -> None:
        await self._gateway.close_all()
        await self._writer.finish()

    async def _release(self) -> None:
        """Let go of everything that was opened."""
        await self._tasks.stop()
        await self._api.close()
        await self._bus.close()
        await self.store.close()

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT."""
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            with contextlib.suppress(NotImplementedError):
                loop.add_signal_handler(number, ended.set)
        try:
            await self.start()
        except StartError:
            await self._release()
            raise
        await ended.wait()
        await self.stop()

    async def _renew_leases_forever(self) -> None:
        while True:
            await asyncio.sleep(self.settings.heartbeat_interval)
            if self._delivery.populated:
                with contextlib.suppress(Unavailable):
                    await self.store.renew_leases()

    async def _purge_forever(self) -> None:
        while True:
            await asyncio.sleep(PURGE_INTERVAL)
            with contextlib.suppress(Unavailable):
                await self.store.purge()


async def migrate(store: Store) -> list[str]:
    """Apply pending migrations, waiting a while for the database; raises StartError."""
    give_up_at = asyncio.get_running_loop().time() + DATABASE_PATIENCE
    while True:
        try:
            return await store.migrate()
        except MigrationError as problem:
            raise StartError(str(problem)) from None
        except Unavailable:
            if asyncio.get_running_loop().time() > give_up_at:
                raise
            await asyncio.sleep(0.2)
