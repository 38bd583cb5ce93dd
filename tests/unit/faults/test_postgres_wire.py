"""What a tracker makes of PostgreSQL's protocol: recorded sessions of two drivers, and sessions written by hand."""

import base64
import json
from pathlib import Path

import postgres_bytes as pg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wireproof.faults.links.stage import Direction
from wireproof.faults.postgres.tracker import PostgresTracker

RECORDED = json.loads((Path(__file__).parent / "recorded_postgres.json").read_text())
ASYNCPG, PSYCOPG = ([(direction, base64.b64decode(data)) for direction, data in connection] for connection in RECORDED)

Session = list[tuple[Direction, bytes]]


class Followed(PostgresTracker):
    """A tracker that keeps what it said of every reply that was over."""

    def __init__(self, session: Session = ()) -> None:
        super().__init__()
        self.replies: list[tuple[tuple[str, ...], bool]] = []
        for direction, data in session:
            self.follow(direction, data)

    def follow(self, direction: Direction, data: bytes) -> None:
        super().follow(direction, data)
        if direction == "to client":
            assert sum(part.size for part in self.parts) == len(data)
            for part in self.parts:
                if part.is_last:
                    self.replies.append((tuple(part.reply.statements), part.reply.committed))

    @property
    def committed(self) -> list[str]:
        return [statements[-1] for statements, committed in self.replies if committed]


def logged_in() -> Followed:
    return Followed([("to server", pg.START), ("to client", pg.LOGGED_IN + pg.ready())])


def exchange(tracker: Followed, asked: bytes, answered: bytes) -> None:
    tracker.follow("to server", asked)
    tracker.follow("to client", answered)


def test_asyncpg_is_followed_to_every_commit() -> None:
    tracker = Followed(ASYNCPG)
    assert tracker.lost == ""
    assert [statement.split()[0] for statement in tracker.committed] == [
        *("CREATE", "CREATE", "SELECT", "COMMIT;", "INSERT", "COPY")
    ]
    assert "SELECT store($1)" in tracker.committed


def test_psycopg_is_followed_to_every_commit() -> None:
    tracker = Followed(PSYCOPG)
    assert tracker.lost == ""
    assert tracker.committed == ["COMMIT"] * 4
    assert (("INSERT INTO t VALUES ($1, $2)", "SELECT store($1)"), False) in tracker.replies, "a pipeline"
    assert tracker.replies.count((("COMMIT",), False)) == 2, "after an error, and after a read"


@pytest.mark.parametrize("session", [ASYNCPG, PSYCOPG])
@given(data=st.data())
def test_it_does_not_matter_where_the_bytes_are_cut(session: Session, data: st.DataObject) -> None:
    tracker = Followed()
    for direction, whole in session:
        size = data.draw(st.integers(1, 400))
        for at in range(0, len(whole), size):
            tracker.follow(direction, whole[at : at + size])
    assert tracker.replies == Followed(session).replies


@given(st.lists(st.tuples(st.sampled_from(["to server", "to client"]), st.binary(min_size=1))))
def test_garbage_is_lost_and_never_raises(session: Session) -> None:
    tracker = logged_in()
    for direction, data in session:
        tracker.follow(direction, data)


@given(st.binary(min_size=1))
def test_garbage_from_the_start_never_raises(data: bytes) -> None:
    Followed([("to server", data), ("to client", data)])


@pytest.mark.parametrize(
    ("session", "reason"),
    [
        ([("to server", pg.SSL), ("to client", b"S")], "it is encrypted: let its client connect with sslmode=disable"),
        ([("to server", pg.SSL), ("to client", b"E")], "its server speaks no PostgreSQL protocol 3"),
        ([("to server", pg.CANCEL)], "it only cancels a statement"),
        ([("to server", b"GET / HTTP/1.1\r\n")], "what is said is no message of PostgreSQL"),
        ([("to server", b"\0\0\0\x09\0\2\0\0x")], "its client speaks no PostgreSQL protocol 3"),
        ([("to server", pg.START), ("to client", b"\0\0\0\0\0")], "what is said is no message of PostgreSQL"),
        ([("to server", pg.START), ("to client", b"Z\0\0\0\1I")], "what is said is no message of PostgreSQL"),
    ],
)
def test_it_says_why_it_is_lost(session: Session, reason: str) -> None:
    tracker = Followed(session)
    assert tracker.lost == reason
    tracker.follow("to client", b"anything")
    assert [(part.size, part.reply) for part in tracker.parts] == [(8, None)]


def test_a_wish_for_encryption_may_be_denied() -> None:
    tracker = Followed([("to server", pg.GSS), ("to client", b"N"), ("to server", pg.SSL), ("to client", b"N")])
    exchange(tracker, pg.START, pg.LOGGED_IN + pg.ready())
    exchange(tracker, pg.query("INSERT INTO t VALUES (1)"), pg.done("INSERT 0 1") + pg.ready())
    assert tracker.committed == ["INSERT INTO t VALUES (1)"]


