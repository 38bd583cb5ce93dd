"""Whole messages out of one direction of a connection, wherever in it one begins to look."""

from collections.abc import Iterator

from wireproof.faults.frames.codec import LONGEST_HELD, WireFrame, WireMessage
from wireproof.faults.frames.tracker import WebSocketTracker
from wireproof.faults.links.stage import Direction


class MessageStream:
    """Cuts bytes into messages, and into bytes that are none of them; joined, they are the bytes that came.

    Messages in fragments come out when they are whole. Bytes are the HTTP head, the rest of a frame that had begun
    before, whatever comes when the tracker is lost, and frames that are not looked for.

    Args:
        tracker: has followed the connection since it began.
        direction: which of the two.
        control: control frames are looked for, each a message of its own; else data messages are.
    """

    def __init__(self, tracker: WebSocketTracker, direction: Direction, *, control: bool) -> None:
        self._tracker = tracker
        self._direction = direction
        self._control = control
        self._position = tracker.position(direction)
        self._keeps = self._position.at_boundary
        self._frame = bytearray()
        self._message: list[WireFrame | bytes] = []
        self._held = 0
        self.is_clear = self._position.between_messages
        """What has come out ends where a message may begin."""

    def split(self, data: bytes) -> Iterator[bytes | WireMessage]:
        """What is complete with these bytes, in order."""
        if self._tracker.is_lost(self._direction) and not self._position.is_lost:
            self._position.lose()
            self._keeps = False
            yield self.rest()
        for item in self._cut(data):
            if isinstance(item, bytes):
                yield from self._given_up()
                yield self._out(item)
            elif item.is_control and self._message:
                self._message.append(item.raw)
            elif self._control and item.is_control:
                self.is_clear = self._position.between_messages
                yield WireMessage((item,))
            elif self._control or item.is_control or (item.continues and not self._message):
                yield self._out(item.raw)
            else:
                yield from self._data(item)

    def rest(self) -> bytes:
        """What is not whole yet; it is kept no longer."""
        rest = b"".join(self._given_up()) + bytes(self._frame)
        self._frame.clear()
        return rest

    def _cut(self, data: bytes) -> Iterator[bytes | WireFrame]:
        start = 0
        while start < len(data):
            end = self._position.advance(data, start)
            some, start = data[start:end], end
            if not self._keeps:
                self._keeps = self._position.at_boundary
                yield some
                continue
            self._frame += some
            if self._position.at_boundary:
                yield WireFrame(self._taken())
            elif self._position.is_lost or len(self._frame) + self._position.remaining > LONGEST_HELD:
                self._keeps = False
                yield self._taken()

    def _data(self, frame: WireFrame) -> Iterator[bytes | WireMessage]:
        if not frame.continues:
            yield from self._given_up()
        self._message.append(frame)
        self._held += len(frame.raw)
        if frame.fin:
            message, self._message, self._held = WireMessage(tuple(self._message)), [], 0
            self.is_clear = True
            yield message
        elif self._held > LONGEST_HELD:
            yield from self._given_up()

    def _given_up(self) -> Iterator[bytes]:
        """A message that does not become whole here."""
        if self._message:
            raw = WireMessage(tuple(self._message)).raw
            self._message, self._held = [], 0
            yield self._out(raw)

    def _taken(self) -> bytes:
        frame = bytes(self._frame)
        self._frame.clear()
        return frame

    def _out(self, data: bytes) -> bytes:
        self.is_clear = self._position.between_messages
        return data
