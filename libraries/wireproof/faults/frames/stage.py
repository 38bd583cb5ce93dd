"""The stage of every frame fault: whole messages out of a stream, a deed done to the chosen ones, bytes again."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from wireproof.faults.frames.choice import Chooser
from wireproof.faults.frames.codec import WireMessage
from wireproof.faults.frames.deeds import DATA, Deed, Onward
from wireproof.faults.frames.lens import Lens
from wireproof.faults.frames.stream import MessageStream
from wireproof.faults.links.stage import Piece


@dataclass(frozen=True, slots=True)
class Duty:
    """What a stage has to do.

    Attributes:
        opcodes: of the messages that may be chosen.
        chooser: chooses of them; all stages of a fault share it.
        deed: what is done to them; each stage has its own.
        touched: called for each message that it was done to.
    """

    opcodes: frozenset[int]
    chooser: Chooser
    deed: Deed
    touched: Callable[[], object]


class FrameStage:
    """Does a deed to the chosen messages of one direction of a connection; all others stay as they are, to the byte."""

    understands_messages = True

    def __init__(self, stream: MessageStream, lens: Lens, duty: Duty) -> None:
        self._stream = stream
        self._lens = lens
        self._duty = duty

    @property
    def wake_ns(self) -> int:
        """When it wants to be fed, if only an empty piece; 0 for not before bytes come."""
        return self._duty.deed.wake_ns if self._stream.is_clear else 0

    @property
    def is_full(self) -> bool:
        """Whether it keeps as much as it may."""
        return self._duty.deed.is_full

    def feed(self, piece: Piece, now_ns: int) -> Iterable[Piece]:
        out = bytearray(self._due(now_ns))
        for item in self._stream.split(piece.data):
            out += item if isinstance(item, bytes) else self._treated(item, now_ns)
        out += self._due(now_ns)
        if piece.end:
            out += self._rest()
        return (Piece(bytes(out), piece.due_ns, piece.end),) if out or piece.end else ()

    def release(self, now_ns: int) -> Iterable[Piece]:
        rest = self._rest()
        self._lens.close()
        return (Piece(rest),) if rest else ()

    def _treated(self, message: WireMessage, now_ns: int) -> bytes:
        duty = self._duty
        if message.opcode in DATA:
            message.read = self._lens.read(message)
        if message.opcode in duty.opcodes and duty.chooser.takes(self._lens.dialect, message.read):
            onward = duty.deed.done_to(message, now_ns)
        else:
            onward = duty.deed.after(message)
        if onward is None:
            return b""
        if tuple(onward) != (message,):
            duty.touched()
        return self._written(onward)

    def _due(self, now_ns: int) -> bytes:
        return self._written(self._duty.deed.due(now_ns)) if self._stream.is_clear else b""

    def _rest(self) -> bytes:
        # In the middle of a message nothing can come between: what is kept then goes under with the fault.
        kept = self._written(self._duty.deed.rest()) if self._stream.is_clear else b""
        return kept + self._stream.rest()

    def _written(self, onward: Onward) -> bytes:
        out = bytearray()
        for part in onward:
            if isinstance(part, bytes):
                out += part
            else:
                self._lens.passed(part.read)
                out += part.raw
        return bytes(out)