def test_statements_and_portals_have_names() -> None:
    tracker = logged_in()
    exchange(tracker, pg.parse("INSERT INTO t VALUES (1)", "a") + pg.FLUSH, pg.PARSED)
    exchange(tracker, pg.parse("SELECT 1", "b") + pg.SYNC, pg.PARSED + pg.ready())
    run = pg.bind("b", "p") + pg.bind("a", "q") + pg.execute("p") + pg.execute("q") + pg.SYNC
    exchange(tracker, run, pg.BOUND * 2 + pg.ROW + pg.done("SELECT 1") + pg.done("INSERT 0 1") + pg.ready())
    assert tracker.replies[-1] == (("SELECT 1", "INSERT INTO t VALUES (1)"), True)
    closed = pg.message(b"C", b"Sa\0") + pg.bind("a") + pg.execute() + pg.SYNC
    exchange(tracker, closed, pg.message(b"3") + pg.ERROR + pg.ready())
    assert tracker.replies[-1] == ((), False)


def test_a_pipeline_of_replies_is_told_apart() -> None:
    tracker = logged_in()
    one = pg.parse("INSERT INTO t VALUES (1)") + pg.bind() + pg.execute() + pg.SYNC
    two = pg.parse("SELECT 1") + pg.bind() + pg.execute() + pg.SYNC
    tracker.follow("to server", one + two + one)
    wrote = pg.PARSED + pg.BOUND + pg.done("INSERT 0 1") + pg.ready()
    tracker.follow("to client", wrote + pg.PARSED + pg.BOUND + pg.ROW + pg.done("SELECT 1") + pg.ready() + wrote)
    assert [committed for _, committed in tracker.replies[1:]] == [True, False, True]


def test_what_comes_after_an_error_is_not_answered() -> None:
    tracker = logged_in()
    run = pg.parse("INSERT INTO t VALUES (1)") + pg.bind() + pg.execute()
    tracker.follow("to server", run)
    tracker.follow("to client", pg.PARSED + pg.ERROR)
    exchange(tracker, run + pg.SYNC, pg.ready())
    assert tracker.replies[-1] == ((), False)
    exchange(tracker, run + pg.SYNC, pg.PARSED + pg.BOUND + pg.done("INSERT 0 1") + pg.ready())
    assert tracker.replies[-1] == (("INSERT INTO t VALUES (1)",), True)


def test_an_error_at_the_commit_itself_commits_nothing() -> None:
    tracker = logged_in()
    run = pg.parse("INSERT INTO t VALUES (1)") + pg.bind() + pg.execute() + pg.SYNC
    exchange(tracker, run, pg.PARSED + pg.BOUND + pg.done("INSERT 0 1") + pg.ERROR + pg.ready())
    assert not tracker.committed


def test_a_commit_in_the_middle_of_a_query_counts_although_the_rest_fails() -> None:
    tracker = logged_in()
    tags = pg.done("BEGIN") + pg.done("INSERT 0 1") + pg.done("COMMIT") + pg.ERROR + pg.ready()
    exchange(tracker, pg.query("BEGIN; INSERT INTO t VALUES (1); COMMIT; INSERT INTO t VALUES (1)"), tags)
    assert len(tracker.committed) == 1


def test_the_commit_of_a_failed_transaction_commits_nothing() -> None:
    tracker = logged_in()
    exchange(tracker, pg.query("BEGIN"), pg.done("BEGIN") + pg.ready("T"))
    exchange(tracker, pg.query("INSERT INTO t VALUES (1)"), pg.ERROR + pg.ready("E"))
    exchange(tracker, pg.query("COMMIT"), pg.done("ROLLBACK") + pg.ready())
    assert not tracker.committed


def test_a_copy_by_the_extended_protocol_ignores_the_first_sync() -> None:
    tracker = logged_in()
    exchange(
        tracker, pg.parse("COPY t FROM STDIN") + pg.bind() + pg.execute() + pg.SYNC, pg.PARSED + pg.BOUND + pg.COPY_IN
    )
    assert tracker.parts[-1].is_urgent
    exchange(
        tracker,
        pg.message(b"d", b"1\n") + pg.SYNC + pg.message(b"c") + pg.SYNC,
        pg.done("COPY 1") + pg.ready(),
    )
    assert tracker.committed == ["COPY t FROM STDIN"]


def test_a_function_call_is_a_statement_of_an_old_protocol() -> None:
    tracker = logged_in()
    exchange(tracker, pg.message(b"F", bytes(10)), pg.message(b"V", bytes(4)) + pg.ready())
    exchange(tracker, pg.query("INSERT INTO t VALUES (1)"), pg.done("INSERT 0 1") + pg.ready())
    assert tracker.committed == ["?", "INSERT INTO t VALUES (1)"]


def test_the_sql_of_a_long_statement_is_cut() -> None:
    tracker = logged_in()
    exchange(tracker, pg.query("INSERT INTO t VALUES (" + "1" * 1_000_000 + ")"), pg.done("INSERT 0 1") + pg.ready())
    assert len(tracker.committed[0]) == 64 * 1024
