"""WebSocket requests without the offer to compress, so that what goes through a link are plain frames.

A frame of a compressed connection cannot be dropped or changed alone: those behind it need what it told the
decompressor. So no link lets permessage-deflate be agreed on.
"""

from collections.abc import Iterable

from wireproof.faults.links.stage import Piece

_LONGEST_HEAD = 65536
_NAME = b"sec-websocket-extensions"


class Uncompressed:
    """Holds the head of a request back until it is whole, and takes the offer to compress out of it.

    Attributes:
        is_over: the head has gone on; everything behind it goes on as it is.
    """

    def __init__(self) -> None:
        self.is_over = False
        self._head = b""

    def feed(self, piece: Piece, now_ns: int) -> Iterable[Piece]:
        if self.is_over:
            return (piece,)
        self._head += piece.data
        end = self._head.find(b"\r\n\r\n")
        if end < 0 and len(self._head) <= _LONGEST_HEAD and not piece.end:
            return ()
        self.is_over = True
        data = self._head if end < 0 else _without_offer(self._head, end)
        return (Piece(data, piece.due_ns, piece.end),)

    def release(self, now_ns: int) -> Iterable[Piece]:
        return ()  # it is no fault's, so nobody heals it


def _without_offer(head: bytes, end: int) -> bytes:
    kept = (line for line in head[:end].split(b"\r\n") if line.partition(b":")[0].strip().lower() != _NAME)
    return b"\r\n".join(kept) + head[end:]
