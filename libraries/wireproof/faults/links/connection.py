"""One connection of a link: its two ends, and a transit for each direction between them."""

import asyncio
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass, field

from wireproof import links
from wireproof.faults.fault import Fault
from wireproof.faults.links.passage import Make, Passage, Tracker
from wireproof.faults.links.stage import DIRECTIONS, Direction, End, Piece
from wireproof.faults.links.transit import Transit

CHUNK_BYTES = 262_144
"""What is read at once, and the most that waits for a peer that does not read."""

_NO_SERVER = "no server"
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_OPPOSITE: dict[Direction, Direction] = {"to server": "to client", "to client": "to server"}


class Peer(asyncio.BufferedProtocol):
    """The protocol of one end of a connection; what it reads flows away from it.

    Args:
        connection: what it is an end of.
        direction: where what it reads goes.
    """

    transport: asyncio.Transport
    port: int

    def __init__(self, connection: "Connection", direction: Direction) -> None:
        self._connection = connection
        self._flow = connection.flows[direction]
        self._buffer = connection.buffer
        self._backwards = connection.flows[_OPPOSITE[direction]]
        self.direction = direction

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # a stream's, always
        self.transport = transport
        self.port = transport.get_extra_info("sockname")[1]
        transport.set_write_buffer_limits(high=0)
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connection.made(self)

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        self._flow.take(bytes(self._buffer[:nbytes]))

    def eof_received(self) -> bool:
        self._flow.end("fin")
        return True  # the other direction goes on

    def connection_lost(self, exc: Exception | None) -> None:
        self._connection.lost(self)

    def pause_writing(self) -> None:
        self._backwards.hold("peer", True)

    def resume_writing(self) -> None:
        self._backwards.hold("peer", False)


