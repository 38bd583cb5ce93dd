"""A database of the stack as faults reach it: its own sessions, its tables, the sessions of others."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from wireproof import links, stack
from wireproof.faults.errors import FaultError, UnableError
from wireproof.stack import databases, ports, undo_postgres
from wireproof.stack.server import ServerService
from wireproof.wiretext import safe

if TYPE_CHECKING:
    import psycopg

_OURS = "wireproof"
"""What all sessions of this library are called."""
_GONE_MS = 5000

_TABLES = """
SELECT n.nspname, c.relname, c.oid::bigint, pg_table_is_visible(c.oid) FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1, 2
"""
_SESSIONS = """
SELECT pid, application_name, extract(epoch FROM clock_timestamp() - backend_start)::float8, client_port
FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
    AND application_name <> %s ORDER BY pid
"""


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its schema, its name and PostgreSQL's number of it."""

    schema: str
    name: str
    number: int

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True, slots=True)
class Session:
    """A session of somebody else in the database, and for how long it has been open."""

    pid: int
    name: str
    open_s: float


class Database:
    """One database of the stack's PostgreSQL.

    Attributes:
        url: where it is, password included.
    """

    def __init__(self, url: str) -> None:
        self.url = url

    @property
    def name(self) -> str:
        return urlsplit(self.url).path.lstrip("/")

    def connect(self) -> "psycopg.Connection[Any]":
        """A session of our own; whoever asks for it closes it.

        Raises:
            FaultError: the database cannot be reached.
        """
        with plainly():
            return undo_postgres.connect(self.url)

    @contextmanager
    def session(self) -> Iterator["psycopg.Connection[Any]"]:
        """A session of our own, and what PostgreSQL says in one plain line.

        Raises:
            FaultError: PostgreSQL cannot be reached, or refuses.
        """
        with plainly(), undo_postgres.session(self.url) as connection:
            yield connection

    def table(self, name: str) -> Table:
        """A table by its name, with its schema before it where that is not on the search path.

        Raises:
            FaultError: there is none; the text has similar names.
        """
        with self.session() as connection:
            found = connection.execute(_TABLES).fetchall()
        tables = {
            called: Table(schema, table, number)
            for schema, table, number, visible in found
            for called in ([table] if visible else []) + [f"{schema}.{table}"]
        }
        if name not in tables:
            near = get_close_matches(name, tables, cutoff=0.5) or sorted(tables)[:10]
            said = f"similar ones: {', '.join(map(safe, near))}" if near else "it has no tables"
            raise FaultError(f"no table '{safe(name, 60)}' in database {safe(self.name)}; {said}")
        return tables[name]

    def others(self, name: str = "") -> list[Session]:
        """The sessions of others: not this library's, and none that this process opened, be it through a link.

        Args:
            name: pattern of the application names that are meant, all when empty.
        """
        with self.session() as connection:
            found = connection.execute(_SESSIONS, [_OURS]).fetchall()
        own, carried = ports.held_by([os.getpid()]), links.carried()
        return [
            Session(pid, called, open_s)
            for pid, called, open_s, port in found
            if _origin(port, carried) not in own and (not name or fnmatchcase(called, name))
        ]

    def terminate(self, sessions: Sequence[Session]) -> int:
        """Ends sessions and waits until they are gone; returns how many it were."""
        with self.session() as connection:
            ended = [
                connection.execute("SELECT pg_terminate_backend(%s, %s)", [session.pid, _GONE_MS]).fetchone()
                for session in sessions
            ]
        return sum(row is not None and row[0] for row in ended)


def database_of(name: str) -> Database:
    """A database of the running stack.

    Args:
        name: of a server of `Start Server`, whose own database is meant, of a database, or its URL; the stack's own
            when empty.
    """
    running = stack.current()
    url = running.addresses.postgres
    service = running.services.get(name)
    if isinstance(service, ServerService):
        # at PostgreSQL itself: the server may be led there through a link that is out of order
        name = service.config.database_url
    if "://" in name:
        name = urlsplit(name).path.lstrip("/")
    return Database(databases.beside(url, name) if name else url)


def _origin(port: int, carried: Mapping[int, int]) -> int:
    """The port of who dialled, where links stand between."""
    for _ in carried:  # no chain of links is longer
        port = carried.get(port, port)
    return port


@contextmanager
def plainly() -> Iterator[None]:
    """What PostgreSQL says becomes one plain line.

    Raises:
        UnableError: our role may not do that.
        FaultError: anything else that PostgreSQL refuses.
    """
    import psycopg

    try:
        yield
    except psycopg.errors.InsufficientPrivilege as error:
        raise UnableError(f"PostgreSQL does not let our role do that: {_first_line(error)}") from None
    except psycopg.Error as error:
        raise FaultError(f"PostgreSQL: {_first_line(error)}") from None


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return safe(lines[0] if lines else type(error).__name__, 300)
