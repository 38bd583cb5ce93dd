"""The frames that nearly all traffic is made of, read and written without ceremony; all others are the library's.

A frame is read here only when nothing about it can be wrong: whole, final, masked text, no reserved bit, no longer than
allowed, at a place where a message may begin. So the WebSocket library still judges every other byte.
"""

from struct import Struct
from typing import Any

from websockets.frames import apply_mask  # type: ignore[attr-defined]  # its compiled one where there is one
from websockets.streams import StreamReader

_FINAL_TEXT = 0x81
_MASK = 0x80
_LENGTH_16, _LENGTH_64 = 126, 127
_SHORT = Struct("!BB").pack
_MEDIUM = Struct("!BBH").pack
_LONG = Struct("!BBQ").pack
_BETWEEN_FRAMES = StreamReader.at_eof.__code__


def text_header(size: int) -> bytes:
    """What a server writes before the `size` bytes of a text message."""
    if size < _LENGTH_16:
        return _SHORT(_FINAL_TEXT, size)
    if size < 1 << 16:
        return _MEDIUM(_FINAL_TEXT, _LENGTH_16, size)
    return _LONG(_FINAL_TEXT, _LENGTH_64, size)


def plain_text(data: bytes, at: int, limit: int) -> tuple[bytes, int] | None:
    """The message of the plain frame that begins at `at`, and where the next frame begins; None when it is not plain.

    `limit` is how long a message may be. Frames with a length of eight bytes are left to the library.
    """
    end = len(data)
    if end - at < 6 or data[at] != _FINAL_TEXT:
        return None
    size = data[at + 1] ^ _MASK
    mask_at = at + 2
    if size == _LENGTH_16:
        size = data[at + 2] << 8 | data[at + 3]
        mask_at = at + 4
    elif size > _LENGTH_16:
        return None  # without a mask, or longer
    start = mask_at + 4
    stop = start + size
    if stop > end or size > limit:
        return None
    return apply_mask(data[start:stop], data[mask_at:start]), stop


def between_frames(parser: Any) -> bool:
    """Whether the library's parser, a generator, waits for the first byte of a frame.

    It does so in one known place. In a library that is written otherwise that is never found: all frames are its own.
    """
    while (inner := parser.gi_yieldfrom) is not None:
        parser = inner
    return bool(parser.gi_code is _BETWEEN_FRAMES)
