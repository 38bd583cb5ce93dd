"""Plain frames: whatever a client sends, in whatever pieces, is read as the library alone would read it."""

import asyncio
import os
import struct
from dataclasses import dataclass, field
from itertools import pairwise
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


def _streams(texts: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    """Mostly plain frames; among them fragments, control frames, frames that are too long, and rubbish."""
    plain = st.builds(masked, st.just(TEXT), texts)
    others = st.one_of(
        st.builds(masked, st.sampled_from([TEXT, BINARY, CONT]), texts, fin=st.booleans()),
        st.builds(masked, st.just(PING), st.binary(max_size=4)),
        st.just(masked(CLOSE, struct.pack("!H", 1000))),
        st.just(masked(TEXT, b"z" * (LIMIT + 1))[:20]),
        st.just(bytes([0x81, 0xFF]) + struct.pack("!Q", 5) + bytes(9)),
        st.binary(min_size=1, max_size=3),
    )
    return st.lists(st.one_of(plain, plain, others), max_size=8).map(b"".join)


def _pieces(stream: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    return [stream[a:b] for a, b in pairwise(edges) if a < b]


_CUTS = st.lists(st.integers(0, 400), max_size=6)


@settings(max_examples=150, deadline=None)
@given(_streams(_GOOD), _CUTS)
def test_the_same_is_heard_and_answered_as_by_the_library_alone(stream: bytes, cuts: list[int]) -> None:
    bytewise = [stream[at : at + 1] for at in range(len(stream))]
    assert heard(_pieces(stream, cuts), by_library_alone=False) == heard(bytewise, by_library_alone=True)


@settings(max_examples=100, deadline=None)
@given(_streams(st.binary(max_size=8)), _CUTS)
def test_the_same_is_heard_of_texts_that_are_none(stream: bytes, cuts: list[int]) -> None:
    # what is answered to frames after such a text depends on whether they came in one piece with it, in the library too
    bytewise = [stream[at : at + 1] for at in range(len(stream))]
    plainly, _, ended = heard(_pieces(stream, cuts), by_library_alone=False)
    assert (plainly, ended) == (heard(bytewise, by_library_alone=True)[0], heard(bytewise, by_library_alone=True)[2])