class Flow:
    """The bytes of one direction, from the end that reads them to the end that writes them.

    Attributes:
        passage: what faults are told about it.
        bytes: how many were read so far.
        ended: whether a FIN was written; what comes then is dropped.
    """

    def __init__(self, connection: "Connection", passage: Passage, tracker: Tracker | None) -> None:
        self.passage = passage
        self.bytes = 0
        self.ended = False
        self.source: asyncio.Transport | None = None
        self.sink: asyncio.Transport | None = None
        self._connection = connection
        self._tracker = tracker
        self._transit = Transit(connection.loop, self._deliver, lambda full: self.hold("faults", full))
        self._holds: set[str] = set()
        opening = getattr(tracker, "opening", None)
        if opening is not None and (stage := opening(passage.direction)) is not None:
            self._transit.begin_with(stage)

    def take(self, data: bytes) -> None:
        """Takes what the source has sent."""
        self.bytes += len(data)
        if self._tracker is not None:
            self._tracker.follow(self.passage.direction, data)
        if self._transit.is_clear and not self.ended and self.sink is not None:
            self.sink.write(data)
        else:
            self._transit.enter(Piece(data))

    def end(self, how: End) -> None:
        """Takes that the source sends no more: it said so (fin), or is gone (rst)."""
        self._transit.enter(Piece(end=how))

    def lead_to(self, sink: asyncio.Transport) -> None:
        """Has somebody to write to from now on."""
        self.sink = sink
        if self.ended:
            sink.write_eof()

    def finish(self) -> None:
        """Writes a FIN now, or as soon as there is a sink; it hears no more in this direction."""
        if not self.ended:
            self.ended = True
            if self.sink is not None:
                self.sink.write_eof()
            self._connection.flow_ended()

    def install(self, fault: Fault, make: Make) -> None:
        if stage := make(self.passage):
            self._transit.install(fault, stage)

    def remove(self, fault: Fault) -> None:
        self._transit.remove(fault)

    def hold(self, why: str, on: bool) -> None:
        """Stops reading the source for a reason, or goes on when the last reason is gone."""
        if on:
            self._holds.add(why)
        else:
            self._holds.discard(why)
        if self.source is not None:
            if self._holds:
                self.source.pause_reading()
            else:
                self.source.resume_reading()

    def close(self) -> None:
        self._transit.close()
        self.ended = True

    def _deliver(self, piece: Piece) -> None:
        if piece.data and not self.ended and self.sink is not None:
            self.sink.write(piece.data)
        if piece.end == "fin":
            self.finish()
        elif piece.end == "rst":
            self._connection.reset()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a connection needs of its link.

    Attributes:
        caller: the name of the client that an address belongs to, "" for a stranger.
        closed: called with a connection whose ends are both gone.
        tracker: makes what follows the protocol; None where nothing does.
        buffer: what a read fills, one for all connections: its bytes are taken before the loop reads again.
    """

    loop: asyncio.AbstractEventLoop
    caller: Callable[[str], str]
    closed: Callable[["Connection"], None]
    tracker: Callable[[], Tracker | None]
    buffer: memoryview = field(default_factory=lambda: memoryview(bytearray(CHUNK_BYTES)))


class Connection:
    """A client's connection through a link; made by the listener, one for each that it accepts."""

    def __init__(self, number: int, client_address: str, around: Surroundings) -> None:
        self.number = number
        self.loop = around.loop
        self.buffer = around.buffer
        self.client_address = client_address
        self.client = around.caller(client_address)
        self._around = around
        self._ends: list[asyncio.Transport] = []
        self._over = False
        tracker = around.tracker()
        self.flows: dict[Direction, Flow] = {
            direction: Flow(self, Passage(number, client_address, self.client, direction, tracker), tracker)
            for direction in DIRECTIONS
        }

    @property
    def client_port(self) -> int:
        return int(self.client_address.rpartition(":")[2])

    @property
    def shown(self) -> str:
        return self.client or self.client_address

    @property
    def is_over(self) -> bool:
        """Whether it was reset, or has ended in good order; its ends may still be there."""
        return self._over

    def made(self, end: Peer) -> None:
        """An end has its transport: the client's first, then the server's, with which bytes begin to flow."""
        self._ends.append(end.transport)
        if end.direction == "to client":
            links.carry(end.port, self.client_port)
        if self._over:
            abort(end.transport)
            return
        self.flows[end.direction].source = end.transport
        self.flows[_OPPOSITE[end.direction]].lead_to(end.transport)
        if end.direction == "to client":
            self.flows["to server"].hold(_NO_SERVER, False)

    def await_server(self) -> None:
        """Reads nothing of the client before there is somebody to write to.

        Not to be called in `connection_made`: Python 3.11.2 begins to read after that, whatever was said there.
        """
        if not self._over:
            self.flows["to server"].hold(_NO_SERVER, True)

    def lost(self, end: Peer) -> None:
        """An end is gone; the other one hears of it when the faults let that through."""
        self._ends.remove(end.transport)
        if end.direction == "to client":
            links.drop(end.port)
        if not self._over:
            self.flows[end.direction].source = None
            self.flows[_OPPOSITE[end.direction]].sink = None
            self.flows[end.direction].end("rst")
        if self._over and not self._ends:
            self._around.closed(self)

    def flow_ended(self) -> None:
        """Both directions are finished in good order."""
        if all(flow.ended for flow in self.flows.values()):
            self._finish()
            for transport in self._ends:
                transport.close()

    def reset(self) -> None:
        """Ends both ends at once, by RST; whatever was on its way is lost."""
        self._finish()
        for transport in self._ends:
            abort(transport)

    def _finish(self) -> None:
        if self._over:
            return
        self._over = True
        for flow in self.flows.values():
            flow.close()
        if not self._ends:
            self._around.closed(self)


def abort(transport: asyncio.Transport) -> None:
    """Ends a transport by RST, also one that is being closed while its peer does not read."""
    sock = transport.get_extra_info("socket")
    if sock.fileno() >= 0:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    transport.abort()
