"""Faults inside a real PostgreSQL: what somebody who uses it feels, and what is left when they are healed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import psycopg
import pytest
from patience import is_refused, until, use_until_it_ends

from wireproof import scopes
from wireproof.faults.active import require_effect
from wireproof.faults.errors import FaultError, UnableError
from wireproof.faults.postgres.database_keywords import DatabaseKeywords
from wireproof.stack import leftovers, undo_postgres

SOON = timedelta(seconds=0.2)


@pytest.fixture
def keywords(active, database) -> DatabaseKeywords:
    return DatabaseKeywords(active)


@pytest.fixture
def here(database) -> str:
    return database.name


def insert(connection: psycopg.Connection, number: int) -> None:
    connection.execute("INSERT INTO notes VALUES (%s, 'x')", [number])


def count(connection: psycopg.Connection) -> int:
    return connection.execute("SELECT count(*) FROM notes").fetchone()[0]


def refused(sqlstate: str, do: Callable[[], object]) -> psycopg.Error:
    with pytest.raises(psycopg.Error) as caught:
        do()
    assert caught.value.sqlstate == sqlstate
    return caught.value


def schemas(connection: psycopg.Connection) -> int:
    return connection.execute("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'wireproof%'").fetchone()[0]


def test_inserts_fail_until_it_is_healed(keywords, active, connect, here):
    app = connect()
    fault = keywords.fail_inserts("notes", db=here)
    error = refused("53100", lambda: insert(app, 1))
    assert "No space left on device" in str(error)
    assert fault.effect == {"inserts": 1}
    active.heal(fault)
    insert(app, 1)
    assert count(app) == 1
    assert fault.effect == {"inserts": 1}
    assert schemas(app) == 0


def test_only_some_inserts_fail_and_undone_ones_are_counted(keywords, connect, here):
    app = connect()
    fault = keywords.fail_inserts("notes", sqlstate="40001", every=2, count=2, message="on purpose", db=here)
    outcomes = []
    for number in range(8):
        try:
            insert(app, number)
            outcomes.append("")
        except psycopg.Error as error:
            outcomes.append(error.sqlstate)
    assert outcomes == ["", "40001", "", "40001", "", "", "", ""]
    assert fault.effect == {"inserts": 2}


def test_two_tables_may_fail_but_one_not_twice(keywords, connect, here):
    connect().execute("CREATE TABLE others (id int)")
    keywords.fail_inserts("notes", db=here)
    keywords.fail_inserts("public.others", db=here)
    with pytest.raises(FaultError, match=r"postgres has inserts into notes fail with 53100 since .* contradicts"):
        keywords.fail_inserts("public.notes", sqlstate="40001", db=here)


def test_a_role_without_rights_feels_it_like_others(keywords, connect, here):
    app = connect()
    app.execute("DROP ROLE IF EXISTS faults_app; CREATE ROLE faults_app; GRANT ALL ON notes TO faults_app")
    app.execute("SET ROLE faults_app")
    fault = keywords.fail_inserts("notes", db=here)
    refused("53100", lambda: insert(app, 1))
    assert fault.touched == 1
    app.execute("RESET ROLE; DROP OWNED BY faults_app; DROP ROLE faults_app")


def test_a_table_that_is_used_does_not_keep_the_fault_alive(keywords, active, connect, here):
    app, reader = connect(), connect("reader")
    fault = keywords.fail_inserts("notes", db=here)
    reader.execute("BEGIN; SELECT * FROM notes")
    healing = pytest.MonkeyPatch()
    healing.setattr(undo_postgres, "_PATIENCE_S", 0.1)
    with pytest.raises(FaultError, match="lock timeout"):
        active.heal(fault)
    healing.undo()
    insert(app, 1)
    assert schemas(app) == 1
    reader.execute("COMMIT")


OURS = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'wireproof'"


def test_a_planted_fault_outlives_its_session_and_is_healed_all_the_same(keywords, active, connect, here):
    app = connect()
    fault = keywords.fail_inserts("notes", db=here)
    app.execute(f"{OURS} AND datname = current_database()")
    refused("53100", lambda: insert(app, 1))
    assert fault.touched == 1
    active.heal(fault)
    insert(app, 1)


def test_a_lock_that_was_lost_is_told(keywords, active, connect, here):
    app = connect()
    fault = keywords.lock_table("notes", db=here)
    app.execute(f"{OURS} AND datname = current_database()")
    assert active.heal(fault)
    with pytest.raises(FaultError, match=r"could not be counted: the lock of notes is lost: PostgreSQL: "):
        require_effect(fault)
    assert count(app) == 0


def test_writes_are_slow(keywords, connect, here, background):
    app = connect()
    fault = keywords.slow_writes("notes", delay=timedelta(minutes=1), db=here)
    writing = background.submit(insert, app, 1)
    until(lambda: fault.touched)
    assert not writing.done()
    app.cancel()
    with pytest.raises(psycopg.errors.QueryCanceled):
        writing.result()
    assert fault.effect == {"statements": 1}


def test_who_needs_a_locked_table_waits(keywords, active, connect, here, background):
    app, other = connect(), connect("other")
    fault = keywords.lock_table("notes", db=here)
    waiting = [background.submit(insert, app, 1), background.submit(count, other)]
    until(lambda: fault.effect["sessions"] == 2)
    assert not any(one.done() for one in waiting)
    active.heal(fault)
    assert {one.result() for one in waiting} <= {None, 0, 1}
    assert fault.effect == {"sessions": 2, "statements": 2}
    assert fault.effect == active.last.effect


def test_readers_pass_a_weaker_lock(keywords, connect, here):
    fault = keywords.lock_table("notes", mode="EXCLUSIVE", db=here)
    assert count(connect()) == 0
    assert fault.touched == 0
    with pytest.raises(FaultError, match="ACCESS EXCLUSIVE lock of notes"):
        keywords.lock_table("notes", db=here)


def test_a_lock_that_cannot_be_had_is_said_and_not_left(keywords, active, connect, here, monkeypatch):
    monkeypatch.setattr("wireproof.faults.postgres.locks._LOCK_MS", 10)
    holder = connect()
    holder.execute("BEGIN; LOCK TABLE notes")
    with pytest.raises(FaultError, match="PostgreSQL: canceling statement due to lock timeout"):
        keywords.lock_table("notes", db=here)
    assert active.on == []
    assert scopes.leave(scopes.current()) == [], "nobody demands an effect of it"
    holder.execute("COMMIT")


def test_sessions_are_terminated_but_not_ours(keywords, connect, here, database):
    app, other = connect("reference_server 1"), connect("worker")
    with database.session() as ours:
        keywords.terminate_database_sessions(name="reference*", db=here)
        refused("57P01", lambda: count(app))
        assert count(other) == 0
        fault = keywords.terminate_database_sessions(db=here)
        refused("57P01", lambda: count(other))
        assert count(ours) == 0
    assert fault.effect == {"sessions": 1}
    with pytest.raises(FaultError, match=rf"no session 'x\*' to terminate in database {here}; there is none"):
        keywords.terminate_database_sessions(name="x*", db=here)


@pytest.fixture(autouse=True)
def strangers(monkeypatch):
    """Sessions of the test process count as those of a server."""
    monkeypatch.setattr("wireproof.faults.postgres.database.ports.held_by", lambda processes: frozenset())


def test_sessions_of_the_test_process_stay_and_those_a_link_carries_for_others_end(
    keywords, connect, here, monkeypatch
):
    monkeypatch.undo()
    app = connect()
    with pytest.raises(FaultError, match="no session to terminate"):
        keywords.terminate_database_sessions(db=here)
    assert count(app) == 0
    port = app.execute("SELECT inet_client_port()").fetchone()[0]
    monkeypatch.setattr("wireproof.faults.postgres.database.links.carried", lambda: {port: 1})
    keywords.terminate_database_sessions(db=here)
    refused("57P01", lambda: count(app))


def test_sessions_are_terminated_again_and_again(keywords, active, connect, here):
    fault = keywords.terminate_database_sessions(every=timedelta(milliseconds=20), db=here)
    for _ in range(3):
        use_until_it_ends(connect)
    active.heal(fault)
    assert fault.effect["sessions"] >= 3
    assert count(connect()) == 0


def test_new_sessions_are_refused(keywords, active, connect, here):
    app = connect()
    fault = keywords.exhaust_connections(db=here)
    assert count(app) == 0
    for _ in range(2):
        with pytest.raises(psycopg.OperationalError, match="too many clients already"):
            connect()
    assert fault.effect == {"connections": 2}
    active.heal(fault)
    assert count(connect()) == 0
    fault = keywords.exhaust_connections(terminate=True, db=here)
    refused("57P01", lambda: count(app))
    assert fault.effect["connections"] == 0
    assert fault.effect["sessions"] >= 1


def test_a_database_is_read_only_for_new_sessions(keywords, active, connect, here):
    app = connect()
    fault = keywords.make_database_read_only(db=here)
    refused("57P01", lambda: insert(app, 1))
    replica = connect()
    assert count(replica) == 0
    refused("25006", lambda: insert(replica, 1))
    active.heal(fault)
    refused("57P01", lambda: count(replica))
    insert(connect(), 1)
    assert fault.effect == {"sessions": 2}


def test_what_was_set_for_the_database_is_set_again(keywords, active, connect, here):
    connect().execute(f'ALTER DATABASE "{here}" SET default_transaction_read_only = true')
    fault = keywords.make_database_read_only(terminate=False, db=here)
    active.heal(fault)
    assert connect().execute("SHOW default_transaction_read_only").fetchone() == ("on",)
    found = connect().execute(
        "SELECT setconfig FROM pg_db_role_setting JOIN pg_database d ON d.oid = setdatabase WHERE datname = %s", [here]
    )
    assert found.fetchone() == (["default_transaction_read_only=true"],)


def test_a_fault_heals_after_its_duration(keywords, active, connect, here):
    app = connect()
    fault = keywords.fail_inserts("notes", db=here, duration=SOON)
    until(lambda: not is_refused(lambda: insert(app, 1)))
    until(lambda: schemas(app) == 0)
    with fault.healing:  # others see it in the midst of it
        assert active.on == []


@pytest.mark.parametrize(
    ("ask", "reason"),
    [
        (lambda k, db: k.fail_inserts("note", db=db), "no table 'note' in database .*; similar ones: notes"),
        (lambda k, db: k.lock_table("zzz", db=db), "no table 'zzz' in database .*; similar ones: notes"),
        (
            lambda k, db: k.fail_inserts("notes", sqlstate="5310", db=db),
            "'5310' is no SQLSTATE of an error: write",
        ),
        (lambda k, db: k.fail_inserts("notes", sqlstate="00000", db=db), "'00000' is no SQLSTATE of an error"),
        (lambda k, db: k.fail_inserts("notes", every=0, db=db), "every=0 and count=0: every is 1 or more"),
        (lambda k, db: k.fail_inserts("notes", count=-1, db=db), "count is 0 .all. or more"),
        (lambda k, db: k.slow_writes("notes", delay=timedelta(0), db=db), "delay is 0 s: give more than 0 s"),
        (lambda k, db: k.lock_table("notes", db=db, duration=timedelta(-1)), "duration is -86400 s"),
        (lambda k, db: k.lock_table("notes", db="nowhere"), 'PostgreSQL: .*database "nowhere" does not exist'),
        (lambda k, db: k.terminate_database_sessions(every=timedelta(0), db=db), "every is 0 s: give more"),
        (
            lambda k, db: k.terminate_database_sessions(duration=SOON, db=db),
            "duration is for what is done again and again",
        ),
    ],
)
def test_bad_input_is_one_plain_line_and_does_nothing(keywords, active, here, ask, reason):
    with pytest.raises(FaultError, match=reason) as caught:
        ask(keywords, here)
    assert "\n" not in str(caught.value)
    assert active.on == []


def test_a_stack_of_others_is_left_alone(keywords, stack, monkeypatch, here):
    monkeypatch.setattr(stack, "disposable", False)
    with pytest.raises(FaultError, match="faults of databases, caches and services are for disposable stacks"):
        keywords.lock_table("notes", db=here)
    monkeypatch.setattr(stack, "can", lambda ability: False)
    with pytest.raises(UnableError, match="the embedded stack cannot read sessions"):
        keywords.lock_table("notes", db=here)


def test_a_role_that_may_not_is_a_reason_to_skip(keywords, connect, here, database, monkeypatch, stack):
    admin = connect()
    admin.execute("DROP ROLE IF EXISTS faults_plain; CREATE ROLE faults_plain LOGIN PASSWORD 'plain-password'")
    url = database.url.replace(f"{stack.postgres.url.split('//')[1].split('@')[0]}@", "faults_plain:plain-password@")
    monkeypatch.setattr("wireproof.faults.postgres.database_keywords.database_of", lambda name: type(database)(url))
    for ask in (
        lambda: keywords.fail_inserts("notes"),
        lambda: keywords.exhaust_connections(),
        lambda: keywords.make_database_read_only(),
        lambda: keywords.lock_table("notes"),
    ):
        with pytest.raises(UnableError, match="PostgreSQL does not let our role do that: "):
            ask()
    assert schemas(admin) == 0
    admin.execute("DROP ROLE faults_plain")


AWKWARD = '"Odd ""One"""."Big, {name} %"'


