"""Plain clients of PostgreSQL and Redis, which know nothing of faults."""

import time
from typing import Any

import psycopg
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from wireproof import stack

PATIENCE_S = 15
"""For what a busy machine needs time for."""

SHORT_S = 1
"""How long the client of Redis waits for an answer."""


class data_clients:  # noqa: N801 - Robot names a library after its module
    """One client of each; they end with their suite."""

    ROBOT_LIBRARY_SCOPE = "SUITE"

    def __init__(self) -> None:
        self._sql: psycopg.Connection[Any] | None = None
        self._cache: redis.Redis[bytes] | None = None
        self._channel: Any = None

    def begin_to_lock(self, table: str, database: str) -> None:
        """Locks a table in a transaction that stays open."""
        url = f"{stack.current().addresses.postgres.rpartition('/')[0]}/{database.rpartition('/')[2]}"
        self._sql = psycopg.connect(url)
        self._sql.execute(f"LOCK TABLE {table}")

    def wait_until_somebody_waits(self) -> None:
        """Waits until a statement of another session waits for the lock."""
        assert self._sql is not None
        deadline = time.monotonic() + PATIENCE_S
        while not self._sql.execute("SELECT FROM pg_locks WHERE NOT granted").rowcount:
            assert time.monotonic() < deadline, "nobody waits for the lock"
            time.sleep(0.01)

    def end_to_lock(self) -> None:
        """Ends the transaction; nothing happens when there is none."""
        if self._sql is not None:
            self._sql.close()

    def connect_to_redis(self) -> None:
        """Opens a connection; it does not come back by itself, so that its loss is seen."""
        self._cache = self._client()
        self._cache.ping()

    def ask_redis(self, *command: str) -> Any:
        """Sends a command on the connection and returns the answer; an error is an error."""
        assert self._cache is not None
        return self._cache.execute_command(*command)

    def subscribe_in_redis(self, channel: str) -> None:
        """Listens to a channel on a connection of its own."""
        self._channel = self._client().pubsub()
        self._channel.subscribe(channel)
        self._channel.get_message(timeout=PATIENCE_S)

    def hear_from_redis(self) -> str:
        """What comes next on the channel; the end of its connection is an error."""
        heard = self._channel.get_message(timeout=PATIENCE_S)
        assert heard, "nothing came"
        return str(heard["data"].decode())

    def _client(self) -> "redis.Redis[bytes]":
        return redis.Redis.from_url(
            stack.current().addresses.redis,
            single_connection_client=True,
            socket_timeout=SHORT_S,
            retry=Retry(NoBackoff(), 0),
        )
