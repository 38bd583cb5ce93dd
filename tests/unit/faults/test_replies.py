"""What becomes of the replies of PostgreSQL on a link that holds or loses them."""

import re
import threading
from dataclasses import replace

import postgres_bytes as pg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wireproof.faults.fault import Fault
from wireproof.faults.links.stage import NEVER_NS, Piece
from wireproof.faults.postgres.replies import Catch, ReplyStage, Selection, Then
from wireproof.faults.postgres.tracker import PostgresTracker

INSERT = pg.parse("INSERT INTO t VALUES (1)") + pg.bind() + pg.execute() + pg.SYNC
HEAD = pg.PARSED + pg.BOUND
INSERTED = pg.done("INSERT 0 1") + pg.ready()
READ = pg.query("SELECT 1")
ROWS = pg.ROW + pg.done("SELECT 1") + pg.ready()


class Connection:
    """A logged-in connection through a link with one fault."""

    def __init__(self, catch: Catch, then: Then = "hold") -> None:
        self.tracker = PostgresTracker()
        self.tracker.follow("to server", pg.START)
        self.tracker.follow("to client", pg.LOGGED_IN + pg.ready())
        self.stage = ReplyStage(self.tracker, catch, then=then)
        self.ends: list[str] = []
        self.waiting: list[Piece] = []

    def exchange(self, asked: bytes, answered: bytes, size: int = 1 << 20) -> bytes:
        """What the client gets when the server's answer comes in pieces of a size."""
        self.tracker.follow("to server", asked)
        got = b""
        for at in range(0, len(answered), size):
            data = answered[at : at + size]
            self.tracker.follow("to client", data)
            got += self._got(self.stage.feed(Piece(data), 0))
        return got

    def end(self) -> bytes:
        return self._got(self.stage.feed(Piece(end="fin"), 0))

    def release(self) -> bytes:
        waiting, self.waiting = self.waiting, []
        return self._got([*(replace(piece, due_ns=0) for piece in waiting), *self.stage.release(0)])

    def _got(self, pieces) -> bytes:
        """What arrives of them; what is due when the fault is healed waits in the link, which bounds it."""
        pieces = list(pieces)
        self.waiting += [piece for piece in pieces if piece.due_ns == NEVER_NS]
        pieces = [piece for piece in pieces if not piece.due_ns]
        self.ends += [piece.end for piece in pieces if piece.end]
        return b"".join(piece.data for piece in pieces)


@pytest.fixture
def fault() -> Fault:
    return Fault("db", "COMMIT reply held", undo=lambda: None)


def test_the_reply_to_a_commit_is_held_until_the_fault_is_healed(fault: Fault) -> None:
    connection = Connection(Catch(fault, Selection()))
    assert connection.exchange(READ, ROWS) == ROWS
    assert fault.touched == 0
    assert connection.exchange(INSERT, HEAD + INSERTED) == HEAD
    assert fault.effect == {"replies": 1}
    assert connection.exchange(READ, ROWS) == b"", "nothing overtakes it"
    assert connection.release() == INSERTED + ROWS


@given(st.integers(1, 60))
def test_it_is_held_however_it_is_cut(size: int) -> None:
    connection = Connection(Catch(Fault("db", "held", undo=lambda: None), Selection()))
    assert connection.exchange(INSERT, HEAD + pg.NOTICE + INSERTED, size) == HEAD + pg.NOTICE
    assert connection.release() == INSERTED


def test_what_fails_is_not_held(fault: Fault) -> None:
    connection = Connection(Catch(fault, Selection()))
    refused = HEAD + pg.ROW + pg.ERROR + pg.ready()
    assert connection.exchange(INSERT, refused) == refused
    assert connection.exchange(INSERT, refused, 3) == refused
    assert fault.touched == 0


def test_a_lost_reply_resets_the_connection(fault: Fault) -> None:
    connection = Connection(Catch(fault, Selection()), "lose")
    assert connection.exchange(INSERT, HEAD + INSERTED + pg.NOTICE) == HEAD
    assert connection.ends == ["rst"]
    assert connection.exchange(READ, ROWS) == b""
    assert connection.release() == b""
    assert fault.effect == {"replies": 1}


def test_only_so_many_are_caught(fault: Fault) -> None:
    catch = Catch(fault, Selection(), limit=1)
    first, second = Connection(catch), Connection(catch)
    second.tracker.follow("to server", INSERT)
    second.tracker.follow("to client", HEAD + INSERTED[:9])
    began = list(second.stage.feed(Piece(HEAD + INSERTED[:9]), 0))
    assert first.exchange(INSERT, HEAD + INSERTED) == HEAD
    assert b"".join(piece.data for piece in began) + second.exchange(b"", INSERTED[9:]) == HEAD + INSERTED
    assert second.exchange(INSERT, HEAD + INSERTED) == HEAD + INSERTED
    assert fault.effect == {"replies": 1}


