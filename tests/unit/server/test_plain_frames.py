"""Plain frames: whatever a client sends, in whatever pieces, is read as the library alone would read it."""

import asyncio
import os
import struct
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.datastructures import Headers
from websockets.frames import BINARY, CLOSE, CONT, PING, TEXT, Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

from reference_server.connection import Connection
from reference_server.frames import between_frames, plain_text, text_header

LIMIT = 1_000


def masked(opcode: int, payload: bytes, *, fin: bool = True) -> bytes:
    return Frame(Opcode(opcode), payload, fin).serialize(mask=True)


def opened() -> ServerProtocol:
    """The library's parser after a handshake."""
    protocol = ServerProtocol(max_size=LIMIT)
    protocol.receive_data(
        b"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    (request,) = protocol.events_received()
    assert isinstance(request, Request)
    protocol.send_response(protocol.accept(request))
    protocol.data_to_send()
    return protocol


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536])
def test_a_text_is_written_as_the_library_writes_it(size: int) -> None:
    text = b"x" * size
    assert text_header(size) + text == Frame(TEXT, text).serialize(mask=False)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535])
def test_a_plain_frame_is_read_wherever_it_begins(size: int) -> None:
    text = os.urandom(size)
    data = b"before" + masked(TEXT, text) + b"after"
    assert plain_text(data, 6, size) == (text, len(data) - 5)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x81",
        masked(TEXT, b"cut")[:-1],
        masked(TEXT, b"x" * 200)[:5],
        masked(TEXT, b"too long"),
        masked(TEXT, b"x" * 70_000),
        masked(BINARY, b"x"),
        masked(PING, b"x"),
        masked(CLOSE, struct.pack("!H", 1000)),
        masked(TEXT, b"x", fin=False),
        Frame(TEXT, b"x" * 4).serialize(mask=False),
        bytes([masked(TEXT, b"x")[0] | 0x40]) + masked(TEXT, b"x")[1:],
    ],
    ids=range(12),
)
def test_everything_else_is_left_to_the_library(data: bytes) -> None:
    assert plain_text(data, 0, 7) is None


def test_the_library_waits_for_a_frame_only_between_frames() -> None:
    protocol = opened()
    assert between_frames(protocol.parser)
    data = masked(TEXT, b"x" * 300)
    for end in range(1, len(data)):
        protocol.receive_data(data[end - 1 : end])
        assert not between_frames(protocol.parser), end
    protocol.receive_data(data[-1:])
    assert between_frames(protocol.parser)


@dataclass
class Wire:
    """A transport that keeps what is written."""

    written: bytes = b""
    ended: bool = False

    def write(self, data: bytes) -> None:
        self.written += data

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.ended = True

    close = abort = write_eof

    def set_write_buffer_limits(self, *_: Any) -> None: ...

    pause_reading = resume_reading = set_write_buffer_limits


@dataclass
class Listener:
    """A peer that keeps what it is told."""

    heard: list[bytes] = field(default_factory=list)

    def receive(self, data: bytes) -> None:
        self.heard.append(data)

    def unreadable(self, problem: Exception) -> None:
        self.heard.append(str(problem).encode())

    def gone(self) -> None:
        self.heard.append(b"gone")


class Handler:
    """In the place of the library's server."""

    def __init__(self) -> None:
        self.handler_tasks: set[Any] = set()

    async def handler(self, _: Any) -> None: ...


def heard(pieces: list[bytes], *, by_library_alone: bool) -> tuple[list[bytes], bytes, bool]:
    """What a peer hears of these pieces, and what is written back."""

    async def run() -> tuple[list[bytes], bytes, bool]:
        wire, listener = Wire(), Listener()
        connection = Connection(opened(), Handler(), max_queue=None, ping_interval=None)  # type: ignore[arg-type]
        connection.connection_made(wire)  # type: ignore[arg-type]
        connection.request = Request("/", Headers())
        connection.serve(listener, None, -1 if by_library_alone else LIMIT)  # type: ignore[arg-type]
        assert connection.protocol.state is OPEN
        for piece in pieces:
            connection.data_received(piece)
        connection.connection_lost(None)
        await asyncio.sleep(0)
        return listener.heard, wire.written, wire.ended

    return asyncio.run(run())


_GOOD = st.one_of(st.text(max_size=20).map(str.encode), st.just(b"x" * 300))
_NESTED = bytes([0x82, 0x80 | 7, 0, 0, 0, 0]) + masked(TEXT, b"x")
"""A frame whose payload looks like a plain frame."""


def _pieces(texts: st.SearchStrategy[bytes]) -> st.SearchStrategy[list[bytes]]:
    """What arrives: mostly plain frames; among them fragments, control frames, frames that are too long, and rubbish.

    Each frame is cut somewhere or not, and comes alone or with what follows.
    """
    plain = st.builds(masked, st.just(TEXT), texts)
    fragment = st.builds(masked, st.sampled_from([TEXT, BINARY, CONT, CONT]), texts, fin=st.booleans())
    others = st.one_of(
        st.builds(masked, st.just(PING), st.binary(max_size=4)),
        st.just(masked(CLOSE, struct.pack("!H", 1000))),
        st.just(masked(TEXT, b"z" * (LIMIT + 1))[:20]),
        st.just(bytes([0x81, 0xFF]) + struct.pack("!Q", 5) + bytes(9)),
        st.just(_NESTED),
        st.binary(min_size=1, max_size=3),
    )
    frame = st.tuples(st.one_of(plain, plain, fragment, others), st.sampled_from([0, 0, 1, 3, 6, 9]), st.booleans())
    return st.lists(frame, max_size=8).map(_joined)


def _joined(frames: list[tuple[bytes, int, bool]]) -> list[bytes]:
    pieces = [b""]
    for data, cut, alone in frames:
        pieces[-1] += data[:cut]
        if alone or cut:
            pieces.append(b"")
        pieces[-1] += data[cut:]
        if alone:
            pieces.append(b"")
    return [piece for piece in pieces if piece]


@settings(max_examples=200, deadline=None)
@given(_pieces(_GOOD))
def test_the_same_is_heard_and_answered_as_by_the_library_alone(pieces: list[bytes]) -> None:
    assert heard(pieces, by_library_alone=False) == heard(_bytewise(pieces), by_library_alone=True)


@settings(max_examples=200, deadline=None)
@given(_pieces(st.binary(max_size=8)))
def test_the_same_is_heard_of_texts_that_are_none(pieces: list[bytes]) -> None:
    # what is answered to frames after such a text depends on whether they came in one piece with it, in the library too
    told, _, ended = heard(pieces, by_library_alone=False)
    expected, _, expected_end = heard(_bytewise(pieces), by_library_alone=True)
    assert (told, ended) == (expected, expected_end)


def _bytewise(pieces: list[bytes]) -> list[bytes]:
    return [bytes([each]) for each in b"".join(pieces)]
