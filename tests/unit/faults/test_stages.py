"""No stage loses, doubles or reorders a byte unless that is its fault; each does what it says."""

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from line import Line

from wireproof.faults.links.stage import Piece, Stage
from wireproof.faults.links.transit import HELD_BYTES
from wireproof.faults.streams.delays import Bandwidth, Latency, Pause, Slices, SlowClose
from wireproof.faults.streams.losses import BlackHole, CutMidFrame, FlipBits, ResetAfter

MS = 1_000_000


def nobody(count: int) -> None:
    """Is told."""


def random_latency(seed: int) -> Stage:
    return Latency(nobody, 20 * MS, 30 * MS, "normal" if seed % 2 else "uniform", random.Random(seed))


FAITHFUL: list[Callable[[int], Stage]] = [
    random_latency,
    lambda seed: Bandwidth(nobody, 1 + seed * 997),
    lambda seed: Slices(nobody, 1 + seed % 5, seed % 3 * MS),
    lambda seed: Pause(nobody),
    lambda seed: SlowClose(nobody, seed * MS),
]
CHUNKS = st.lists(st.binary(min_size=1, max_size=40), max_size=12)
STEPS = st.lists(st.tuples(st.sampled_from(range(len(FAITHFUL))), st.integers(0, 9)), max_size=4)


@given(chunks=CHUNKS, steps=STEPS, data=st.data())
def test_faithful_stages_keep_every_byte_and_the_end(chunks, steps, data):
    with pytest.MonkeyPatch.context() as monkeypatch:
        line = Line(monkeypatch)
        faults = [line.put(FAITHFUL[which](seed)) for which, seed in steps]
        for chunk in chunks:
            line.send(chunk)
            line.clock.advance(data.draw(st.sampled_from([0, 0.001, 0.05])))
            if faults and data.draw(st.booleans()):
                faults.pop(data.draw(st.integers(0, len(faults) - 1))).undo()
        line.transit.enter(Piece(end="fin"))
        assert b"".join(chunks).startswith(line.data)
        for fault in faults:
            fault.undo()
        assert line.data == b"".join(chunks)
        assert line.ends == ["fin"]
        assert line.arrived[-1][1].end == "fin"
        assert line.transit.is_clear


def test_latency_is_added_to_every_piece(line, felt):
    line.put(Latency(felt, 50 * MS, 0, "uniform", random.Random()))
    line.send(b"a")
    line.clock.advance(0.03)
    line.send(b"b")
    line.clock.advance(0.01)
    assert line.data == b""
    line.clock.advance(0.05)
    assert line.times == [0.05, 0.08]
    assert felt == {"times": 2, "bytes": 2}


