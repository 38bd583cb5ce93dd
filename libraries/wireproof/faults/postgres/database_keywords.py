"""Keywords for faults inside PostgreSQL."""

from collections.abc import Callable
from datetime import timedelta

from robot.api.deco import keyword

from wireproof.faults.active import nothing
from wireproof.faults.component import DataComponent, lasting_s, positive_s
from wireproof.faults.errors import FaultError
from wireproof.faults.fault import Fault
from wireproof.faults.measured import MeasuredFault
from wireproof.faults.postgres.database import Database, database_of
from wireproof.faults.postgres.locks import LockMode, TableLock
from wireproof.faults.postgres.planted import Failure, Planted, failing_inserts, read_only, refused_logins, slow_writes
from wireproof.faults.repeat import Repeat
from wireproof.journal import now_ns
from wireproof.quantities import Duration
from wireproof.wiretext import safe

# mypy: implicit-optional
# ruff: noqa: RUF013
# Robot keeps a converter's reason only where a type stands alone: `x: T = None`, not `T | None`.

POSTGRES = "postgres"


class DatabaseKeywords(DataComponent):
    """Sessions, tables, connections and writing of one database."""

    @keyword(tags=["Faults", "Database"])
    def terminate_database_sessions(
        self, *, name: str = "", db: str = "", every: timedelta = None, duration: timedelta = None
    ) -> Fault:
        """Ends the sessions of the servers, as an administrator or a failover does.

        Sessions of this library and of this process stay, those of DatabaseLibrary among them.

        Args:
            name: pattern of the application names that are meant, such as `reference_server*`; all if not given.
            db: which database; see [Databases].
            every: does it again and again, so often, until it is healed.
            duration: how long with `every`, until it is healed if not given.

        Returns:
            The fault; its effect counts the `sessions`.

        ```robotframework
        Terminate Database Sessions
        Wait Until Stack Is Ready
        ```
        """
        self.require_repetition(every, duration)
        found = self._database(db)
        if every is None:
            return self._terminate_once(found, name)
        interval_s = positive_s(every, "every")

        def again() -> None:
            fault.touch("sessions", found.terminate(found.others(name)))

        repeat = Repeat(interval_s, again)
        fault = Fault(POSTGRES, f"sessions terminated every {Duration(interval_s)}", repeat.stop)
        return self.active.begin(fault, repeat.start, lasting_s(duration))

    def _terminate_once(self, database: Database, name: str) -> Fault:
        sessions = database.others(name)
        if not sessions:
            there = ", ".join(sorted({safe(session.name, 60) or "unnamed" for session in database.others()})) or "none"
            meant = f" '{safe(name, 60)}'" if name else ""
            raise FaultError(
                f"no session{meant} to terminate in database {safe(database.name)}; there is {there}: "
                "check the name, or that a server uses this database"
            )
        fault = Fault(POSTGRES, "sessions terminated", nothing)
        return self.active.once(fault, lambda: fault.touch("sessions", database.terminate(sessions)))

    @keyword(tags=["Faults", "Database"])
    def lock_table(
        self, table: str, *, mode: LockMode = "ACCESS EXCLUSIVE", db: str = "", duration: timedelta = None
    ) -> Fault:
        """Locks a table, as a migration or a forgotten transaction does: whoever needs it waits.

        The lock goes with its session, so a killed run leaves none.

        Args:
            table: its name, with the schema before it where that is not on the search path.
            mode: PostgreSQL's name of the lock; `ACCESS EXCLUSIVE` stops readers, too, `EXCLUSIVE` only writers.
            db: which database; see [Databases].
            duration: how long, until it is healed if not given.

        Returns:
            The fault; its effect counts the `statements` that waited and their `sessions`, who waited for more than
            50 ms or until it was healed.

        ```robotframework
        Connect To Database    psycopg2    &{LOGIN}    db_host=${HOST}    db_port=${PORT}
        Execute Sql String    SET statement_timeout = '300ms'
        Lock Table    users
        Run Keyword And Expect Error    *statement timeout*    Execute Sql String
        ...    INSERT INTO users (id, created_at) VALUES ('waited', now())
        ```
        """
        found = self._database(db)
        there = found.table(table)
        lock = TableLock(found, there, mode)
        fault = MeasuredFault(
            POSTGRES,
            f"{mode} lock of {safe(there.name, 60)}",
            lock.release,
            (f"lock of {there} in {found.name}",),
            measure=lock.effect,
        )
        return self.active.begin(fault, lock.take, lasting_s(duration))

    @keyword(tags=["Faults", "Database"])
    def fail_inserts(
        self,
        table: str,
        *,
        sqlstate: str = "53100",
        message: str = "",
        every: int = 1,
        count: int = 0,
        db: str = "",
        duration: timedelta = None,
    ) -> Fault:
        """Lets PostgreSQL refuse rows of a table with an error of your choice.

        Args:
            table: its name, with the schema before it where that is not on the search path.
            sqlstate: the error's code: `53100` disk full, `40001` serialization failure, `57014` cancelled, ...
            message: the error's text; the usual one if not given.
            every: only each so manieth row.
            count: how many rows at most; 0 for all.
            db: which database; see [Databases].
            duration: how long, until it is healed if not given.

        Returns:
            The fault; its effect counts the `inserts` that failed.

        ```robotframework
        ${full}    Fail Inserts    users    sqlstate=53100
        Run Keyword And Expect Error    *No space left on device*    Seed User
        Heal Fault    ${full}
        Seed User
        ```
        """
        failure = Failure(sqlstate, message, every, count)
        found = self._database(db)
        there = found.table(table)
        return self._plant(failing_inserts(found, there, failure), f"inserts into {there}", duration)

    @keyword(tags=["Faults", "Database"])
    def slow_writes(self, table: str, *, delay: timedelta, db: str = "", duration: timedelta = None) -> Fault:
        """Lets every statement that inserts into, updates or deletes from a table take longer, by `pg_sleep`.

        Args:
            table: its name, with the schema before it where that is not on the search path.
            delay: how much longer.
            db: which database; see [Databases].
            duration: how long, until it is healed if not given.

        Returns:
            The fault; its effect counts the `statements` that were delayed.

        ```robotframework
        Slow Writes    users    delay=100ms
        Seed User
        ```
        """
        delay_s = positive_s(delay, "delay")
        found = self._database(db)
        there = found.table(table)
        return self._plant(slow_writes(found, there, delay_s), f"speed of {there}", duration, counts="statements")

    @keyword(tags=["Faults", "Database"])
    def exhaust_connections(self, *, terminate: bool = False, db: str = "", duration: timedelta = None) -> Fault:
        """Lets PostgreSQL refuse every new session in a database with "too many clients" (53300).

        Sessions of this library are let in. It is done by a login trigger, which needs PostgreSQL 17 and a superuser:
        connection limits would not stop superusers.

        Args:
            terminate: whether the sessions that are open end, so that servers have to connect again.
            db: which database; see [Databases].
            duration: how long, until it is healed if not given.

        Returns:
            The fault; its effect counts the `connections` that were refused, and the `sessions` that were ended.

        ```robotframework
        ${full}    Exhaust Connections    terminate=True
        Heal Fault    ${full}
        Wait Until Stack Is Ready
        ```
        """
        found = self._database(db)
        ended = []

        def after() -> None:
            if terminate:
                ended.append(found.terminate(found.others()))

        return self._plant(
            refused_logins(found),
            "connections",
            duration,
            counts="connections",
            after=after,
            more=lambda: {"sessions": sum(ended)} if ended else {},
        )

    @keyword(tags=["Faults", "Database"])
    def make_database_read_only(self, *, terminate: bool = True, db: str = "", duration: timedelta = None) -> Fault:
        """Lets new sessions only read, as after a failover to a replica.

        When it is healed, sessions that began meanwhile are ended: they would go on to refuse writing.

        Args:
            terminate: whether the sessions that are open end first, as they do in a failover; else they go on to write.
            db: which database; see [Databases].
            duration: how long, until it is healed if not given.

        Returns:
            The fault; its effect counts the `sessions` that were ended, and those that could only read.

        ```robotframework
        ${failover}    Make Database Read Only
        Heal Fault    ${failover}
        Wait Until Stack Is Ready
        ```
        """
        found = self._database(db)
        planted = read_only(found)
        ended: list[int] = []

        def do() -> None:
            planted.plant()
            if terminate:
                ended.append(found.terminate(found.others()))

        def measure() -> dict[str, int]:
            since_s = (now_ns() - fault.began_ns) / 1e9
            return {"sessions": sum(ended) + sum(session.open_s < since_s for session in found.others())}

        claims = (f"writing in {found.name}",)
        fault = MeasuredFault(POSTGRES, planted.deed, planted.remove, claims, measure=measure)
        return self.active.begin(fault, do, lasting_s(duration))

    def _plant(
        self,
        planted: Planted,
        claim: str,
        duration: timedelta | None,
        *,
        counts: str = "inserts",
        after: Callable[[], None] = nothing,
        more: Callable[[], dict[str, int]] = dict,
    ) -> Fault:
        def do() -> None:
            planted.plant()
            after()

        fault = MeasuredFault(
            POSTGRES,
            planted.deed,
            planted.remove,
            (f"{claim} in {planted.database.name}",),
            measure=lambda: {counts: planted.count(), **more()},
        )
        return self.active.begin(fault, do, lasting_s(duration))

    def _database(self, name: str) -> Database:
        self.require("read sessions")
        return database_of(name)
