"""Faults inside a database: triggers that fail or delay, logins refused, no writing. They outlive their session."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, LiteralString

from wireproof.faults.errors import FaultError, UnableError
from wireproof.faults.postgres.database import Database, Table, plainly
from wireproof.stack import undo_postgres
from wireproof.stack.undo_postgres import Note
from wireproof.wiretext import safe

if TYPE_CHECKING:
    import psycopg
    from psycopg.sql import Composable

_FAILING: LiteralString = """
CREATE FUNCTION {fault} () RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    every CONSTANT bigint := TG_ARGV[2];
    at_most CONSTANT bigint := TG_ARGV[3];
BEGIN
    IF nextval(TG_ARGV[4]::regclass) % every = 0 AND (at_most = 0 OR nextval(TG_ARGV[5]::regclass) <= at_most) THEN
        PERFORM nextval(TG_ARGV[6]::regclass);
        RAISE EXCEPTION USING ERRCODE = TG_ARGV[0], MESSAGE = TG_ARGV[1], TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END $$
"""
"""A sequence counts on when the transaction that asked it is undone: that is what happens here."""
_SLOW: LiteralString = """
CREATE FUNCTION {fault} () RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    PERFORM nextval(TG_ARGV[1]::regclass), pg_sleep(TG_ARGV[0]::float8);
    RETURN NULL;
END $$
"""
_LOGIN: LiteralString = """
CREATE FUNCTION {fault} () RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    IF current_setting('application_name') <> 'wireproof' THEN
        PERFORM nextval({touched});
        RAISE EXCEPTION USING ERRCODE = '53300', MESSAGE = 'sorry, too many clients already';
    END IF;
END $$
"""
_SETTING = """
SELECT clock_timestamp()::text, (
    SELECT split_part(setting, '=', 2) FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase,
        unnest(setconfig) AS setting
    WHERE d.datname = current_database() AND setrole = 0 AND setting LIKE 'default_transaction_read_only=%')
"""
_END_READERS: LiteralString = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()
    AND backend_type = 'client backend' AND application_name <> 'wireproof' AND backend_start > {}
"""
_LOCK_MS = 5000
"""So long a trigger may wait for its table: longer than any transaction of a server should take."""
_LOGIN_TRIGGERS = 170000
"""The version of PostgreSQL that has them."""

_MESSAGES = {
    "40001": "could not serialize access due to concurrent update",
    "40P01": "deadlock detected",
    "53100": "could not extend file: No space left on device",
    "53200": "out of memory",
    "57014": "canceling statement due to statement timeout",
    "23505": "duplicate key value violates unique constraint",
}
_NO_ERRORS = ("00", "01", "02")


@dataclass(frozen=True, slots=True)
class Failure:
    """How inserts fail.

    Attributes:
        sqlstate: the code of the error.
        message: its text; PostgreSQL's own for that code, where it is known, when empty.
        every: only each so manieth row fails.
        count: so many rows fail at most; 0 for all.
    """

    sqlstate: str = "53100"
    message: str = ""
    every: int = 1
    count: int = 0

    def __post_init__(self) -> None:
        """Raises FaultError for what PostgreSQL cannot do."""
        if not re.fullmatch("[0-9A-Z]{5}", self.sqlstate) or self.sqlstate.startswith(_NO_ERRORS):
            raise FaultError(
                f"'{safe(self.sqlstate, 20)}' is no SQLSTATE of an error: write five digits or capitals, such as 53100 "
                "(disk full), 40001 (serialization failure) or 57014 (statement cancelled)"
            )
        if self.every < 1 or self.count < 0:
            raise FaultError(f"every={self.every} and count={self.count}: every is 1 or more, count is 0 (all) or more")

    @property
    def text(self) -> str:
        return self.message or _MESSAGES.get(self.sqlstate, "failed on purpose")


class Plot:
    """A schema that is being filled with a fault.

    Attributes:
        session: in the transaction that makes it.
    """

    def __init__(self, session: "psycopg.Connection[Any]", schema: str) -> None:
        self.session = session
        self._schema = schema

    def run(self, statement: LiteralString, **parts: "Composable") -> None:
        """Executes a statement; `{fault}` in it is the fault's function, `{touched}` the name of its counter."""
        from psycopg.sql import SQL, Identifier

        named = {"fault": Identifier(self._schema, "fault"), "plot": Identifier(self._schema), **parts}
        self.session.execute(SQL(statement).format(**named, touched=self.text(self.counter("touched"))))

    def counter(self, name: str) -> str:
        """How functions find a sequence of the schema."""
        return f"{self._schema}.{name}"

    def text(self, value: str) -> "Composable":
        """A text in a statement that takes no parameters."""
        from psycopg.sql import Literal

        return Literal(value)

    def add_trigger(self, on: LiteralString, table: Table, given: Sequence[str]) -> None:
        """Lets the fault's function be called with texts, for what happens `on` a table."""
        from psycopg.sql import SQL, Identifier

        self.run(
            "CREATE TRIGGER {plot} BEFORE " + on + " EXECUTE FUNCTION {fault} ({given})",
            table=Identifier(table.schema, table.name),
            given=SQL(", ").join(map(self.text, given)),
        )