@pytest.mark.parametrize(("distribution", "bounds"), [("uniform", (10, 90)), ("normal", (0, 1000))])
def test_jitter_is_drawn_around_the_delay_and_repeats_with_its_seed(felt, distribution, bounds):
    def due(seed: int) -> list[int]:
        stage = Latency(felt, 50 * MS, 40 * MS, distribution, random.Random(seed))
        return [piece.due_ns // MS for _ in range(2000) for piece in stage.feed(Piece(b"x"), 0)]

    assert due(1) == due(1) != due(2)
    assert bounds[0] <= min(due(1)) < 20
    assert 80 < max(due(1)) <= bounds[1]
    assert 45 < sum(due(1)) / 2000 < 57


def test_a_healed_latency_lets_go_at_once(line, felt):
    fault = line.put(Latency(felt, 3600 * 1000 * MS, 0, "uniform", random.Random()))
    line.send(b"a", b"b")
    fault.undo()
    assert line.data == b"ab"


@given(chunks=CHUNKS, rate=st.integers(50, 100_000))
def test_bandwidth_is_never_exceeded(chunks, rate):
    with pytest.MonkeyPatch.context() as monkeypatch:
        line = Line(monkeypatch)
        line.put(Bandwidth(nobody, rate))
        line.send(*chunks)
        line.clock.advance(60)
        assert line.data == b"".join(chunks)
        sent = 0
        for at, piece in line.arrived:
            sent += len(piece.data)
            assert sent <= rate * at + 1


def test_bandwidth_does_not_save_up(line, felt):
    line.put(Bandwidth(felt, 1000))
    line.clock.advance(10)
    line.send(b"x" * 100)
    line.clock.advance(0.099)
    assert len(line.data) < 100
    line.clock.advance(0.002)
    assert len(line.data) == 100


def test_slices_have_a_size_and_a_gap(line, felt):
    line.put(Slices(felt, 2, 10 * MS))
    line.send(b"abcde")
    line.clock.advance(1)
    assert [piece.data for _, piece in line.arrived] == [b"ab", b"cd", b"e"]
    assert line.times == [0, 0.01, 0.02]


def test_slices_are_felt_by_what_they_cut_or_delay(line):
    told = []
    line.put(Slices(told.append, 4, 10 * MS))
    line.send(b"abc")
    assert told == []
    line.send(b"abc")
    assert told == [3], "it waited for the gap"
    line.clock.advance(1)
    line.send(b"abcdef")
    assert told == [3, 6]


def test_a_pause_holds_also_the_end(line, felt):
    fault = line.put(Pause(felt))
    line.send(b"ab")
    line.transit.enter(Piece(end="rst"))
    line.clock.advance(3600)
    assert line.arrived == []
    fault.undo()
    assert line.data == b"ab"
    assert line.ends == ["rst"]


def test_what_is_held_is_bounded(line, felt):
    fault = line.put(Pause(felt))
    line.send(b"x" * (HELD_BYTES - 1))
    assert line.throttles == []
    line.send(b"x")
    assert line.throttles == [True]
    fault.undo()
    assert line.throttles == [True, False]


def test_a_slow_close_delays_only_the_end(line, felt):
    line.put(SlowClose(felt, 100 * MS))
    line.send(b"ab")
    line.transit.enter(Piece(b"c", end="fin"))
    assert line.data == b"abc"
    assert line.ends == []
    line.clock.advance(0.1)
    assert line.times == [0, 0, 0.1]
    assert line.ends == ["fin"]
    assert felt["times"] == 1


def test_a_black_hole_swallows_everything_and_resets_when_it_is_healed(line, felt):
    fault = line.put(BlackHole(felt))
    line.send(b"ab")
    line.transit.enter(Piece(end="fin"))
    assert line.arrived == []
    assert felt["bytes"] == 2
    fault.undo()
    assert line.data == b""
    assert line.ends == ["rst"]


def test_a_black_hole_that_swallowed_nothing_leaves_the_stream_whole(line, felt):
    line.put(BlackHole(felt)).undo()
    line.send(b"ab")
    assert line.data == b"ab"
    assert line.ends == []
    assert not felt


@given(chunks=CHUNKS, count=st.integers(1, 60))
def test_a_reset_comes_after_exactly_so_many_bytes(chunks, count):
    with pytest.MonkeyPatch.context() as monkeypatch:
        line = Line(monkeypatch)
        line.put(ResetAfter(nobody, count))
        line.send(*chunks)
        whole = b"".join(chunks)
        assert line.data == whole[:count]
        assert line.ends == (["rst"] if len(whole) >= count else [])


class Frames:
    """A tracker that has seen what the test says."""

    def __init__(self, upgraded: bool, remaining: int) -> None:
        self._upgraded, self._remaining = upgraded, remaining

    def upgraded(self, direction: str) -> bool:
        return self._upgraded

    def remaining(self, direction: str) -> int:
        return self._remaining


@pytest.mark.parametrize(
    ("tracker", "arrives", "ends"),
    [
        (None, b"abc", ["rst"]),
        (Frames(upgraded=True, remaining=0), b"abcde", ["rst"]),
        (Frames(upgraded=True, remaining=9), b"abcdef", ["rst"]),
        (Frames(upgraded=False, remaining=0), b"abcdefg", []),
    ],
    ids=["any protocol", "ends with a frame", "ends inside a frame", "still the upgrade"],
)
def test_a_cut_is_inside_a_frame(line, felt, tracker, arrives, ends):
    line.put(CutMidFrame(felt, "to client", tracker))
    line.send(b"abcdef", b"g")
    assert line.data == arrives
    assert line.ends == ends


def test_a_cut_knows_where_the_peer_is_whatever_other_stages_hold_back(line, felt):
    line.put(Latency(felt, 10 * MS, 0, "uniform", random.Random(1)))
    line.put(CutMidFrame(felt, "to client", Frames(upgraded=True, remaining=0)))
    line.send(b"abcdef")
    line.clock.advance(1)
    assert line.data == b"abcde"
    assert line.ends == ["rst"]


def test_a_stage_that_is_full_stops_the_sender(line, felt):
    class Keeps(Pause):
        is_full = False

    stage = Keeps(felt)
    fault = line.put(stage)
    stage.is_full = True
    line.send(b"a")
    assert line.throttles == [True]
    fault.undo()
    assert line.throttles == [True, False]


@given(chunks=CHUNKS, every=st.integers(1, 30), seed=st.integers())
def test_one_bit_in_every_so_many_bytes_is_flipped_however_they_come(chunks, every, seed):
    whole = b"".join(chunks)
    with pytest.MonkeyPatch.context() as monkeypatch:
        at_once, in_chunks = Line(monkeypatch), Line(monkeypatch)
        for line in (at_once, in_chunks):
            line.put(FlipBits(nobody, every, random.Random(seed)))
        at_once.send(whole)
        in_chunks.send(*chunks)
    assert at_once.data == in_chunks.data
    flipped = [(a ^ b).bit_count() for a, b in zip(whole, at_once.data, strict=True)]
    for start in range(0, len(whole) - every + 1, every):
        assert sum(flipped[start : start + every]) == 1
    assert sum(flipped[len(whole) // every * every :]) <= 1


def test_stages_of_messages_come_first(line, felt):
    class Shouts(Pause):
        understands_messages = True

        def feed(self, piece, now_ns):
            yield Piece(piece.data.upper(), end=piece.end)

    line.put(Slices(felt, 1, 0))
    line.put(Shouts(felt))
    line.send(b"ab")
    assert [piece.data for _, piece in line.arrived] == [b"A", b"B"]


def test_a_stage_that_ends_the_transit_ends_what_is_behind_it(line, felt):
    line.put(Slices(felt, 1, 0))
    line.transit._deliver = lambda piece: line.transit.close()
    line.send(b"abc")
    assert line.transit.is_clear
