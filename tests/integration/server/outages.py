"""What can happen to PostgreSQL, each as a block: inside it is so, afterwards it is over; and what clients do then."""

import os
import secrets
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
from devices import Device, Target, database, fresh, health, until
from nodes import Cluster, cluster

from wireproof.stack.embedded import EmbeddedStack


@dataclass(frozen=True)
class Scene:
    """A node on a database of its own, and the stack that it stands on."""

    stack: EmbeddedStack
    cluster: Cluster

    @property
    def name(self) -> str:
        """The database's."""
        return self.cluster.database_url.rsplit("/", 1)[1]

    @property
    def target(self) -> Target:
        """The first node."""
        return self.cluster.targets[0]

    def database(self) -> AbstractAsyncContextManager[asyncpg.Connection]:
        """A connection to the node's database."""
        return database(self.cluster.database_url)

    def administration(self) -> AbstractAsyncContextManager[asyncpg.Connection]:
        """A connection to another database of the same service."""
        return database(self.stack.postgres.url_of("postgres"))


SESSIONS = "FROM pg_stat_activity WHERE datname = $1 AND application_name LIKE 'reference_server%'"
NORMAL_SESSIONS = 9
"""The writer's, the pool's at most, and the ear's."""


async def terminate(scene: Scene) -> int:
    """Ends every session of the server; gives how many."""
    async with scene.administration() as connection:
        return len(await connection.fetch(f"SELECT pg_terminate_backend(pid) {SESSIONS}", scene.name))


@asynccontextmanager
async def killed(scene: Scene) -> AsyncIterator[str]:
    scene.stack.postgres.kill()
    try:
        yield "ConnectionRefusedError"
    finally:
        scene.stack.postgres.start()


@asynccontextmanager
async def stopped_immediately(scene: Scene) -> AsyncIterator[str]:
    os.kill(scene.stack.postgres.process.pid, signal.SIGQUIT)

    async def gone() -> bool:
        return not scene.stack.postgres.is_alive()

    await until(gone)
    try:
        yield "ConnectionRefusedError"
    finally:
        scene.stack.postgres.start()


@asynccontextmanager
async def suspended(scene: Scene) -> AsyncIterator[str]:
    scene.stack.postgres.suspend()
    try:
        yield "no answer within 1 s"
    finally:
        scene.stack.postgres.resume()


@asynccontextmanager
async def locked(scene: Scene) -> AsyncIterator[str]:
    async with scene.database() as connection, connection.transaction():
        await connection.execute("LOCK TABLE messages IN ACCESS EXCLUSIVE MODE")
        yield "no answer within 1 s"


@asynccontextmanager
async def read_only(scene: Scene) -> AsyncIterator[str]:
    """As after a failover: the sessions that were made meanwhile stay as they are."""
    async with scene.administration() as connection:
        await connection.execute(f'ALTER DATABASE "{scene.name}" SET default_transaction_read_only = on')
        await terminate(scene)
        try:
            yield "ReadOnlySQLTransactionError 25006"
        finally:
            await connection.execute(f'ALTER DATABASE "{scene.name}" RESET default_transaction_read_only')


@asynccontextmanager
async def no_connections(scene: Scene) -> AsyncIterator[str]:
    async with scene.administration() as connection:
        await connection.execute(f'ALTER DATABASE "{scene.name}" CONNECTION LIMIT 0')
        await terminate(scene)
        try:
            yield "TooManyConnectionsError 53300"
        finally:
            await connection.execute(f'ALTER DATABASE "{scene.name}" CONNECTION LIMIT -1')


OUTAGES: tuple[Callable[[Scene], AbstractAsyncContextManager[str]], ...] = (
    killed,
    stopped_immediately,
    suspended,
    locked,
    read_only,
    no_connections,
)


@asynccontextmanager
async def on_insert(scene: Scene, body: str) -> AsyncIterator[None]:
    """PL/pgSQL that runs before a message is inserted; `n` counts the inserts, also those that are undone."""
    async with scene.database() as connection:
        await connection.execute(
            "CREATE SEQUENCE inserts;"
            " CREATE FUNCTION on_insert() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$"
            f" DECLARE n bigint := nextval('inserts'); BEGIN {body}; RETURN NEW; END $$;"
            " CREATE TRIGGER on_insert BEFORE INSERT ON messages FOR EACH ROW EXECUTE FUNCTION on_insert()"
        )
        try:
            yield
        finally:
            await connection.execute(
                "DROP TRIGGER on_insert ON messages; DROP FUNCTION on_insert; DROP SEQUENCE inserts"
            )


@asynccontextmanager
async def scene(stack: EmbeddedStack, count: int = 1, port: int = 0, **settings: str) -> AsyncIterator[Scene]:
    """Nodes whose role is no superuser: limits hold for them. Whatever happens is no fault of theirs."""
    async with cluster(stack, 0, **settings) as nodes:
        made = Scene(stack, nodes)
        role, password = fresh("role"), secrets.token_hex(8)
        async with made.administration() as connection:
            await connection.execute(f"CREATE ROLE \"{role}\" LOGIN PASSWORD '{password}'")
            await connection.execute(f'ALTER DATABASE "{made.name}" OWNER TO "{role}"')
        address = f"127.0.0.1:{port or stack.postgres.port}"
        nodes.settings["DATABASE_URL"] = f"postgresql://{role}:{password}@{address}/{made.name}"
        await nodes.start(count)
        yield made
        assert nodes.faults() == []


@asynccontextmanager
async def pair(target: Target) -> AsyncIterator[tuple[Device, Device]]:
    """A sender and its recipient."""
    user = fresh("user")
    async with target.device(user, "phone") as phone, target.device(user, "desktop", "desktop") as desktop:
        yield phone, desktop


async def sent(phone: Device, number: Any) -> list[str]:
    """Sends the same message until it is stored; gives the codes of the refusals before."""
    message_id, codes = fresh("m"), []

    async def stored() -> bool:
        answer = await phone.ask("user_message", number, toDeviceId="desktop", id=message_id)
        if answer["status"] == "failed":
            assert answer["retryAfter"] > 0
            codes.append(answer["code"])
        return bool(answer["status"] != "failed")

    await until(stored)
    return codes


async def received(desktop: Device, last: Any) -> list[Any]:
    """The payloads that come, up to this one, each once; confirmed."""
    payloads: list[Any] = []
    while not payloads or payloads[-1] != last:
        message = await desktop.next("user_message")
        await desktop.confirm(message)
        if message["payload"] not in payloads:
            payloads.append(message["payload"])
    return payloads


async def ready(target: Target) -> None:
    """Waits until the server says that all is well."""

    async def well() -> bool:
        return await health(target) == (200, "pass")

    await until(well)


async def sessions_are_normal(at: Scene) -> None:
    """Waits until PostgreSQL has no more sessions of the server than it needs, none of them at work."""
    async with at.administration() as connection:

        async def normal() -> bool:
            states = [row["state"] for row in await connection.fetch(f"SELECT state {SESSIONS}", at.name)]
            return len(states) <= NORMAL_SESSIONS and set(states) == {"idle"}

        await until(normal)


async def stored(phone: Device, message_id: str) -> bool:
    """Sends a message again."""
    answer = await phone.ask("user_message", message_id, toDeviceId="desktop", id=message_id)
    return bool(answer["status"] == "delivered")
