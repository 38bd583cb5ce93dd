"""WebSocket requests without the offer to compress, so that what goes through a link are plain frames.

A frame of a compressed connection cannot be dropped or changed alone: those behind it need what it told the
decompressor. So no link lets permessage-deflate be agreed on.
"""

_LONGEST_HEAD = 65536
_NAME = b"sec-websocket-extensions"


class Uncompressed:
    """The beginning of what a client sends: holds the head back until it is whole, and takes the offer out.

    Attributes:
        is_over: the head has gone on; everything after it goes on as it is.
    """

    def __init__(self) -> None:
        self.is_over = False
        self._head = b""

    def feed(self, data: bytes) -> bytes:
        """What goes on now."""
        if self.is_over:
            return data
        self._head += data
        end = self._head.find(b"\r\n\r\n")
        if end < 0 and len(self._head) <= _LONGEST_HEAD:
            return b""
        return self.rest() if end < 0 else self._without_offer(end)

    def rest(self) -> bytes:
        """A head that never becomes whole, as it is."""
        rest, self._head, self.is_over = self._head, b"", True
        return rest

    def _without_offer(self, end: int) -> bytes:
        data = self.rest()
        lines = data[:end].split(b"\r\n")
        kept = [line for line in lines if line.partition(b":")[0].strip().lower() != _NAME]
        return b"\r\n".join(kept) + data[end:]