class Planted:
    """A fault in a database, with the session that keeps it alive, counts its effect and takes it out again.

    Args:
        database: where.
        note: what it is, and what undoes what is outside its schema.
        fill: what is in its schema, besides the counter.
    """

    def __init__(self, database: Database, note: Note, fill: Callable[[Plot], None]) -> None:
        self.database = database
        self._note = note
        self._fill = fill
        self._schema = ""
        self._started: object = None
        self._session: psycopg.Connection[Any] | None = None

    @property
    def deed(self) -> str:
        return self._note.deed

    def plant(self) -> None:
        """Does it: all of it or nothing.

        Raises:
            FaultError: PostgreSQL refuses it, or a table is not free for the trigger.
        """
        import psycopg

        with plainly():
            session = self._ready()
            # before anything is done: what interrupts the commit does not say whether it came about
            self._schema = undo_postgres.new_schema()
            try:
                self._fill_in(session)
            except psycopg.Error:
                if not session.closed:  # PostgreSQL has refused, and undone all of it
                    self._schema = ""
                raise

    def count(self) -> int:
        """How often it was felt so far.

        Raises:
            FaultError: PostgreSQL cannot tell.
        """
        if not self._schema:
            return 0
        from psycopg.sql import SQL, Identifier

        asked = SQL("SELECT CASE WHEN is_called THEN last_value ELSE 0 END, pg_postmaster_start_time() FROM {}")
        with plainly():
            ((count, started),) = self._ready().execute(asked.format(Identifier(self._schema, "touched"))).fetchall()
        if not count and started != self._started:
            # what a transaction counted that was undone need not be on disk when PostgreSQL is killed
            raise FaultError("PostgreSQL was restarted, and may have forgotten it")
        return int(count)

    def remove(self) -> None:
        """Takes it out, and ends the session; does nothing when it is not there."""
        try:
            if self._schema:
                with plainly():
                    undo_postgres.uproot(self._ready(), self._schema, self._note)
                self._schema = ""
        finally:
            if self._session is not None:
                self._session.close()
                self._session = None

    def _fill_in(self, session: "psycopg.Connection[Any]") -> None:
        with session.transaction():
            session.execute(f"SET LOCAL lock_timeout = {_LOCK_MS}")
            undo_postgres.plant(session, self._schema, self._note)
            plot = Plot(session, self._schema)
            plot.run("CREATE SEQUENCE {plot}.touched")
            self._started = session.execute("SELECT pg_postmaster_start_time()").fetchall()[0][0]
            self._fill(plot)

    def _ready(self) -> "psycopg.Connection[Any]":
        """The session, or another one where it was lost: a restart of PostgreSQL does not heal what is planted."""
        import psycopg

        if self._session is not None:
            try:
                self._session.execute("")
            except psycopg.Error:
                self._session.close()
                self._session = None
        if self._session is None:
            self._session = self.database.connect()
            if self._schema:
                undo_postgres.care_for(self._session, self._schema)
        return self._session


def failing_inserts(database: Database, table: Table, failure: Failure) -> Planted:
    """Inserts into a table fail."""

    def fill(plot: Plot) -> None:
        plot.run("CREATE SEQUENCE {plot}.seen; CREATE SEQUENCE {plot}.due")
        plot.run(_FAILING)
        counters = [plot.counter(name) for name in ("seen", "due", "touched")]
        options = [failure.sqlstate, failure.text, str(failure.every), str(failure.count)]
        plot.add_trigger("INSERT ON {table} FOR EACH ROW", table, [*options, *counters])

    return Planted(database, Note(f"inserts into {safe(table.name, 60)} fail with {failure.sqlstate}"), fill)


def slow_writes(database: Database, table: Table, delay_s: float) -> Planted:
    """Every statement that writes into a table takes longer."""

    def fill(plot: Plot) -> None:
        plot.run(_SLOW)
        events: LiteralString = "INSERT OR UPDATE OR DELETE ON {table} FOR EACH STATEMENT"
        plot.add_trigger(events, table, [str(delay_s), plot.counter("touched")])

    return Planted(database, Note(f"writes into {safe(table.name, 60)} take {delay_s:g} s longer"), fill)


def refused_logins(database: Database) -> Planted:
    """Every new session is refused, but those of this library."""

    def fill(plot: Plot) -> None:
        if plot.session.info.server_version < _LOGIN_TRIGGERS:
            raise UnableError("connections are refused by a login trigger, which needs PostgreSQL 17 or newer")
        plot.run(_LOGIN)
        plot.run("CREATE EVENT TRIGGER {plot} ON login EXECUTE FUNCTION {fault} ()")

    return Planted(database, Note("connections exhausted"), fill)


def read_only(database: Database) -> Planted:
    """Every new session may only read; when it ends, these sessions end, and what was set before is set again."""
    from psycopg.sql import SQL, Identifier, Literal

    with database.session() as session:
        ((now, before),) = session.execute(_SETTING).fetchall()
        alter = SQL("ALTER DATABASE {} ").format(Identifier(database.name))
        reset, back = SQL("RESET {}"), SQL("SET {} = {}")
        setting = Identifier("default_transaction_read_only")
        undo = alter + (reset.format(setting) if before is None else back.format(setting, Literal(before)))
        then = SQL(_END_READERS).format(Literal(now))

    def fill(plot: Plot) -> None:
        plot.session.execute(alter + SQL("SET default_transaction_read_only = on"))

    return Planted(database, Note("read only", undo.as_string(), then.as_string()), fill)
