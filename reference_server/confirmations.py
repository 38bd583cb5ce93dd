"""What a device has confirmed: a watermark, and the exceptions above it. Pure, no I/O."""

import re
from typing import Annotated

import msgspec

from reference_server.protocol import Envelope, InvalidMessage

_RANGE = re.compile(r"\[(\d+),(\d+)\)")


class Confirmation(msgspec.Struct, rename="camel"):
    """The payload of a device's `ack`."""

    original_message_id: str
    seq: Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)] | None = None


_decode = msgspec.json.Decoder(Confirmation).decode


def read(envelope: Envelope) -> Confirmation:
    """The confirmation in an `ack`; raises InvalidMessage."""
    try:
        return _decode(envelope.payload)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise InvalidMessage("payload", "expected originalMessageId and seq", envelope.id) from None


class Confirmations:
    """Every number up to `watermark` is confirmed, and those in `above` beyond it."""

    __slots__ = ("above", "watermark")

    def __init__(self, watermark: int = 0, exceptions: str = "{}") -> None:
        """`exceptions` is the text of an int8multirange: {[5,7),[9,10)}."""
        self.watermark = watermark
        self.above = {n for first, end in _RANGE.findall(exceptions) for n in range(int(first), int(end))}
        self._close_up()

    def __contains__(self, seq: int) -> bool:
        return seq <= self.watermark or seq in self.above

    def add(self, seq: int) -> bool:
        """Confirm one number; False when it was confirmed before."""
        if seq == self.watermark + 1:
            self.watermark = seq
            if self.above:
                self._close_up()
            return True
        if seq in self:
            return False
        self.above.add(seq)
        return True

    def missing(self, first: int, last: int) -> list[tuple[int, int]]:
        """The unconfirmed numbers from first to last, as ranges with both ends included."""
        found: list[tuple[int, int]] = []
        for seq in range(max(first, self.watermark + 1), last + 1):
            if seq in self.above:
                continue
            if found and found[-1][1] == seq - 1:
                found[-1] = (found[-1][0], seq)
            else:
                found.append((seq, seq))
        return found

    def exceptions(self) -> str:
        """The numbers above the watermark as the text of an int8multirange."""
        ranges: list[list[int]] = []
        for seq in sorted(self.above):
            if ranges and ranges[-1][1] == seq:
                ranges[-1][1] = seq + 1
            else:
                ranges.append([seq, seq + 1])
        return "{" + ",".join(f"[{first},{end})" for first, end in ranges) + "}"

    def _close_up(self) -> None:
        while self.watermark + 1 in self.above:
            self.watermark += 1
            self.above.remove(self.watermark)
