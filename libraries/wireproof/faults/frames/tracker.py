"""Where a WebSocket connection stands on the wire, followed from its first byte without copying a payload."""

import copy

from wireproof.faults.frames.uncompressed import Uncompressed
from wireproof.faults.links.stage import DIRECTIONS, Direction, Stage

LONGEST_HEAD = 14
_LONGEST_HTTP_HEAD = 65536
_FIRST_CONTROL = 8


def head_sizes(data: bytes, start: int = 0) -> tuple[int, int] | None:
    """How long the head of a frame is that begins there, and how much payload follows; None while it is not whole."""
    there = len(data) - start
    if there < 2:
        return None
    second = data[start + 1]
    size, length = 6 if second & 0x80 else 2, second & 0x7F
    if length < 126:
        return (size, length) if there >= size else None
    extended = 2 if length == 126 else 8
    if there < size + extended:
        return None
    return size + extended, int.from_bytes(data[start + 2 : start + 2 + extended], "big")


class Position:
    """Where one direction stands: in the HTTP head, inside a frame, or between two.

    It is lost for good where no WebSocket begins, or a frame says to have more than 2^63 bytes.
    """

    __slots__ = ("_head", "_left", "in_message", "is_lost", "is_upgraded")

    def __init__(self) -> None:
        self.is_upgraded = False
        self.is_lost = False
        self.in_message = False
        """A fragment came after which more have to come."""
        self._head = b""
        self._left = 0

    @property
    def at_boundary(self) -> bool:
        """The next byte begins a frame."""
        return self.is_upgraded and not self.is_lost and not self._left and not self._head

    @property
    def between_messages(self) -> bool:
        """The next byte begins a frame that continues nothing."""
        return self.at_boundary and not self.in_message

    @property
    def remaining(self) -> int:
        """Bytes to the next boundary; of a head that is not whole, those that are certain to come."""
        if self._left or not self._head or not self.is_upgraded:
            return self._left
        sizes = head_sizes(self._head + bytes(LONGEST_HEAD)) if len(self._head) > 1 else None
        return sizes[0] - len(self._head) if sizes else 1

    def advance(self, data: bytes, start: int = 0) -> int:
        """Walks on to the next boundary; gives the index behind it, or the length of the data."""
        if self.is_lost:
            return len(data)
        return self._walk_frame(data, start) if self.is_upgraded else self._walk_http(data, start)

    def lose(self) -> None:
        """What comes cannot be told apart any more."""
        self.is_lost, self._head, self._left = True, b"", 0

    def _walk_http(self, data: bytes, start: int) -> int:
        seen = len(self._head)
        head = self._head + data[start:]
        end = head.find(b"\r\n\r\n", max(0, seen - 3))
        if end < 0:
            self._head = head
            if len(head) > _LONGEST_HTTP_HEAD:
                self.lose()
            return len(data)
        self._head = b""
        self.is_upgraded = _upgrades(head[:end])
        if self.is_upgraded:
            return start + end + 4 - seen
        self.lose()
        return len(data)

    def _walk_frame(self, data: bytes, start: int) -> int:
        left = self._left
        if not left:
            seen = len(self._head)
            head, begin = (self._head + data[start : start + LONGEST_HEAD - seen], 0) if seen else (data, start)
            sizes = head_sizes(head, begin)
            if sizes is None:
                self._head = head[begin:]
                return len(data)
            size, left = sizes
            self._head = b""
            if left >> 63:
                self.lose()
                return len(data)
            start += size - seen
            if head[begin] & 0x0F < _FIRST_CONTROL:
                self.in_message = not head[begin] & 0x80
        end = start + left
        if end <= len(data):
            self._left = 0
            return end
        self._left = end - len(data)
        return len(data)


class WebSocketTracker:
    """Follows both directions of a connection. It never raises: what is no WebSocket leaves it lost.

    Attributes:
        lenses: what looks at the messages of a direction, the oldest first.
    """

    def __init__(self) -> None:
        self.lenses: dict[Direction, list[object]] = {direction: [] for direction in DIRECTIONS}
        self._positions = {direction: Position() for direction in DIRECTIONS}

    def follow(self, direction: Direction, data: bytes) -> None:
        """Takes all bytes of a direction, as they come from the peer."""
        position, start, length = self._positions[direction], 0, len(data)
        while start < length:
            start = position.advance(data, start)
        if position.is_lost and not position.is_upgraded:  # a refusal: neither speaks WebSocket
            for other in self._positions.values():
                other.lose()

    def opening(self, direction: Direction) -> Stage | None:
        """What every connection begins with: no compression is agreed on."""
        return Uncompressed() if direction == "to server" else None

    def upgraded(self, direction: Direction) -> bool:
        """Whether what comes next in a direction belongs to frames."""
        position = self._positions[direction]
        return position.is_upgraded and not position.is_lost

    def remaining(self, direction: Direction) -> int:
        """Bytes to the next boundary of frames; 0 at one, and where there are no frames."""
        return self._positions[direction].remaining

    def is_lost(self, direction: Direction) -> bool:
        """Whether a direction carries no frames that can be told apart, now and later."""
        return self._positions[direction].is_lost

    def position(self, direction: Direction) -> Position:
        """A copy of where a direction stands, to walk on from there."""
        return copy.copy(self._positions[direction])


def _upgrades(head: bytes) -> bool:
    """Whether a request asks for a WebSocket, or a response grants one."""
    first, *fields = head.split(b"\r\n")
    if first.startswith(b"HTTP/"):
        return first.split(b" ")[1:2] == [b"101"]
    return any(
        name.strip().lower() == b"upgrade" and value.strip().lower() == b"websocket"
        for name, _, value in (field.partition(b":") for field in fields)
    )
