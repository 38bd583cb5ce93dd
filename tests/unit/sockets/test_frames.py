"""Frames: what is packed, and what is read from any cut of a stream."""

import struct
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wireproof.dialects import BINARY, CLOSE, PING, TEXT, Frame
from wireproof.sockets.connection import close_code
from wireproof.sockets.frames import FrameReader, ProtocolError, RawFrame, close_payload


def stream(data: bytes, sizes: list[int] | None = None) -> Callable[[int], bytes]:
    """Gives the bytes in pieces of `sizes`, never more than asked for."""
    rest = bytearray(data)
    cuts = iter(sizes or [])

    def read(wanted: int) -> bytes:
        if not rest:
            raise EOFError
        some = bytes(rest[: min(wanted, next(cuts, wanted))])
        del rest[: len(some)]
        return some

    return read


def messages(data: bytes, sizes: list[int] | None = None) -> list[Frame]:
    reader = FrameReader(stream(data, sizes))
    found = []
    try:
        while True:
            frame = reader.next(lambda: 7)
            if frame is not None:
                found.append(frame)
    except EOFError:
        return found


def server(opcode: int, payload: bytes, *, fin: bool = True) -> bytes:
    return RawFrame(opcode, payload, fin=fin, mask=False).pack()


class TestPacking:
    @given(st.binary(max_size=300), st.integers(0, 15), st.booleans(), st.integers(0, 7))
    def test_the_head_says_what_was_asked(self, payload: bytes, opcode: int, fin: bool, rsv: int) -> None:
        data = RawFrame(opcode, payload, fin=fin, rsv=rsv, mask=False).pack()
        assert data[0] == fin << 7 | rsv << 4 | opcode
        assert data.endswith(payload)

    @pytest.mark.parametrize(("size", "head"), [(125, 2), (126, 4), (65535, 4), (65536, 10)])
    def test_lengths_take_their_shortest_form(self, size: int, head: int) -> None:
        assert len(RawFrame(BINARY, bytes(size), mask=False).pack()) == head + size

    @given(st.binary(max_size=300))
    def test_masked_payloads_unmask(self, payload: bytes) -> None:
        data = RawFrame(BINARY, payload).pack()
        assert data[1] & 0x80
        start = 2 if len(payload) < 126 else 4
        key, masked = data[start : start + 4], data[start + 4 :]
        assert bytes(byte ^ key[index % 4] for index, byte in enumerate(masked)) == payload


class TestReading:
    @given(
        st.lists(st.tuples(st.sampled_from([TEXT, BINARY, PING]), st.text(max_size=30))),
        st.lists(st.integers(1, 9), max_size=60),
    )
    def test_any_cut_gives_the_same_messages(self, sent: list[tuple[int, str]], sizes: list[int]) -> None:
        data = b"".join(server(opcode, text.encode()) for opcode, text in sent)
        assert messages(data, sizes) == [Frame(opcode, text.encode(), 7) for opcode, text in sent]

    @given(st.text(min_size=1), st.integers(1, 5))
    def test_fragments_are_joined_also_inside_a_character(self, text: str, size: int) -> None:
        data = text.encode()
        pieces = [data[start : start + size] for start in range(0, len(data), size)]
        frames = [
            server(TEXT if number == 0 else 0, piece, fin=number == len(pieces) - 1)
            for number, piece in enumerate(pieces)
        ]
        between = server(PING, b"!")
        assert messages(between.join(frames))[-1] == Frame(TEXT, data, 7)

    def test_a_pause_inside_a_frame_loses_nothing(self) -> None:
        data = bytearray(server(TEXT, b"hello"))
        halves = [bytes(data[:3]), b"", bytes(data[3:])]

        def read(wanted: int) -> bytes:
            if halves and halves[0] == b"":
                halves.pop(0)
                raise TimeoutError
            some, halves[0] = halves[0][:wanted], halves[0][wanted:]
            if not halves[0] and len(halves) == 3:
                halves.pop(0)
            return some

        reader = FrameReader(read)
        with pytest.raises(TimeoutError):
            reader.next(lambda: 1)
        assert reader.next(lambda: 2) == Frame(TEXT, b"hello", 2)

    def test_text_that_is_not_utf8_comes_with_the_error(self) -> None:
        with pytest.raises(ProtocolError) as broken:
            messages(server(TEXT, b"\xff"))
        assert broken.value.code == 1007
        assert broken.value.frame == Frame(TEXT, b"\xff", 7)

    @pytest.mark.parametrize("payload", [b"\x03", b"\x03\xe8\xff", struct.pack("!H", 1005), struct.pack("!H", 999)])
    def test_bad_close_frames(self, payload: bytes) -> None:
        with pytest.raises(ProtocolError):
            messages(server(CLOSE, payload))


class TestClosing:
    @pytest.mark.parametrize("code", [1000, 1003, 1007, 1014, 3000, 4999])
    def test_codes_that_may_be_sent(self, code: int) -> None:
        assert close_code(Frame(CLOSE, close_payload(code, "grüße"), 0)) == (code, "grüße")

    @pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65536, -1])
    def test_codes_that_may_not(self, code: int) -> None:
        with pytest.raises(ValueError, match="may not be sent as close code"):
            close_payload(code, "")

    def test_no_code(self) -> None:
        assert close_code(Frame(CLOSE, b"", 0)) == (1005, "")