def test_a_pattern_looks_at_the_sql_of_the_whole_transaction(fault: Fault) -> None:
    connection = Connection(Catch(fault, Selection(matching=re.compile("orders"))))
    assert connection.exchange(INSERT, HEAD + INSERTED) == HEAD + INSERTED
    for sql, tag, status in (("BEGIN", "BEGIN", "T"), ("DELETE FROM orders", "DELETE 1", "T")):
        answer = pg.done(tag) + pg.ready(status)
        assert connection.exchange(pg.query(sql), answer) == answer
    assert connection.exchange(pg.query("COMMIT"), pg.done("COMMIT") + pg.ready()) == b""
    assert fault.touched == 1


def test_a_reply_to_any_statement_can_be_meant(fault: Fault) -> None:
    connection = Connection(Catch(fault, Selection("ANY", re.compile("^SELECT"))))
    assert connection.exchange(INSERT, HEAD + INSERTED) == HEAD + INSERTED
    assert connection.exchange(READ, ROWS) == b""
    assert connection.release() == ROWS


def test_a_client_that_waits_for_a_part_gets_it(fault: Fault) -> None:
    connection = Connection(Catch(fault, Selection()))
    start = pg.parse("INSERT INTO t VALUES (1)") + pg.bind() + pg.execute() + pg.FLUSH
    flushed = HEAD + pg.done("INSERT 0 1")
    assert connection.exchange(start, flushed) == flushed, "nothing is committed before the Sync"
    assert connection.exchange(pg.SYNC, pg.ready()) == b""
    copy = Connection(Catch(fault, Selection()))
    assert copy.exchange(pg.query("COPY t FROM STDIN"), pg.COPY_IN) == pg.COPY_IN
    assert copy.exchange(pg.message(b"c"), pg.done("COPY 0") + pg.ready()) == b""


def test_an_end_in_the_middle_of_a_reply_is_passed_on_and_one_after_a_held_reply_waits(fault: Fault) -> None:
    cut = Connection(Catch(fault, Selection()))
    assert cut.exchange(INSERT, HEAD + pg.done("INSERT 0 1")) == HEAD
    assert cut.end() == pg.done("INSERT 0 1")
    assert cut.ends == ["fin"]
    held = Connection(Catch(fault, Selection()))
    assert held.exchange(INSERT, HEAD + INSERTED) == HEAD
    assert held.end() == b""
    assert held.ends == []
    assert held.release() == INSERTED
    assert held.ends == ["fin"]


def test_a_reply_that_is_too_long_to_be_kept_goes_on(fault: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wireproof.faults.postgres.replies._LONGEST_HELD", 3 * len(pg.ROW))
    connection = Connection(Catch(fault, Selection()))
    answer = HEAD + pg.ROW * 10 + INSERTED
    assert connection.exchange(INSERT, answer, size=len(pg.ROW)).startswith(HEAD + pg.ROW * 4)


def test_a_connection_that_turns_out_to_be_encrypted_is_passed_over_and_named(fault: Fault) -> None:
    catch = Catch(fault, Selection())
    connection = Connection(catch)
    connection.tracker = PostgresTracker()
    connection.stage = ReplyStage(connection.tracker, catch, then="hold")
    assert connection.exchange(pg.SSL, b"S") == b"S"
    assert connection.exchange(b"\x16\x03\x01", b"\x16\x03\x03") == b"\x16\x03\x03"
    assert catch.not_followed == "it is encrypted: let its client connect with sslmode=disable"


def test_what_is_no_longer_followed_goes_on(fault: Fault) -> None:
    connection = Connection(Catch(fault, Selection()))
    assert connection.exchange(INSERT, HEAD + pg.done("INSERT 0 1")) == HEAD
    assert connection.exchange(b"", b"\0garbage") == pg.done("INSERT 0 1") + b"\0garbage"


def test_a_wait_ends_with_the_reply_or_with_its_time(fault: Fault) -> None:
    catch = Catch(fault, Selection())
    assert catch.wait(1, 0.01) == []
    connection = Connection(catch)
    thread = threading.Timer(0.05, connection.exchange, (INSERT, HEAD + INSERTED))
    thread.start()
    assert catch.wait(1, 30) == ["INSERT INTO t VALUES (1)"]
    thread.join()
