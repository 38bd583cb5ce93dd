"""A table that somebody else has locked, and who had to wait for it."""

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal

from wireproof.faults.errors import FaultError
from wireproof.faults.postgres.database import Database, Table, plainly
from wireproof.faults.repeat import Repeat
from wireproof.wiretext import safe

if TYPE_CHECKING:
    import psycopg

LockMode = Literal[
    "ACCESS SHARE",
    "ROW SHARE",
    "ROW EXCLUSIVE",
    "SHARE UPDATE EXCLUSIVE",
    "SHARE",
    "SHARE ROW EXCLUSIVE",
    "EXCLUSIVE",
    "ACCESS EXCLUSIVE",
]

_LOOK_S = 0.05
_LOCK_MS = 5000
_WAITERS = """
SELECT l.pid, l.waitstart FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE NOT l.granted AND l.locktype = 'relation' AND l.relation = %s
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND l.waitstart IS NOT NULL AND a.application_name <> 'wireproof'
"""


class TableLock:
    """A lock in a session of its own: it goes with the session, also when this process is killed.

    Who waits is looked at twenty times a second and once more before the lock is released: nobody who waited longer is
    missed, and nobody is counted who did not wait.
    """

    def __init__(self, database: Database, table: Table, mode: LockMode) -> None:
        self._database = database
        self._table = table
        self._mode: LockMode = mode
        self._session: psycopg.Connection[Any] | None = None
        self._looking = Repeat(_LOOK_S, self._look)
        self._waits: set[tuple[int, Any]] = set()

    def take(self) -> None:
        """Locks the table.

        Raises:
            FaultError: it is not free within 5 s, or PostgreSQL refuses.
        """
        from psycopg.sql import SQL, Identifier

        session = self._database.connect()
        lock = SQL("LOCK TABLE {} IN {} MODE")
        try:
            with plainly():
                session.execute(f"BEGIN; SET LOCAL lock_timeout = {_LOCK_MS}")
                session.execute(lock.format(Identifier(self._table.schema, self._table.name), SQL(self._mode)))
        except BaseException:
            session.close()
            raise
        self._session = session
        self._looking.start()

    def effect(self) -> dict[str, int]:
        """How many statements of how many sessions waited so far."""
        self._look()
        waits = set(self._waits)
        return {"sessions": len({pid for pid, _ in waits}), "statements": len(waits)}

    def release(self) -> None:
        """Gives the table free and ends the session; does nothing when it was not locked."""
        with suppress(FaultError):  # who asked for the effect has heard of it
            self._looking.stop()
        session, self._session = self._session, None
        if session is not None:
            session.close()

    def _look(self) -> None:
        if self._session is None:
            return
        try:
            with plainly():
                self._waits.update(self._session.execute(_WAITERS, [self._table.number]).fetchall())
        except FaultError as reason:
            raise FaultError(f"the lock of {safe(self._table.name)} is lost: {reason}") from None
