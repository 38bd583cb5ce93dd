"""PostgreSQL: connections, failures, and one method per question. Time is always that of the server's clock."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import asyncpg

from reference_server import migrate, queries
from reference_server.auth import Identity
from reference_server.batch import Batch, Routing
from reference_server.clock import Clock
from reference_server.protocol import encode
from reference_server.registration import Registration
from reference_server.settings import Settings

STATEMENT_SHARE = 0.75
"""Of databaseTimeout: PostgreSQL itself ends a statement then. So its outcome is known, and nothing that was given up
goes on there with its locks."""
POOL_SIZE = 7
CLOSE_PATIENCE = 1.0
RECOVERABLE = 100_000
"""Who missed more deliveries than this does not recover: counting them holds a lock."""
PAGE_ROWS = 200
PAGE_BYTES = 1024 * 1024
"""A replay reads the backlog in pages: this many rows, or this many payload bytes and one more row."""


class Unavailable(Exception):  # noqa: N818 - the protocol's word
    """The database cannot be reached, or the outcome of a statement is unknown."""


class RowError(Exception):
    """The database refuses a value in the batch; nothing of the batch was stored."""


class Collision(Unavailable):
    """Another transaction stored the same id or took the locks crosswise; the batch is undone and may be repeated."""


@dataclass(frozen=True, slots=True)
class Admission:
    """The database's answer to a registration; up to `offered_before` a socket may have seen the deliveries already.

    Of the deliveries after the presented `lastSeq` as many as `kept` are still there.
    """

    outcome: str
    session_id: str
    resumed: bool
    generation: int
    epoch: str
    last_seq: int
    watermark: int
    exceptions: str
    offered_before: int
    kept: int


@dataclass(frozen=True, slots=True)
class NewSession:
    """What the server adds to a registration."""

    session_id: str
    epoch: str
    token_id: str | None
    token_expires_at: datetime | None


class Store:
    """A few connections; every failure to reach the database becomes Unavailable, within databaseTimeout."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._pool: Any = None
        self._lane: Any = None
        """The writer's own connection: registrations and readers, however many, do not keep it waiting."""

    async def open(self) -> None:
        """Connect; raises Unavailable when the database does not answer."""
        with _translated():
            self._lane = await self._make_pool(1, max_inactive_connection_lifetime=0)
            self._pool = await self._make_pool(POOL_SIZE)
        await self.ping()
        async with self._connection(), self._connection():
            pass  # these are there from the start

    async def _make_pool(self, size: int, **options: Any) -> Any:
        """It connects when it is asked to, and not by itself: whoever needs a connection learns why there is none."""
        patience = self._settings.database_timeout * STATEMENT_SHARE
        return await asyncpg.create_pool(
            self._settings.database_url,
            min_size=0,
            max_size=size,
            timeout=self._settings.database_timeout,
            reset=_keep_as_it_is,
            # One plan for every batch size, made for index look-ups: the tables are empty when it is made.
            server_settings={
                "application_name": f"reference_server {self._settings.node}",
                "wireproof.node": self._settings.node,
                "plan_cache_mode": "force_generic_plan",
                "enable_seqscan": "off",
                "jit": "off",
                **session_limits(patience),
            },
            **options,
        )

    async def close(self) -> None:
        """End all connections, at once when the database does not answer."""
        pools = [pool for pool in (self._lane, self._pool) if pool is not None]
        with contextlib.suppress(TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            async with asyncio.timeout(CLOSE_PATIENCE):
                for pool in pools:
                    await pool.close()
        for pool in pools:
            pool.terminate()

    async def migrate(self) -> list[str]:
        """Apply what is pending; returns the names. A migration may take longer than a statement of the service."""
        with _translated():
            connection = await asyncpg.connect(self._settings.database_url, timeout=self._settings.database_timeout)
            try:
                return await migrate.apply(connection, migrate.read())
            finally:
                await connection.close()

    async def missing_migrations(self) -> list[str]:
        """The names of migrations not applied."""
        async with self._lent(self._lane) as connection:
            return await migrate.missing(connection, migrate.read())

    async def ping(self) -> None:
        """Ask the database whether messages could be stored: a lock or a read-only database is as bad as silence."""
        async with self._lent(self._lane) as connection:
            await connection.execute(queries.STORE_NOTHING)

    async def store_batch(self, batch: Batch) -> list[Any]:
        """Commit a batch in one transaction; rows as the SQL function gives them.

        Raises Unavailable, RowError, Collision.
        """
        s = self._settings
        seen_after = batch.at - timedelta(seconds=s.device_ttl)
        async with self._lent(self._lane) as connection:
            rows: list[Any] = await connection.fetch(
                queries.STORE_BATCH, batch.at, s.node, seen_after, s.backlog_limit, *batch.columns()
            )
        return rows

    async def has_unrouted(self) -> bool:
        """Whether any message waits to be routed."""
        async with self._connection() as connection:
            return bool(await connection.fetchval(queries.HAS_UNROUTED))

    async def route_unrouted(self, decide: Callable[[Sequence[Any]], Routing], after: int, count: int) -> list[Any]:
        """Claim unrouted messages, at most `count` whose key is above `after`, and route them as `decide` says.

        That is one transaction; the answer are rows as the SQL function gives them.

        Empty when there is nothing to claim. Raises Unavailable, RowError, Collision.
        """
        s = self._settings
        now = self._clock.now()
        seen_after = now - timedelta(seconds=s.device_ttl)
        async with self._transaction() as connection:
            claimed = await connection.fetch(queries.CLAIM_UNROUTED, after, count, PAGE_BYTES, s.max_message_bytes)
            if not claimed:
                return []
            routed: list[Any] = await connection.fetch(
                queries.ROUTE_CLAIMED, now, s.node, seen_after, s.backlog_limit, *decide(claimed).columns()
            )
        return routed

    async def register(self, registration: Registration, new: NewSession) -> Admission:
        """Admit a device; `outcome` says registered, device_limit or revoked, the rest holds only for the first."""
        now = self._clock.now()
        s = self._settings
        can = registration.capabilities
        async with self._connection() as connection:
            row = await connection.fetchrow(
                queries.REGISTER,
                now,
                s.node,
                now + timedelta(seconds=s.lease),
                s.max_devices_per_user,
                registration.user_id,
                registration.id,
                registration.type,
                registration.platform,
                registration.version,
                encode(can).decode(),
                can.supports_file_sync,
                can.supports_notifications,
                new.epoch,
                new.session_id,
                new.token_id,
                new.token_expires_at,
                registration.session_id,
                now - timedelta(seconds=s.session_timeout),
                registration.last_seq,
                self._oldest(),
                RECOVERABLE,
            )
        return Admission(*row)

    async def page(self, user_id: str, device_id: str, after: int, up_to: int) -> list[Any]:
        """The next deliveries of a device in order, without expired ones; empty when none is left."""
        async with self._connection() as connection:
            rows: list[Any] = await connection.fetch(
                queries.BACKLOG_PAGE, user_id, device_id, after, up_to, self._oldest(), PAGE_ROWS, PAGE_BYTES
            )
        return rows

    async def deliveries(self, user_id: str, device_id: str, numbers: Sequence[int]) -> list[Any]:
        """These deliveries of a device in order, without expired ones."""
        async with self._connection() as connection:
            rows: list[Any] = await connection.fetch(
                queries.DELIVERIES_BY_SEQ, user_id, device_id, numbers, self._oldest()
            )
        return rows

    async def connected(self) -> list[Any]:
        """user_id, device_id, generation, last_seq, revoked, session_id of every device that is connected here."""
        return await self.fetch(queries.CONNECTED, self._settings.node)

    async def generations(self, keys: Iterable[tuple[str, str]]) -> list[Any]:
        """user_id, device_id and newest generation of these devices."""
        users, devices = zip(*keys, strict=True)
        return await self.fetch(queries.GENERATIONS, users, devices)

    async def end_session(self, session_id: str, generation: int, reason: str) -> bool:
        """Mark a session as over; False when this registration no longer holds it."""
        async with self._connection() as connection:
            return bool(
                await connection.fetchval(queries.END_SESSION, session_id, generation, self._clock.now(), reason)
            )

    async def revoke_session(self, session_id: str, user_id: str) -> tuple[str, int] | None:
        """End a session of this user; (deviceId, generation) of it, None when there is none."""
        async with self._connection() as connection:
            row = await connection.fetchrow(queries.REVOKE_SESSION, session_id, user_id, self._clock.now())
        return None if row is None else (row[0], row[1])

    async def revoke_token(self, token_id: str, owner: Identity) -> list[tuple[str, int]] | None:
        """Refuse a token from now on and end its sessions; (deviceId, generation) of each.

        None when it is neither the owner's own nor that of one of the user's sessions.
        """
        now = self._clock.now()
        async with self._transaction() as connection:
            await connection.execute(queries.LOCK_USER, owner.user_id, now)
            expires_at = owner.expires_at
            if token_id != owner.token_id:
                expires_at = await connection.fetchval(queries.EXPIRY_OF_OWN, token_id, owner.user_id)
            if expires_at is None:
                return None
            await connection.execute(queries.REVOKE_TOKEN, token_id, now, expires_at)
            rows = await connection.fetch(queries.END_ITS_SESSIONS, token_id, owner.user_id, now)
        return [(row[0], row[1]) for row in rows]

    async def forget_presence(self) -> None:
        """Remove what an earlier run under this node's name left behind; its sessions have aged since their lease."""
        async with self._connection() as connection:
            await connection.execute(queries.FORGET_PRESENCE, self._settings.node, self._clock.now())

    async def renew_leases(self) -> None:
        """Keep this node's presence rows valid, and its devices within deviceTtl."""
        now = self._clock.now()
        lease_until = now + timedelta(seconds=self._settings.lease)
        stale = now - timedelta(seconds=self._settings.device_ttl / 4)
        async with self._connection() as connection:
            await connection.execute(queries.RENEW_LEASES, self._settings.node, now, lease_until, stale)

    async def purge(self) -> None:
        """Remove messages older than both messageTtl and retention, and what else nobody can ask for any more."""
        s, now = self._settings, self._clock.now()
        kept = timedelta(seconds=s.retention)
        old_messages = now - max(timedelta(seconds=s.message_ttl), kept)
        over = now - timedelta(seconds=s.session_timeout) - kept
        async with self._connection() as connection:
            await connection.execute(queries.PURGE_DELIVERIES, old_messages)
            await connection.execute(queries.PURGE_MESSAGES, old_messages)
            await connection.execute(queries.PURGE_SESSIONS, over)
            await connection.execute(queries.PURGE_REVOKED_TOKENS, now - kept)
            await connection.execute(queries.PURGE_PRESENCE, now - timedelta(seconds=s.device_ttl), s.node)

    async def fetch(self, query: str, *arguments: object) -> list[Any]:
        """Read-only questions of the HTTP side."""
        async with self._connection() as connection:
            rows: list[Any] = await connection.fetch(query, *arguments)
        return rows

    def _oldest(self) -> datetime:
        return self._clock.now() - timedelta(seconds=self._settings.message_ttl)

    def _connection(self) -> contextlib.AbstractAsyncContextManager[Any]:
        return self._lent(self._pool)

    @contextlib.asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Any]:
        """One that is given up ends with its connection: to roll it back would wait for a database that is silent."""
        async with self._connection() as connection:
            await connection.execute("BEGIN")
            try:
                yield connection
            except asyncpg.PostgresError:
                await connection.execute("ROLLBACK")
                raise
            await connection.execute("COMMIT")

    @contextlib.asynccontextmanager
    async def _lent(self, pool: Any) -> AsyncIterator[Any]:
        """A connection for databaseTimeout: to get hold of it, to connect and to be answered."""
        with _translated():
            async with asyncio.timeout(self._settings.database_timeout), pool.acquire() as connection:
                try:
                    yield connection
                except BaseException as problem:
                    # What fails for another reason than its data may fail because of the session it ran in (cut,
                    # confused, read-only): the next one begins anew.
                    if not (isinstance(problem, asyncpg.PostgresError) and _class_of(problem) in _BLAMED_ON_THE_DATA):
                        connection.terminate()
                    raise


