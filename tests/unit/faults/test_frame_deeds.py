"""Frame faults: what they do to the messages that are meant, and that nothing else changes by a byte."""

import random

import pytest
import websocket
from frame_link import KEY, NOTHING_FITS, RESPONSE, Way, cut, fragmented, messages, ping, text
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Opcode
from websockets.protocol import CLIENT, OPEN, SERVER, Protocol

from wireproof.faults.errors import FaultError
from wireproof.faults.frames import deeds
from wireproof.faults.frames.choice import Choice
from wireproof.faults.frames.codec import WireFrame, masked
from wireproof.faults.frames.stream import LONGEST_HELD
from wireproof.faults.links.stage import Piece
from wireproof.matching import Matcher

PLACES = st.lists(st.integers(0, 500_000), max_size=6)
A, B, C, D = (text(payload) for payload in (b'{"n":1}', b'{"n":2}', b'{"n":3}', b'{"n":4}'))


def all_deeds() -> list[deeds.Deed]:
    return [
        deeds.Drop(),
        deeds.Duplicate(),
        deeds.Swap(),
        deeds.Delay(5),
        deeds.Truncate(1),
        deeds.Corrupt(random.Random(1)),
        deeds.Fragment(3, with_pings=True),
        deeds.Insert(ping()),
    ]


def payloads_of(data: bytes, *, to_server: bool = False) -> list[tuple[int, bytes]]:
    """What the library `websockets` reads: opcode and payload of every message, fragments joined."""
    peer = Protocol(SERVER if to_server else CLIENT, state=OPEN, max_size=None)
    peer.receive_data(data)
    assert peer.parser_exc is None, peer.parser_exc
    found: list[tuple[int, bytes]] = []
    parts: list[bytes] = []
    opcode = 0
    for frame in peer.events_received():
        if frame.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            opcode = int(frame.opcode) or opcode
            parts.append(bytes(frame.data))
            if frame.fin:
                found.append((opcode, b"".join(parts)))
                parts = []
    return found


def pings_in(data: bytes) -> list[bytes]:
    peer = Protocol(CLIENT, state=OPEN, max_size=None)
    peer.receive_data(data)
    return [bytes(frame.data) for frame in peer.events_received() if frame.opcode is Opcode.PING]


def payloads_of_the_other(data: bytes) -> list[tuple[int, bytes]]:
    """What websocket-client reads."""
    rest = bytearray(data)

    def read(size: int) -> bytes:
        some = bytes(rest[:size])
        del rest[:size]
        return some

    buffer = websocket._core.frame_buffer(read, skip_utf8_validation=True)
    joined = websocket._core.continuous_frame(False, True)
    found = []
    while rest:
        frame = buffer.recv_frame()
        if frame.opcode < 8:
            joined.validate(frame)
            joined.add(frame)
            if joined.is_fire(frame):
                opcode, whole = joined.extract(frame)
                found.append((opcode, bytes(whole.data)))
    return found


