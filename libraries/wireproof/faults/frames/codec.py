"""Frames as they stand on the wire, and others in their place; see RFC 6455, section 5.2."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from wireproof.dialects import CLOSE, CONTINUATION, Message
from wireproof.faults.frames.tracker import head_sizes

LONGEST_HELD = 64 * 1024 * 1024
"""A longer message goes through untouched rather than into memory, and no more than that is delayed."""


@dataclass(frozen=True)
class WireFrame:
    """One whole frame. What nobody changes stays as it is, to the byte."""

    raw: bytes

    @classmethod
    def pack(cls, opcode: int, payload: bytes, *, key: bytes = b"", fin: bool = True, rsv: int = 0) -> "WireFrame":
        """A frame that says so, its length in the shortest form, masked where a key is given."""
        first = fin << 7 | rsv << 4 | opcode
        length, bit = len(payload), 0x80 if key else 0
        if length < 126:
            head = struct.pack("!BB", first, bit | length)
        elif length < 65536:
            head = struct.pack("!BBH", first, bit | 126, length)
        else:
            head = struct.pack("!BBQ", first, bit | 127, length)
        return cls(head + key + masked(payload, key))

    @property
    def fin(self) -> bool:
        return bool(self.raw[0] & 0x80)

    @property
    def rsv(self) -> int:
        return self.raw[0] >> 4 & 7

    @property
    def opcode(self) -> int:
        return self.raw[0] & 0x0F

    @property
    def is_control(self) -> bool:
        return self.opcode >= CLOSE

    @property
    def continues(self) -> bool:
        """Whether it is a later fragment of a message."""
        return self.opcode == CONTINUATION

    @cached_property
    def key(self) -> bytes:
        """What the payload is masked with; empty where it is not."""
        size = self._head_size
        return self.raw[size - 4 : size] if self.raw[1] & 0x80 else b""

    @cached_property
    def payload(self) -> bytes:
        """What it carries, unmasked."""
        return masked(self.raw[self._head_size :], self.key)

    @cached_property
    def _head_size(self) -> int:
        sizes = head_sizes(self.raw[:14])
        assert sizes is not None, "a WireFrame is whole"  # noqa: S101 - whoever made it walked its head
        return sizes[0]


@dataclass(eq=False)
class WireMessage:
    """One message with its fragments, or one control frame.

    Attributes:
        parts: its frames, and as bytes the control frames that came between them.
        read: what a dialect read in it.
    """

    parts: tuple[WireFrame | bytes, ...]
    read: Sequence[Message] = ()

    @cached_property
    def frames(self) -> tuple[WireFrame, ...]:
        return tuple(part for part in self.parts if isinstance(part, WireFrame))

    @property
    def opcode(self) -> int:
        return self.frames[0].opcode

    @property
    def key(self) -> bytes:
        return self.frames[0].key

    @cached_property
    def raw(self) -> bytes:
        return b"".join(part if isinstance(part, bytes) else part.raw for part in self.parts)

    @cached_property
    def payload(self) -> bytes:
        """What all fragments carry together."""
        return b"".join(frame.payload for frame in self.frames)

    @property
    def between(self) -> bytes:
        """The control frames between its fragments, which are no part of it."""
        return b"".join(part for part in self.parts if isinstance(part, bytes))

    def saying(self, payload: bytes) -> bytes:
        """It in one frame with another payload, behind the control frames that came between."""
        return self.between + WireFrame.pack(self.opcode, payload, key=self.key, rsv=self.frames[0].rsv).raw


def masked(data: bytes, key: bytes) -> bytes:
    """The data under a mask, or out from under it; as it is without a key."""
    if not key:
        return data
    mask = (key * (len(data) // 4 + 1))[: len(data)]
    return (int.from_bytes(data, "big") ^ int.from_bytes(mask, "big")).to_bytes(len(data), "big")
