"""What faults leave in PostgreSQL when their run is killed, and how the next run undoes it.

A fault that outlives its session is a schema of its own: it holds the fault's functions and counters, and its comment
says what the fault is and what undoes it, both since one transaction. No row of anybody's tables knows of it, so no
isolation of tests deletes it. Its run holds an advisory lock; a schema whose lock is free belongs to nobody.
"""

import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from wireproof.stack import databases
from wireproof.stack.errors import StackError
from wireproof.wiretext import safe

if TYPE_CHECKING:
    import psycopg

_PREFIX = "wireproof_fault_"
_CONNECT_S = 2
_PATIENCE_S = 15.0
_LOCK_MS = 500
"""A trigger is dropped under a lock that everybody waits behind: not for longer than this at once."""

_DATABASES = "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate ORDER BY 1"
_LOCK = "SELECT pg_advisory_lock(('x' || lpad(right(%s, 15), 16, '0'))::bit(64)::bigint)"
_FOUND = """
SELECT n.nspname, obj_description(n.oid, 'pg_namespace') FROM pg_namespace n
WHERE CASE WHEN starts_with(n.nspname::text, %s)
    THEN pg_try_advisory_lock(('x' || lpad(right(n.nspname, 15), 16, '0'))::bit(64)::bigint) END
ORDER BY n.oid
"""
_TRIGGERS = """
SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = %s AND p.prorettype = 'trigger'::regtype
"""


@contextmanager
def session(url: str) -> Iterator["psycopg.Connection[Any]"]:
    """A session of our own; see `connect`."""
    connection = connect(url)
    try:
        yield connection
    finally:
        connection.close()


def connect(url: str) -> "psycopg.Connection[Any]":
    """A session of our own in autocommit mode, which may write where others may not."""
    import psycopg  # costs 150 ms

    connection = psycopg.connect(
        url, autocommit=True, prepare_threshold=None, connect_timeout=_CONNECT_S, application_name="wireproof"
    )
    try:
        connection.execute("SET default_transaction_read_only = off; SET statement_timeout = '10s'")
    except BaseException:
        connection.close()
        raise
    return connection


@dataclass(frozen=True, slots=True)
class Note:
    """What a fault is and how it is undone.

    Attributes:
        deed: what it is, in words.
        undo: a statement that undoes what is outside its schema, in the transaction that removes it.
        then: a statement that is to be executed after that.
    """

    deed: str
    undo: str = ""
    then: str = ""


def new_schema() -> str:
    """The name of a schema for a fault."""
    return f"{_PREFIX}{secrets.randbits(60):015x}"


def care_for(connection: "psycopg.Connection[Any]", schema: str) -> None:
    """Says that somebody cares for a fault as long as this session lives; waits for who cared for it before."""
    connection.execute(_LOCK, [schema])


def plant(connection: "psycopg.Connection[Any]", schema: str, note: Note) -> None:
    """Makes the schema of a fault, in the transaction that is open; what is put into it goes with it.

    Args:
        connection: the session whose end tells that nobody cares for the fault any more.
        schema: its name, from `new_schema`.
        note: what it is.
    """
    from psycopg.sql import SQL, Identifier, Literal

    care_for(connection, schema)
    connection.execute(SQL("CREATE SCHEMA {}").format(Identifier(schema)))
    connection.execute(SQL("COMMENT ON SCHEMA {} IS {}").format(Identifier(schema), Literal(json.dumps(asdict(note)))))


def uproot(connection: "psycopg.Connection[Any]", schema: str, note: Note) -> None:
    """Undoes a fault and removes its schema.

    Its triggers do nothing from the first moment on; they go when their table is free for one.

    Raises:
        psycopg.Error: it could not be undone.
    """
    import psycopg
    from psycopg.sql import SQL, Identifier

    for (function,) in connection.execute(_TRIGGERS, [schema]).fetchall():
        idle = "CREATE OR REPLACE FUNCTION {} () RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"
        connection.execute(SQL(idle).format(Identifier(schema, function)))
    give_up = time.monotonic() + _PATIENCE_S
    while True:
        try:
            with connection.transaction():
                connection.execute(f"SET LOCAL lock_timeout = {_LOCK_MS}")
                if note.undo:
                    connection.execute(note.undo.encode())
                connection.execute(SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(Identifier(schema)))
            break
        except psycopg.errors.LockNotAvailable:
            if time.monotonic() > give_up:
                raise
    if note.then:
        connection.execute(note.then.encode())


def heal(url: str) -> list[str]:
    """Undoes what killed runs left in the databases of a PostgreSQL; does nothing to faults of runs that live.

    Args:
        url: one of its databases, password included.

    Returns:
        What was undone, in words.

    Raises:
        StackError: it could not be undone; the reason is given.
    """
    import psycopg

    undone: list[str] = []
    try:
        for name in _databases(url):
            try:
                undone += [f"{safe(deed)} in database {safe(name)}" for deed in _heal_in(databases.beside(url, name))]
            except psycopg.OperationalError:
                if name in _databases(url):  # else another run has dropped its own meanwhile
                    raise
    except psycopg.Error as error:
        raise StackError(f"what a killed run left cannot be undone: {safe(str(error).splitlines()[0])}") from None
    return undone


def _heal_in(url: str) -> list[str]:
    """Undoes what killed runs left in one database; returns what that was."""
    undone = []
    with session(url) as connection:
        for schema, said in connection.execute(_FOUND, [_PREFIX]).fetchall():
            note = Note(**json.loads(said))
            uproot(connection, schema, note)
            undone.append(note.deed)
    return undone


def _databases(url: str) -> list[str]:
    """All databases; none when PostgreSQL cannot be reached, which the health gate tells better."""
    import psycopg

    try:
        with session(url) as connection:
            return [name for (name,) in connection.execute(_DATABASES).fetchall()]
    except psycopg.OperationalError:
        return []
