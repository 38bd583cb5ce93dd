"""Messages of PostgreSQL's protocol, cut out of a stream."""

from collections.abc import Iterator

_KEPT = 64 * 1024
"""So many bytes of a message are looked at: the SQL. What is longer are values and rows."""
_LONGEST = 1 << 30


class LostError(Exception):
    """What was read is not PostgreSQL's protocol, or is encrypted."""


class Messages:
    """Cuts a stream into messages.

    Attributes:
        typed: whether a byte with the type comes before the length; it does, but for the first messages of a client.
    """

    def __init__(self, *, typed: bool) -> None:
        self.typed = typed
        self._header = bytearray()
        self._left = -1
        self._kept = bytearray()
        self._short = 0

    def expect_a_byte(self) -> None:
        """The next message is one byte without type and length: an answer to a wish for encryption."""
        self._short += 1

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes, bytes | None]]:
        """The size and type of every piece of a message, and the body with the last one; the first of it if it is long.

        Raises:
            LostError: that is no message.
        """
        at = 0
        while at < len(data):
            start = at
            if self._short:
                self._short -= 1
                at += 1
                yield 1, b"", data[start:at]
                continue
            if self._left < 0:
                at += self._take_header(data[at : at + 5])
            if self._left >= 0:
                end = min(at + self._left, len(data))
                self._kept += data[at : min(end, at + _KEPT - len(self._kept))]
                self._left -= end - at
                at = end
            kind = bytes(self._header[:1]) if self.typed else b""
            if self._left:
                yield at - start, kind, None
            else:
                body = bytes(self._kept)
                self._header, self._kept, self._left = bytearray(), bytearray(), -1
                yield at - start, kind, body

    def _take_header(self, data: bytes) -> int:
        """Takes what is missing of type and length, and returns how much that was."""
        size = 5 if self.typed else 4
        taken = data[: size - len(self._header)]
        self._header += taken
        if self.typed and not self._header[:1].isalnum():
            raise LostError("what is said is no message of PostgreSQL")
        if len(self._header) == size:
            self._left = int.from_bytes(self._header[-4:]) - 4
            if not 0 <= self._left <= _LONGEST:
                raise LostError("what is said is no message of PostgreSQL")
        return len(taken)
