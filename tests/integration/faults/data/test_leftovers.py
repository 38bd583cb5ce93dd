"""What faults leave when their run is killed, found by the next run: only what belongs to nobody is undone."""

import psycopg
import pytest

from wireproof.faults.postgres.database_keywords import DatabaseKeywords
from wireproof.stack import StackError, leftovers, undo_postgres


@pytest.fixture
def keywords(active) -> DatabaseKeywords:
    return DatabaseKeywords(active)


def test_a_fault_of_a_run_that_lives_is_left_alone(keywords, database, stack, connect):
    keywords.fail_inserts("notes", db=database.name)
    assert leftovers.heal(stack) == []
    with pytest.raises(psycopg.errors.DiskFull):
        connect().execute("INSERT INTO notes VALUES (1)")


def test_a_fault_of_a_run_that_died_is_undone_and_named(database, stack, connect):
    with database.session() as dies, dies.transaction():
        schema = undo_postgres.new_schema()
        undo_postgres.plant(dies, schema, undo_postgres.Note("something wrong", "CREATE TABLE undone ()"))
    app = connect()
    assert app.execute("SELECT to_regnamespace(%s)::text", [schema]).fetchone() == (schema,)
    said = f"the embedded stack was found with something wrong in database {database.name}"
    assert leftovers.heal(stack) == [f"{said}, as a run that died leaves it: healed"]
    assert app.execute("SELECT to_regnamespace(%s), to_regclass('undone')::text", [schema]).fetchone() == (
        None,
        "undone",
    )
    assert leftovers.heal(stack) == []


def test_what_cannot_be_undone_is_said(database, stack):
    with database.session() as dies, dies.transaction():
        undo_postgres.plant(dies, undo_postgres.new_schema(), undo_postgres.Note("something wrong", "SELECT nonsense"))
    with pytest.raises(StackError, match='what a killed run left cannot be undone: column "nonsense" does not exist'):
        leftovers.heal(stack)


def test_a_database_that_another_run_drops_meanwhile_is_no_trouble(database, stack, monkeypatch):
    there = undo_postgres._databases(stack.postgres.url)
    answers = iter([["dropped-meanwhile", *there]])
    monkeypatch.setattr(undo_postgres, "_databases", lambda url: next(answers, there))
    with database.session() as dies, dies.transaction():
        undo_postgres.plant(dies, undo_postgres.new_schema(), undo_postgres.Note("something wrong"))
    assert undo_postgres.heal(stack.postgres.url) == [f"something wrong in database {database.name}"]


def test_nothing_is_said_of_a_postgres_that_is_down():
    assert undo_postgres.heal("postgresql://ann@127.0.0.1:1/shop") == []
