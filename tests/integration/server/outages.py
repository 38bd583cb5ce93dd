"""What can happen to PostgreSQL, each as a block: inside it is so, afterwards it is over."""

import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

import asyncpg
from devices import Target, database, until
from nodes import Cluster

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
    yield "ConnectionRefusedError"
    scene.stack.postgres.start()


@asynccontextmanager
async def stopped_immediately(scene: Scene) -> AsyncIterator[str]:
    os.kill(scene.stack.postgres.process.pid, signal.SIGQUIT)

    async def gone() -> bool:
        return not scene.stack.postgres.is_alive()

    await until(gone)
    yield "ConnectionRefusedError"
    scene.stack.postgres.start()


@asynccontextmanager
async def suspended(scene: Scene) -> AsyncIterator[str]:
    scene.stack.postgres.suspend()
    yield "no answer within 1 s"
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
        yield "ReadOnlySQLTransactionError 25006"
        await connection.execute(f'ALTER DATABASE "{scene.name}" RESET default_transaction_read_only')


@asynccontextmanager
async def no_connections(scene: Scene) -> AsyncIterator[str]:
    async with scene.administration() as connection:
        await connection.execute(f'ALTER DATABASE "{scene.name}" CONNECTION LIMIT 0')
        await terminate(scene)
        yield "TooManyConnectionsError 53300"
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
        yield
        await connection.execute("DROP TRIGGER on_insert ON messages; DROP FUNCTION on_insert; DROP SEQUENCE inserts")