def session_limits(patience: float) -> dict[str, str]:
    """What PostgreSQL does about a session that is stuck in a statement, or whose client is."""
    milliseconds = str(int(patience * 1000))
    return {
        "statement_timeout": milliseconds,
        "idle_in_transaction_session_timeout": milliseconds,
        "tcp_keepalives_idle": "10",
        "tcp_keepalives_interval": "5",
        "tcp_keepalives_count": "3",
    }


_BLAMED_ON_THE_ROW = frozenset({"21", "22", "23", "54", "P0"})
"""SQLSTATE classes cardinality, data, constraint, limit, RAISE; after any other (disk full) nobody knows."""
_BLAMED_ON_THE_DATA = _BLAMED_ON_THE_ROW | {"40"}
"""And other transactions."""


def _class_of(problem: asyncpg.PostgresError) -> str:
    return (problem.sqlstate or "")[:2]


async def _keep_as_it_is(_: Any) -> None:
    """Nothing here changes a session, so giving a connection back needs no round trip to reset it."""


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (asyncpg.UniqueViolationError, asyncpg.DeadlockDetectedError, asyncpg.SerializationError) as problem:
        raise Collision(problem.sqlstate) from None
    except asyncpg.PostgresError as problem:
        reason = f"{type(problem).__name__} {problem.sqlstate}"
        if _class_of(problem) in _BLAMED_ON_THE_ROW:
            raise RowError(reason) from None
        raise Unavailable(reason) from None
    except TimeoutError:
        raise Unavailable("no answer in time") from None
    except (OSError, asyncpg.InterfaceError, asyncpg.InternalClientError) as problem:
        raise Unavailable(type(problem).__name__) from None