def test_an_awkward_name_and_a_partitioned_table_are_fine(keywords, active, connect, here, background):
    app = connect()
    app.execute('CREATE SCHEMA "Odd ""One"""')
    app.execute(f"CREATE TABLE {AWKWARD} (id int) PARTITION BY RANGE (id)")
    app.execute(f"CREATE TABLE part PARTITION OF {AWKWARD} DEFAULT")
    name, write = 'Odd "One".Big, {name} %', f"INSERT INTO {AWKWARD} VALUES (1)"
    full = keywords.fail_inserts(name, db=here)
    refused("53100", lambda: app.execute(write))
    assert full.touched == 1
    active.heal(full)
    slow = keywords.slow_writes(name, delay=timedelta(milliseconds=1), db=here)
    app.execute(write)
    assert slow.touched == 1
    active.heal(slow)
    lock = keywords.lock_table(name, db=here)
    writing = background.submit(app.execute, write)
    until(lambda: lock.touched)
    active.heal(lock)
    writing.result()
    assert schemas(app) == 0


def test_a_table_that_is_dropped_takes_the_fault_with_it(keywords, active, connect, here):
    app = connect()
    fault = keywords.fail_inserts("notes", db=here)
    refused("53100", lambda: insert(app, 1))
    app.execute("DROP TABLE notes")
    active.heal(fault)
    assert fault.effect == {"inserts": 1}
    assert schemas(app) == 0


class StruckError(Exception):
    """Robot's time-out, which strikes anywhere."""


def test_a_time_out_that_strikes_at_a_commit_leaves_nothing(keywords, active, connect, here, monkeypatch):
    app, strikes, transaction = connect(), iter([StruckError()]), psycopg.Connection.transaction

    @contextmanager
    def struck(connection: psycopg.Connection) -> Iterator[psycopg.Transaction]:
        with transaction(connection) as begun:
            yield begun
        if (problem := next(strikes, None)) is not None:
            raise problem

    monkeypatch.setattr(psycopg.Connection, "transaction", struck)
    with pytest.raises(StruckError):
        keywords.fail_inserts("notes", db=here)
    assert schemas(app) == 0
    assert active.on == []
    insert(app, 1)


def test_who_cares_for_a_fault_goes_on_to_do_so_with_another_session(keywords, connect, here, stack):
    app = connect()
    fault = keywords.fail_inserts("notes", db=here)
    app.execute(f"{OURS} AND datname = current_database()")
    assert fault.touched == 0
    assert leftovers.heal(stack) == [], "its run lives"
    refused("53100", lambda: insert(app, 1))
    assert fault.touched == 1
