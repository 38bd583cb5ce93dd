"""What happens to the bytes of a link on their way: pure stages, one behind the other."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Protocol

Direction = Literal["to server", "to client"]
DIRECTIONS: tuple[Direction, ...] = ("to server", "to client")

End = Literal["", "fin", "rst"]
"""How a stream goes on after a piece: at all, not in this direction, or not at all."""


NEVER_NS = 2**62
"""Due when the fault is healed."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes on their way, and not before when they may be written.

    Attributes:
        data: what is written, in one write.
        due_ns: on the journal's clock; 0 for at once, `NEVER_NS` for when the fault is healed. Pieces never overtake
            each other.
        end: what happens after they were written: nothing, a FIN in this direction, or an RST of both ends.
    """

    data: bytes = b""
    due_ns: int = 0
    end: End = ""


class Stage(Protocol):
    """One fault's share in one direction of one connection. It does no I/O, reads no clock and starts no task.

    A stage may have these attributes too: `wake_ns` says when it wants to be fed an empty piece although no bytes
    come, 0 for never; `understands_messages` puts it before stages of bytes; while `is_full` holds, the sender is read
    no further; once `is_over` holds it is left out.
    """

    def feed(self, piece: Piece, now_ns: int) -> Iterable[Piece]:
        """What goes on to the next stage for a piece that came in; what it holds back it keeps."""
        ...

    def release(self, now_ns: int) -> Iterable[Piece]:
        """What it has held back, now that its fault is healed; it is fed nothing afterwards."""
        ...
