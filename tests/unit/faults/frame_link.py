"""A link without sockets: a tracker, stages behind it, and bytes that go through in any cut."""

import itertools
from collections.abc import Callable, Iterable, Sequence

from hypothesis import strategies as st

from wireproof import dialects
from wireproof.dialects import Dialect
from wireproof.faults.frames.choice import Choice, Chooser
from wireproof.faults.frames.codec import WireFrame
from wireproof.faults.frames.deeds import DATA, Deed
from wireproof.faults.frames.lens import Lens
from wireproof.faults.frames.stage import Duty, FrameStage
from wireproof.faults.frames.stream import MessageStream
from wireproof.faults.frames.tracker import WebSocketTracker
from wireproof.faults.links.stage import Direction, Piece
from wireproof.matching import Matcher

REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
RESPONSE = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
KEY = b"\x01\x02\x03\x04"


class Way:
    """One direction of a connection with stages, the newest first as a proxy has them."""

    def __init__(self, direction: Direction = "to client", *, upgraded: bool = True) -> None:
        self.direction = direction
        self.tracker = WebSocketTracker()
        self.stages: list[FrameStage] = []
        self.touched = 0
        self.now_ns = 0
        if upgraded:
            self.tracker.follow("to server", REQUEST)
            self.tracker.follow("to client", RESPONSE)

    def put(
        self,
        deed: Deed,
        opcodes: Iterable[int] = DATA,
        *,
        dialect: str | Dialect = "json",
        **choice: object,
    ) -> FrameStage:
        """Puts a stage in the way."""
        wanted = frozenset(opcodes)
        speaks = dialects.create(dialect) if isinstance(dialect, str) else dialect
        is_control = bool(wanted) and not wanted & DATA
        stream = MessageStream(self.tracker, self.direction, control=is_control)
        lens = Lens("gate", self.direction, lambda: speaks, [] if is_control else self.tracker.lenses[self.direction])
        duty = Duty(wanted, Chooser(Choice(**choice)), deed, self._touch)  # type: ignore[arg-type]
        self.stages.insert(0, FrameStage(stream, lens, duty))
        return self.stages[0]

    def send(self, *parts: bytes) -> bytes:
        """What comes out for bytes that go in, part by part."""
        out = b""
        for part in parts:
            self.tracker.follow(self.direction, part)
            out += self._through(0, Piece(part))
        return out

    def wake(self, now_ns: int) -> bytes:
        """What comes out when the time is there, with nothing going in."""
        self.now_ns = now_ns
        return self._through(0, Piece())

    def heal(self, stage: FrameStage) -> bytes:
        place = self.stages.index(stage)
        rest = stage.release(self.now_ns)
        self.stages.remove(stage)
        return b"".join(self._through(place, piece) for piece in rest)

    def _through(self, place: int, piece: Piece) -> bytes:
        if place == len(self.stages):
            return piece.data
        onward = self.stages[place].feed(piece, self.now_ns)
        return b"".join(self._through(place + 1, out) for out in onward)

    def _touch(self) -> None:
        self.touched += 1


NOTHING_FITS = Matcher(kind="no message is of this kind")

frames_in_order = st.lists(
    st.tuples(
        st.sampled_from([1, 2]),
        st.lists(st.binary(max_size=40), min_size=1, max_size=4),
        st.booleans(),
        st.sampled_from([0, 126, 65536]),
    ),
    max_size=5,
)


def text(payload: bytes, *, key: bytes = b"") -> bytes:
    return WireFrame.pack(1, payload, key=key).raw


def ping(payload: bytes = b"", *, key: bytes = b"") -> bytes:
    return WireFrame.pack(9, payload, key=key).raw


def fragmented(opcode: int, parts: Sequence[bytes], *, key: bytes = b"", between: bytes = b"") -> bytes:
    """One message in several frames."""
    last = len(parts) - 1
    return between.join(
        WireFrame.pack(0 if number else opcode, part, key=key, fin=number == last).raw
        for number, part in enumerate(parts)
    )


@st.composite
def messages(draw: Callable[..., object], key: bytes = b"") -> list[bytes]:
    """Messages as they stand on the wire: of one frame or several, long and short, with pings in and between."""
    found = []
    for opcode, parts, with_ping, longer in draw(frames_in_order):  # type: ignore[attr-defined]
        between = ping(b"p", key=key) if with_ping else b""
        found.append(fragmented(opcode, [parts[0] + bytes(longer), *parts[1:]], key=key, between=between))
    return found


def cut(data: bytes, places: Sequence[int]) -> list[bytes]:
    """The data in parts, cut at some places."""
    bounds = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(bounds)]