class TestNothingIsTouched:
    @given(messages(), PLACES, st.integers(0, 400_000))
    def test_no_match_is_the_identity_wherever_it_begins_and_ends(self, sent, places, begin):
        data = b"".join(sent)
        for deed in all_deeds():
            way = Way()
            before, after = data[: begin % (len(data) + 1)], data[begin % (len(data) + 1) :]
            out = way.send(before)
            stage = way.put(deed, matcher=NOTHING_FITS)
            out += way.send(*cut(after, places))
            out += way.heal(stage) + way.send(A)
            assert out == data + A
            assert way.touched == 0

    @given(messages(KEY), PLACES)
    def test_healing_in_mid_frame_gives_back_what_was_held(self, sent, places):
        data = b"".join(sent)
        way, out = Way("to server"), b""
        for part in cut(data, places):
            stage = way.put(deeds.Drop(), matcher=NOTHING_FITS)
            out += way.send(part) + way.heal(stage)
        assert out == data

    def test_several_faults_that_come_in_mid_frame_leave_the_rest_as_it_is(self):
        way, long = Way(), text(bytes(300))
        out = way.send(A[:3])
        way.put(deeds.Drop(), matcher=NOTHING_FITS)
        out += way.send(A[3:], long[:100])
        way.put(deeds.Duplicate(), matcher=NOTHING_FITS)
        out += way.send(long[100:], B)
        assert out == A + long + B

    @given(PLACES)
    def test_the_handshake_passes_before_faults_begin(self, places):
        way = Way(upgraded=False)
        way.put(deeds.Drop(), count=1)
        assert way.send(*cut(RESPONSE + A + B, places)) == RESPONSE + B

    def test_a_refused_connection_is_left_alone(self):
        way = Way("to server", upgraded=False)
        way.put(deeds.Drop())
        request = b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"
        assert way.send(request) == request
        way.tracker.follow("to client", b"HTTP/1.1 401 No\r\n\r\n")
        again = b"GET /again HTTP/1.1\r\n\r\n"
        assert way.send(again) == again

    def test_what_is_too_long_to_hold_goes_through(self):
        way = Way()
        way.put(deeds.Drop())
        head = b"\x82\x7f" + (LONGEST_HELD + 5).to_bytes(8, "big")
        assert way.send(head) == head
        block = bytes(2**20)
        sent = 0
        while sent + len(block) <= LONGEST_HELD:
            assert way.send(block) is not None
            sent += len(block)
        assert way.send(bytes(LONGEST_HELD + 5 - sent) + A) == bytes(LONGEST_HELD + 5 - sent)
        assert way.touched == 1

    def test_fragments_of_a_message_that_had_begun_before_pass(self):
        way = Way()
        first, second, last = (WireFrame.pack(op, b"x", fin=fin).raw for op, fin in ((1, False), (0, False), (0, True)))
        assert way.send(first) == first
        way.put(deeds.Drop())
        assert [way.send(part) for part in (second, last, A)] == [second, last, b""]


