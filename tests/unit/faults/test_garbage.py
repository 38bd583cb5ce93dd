"""Whatever peers say, what follows them never raises, and a link loses no byte of it."""

import postgres_bytes as pg
import pytest
from frame_link import NOTHING_FITS, REQUEST, RESPONSE, Way, cut, fragmented, ping, text
from hypothesis import given
from hypothesis import strategies as st

from wireproof.faults.fault import Fault
from wireproof.faults.frames import deeds
from wireproof.faults.frames.deeds import PINGS
from wireproof.faults.frames.tracker import WebSocketTracker
from wireproof.faults.links.stage import DIRECTIONS, Piece
from wireproof.faults.postgres.replies import Catch, ReplyStage, Selection
from wireproof.faults.postgres.sql import Transaction, may_commit
from wireproof.faults.postgres.tracker import PostgresTracker

SAID_BY_CLIENTS = [
    pg.START, pg.SYNC, pg.FLUSH, pg.query("COMMIT"), pg.query("BEGIN"), pg.parse("INSERT INTO t VALUES (1)"),
    pg.bind(), pg.execute(), pg.message(b"c"), pg.message(b"d", b"row"), pg.query("COPY t FROM STDIN"),
]  # fmt: skip
SAID_BY_SERVERS = [
    pg.LOGGED_IN, pg.ready(), pg.ready("T"), pg.ready("E"), pg.PARSED, pg.BOUND, pg.ROW, pg.ERROR, pg.NOTICE,
    pg.COPY_IN, pg.done("INSERT 0 1"), pg.done("COMMIT"), pg.done("ROLLBACK"), b"N", b"S",
]  # fmt: skip
FRAMES = [text(b"a"), text(b""), ping(), ping(key=b"1234"), fragmented(1, [b"a", b"b"], between=ping()), b"\x00\x01x"]


def streams(words: list[bytes]) -> st.SearchStrategy[list[bytes]]:
    """What is said in the words of a protocol, in any order, with garbage between, cut anywhere."""
    said = st.lists(st.sampled_from(words) | st.binary(max_size=12), max_size=12).map(b"".join)
    return st.builds(cut, said, st.lists(st.integers(0, 1 << 16), max_size=6))


@given(
    st.booleans(), st.lists(st.tuples(st.booleans(), streams(SAID_BY_CLIENTS), streams(SAID_BY_SERVERS)), max_size=6)
)
def test_postgresql(starts: bool, turns: list[tuple[bool, list[bytes], list[bytes]]]) -> None:
    tracker = PostgresTracker()
    stage = ReplyStage(tracker, Catch(Fault("db", "held", lambda: None), Selection("ANY")), then="hold")
    if starts:
        tracker.follow("to server", pg.START)
    came, went = b"", []
    for client_first, asked, answered in turns:
        said = [("to server", data) for data in asked]
        replied = [("to client", data) for data in answered]
        for direction, data in said + replied if client_first else replied + said:
            tracker.follow(direction, data)
            if direction == "to client":
                assert sum(part.size for part in tracker.parts) == len(data)
                went += stage.feed(Piece(data), 0)
                came += data
    assert b"".join(piece.data for piece in [*went, *stage.release(0)]) == came


@given(st.booleans(), streams([*FRAMES, REQUEST, RESPONSE]), streams([*FRAMES, REQUEST, RESPONSE]))
def test_websocket(is_upgraded: bool, asked: list[bytes], answered: list[bytes]) -> None:
    tracker = WebSocketTracker()
    if is_upgraded:
        tracker.follow("to server", REQUEST)
        tracker.follow("to client", RESPONSE)
    for direction, chunks in zip(DIRECTIONS, (asked, answered), strict=True):
        for data in chunks:
            tracker.follow(direction, data)
            assert tracker.remaining(direction) >= 0


@pytest.mark.parametrize("options", [{"matcher": NOTHING_FITS}, {"opcodes": PINGS, "skip": 10**6}])
@given(before=streams(FRAMES), after=streams(FRAMES))
def test_frame_faults_that_choose_nothing(options: dict[str, object], before: list[bytes], after: list[bytes]) -> None:
    way = Way()
    out = way.send(*before)
    stage = way.put(deeds.Drop(), **options)  # type: ignore[arg-type]
    out += way.send(*after) + way.heal(stage)
    assert out == b"".join(before) + b"".join(after)


@given(st.text(alphabet="aE'\"$/*-;()\n\\ ", max_size=200))
def test_sql_that_nobody_can_read(sql: str) -> None:
    may_commit(sql, Transaction())


@pytest.mark.parametrize("part", ["a(", "/*", "$a$", "'", "E'\\", "--", "a AS (", "((", "$a$ $b$", "a.b(", ";"])
def test_very_long_sql(part: str) -> None:
    may_commit(part * 20_000, Transaction())
