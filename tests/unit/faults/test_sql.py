"""Which statements end a transaction that may have written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wireproof.faults.postgres.sql import Transaction, may_commit

OPEN = Transaction(is_open=True)
READS = (
    "SELECT 1",
    "select 1;",
    "SELECT EXISTS (SELECT FROM messages WHERE routed_at IS NULL)",
    "SELECT d.seq, sum(octet_length(m.payload::text)) OVER (ORDER BY d.seq) FROM d WHERE d.seq = ANY ($1::bigint[])",
    "WITH RECURSIVE tree(oid, ns) AS (SELECT 1, 2 UNION ALL SELECT oid, ns FROM tree) SELECT * FROM tree",
    "WITH a AS MATERIALIZED (SELECT 1) SELECT count(*) FILTER (WHERE true) FROM a",
    "SELECT * FROM unnest($1::int[], $2::text[]) AS t(number, name)",
    "SELECT pg_catalog.version(), pg_is_in_recovery()",
    "SELECT current_setting('jit') AS cur, set_config('jit', 'off', false) AS new",
    "SELECT 'INSERT INTO t; DELETE FROM store(1)' -- store(1)",
    "SELECT $a$ it's store(1); $a$, E'it\\'s store(1)' /* store(1) */",
    "SELECT id FROM orders FOR UPDATE",
    "SHOW server_version",
    "COPY t TO STDOUT",
    "EXPLAIN SELECT 1",
    "VALUES (1)",
    "(SELECT 1) UNION (SELECT 2)",
    "PREPARE p AS INSERT INTO t VALUES (1)",
    "",
    "SET application_name = 'x'; SELECT 1",
    "BEGIN; SELECT 1; COMMIT",
    "BEGIN; INSERT INTO t VALUES (1); ROLLBACK",
)
WRITES = (
    "INSERT INTO t VALUES (1)",
    "update t set a = 1",
    "SELECT * FROM store_batch($1, $2)",
    'SELECT "store"(1)',
    "SELECT app.store(1)",
    "SELECT count (*), store (1) FROM t",
    "WITH gone AS (DELETE FROM t RETURNING id) SELECT count(*) FROM gone",
    "SELECT * INTO copied FROM t",
    "SELECT nextval('t_id_seq')",
    "SELECT pg_notify('a', 'b')",
    "NOTIFY a",
    "COPY t FROM STDIN",
    "CALL store(1)",
    "DO $$ BEGIN PERFORM 1; END $$",
    "EXECUTE p(1)",
    "EXPLAIN ANALYZE INSERT INTO t VALUES (1)",
    "SELECT 1; INSERT INTO t VALUES (1)",
    "BEGIN; INSERT INTO t VALUES (1); COMMIT",
    "COMMIT PREPARED 'a'",
    "?",
)


@pytest.mark.parametrize("sql", READS[:-5])
def test_a_plain_read_commits_nothing(sql: str) -> None:
    assert may_commit(sql, Transaction()) == (False, Transaction())
    assert may_commit(sql, OPEN) == (False, OPEN)


@pytest.mark.parametrize("sql", READS[-5:])
def test_nothing_is_left_by_what_is_undone_or_is_only_for_the_session(sql: str) -> None:
    assert may_commit(sql, Transaction()) == (False, Transaction())


@pytest.mark.parametrize("sql", WRITES)
def test_what_may_write_outside_a_block_commits(sql: str) -> None:
    assert may_commit(sql, Transaction()) == (True, Transaction())


def test_a_block_commits_with_its_end_when_something_in_it_may_have_written() -> None:
    found, inside = may_commit("BEGIN", Transaction())
    assert (found, inside) == (False, OPEN)
    assert may_commit("COMMIT", inside) == (False, Transaction())
    found, written = may_commit("SELECT store(1)", inside)
    assert (found, written) == (False, Transaction(is_open=True, may_have_written=True))
    assert may_commit("SELECT 1", written) == (False, written)
    for end in ("COMMIT", "end;", "/* now */ COMMIT AND CHAIN", "PREPARE TRANSACTION 'a'"):
        assert may_commit(end, written) == (True, Transaction())


def test_a_return_to_a_savepoint_leaves_the_block_open() -> None:
    written = Transaction(is_open=True, may_have_written=True)
    assert may_commit("ROLLBACK TO SAVEPOINT a", written) == (False, written)
    assert may_commit("ROLLBACK", written) == (False, Transaction())


@pytest.mark.parametrize(
    "part", ["a", "/*", "'", "e'", "$$", "$a$", "a.", "(", " ", "a(", "a (a)", '"', "--", "AS ", ";"]
)
def test_a_long_text_takes_no_longer_for_each_character(part: str) -> None:
    may_commit("SELECT " + part * 30_000, Transaction())


@given(st.text(), st.booleans(), st.booleans())
def test_no_text_is_too_odd(sql: str, is_open: bool, written: bool) -> None:
    may_commit(sql, Transaction(is_open, written))