class TestDeeds:
    @given(messages(), PLACES, st.integers(1, 3), st.integers(0, 2))
    def test_dropped_ones_are_missing_and_the_others_are_as_they_were(self, sent, places, every, skip):
        way = Way()
        way.put(deeds.Drop(), every=every, skip=skip)
        out = way.send(*cut(b"".join(sent), places))
        chosen = [number >= skip and (number - skip + 1) % every == 0 for number in range(len(sent))]
        pings = [b"".join(ping(payload) for payload in pings_in(message)) for message in sent]
        assert out == b"".join(pings[n] if is_chosen else sent[n] for n, is_chosen in enumerate(chosen))
        assert way.touched == sum(chosen)

    @given(messages(KEY), PLACES)
    def test_duplicates_are_equal(self, sent, places):
        way = Way("to server")
        way.put(deeds.Duplicate(3), every=2)
        read = payloads_of(way.send(*cut(b"".join(sent), places)), to_server=True)
        once = payloads_of(b"".join(sent), to_server=True)
        assert read == [payload for number, payload in enumerate(once) for _ in range(3 if number % 2 else 1)]

    @given(messages(), PLACES)
    def test_neighbours_change_places(self, sent, places):
        way = Way()
        stage = way.put(deeds.Swap())
        out = way.send(*cut(b"".join(sent), places)) + way.heal(stage)
        pairs = [sent[n : n + 2][::-1] for n in range(0, len(sent), 2)]
        assert out == b"".join(message for pair in pairs for message in pair)
        assert way.touched == len(sent) // 2

    def test_a_chosen_one_changes_places_with_the_next_of_any_sort(self):
        way = Way()
        way.put(deeds.Swap(), matcher=Matcher(json={"n": 2}))
        assert way.send(A, B, ping(), C, D) == A + ping() + C + B + D

    def test_a_delayed_one_is_overtaken_and_comes_when_it_is_due(self):
        way = Way()
        stage = way.put(deeds.Delay(100), count=1)
        assert stage.wake_ns == 0
        assert way.send(A, B) == B
        assert stage.wake_ns == 100
        assert way.wake(99) == b""
        assert way.send(C) == C
        assert way.wake(100) == A
        assert stage.wake_ns == 0
        assert way.touched == 1

    def test_a_delayed_one_never_comes_inside_another(self):
        way = Way()
        stage = way.put(deeds.Delay(100), count=1)
        parts = fragmented(1, [b"one", b"two"])
        assert way.send(A, parts[:7]) == b""
        assert way.wake(200) == A
        assert way.send(parts[7:]) == parts
        assert way.heal(stage) == b""

    def test_what_may_be_delayed_is_bounded(self, monkeypatch):
        monkeypatch.setattr("wireproof.faults.frames.deeds.LONGEST_HELD", 3 * len(text(b"a")))
        way = Way()
        stage = way.put(deeds.Delay(100))
        way.send(text(b"a"), text(b"b"))
        assert not stage.is_full
        way.send(text(b"c"))
        assert stage.is_full
        way.wake(100)
        assert not stage.is_full

    def test_healing_lets_go_what_is_delayed(self):
        way = Way()
        stage = way.put(deeds.Delay(10**12))
        assert way.send(A, B, C[:4]) == b""
        assert way.heal(stage) == A + B + C[:4]

    def test_the_end_of_the_stream_lets_go_what_is_kept(self):
        way = Way()
        stage = way.put(deeds.Swap())
        assert way.send(A) == b""
        assert [(piece.data, piece.end) for piece in stage.feed(Piece(end="fin"), 0)] == [(A, "fin")]

    @pytest.mark.parametrize("key", [b"", KEY])
    @pytest.mark.parametrize("keep", [0, 3, 130])
    def test_a_truncated_one_says_its_new_length(self, key, keep):
        way = Way("to server" if key else "to client")
        way.put(deeds.Truncate(keep))
        sent = text(b"x" * 200, key=key)
        assert way.send(sent) == text(b"x" * keep, key=key)

    def test_a_truncated_message_is_one_frame_behind_the_pings_it_had(self):
        way = Way()
        way.put(deeds.Truncate(3))
        sent = fragmented(1, [b"ab", b"cd", b"ef"], between=ping(b"!"))
        assert way.send(sent) == ping(b"!") * 2 + text(b"abc")

    def test_nothing_is_cut_off_what_is_short_and_it_does_not_count(self):
        way = Way()
        way.put(deeds.Truncate(100))
        assert way.send(A) == A
        assert way.touched == 0

    @given(st.text(max_size=50), st.integers(0, 99))
    def test_a_corrupt_text_is_not_utf8(self, said, seed):
        way = Way()
        way.put(deeds.Corrupt(random.Random(seed)))
        [(opcode, payload)] = payloads_of_the_other(way.send(text(said.encode())))
        with pytest.raises(UnicodeDecodeError):
            payload.decode()
        assert opcode == 1
        assert len(payload) == max(1, len(said.encode()))

    @given(messages(), PLACES, st.integers(2, 9), st.booleans())
    def test_fragments_reassemble_to_the_same_by_two_other_libraries(self, sent, places, pieces, with_pings):
        data = b"".join(sent)
        way = Way()
        way.put(deeds.Fragment(pieces, with_pings=with_pings))
        out = way.send(*cut(data, places))
        assert payloads_of(out) == payloads_of(data)
        assert payloads_of_the_other(out) == payloads_of_the_other(data)
        added = len(sent) * (pieces - 1) if with_pings else 0
        assert len(pings_in(out)) == len(pings_in(data)) + added

    @given(messages(KEY), st.integers(2, 5))
    def test_fragments_of_a_client_are_masked(self, sent, pieces):
        data = b"".join(sent)
        way = Way("to server")
        way.put(deeds.Fragment(pieces, with_pings=True))
        assert payloads_of(way.send(data), to_server=True) == payloads_of(data, to_server=True)

    def test_pings_are_swallowed_also_inside_a_message(self):
        way = Way()
        way.put(deeds.Drop(), deeds.PINGS)
        pong = WireFrame.pack(10, b"p").raw
        assert way.send(ping(b"1"), A, pong, fragmented(1, [b"a", b"b"], between=ping())) == A + pong + fragmented(
            1, [b"a", b"b"]
        )
        assert way.touched == 2

    def test_a_frame_is_inserted_before_or_after(self):
        way = Way()
        way.put(deeds.Insert(ping(b"!"), before=True), every=2)
        assert way.send(A, B) == A + ping(b"!") + B
        way = Way()
        way.put(deeds.Insert(ping(b"!")), every=2)
        assert way.send(A, B, C) == A + B + ping(b"!") + C

    def test_a_push_comes_at_once_or_at_the_next_boundary(self):
        told = []
        way = Way()
        stage = way.put(deeds.Push((D,), lambda: told.append("now")), ())
        assert stage.wake_ns
        assert way.wake(5) == D
        assert stage.wake_ns == 0
        way.send(A[:4])
        stage = way.put(deeds.Push((D,), lambda: told.append("later")), ())
        assert stage.wake_ns == 0
        assert way.wake(6) == b""
        assert way.send(A[4:] + B) == A + B + D
        assert told == ["now", "later"]

    def test_a_push_waits_for_the_last_fragment(self):
        way = Way()
        first, second, last = (WireFrame.pack(op, b"x", fin=fin).raw for op, fin in ((1, False), (0, False), (0, True)))
        assert way.send(first) == first
        stage = way.put(deeds.Push((D,), lambda: None), ())
        assert way.send(second) == second
        assert stage.wake_ns == 0
        assert way.send(ping()) == ping()
        assert way.send(last) == last + D

    def test_a_push_waits_for_the_upgrade(self):
        way = Way(upgraded=False)
        way.put(deeds.Push((D,), lambda: None), ())
        assert way.wake(5) == b""
        assert way.send(RESPONSE) == RESPONSE + D


