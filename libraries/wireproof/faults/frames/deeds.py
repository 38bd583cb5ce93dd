"""What is done to messages: each deed turns one message into what goes on in its place."""

import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from wireproof.dialects import BINARY, PING, PONG, TEXT
from wireproof.faults.frames.codec import LONGEST_HELD, WireFrame, WireMessage
from wireproof.faults.links.stage import NEVER_NS

DATA = frozenset({TEXT, BINARY})
PINGS, PONGS = frozenset({PING}), frozenset({PONG})

_LONG_AGO_NS = 1

Onward = Sequence[WireMessage | bytes]
"""What goes on: messages as they came, and bytes that replace them."""


class Deed:
    """Done to each message that is chosen, in one direction of one connection; what it keeps comes out of it later."""

    @property
    def wake_ns(self) -> int:
        """When something kept is due; 0 when nothing is."""
        return 0

    @property
    def is_full(self) -> bool:
        """Whether it keeps as much as it may, and can go on without another message."""
        return False

    def done_to(self, message: WireMessage, now_ns: int) -> Onward | None:
        """What goes on in place of a chosen message; None when nothing is done before another one comes."""
        raise NotImplementedError

    def after(self, message: WireMessage) -> Onward:
        """What goes on when a message comes that was not chosen."""
        return (message,)

    def due(self, now_ns: int) -> Onward:
        """What was kept until now."""
        return ()

    def rest(self) -> Onward:
        """All that is kept: the fault is healed, or the stream ends."""
        return ()


class Drop(Deed):
    """It goes on nowhere; control frames between its fragments do."""

    def done_to(self, message: WireMessage, now_ns: int) -> Onward:
        return (message.between,)


@dataclass(frozen=True)
class Duplicate(Deed):
    """It comes several times, one right behind the other."""

    times: int = 2

    def done_to(self, message: WireMessage, now_ns: int) -> Onward:
        return (message, *(b"".join(frame.raw for frame in message.frames),) * (self.times - 1))


@dataclass(frozen=True)
class Truncate(Deed):
    """Of its payload only the beginning comes, in a frame that says so."""

    keep_bytes: int

    def done_to(self, message: WireMessage, now_ns: int) -> Onward:
        if len(message.payload) <= self.keep_bytes:
            return (message,)
        return (message.saying(message.payload[: self.keep_bytes]),)


class Corrupt(Deed):
    """One of its bytes becomes one that no UTF-8 text has; an empty message gets it as its only one."""

    def __init__(self, generator: random.Random) -> None:
        self._random = generator

    def done_to(self, message: WireMessage, now_ns: int) -> Onward:
        payload = bytearray(message.payload or b"\0")
        payload[self._random.randrange(len(payload))] = 0xFF
        return (message.saying(bytes(payload)),)


class Fragment(Deed):
    """It comes in several frames, with a ping between each two where that is asked for."""

    def __init__(self, pieces: int, *, with_pings: bool) -> None:
        self._pieces = pieces
        self._with_pings = with_pings

    def done_to(self, message: WireMessage, now_ns: int) -> Onward:
        payload, key, last = message.payload, message.key, self._pieces - 1
        ping = WireFrame.pack(PING, b"between fragments", key=key).raw if self._with_pings else b""
        cuts = [len(payload) * number // self._pieces for number in range(self._pieces + 1)]
        fragments = [
            WireFrame.pack(
                0 if number else message.opcode,
                payload[cuts[number] : cuts[number + 1]],
                key=key,
                fin=number == last,
                rsv=0 if number else message.frames[0].rsv,
            ).raw
            for number in range(self._pieces)
        ]
        return (message.between, ping.join(fragments))


@dataclass(frozen=True)
class Insert(Deed):
    """A frame comes before or after it."""

    frame: bytes
    before: bool = False

    def done_to(self, message: WireMessage, now_ns: int) -> Onward:
        return (self.frame, message) if self.before else (message, self.frame)


class Swap(Deed):
    """It waits for the next message and comes behind it."""

    def __init__(self) -> None:
        self._kept: WireMessage | None = None

    def done_to(self, message: WireMessage, now_ns: int) -> Onward | None:
        if self._kept is not None:
            return self.after(message)
        self._kept = message
        return None

    def after(self, message: WireMessage) -> Onward:
        return (message, *self.rest())

    def rest(self) -> Onward:
        kept, self._kept = self._kept, None
        return (kept,) if kept is not None else ()


class Delay(Deed):
    """It comes later; others overtake it meanwhile."""

    def __init__(self, delay_ns: int) -> None:
        self._delay_ns = delay_ns
        self._kept: deque[tuple[int, WireMessage]] = deque()
        self._held = 0

    @property
    def wake_ns(self) -> int:
        return self._kept[0][0] if self._kept else 0

    @property
    def is_full(self) -> bool:
        return self._held >= LONGEST_HELD

    def done_to(self, message: WireMessage, now_ns: int) -> Onward:
        self._kept.append((now_ns + self._delay_ns, message))
        self._held += len(message.raw)
        return ()

    def due(self, now_ns: int) -> Onward:
        ripe = []
        while self._kept and self._kept[0][0] <= now_ns:
            message = self._kept.popleft()[1]
            self._held -= len(message.raw)
            ripe.append(message)
        return ripe

    def rest(self) -> Onward:
        return self.due(NEVER_NS)


class Remember(Deed):
    """It goes on as it is, and somebody is told of it."""

    def __init__(self, tell: Callable[[WireMessage], object]) -> None:
        self._tell = tell

    def done_to(self, message: WireMessage, now_ns: int) -> Onward:
        self._tell(message)
        return (message,)


class Push(Deed):
    """Nothing is done to messages; something comes between two of them, as soon as it can.

    Args:
        onward: what comes.
        tell: called when it has.
    """

    def __init__(self, onward: Onward, tell: Callable[[], object]) -> None:
        self._onward = onward
        self._tell = tell

    @property
    def wake_ns(self) -> int:
        return _LONG_AGO_NS if self._onward else 0

    def due(self, now_ns: int) -> Onward:
        onward, self._onward = self._onward, ()
        if onward:
            self._tell()
        return onward
