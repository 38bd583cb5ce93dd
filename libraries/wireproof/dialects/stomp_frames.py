"""STOMP 1.2 frames as bytes: command, header lines, an empty line, body, NUL.

Source: STOMP 1.2 specification, "STOMP Frames", "Value Encoding", "Repeated Header Entries", "Header content-length".
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from wireproof.wiretext import decode_text, safe

SERVER_COMMANDS: Final = (b"CONNECTED", b"MESSAGE", b"RECEIPT", b"ERROR")
LARGEST: Final = 64 * 1024 * 1024
"""A frame that has not ended after so many bytes is given up, so that a server cannot fill the memory."""

_HEAD_END = re.compile(rb"\r?\n\r?\n")
_CONTENT_LENGTH = re.compile(rb"^content-length:([0-9]{1,12})\r?$", re.MULTILINE)
_ESCAPES: Final = {"\\\\": "\\", "\\n": "\n", "\\r": "\r", "\\c": ":"}
_ESCAPED: Final = {plain: escape for escape, plain in _ESCAPES.items()}
_UNESCAPED_COMMANDS: Final = frozenset({"CONNECT", "CONNECTED"})
"""Their headers are written as in STOMP 1.0."""


class BrokenFrameError(ValueError):
    """What came is no STOMP frame; the reason is one line, safe to show."""


@dataclass(frozen=True, slots=True)
class StompFrame:
    """One frame, escapes undone; of a repeated header the first value counts."""

    command: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def encode(self) -> bytes:
        """The frame on the wire, with its content-length where it has a body.

        Raises:
            ValueError: a header holds what a frame cannot carry.
        """
        headers = {**self.headers, "content-length": str(len(self.body))} if self.body else self.headers
        lines = [self.command, *(self._line(name, value) for name, value in headers.items())]
        return "\n".join(lines).encode() + b"\n\n" + self.body + b"\0"

    def _line(self, name: str, value: str) -> str:
        plain = self.command in _UNESCAPED_COMMANDS
        if "\0" in name + value or (plain and (re.search("[\r\n]", name + value) or ":" in name)):
            raise ValueError(f"the header {safe(name, 80)} of {self.command} holds NUL, a line break or a colon")
        return f"{name}:{value}" if plain else f"{_escape(name)}:{_escape(value)}"


def split(stream: bytes) -> tuple[list[bytes], bytes]:
    """The whole frames at the begin of a stream, each without its NUL, and the rest; heart-beats between are dropped.

    Raises:
        BrokenFrameError: the stream is not STOMP, or a frame of it is too large. Nothing of it can be used.
    """
    frames = []
    while stream := stream.lstrip(b"\r\n"):
        _expect_command(stream)
        end = _end_of_frame(stream)
        if end is None:
            if len(stream) > LARGEST:
                raise BrokenFrameError(f"a STOMP frame of more than {LARGEST} bytes")
            break
        frames.append(stream[:end])
        stream = stream[end + 1 :]
    return frames, stream


def decode(data: bytes) -> StompFrame:
    """One frame, given without its NUL.

    Raises:
        BrokenFrameError: a header is none, or has an escape that STOMP does not know.
        InvalidTextError: command or headers are not UTF-8.
    """
    found = _HEAD_END.search(data)
    head, body = (data[: found.start()], data[found.end() :]) if found else (data.rstrip(b"\r\n"), b"")
    command, *lines = decode_text(head).replace("\r\n", "\n").split("\n")
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise BrokenFrameError(f"a STOMP header without a colon: {safe(line, 80)}")
        if command not in _UNESCAPED_COMMANDS:
            name, value = _unescape(name), _unescape(value)
        headers.setdefault(name, value)
    return StompFrame(command, headers, body)


def _expect_command(stream: bytes) -> None:
    line = re.match(rb"[^\r\n\0]*", stream)
    word = line.group() if line else b""
    ended = len(word) < len(stream)
    if not any(known == word if ended else known.startswith(word.rstrip(b"\r")) for known in SERVER_COMMANDS):
        raise BrokenFrameError(f"no STOMP frame of a server: it begins with {safe(word, 40)}")


def _end_of_frame(stream: bytes) -> int | None:
    """Where the NUL is that ends the first frame; None if it is still to come."""
    first_nul = stream.find(b"\0")
    head = _HEAD_END.search(stream)
    if head is None or 0 <= first_nul < head.start():
        return first_nul if first_nul >= 0 else None
    length = _CONTENT_LENGTH.search(stream, 0, head.start())
    if length is None:
        return first_nul if first_nul >= 0 else None
    end = head.end() + int(length[1])
    if end >= len(stream):
        return None
    if stream[end]:
        raise BrokenFrameError(f"a STOMP frame with content-length {int(length[1])} has more bytes than that")
    return end


def _escape(text: str) -> str:
    return re.sub(r"[\\\n\r:]", lambda match: _ESCAPED[match.group()], text)


def _unescape(text: str) -> str:
    return re.sub(r"\\.?", _plain, text)


def _plain(match: re.Match[str]) -> str:
    try:
        return _ESCAPES[match.group()]
    except KeyError:
        raise BrokenFrameError(f"a STOMP header with the unknown escape {safe(match.group())}") from None