class TestChoice:
    def test_by_what_the_dialect_reads(self):
        way = Way()
        way.put(deeds.Drop(), matcher=Matcher(json={"n": 2}))
        assert way.send(A, B, C, text(b"no json"), B) == A + C + text(b"no json")

    def test_at_most_so_many(self):
        way = Way()
        way.put(deeds.Drop(), skip=1, count=2)
        assert way.send(A, A, A, B) == A + B

    def test_a_share_is_the_same_for_the_same_seed(self):
        def kept(seed):
            way = Way()
            way.put(deeds.Drop(), share=0.5, seed=seed)
            return way.send(*[A, B] * 50)

        assert kept(1) == kept(1)
        assert kept(1) != kept(2)
        assert 20 < len(kept(1)) / len(A) < 80

    @pytest.mark.parametrize(
        ("choice", "line"),
        [
            ({"every": 0}, "every is 1 or more, not 0"),
            ({"skip": -1}, "skip is 0 or more, not -1"),
            ({"count": -1}, "count is 0 or more, not -1"),
            ({"share": 0.0}, "share is more than 0 % and at most 100 %, not 0 %"),
            ({"share": 1.5}, "share is more than 0 % and at most 100 %, not 150 %"),
        ],
    )
    def test_what_cannot_be(self, choice, line):
        with pytest.raises(FaultError, match=f"^{line}"):
            Choice(**choice)


class TestCodec:
    @given(st.binary(max_size=200), st.sampled_from([b"", KEY, b"\0\0\0\0"]), st.integers(0, 15), st.integers(0, 7))
    def test_a_frame_is_what_was_packed(self, payload, key, opcode, rsv):
        frame = WireFrame.pack(opcode, payload, key=key, rsv=rsv, fin=False)
        assert (frame.opcode, frame.payload, frame.key, frame.rsv, frame.fin) == (opcode, payload, key, rsv, False)

    @given(st.binary(max_size=70_000))
    def test_masks_are_those_of_websocket_client(self, payload):
        assert masked(payload, KEY) == websocket.ABNF.mask(KEY, payload)
