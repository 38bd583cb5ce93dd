"""Frames on the wire: what RFC 6455, section 5, lets a server send, and anything at all that a client wants to send.

Reading stands on websocket-client's `frame_buffer`, masking on its `ABNF`; this module adds what they let pass.
"""

import os
import struct
from collections.abc import Callable
from dataclasses import dataclass

from websocket import ABNF, WebSocketProtocolException, frame_buffer

from wireproof.dialects import CLOSE, CONTINUATION, TEXT, Frame
from wireproof.wiretext import safe

PROTOCOL_ERROR, INVALID_DATA = 1002, 1007
LONGEST_CONTROL = 125
_CLOSE_CODES = frozenset({1000, 1001, 1002, 1003, *range(1007, 1015), *range(3000, 5000)})


class ProtocolError(Exception):
    """The server sent what RFC 6455 forbids.

    Attributes:
        code: the close code that says so.
        problem: what was wrong, safe to show.
        frame: the whole message, where there was one.
    """

    def __init__(self, code: int, problem: str, frame: Frame | None = None) -> None:
        super().__init__(problem)
        self.code = code
        self.problem = problem
        self.frame = frame


@dataclass(frozen=True, slots=True)
class RawFrame:
    """One frame, valid or not: what `Send Frame` was asked for."""

    opcode: int
    payload: bytes = b""
    fin: bool = True
    rsv: int = 0
    mask: bool = True

    def pack(self) -> bytes:
        """Its bytes, the length in its shortest form, masked with a fresh key."""
        first = self.fin << 7 | self.rsv << 4 | self.opcode
        length = len(self.payload)
        bit = self.mask << 7
        if length < 126:
            head = struct.pack("!BB", first, bit | length)
        elif length < 65536:
            head = struct.pack("!BBH", first, bit | 126, length)
        else:
            head = struct.pack("!BBQ", first, bit | 127, length)
        if not self.mask:
            return head + self.payload
        key = os.urandom(4)
        return head + key + ABNF.mask(key, self.payload)


def close_payload(code: int, reason: str) -> bytes:
    """The payload of a close frame.

    Raises:
        ValueError: the code may not be sent, or the reason is longer than 123 bytes.
    """
    if code not in _CLOSE_CODES:
        raise ValueError(f"{code} may not be sent as close code: 1000-1003, 1007-1014 or 3000-4999 (or use Send Frame)")
    said = reason.encode()
    if len(said) > LONGEST_CONTROL - 2:
        raise ValueError(f"a close reason has at most 123 bytes, this one has {len(said)}")
    return struct.pack("!H", code) + said


class FrameReader:
    """Frames from a stream of bytes, checked; fragments joined.

    Args:
        read: gives some next bytes, at most as many as asked for.
    """

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._buffer = _StrictBuffer(read)
        self._opcode = 0
        self._fragments: list[bytes] = []

    def next(self, clock: Callable[[], int]) -> Frame | None:
        """The next control frame or whole message; None for a fragment of one that goes on.

        Args:
            clock: when the last bytes were read.

        Raises:
            ProtocolError: the server broke the protocol.
        """
        try:
            frame = self._buffer.recv_frame()
        except WebSocketProtocolException as error:
            raise ProtocolError(PROTOCOL_ERROR, f"the server broke the protocol: {safe(error)}") from None
        data = bytes(frame.data)  # type: ignore[arg-type]  # it keeps text in sent frames only
        if frame.opcode >= CLOSE:
            if frame.opcode == CLOSE:
                _check_utf8(data[2:], "a close reason")
            return Frame(frame.opcode, data, clock())
        if (frame.opcode == CONTINUATION) != bool(self._fragments):
            started = "a new message inside a fragmented one" if self._fragments else "a continuation of nothing"
            raise ProtocolError(PROTOCOL_ERROR, f"the server broke the protocol: it sent {started}")
        self._opcode = frame.opcode or self._opcode
        self._fragments.append(data)
        if not frame.fin:
            return None
        payload = b"".join(self._fragments) if len(self._fragments) > 1 else data
        self._fragments = []
        message = Frame(self._opcode, payload, clock())
        if message.opcode == TEXT:
            _check_utf8(payload, "a text message", message)
        return message


class _StrictBuffer(frame_buffer):
    """Refuses by the head what websocket-client accepts: masked frames and bad control frames."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        # Its own UTF-8 check is a loop in Python: a second for each megabyte.
        super().__init__(read, skip_utf8_validation=True)

    def recv_header(self) -> None:
        super().recv_header()
        fin, rsv1, rsv2, rsv3, opcode, masked, length = self.header or ()
        problem = ""
        if rsv1 or rsv2 or rsv3:
            problem = "a reserved bit is set, though no extension was agreed on"
        elif opcode not in ABNF.OPCODES:
            problem = f"opcode {opcode} is reserved"
        elif masked:
            problem = "a server's frame is masked"
        elif opcode >= CLOSE and not fin:
            problem = "a control frame is fragmented"
        elif opcode >= CLOSE and length > LONGEST_CONTROL:
            problem = "a control frame is longer than 125 bytes"
        if problem:
            raise ProtocolError(PROTOCOL_ERROR, f"the server broke the protocol: {problem}")


def _check_utf8(data: bytes, what: str, frame: Frame | None = None) -> None:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        problem = f"the server sent {what} that is not UTF-8 at byte {error.start}"
        raise ProtocolError(INVALID_DATA, problem, frame) from None
