"""The monitor's session of PostgreSQL.

Importing psycopg costs 150 ms, so other modules import this one inside functions.
"""

from typing import Any

import psycopg
from psycopg.rows import DictRow, dict_row

from wireproof.exchanges import bounded
from wireproof.stack.readiness import PROBE_S

CUT = psycopg.OperationalError
"""The session has ended."""
LOST = (CUT, OSError)
"""It has ended, or does not answer in time."""

_FIGURES = """
SELECT d.xact_commit AS commits, pg_database_size(d.datid) AS size, pg_postmaster_start_time()::text AS started,
    a.sessions, a.active, a.transaction
FROM pg_stat_database d, (
    SELECT count(*) AS sessions, count(*) FILTER (WHERE state = 'active') AS active,
        coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0)::float8 AS transaction
    FROM pg_stat_get_activity(NULL) WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
) a WHERE d.datname = current_database()
"""


class Session(psycopg.Connection[DictRow]):
    """A connection on which nothing waits longer than a probe may, whatever became of the server."""

    def wait(self, gen: Any, *args: Any, **options: Any) -> Any:
        """Runs one exchange with the server."""
        return super().wait(bounded(gen, PROBE_S, TimeoutError), *args, **options)


def connect(url: str) -> Session:
    """A new session, named so that leak checks and faults know it as ours."""
    return Session.connect(
        url,
        autocommit=True,
        prepare_threshold=None,
        row_factory=dict_row,
        connect_timeout=PROBE_S,
        application_name="wireproof",
        client_encoding="UTF8",
    )


def ping(session: Session) -> None:
    session.execute("SELECT 1")


def figures(session: Session) -> DictRow:
    """Commits, size, sessions and the longest transaction, and since when the server runs.

    Raises:
        ValueError: we may not know.
    """
    try:
        row = session.execute(_FIGURES).fetchone()
    except psycopg.OperationalError:
        raise
    except psycopg.Error as error:
        raise ValueError(f"its figures were refused: {error}") from None
    if row is None:
        raise ValueError("it has no figures of this database")
    return row
