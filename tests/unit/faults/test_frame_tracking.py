"""Following a connection: every boundary is found in any cut, and garbage never raises."""

import pytest
from frame_link import KEY, REQUEST, RESPONSE, cut, fragmented, messages, ping, text
from hypothesis import given
from hypothesis import strategies as st

from wireproof.faults.frames.codec import WireFrame
from wireproof.faults.frames.tracker import WebSocketTracker

PLACES = st.lists(st.integers(0, 500_000), max_size=6)


def upgraded() -> WebSocketTracker:
    tracker = WebSocketTracker()
    tracker.follow("to server", REQUEST)
    tracker.follow("to client", RESPONSE)
    return tracker


class TestHandshake:
    @given(PLACES)
    def test_the_heads_end_where_they_end_in_any_cut(self, places):
        tracker = WebSocketTracker()
        for part in filter(None, cut(REQUEST, places)):
            assert not tracker.upgraded("to server")
            tracker.follow("to server", part)
        assert tracker.upgraded("to server")
        assert not tracker.upgraded("to client")

    def test_frames_right_behind_the_head_are_frames(self):
        tracker = upgraded()
        other = WebSocketTracker()
        other.follow("to client", RESPONSE + text(b"hello")[:3])
        assert other.upgraded("to client")
        assert other.remaining("to client") == 4
        assert tracker.remaining("to client") == 0

    def test_a_refusal_leaves_both_directions_lost(self):
        tracker = WebSocketTracker()
        tracker.follow("to server", REQUEST)
        tracker.follow("to client", b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        assert tracker.is_lost("to server")
        assert tracker.is_lost("to client")
        assert not tracker.upgraded("to server")

    def test_a_plain_request_is_no_websocket(self):
        tracker = WebSocketTracker()
        tracker.follow("to server", b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert tracker.is_lost("to server")

    def test_a_head_without_end_is_given_up(self):
        tracker = WebSocketTracker()
        for _ in range(70):
            tracker.follow("to server", b"x" * 1000)
        assert tracker.is_lost("to server")


class TestBoundaries:
    @given(st.one_of(messages(), messages(KEY)), PLACES)
    def test_the_end_of_whole_frames_is_a_boundary(self, sent, places):
        tracker = upgraded()
        for part in cut(b"".join(sent), places):
            tracker.follow("to client", part)
        assert tracker.remaining("to client") == 0
        assert tracker.position("to client").between_messages

    @pytest.mark.parametrize("size", [0, 5, 125, 126, 65535, 65536])
    @pytest.mark.parametrize("key", [b"", KEY])
    def test_what_remains_is_exact_once_the_head_is_there(self, size, key):
        frame = WireFrame.pack(2, bytes(size), key=key).raw
        for seen in (1, 2, 3, 9, 13, 14, len(frame) // 2, len(frame) - 1):
            if not seen < len(frame):
                continue
            tracker = upgraded()
            tracker.follow("to server", frame[:seen])
            remaining = tracker.remaining("to server")
            if seen >= len(frame) - size:
                assert remaining == len(frame) - seen
            else:
                assert 0 < remaining <= len(frame) - seen

    def test_a_fragment_leaves_its_message_open(self):
        tracker = upgraded()
        tracker.follow("to client", WireFrame.pack(1, b"half", fin=False).raw)
        position = tracker.position("to client")
        assert position.at_boundary
        assert not position.between_messages
        tracker.follow("to client", ping())
        assert not tracker.position("to client").between_messages
        tracker.follow("to client", fragmented(0, [b"rest"]))
        assert tracker.position("to client").between_messages

    def test_a_length_that_cannot_be_leaves_it_lost(self):
        tracker = upgraded()
        tracker.follow("to client", b"\x82\x7f" + b"\xff" * 8)
        assert tracker.is_lost("to client")
        assert not tracker.is_lost("to server")

    @given(st.lists(st.binary(max_size=200), max_size=20), st.booleans())
    def test_garbage_never_raises(self, parts, after_upgrade):
        tracker = upgraded() if after_upgrade else WebSocketTracker()
        for part in parts:
            tracker.follow("to client", part)
            tracker.follow("to server", part)
            assert tracker.remaining("to client") >= 0
