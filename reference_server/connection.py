"""One WebSocket connection of the gateway: what comes from the socket, and what goes to it."""

import asyncio

from websockets.asyncio.server import ServerConnection
from websockets.frames import BINARY, CLOSE, CONT, TEXT, Frame
from websockets.protocol import OPEN, Event

from reference_server import logs
from reference_server.auth import Identity
from reference_server.frames import between_frames, plain_text, text_header
from reference_server.peer import Peer
from reference_server.protocol import CloseCode, InvalidMessage
from reference_server.tasks import Tasks

CLOSE_TIMEOUT = 10.0
"""Seconds a client has to answer a close, and to read what was sent before it."""
MAX_FRAGMENTS = 4096


class Outbox:
    """Collects who was written to and flushes each once per turn of the event loop: many frames, one system call."""

    def __init__(self) -> None:
        self._links: list[SocketLink] = []

    def add(self, link: "SocketLink") -> None:
        """Flush this connection soon."""
        if not self._links:
            asyncio.get_running_loop().call_soon(self._flush)
        self._links.append(link)

    def _flush(self) -> None:
        links, self._links = self._links, []
        for link in links:
            link.flush()


class SocketLink:
    """Writes to one connection without ever waiting for its client."""

    def __init__(self, connection: "Connection", limit: int, outbox: Outbox, tasks: Tasks) -> None:
        self._connection = connection
        self._limit = limit
        self._outbox = outbox
        self._tasks = tasks
        self._queued = False
        self._halted = False
        self.reading = True
        self.closing = False

    def send(self, data: bytes) -> None:
        """Write one text frame; a socket that is gone already is no fault of the caller's."""
        protocol = self._connection.protocol
        if self.closing or protocol.state is not OPEN:
            return
        if protocol.extensions:
            protocol.send_text(data)
        else:
            protocol.writes += (text_header(len(data)), data)
        self._queue()

    def ping(self) -> None:
        """Ask the client for a sign of life."""
        protocol = self._connection.protocol
        if not self.closing and protocol.state is OPEN:
            protocol.send_ping(b"")
            self._queue()

    def flush(self) -> None:
        """Hand what was written to the socket; too much that the client does not read ends the connection."""
        self._queued = False
        connection = self._connection
        if connection.protocol.state is not OPEN:
            return  # whoever closed it has flushed it
        try:
            connection.transport.write(b"".join(connection.protocol.data_to_send()))
        except (OSError, RuntimeError):
            connection.transport.abort()
            return
        self.limit()

    def _queue(self) -> None:
        if not self._queued:
            self._queued = True
            self._outbox.add(self)

    def limit(self) -> None:
        """Close the connection as a slow consumer when too much waits to be read."""
        connection = self._connection
        if connection.paused and connection.transport.get_write_buffer_size() > self._limit:
            self.close(CloseCode.SLOW_CONSUMER, "the client does not read fast enough")

    def congested(self) -> bool:
        """Whether more than the high-water mark waits in the socket's buffer."""
        if self._queued:
            self.flush()
        return self._connection.paused

    async def drain(self) -> None:
        """Wait until the buffer is low again, or the connection is lost."""
        await self._connection.drain()

    def pause(self) -> None:
        """Stop reading from the socket."""
        self.reading = False
        self._connection.transport.pause_reading()

    def halt(self) -> None:
        """Stop reading for good, until the connection closes."""
        self._halted = True
        self.pause()

    def resume(self) -> None:
        """Read on; the client could not be heard meanwhile."""
        if self._halted and not self.closing:
            return
        self.reading = True
        self._connection.last_heard = self._connection.loop.time()
        self._connection.transport.resume_reading()

    def close(self, code: CloseCode, reason: str) -> None:
        """Start the closing handshake; for the application the connection is gone at once."""
        if self.closing:
            return
        self.closing = True
        self._connection.leave()
        self.resume()
        self._tasks.start(self._connection.close(code, reason), "close")


class Connection(ServerConnection):
    """Hands whole messages to its peer in the reader's own call: no task switch per message."""

    peer: Peer | None = None
    link: SocketLink | None = None
    identity: Identity | None = None
    last_heard: float = 0.0
    pinged_at: float = 0.0
    _plain = False
    """Whether a plain frame may come next."""
    _limit = 0
    _fragments: list[Frame]
    _deadline: asyncio.TimerHandle | None = None

    def process_event(self, event: Event) -> None:
        """One frame, or the handshake's request before the first one."""
        if self.request is None or not isinstance(event, Frame):
            super().process_event(event)
            return
        self.last_heard = self.loop.time()
        opcode = event.opcode
        if opcode is TEXT or opcode is BINARY or opcode is CONT:
            try:
                self._on_data(event)
            except Exception as problem:  # noqa: BLE001 - one connection's fault stays its own
                self._broke(problem)
        elif opcode is not CLOSE:
            self.acknowledge_pings(bytes(event.data))

    def serve(self, peer: Peer, link: SocketLink, limit: int) -> None:
        """From now on messages of at most `limit` bytes go to this peer."""
        self.peer, self.link, self._limit = peer, link, limit
        self.last_heard = self.loop.time()
        self._plain = self._may_be_plain()

    def data_received(self, data: bytes) -> None:
        """Read frames: the plain ones here, from the first that is not the library goes on."""
        if self._plain:
            at = self._read_plain(data)
            if at == len(data):
                return
            data = data[at:]
        self._read_any(data)
        self._plain = self._may_be_plain()

    def _read_plain(self, data: bytes) -> int:
        """Where the plain frames at the beginning of `data` end."""
        at, limit = 0, self._limit
        try:
            while (peer := self.peer) is not None and (found := plain_text(data, at, limit)) is not None:
                message, at = found
                self._on_message(peer, True, message)
        except Exception as problem:  # noqa: BLE001 - one connection's fault stays its own
            self._broke(problem)
        if at:
            self.last_heard = self.loop.time()
        return at

    def _may_be_plain(self) -> bool:
        protocol = self.protocol
        return not protocol.extensions and protocol.current_size is None and between_frames(protocol.parser)

    def _read_any(self, data: bytes) -> None:
        """The library's own way; an end that it started by itself (close frame, protocol error) ends the peer too."""
        super().data_received(data)
        if self.protocol.state is not OPEN:
            self.leave()
            if self.protocol.close_rcvd and self.protocol.close_sent:
                self.transport.close()  # everything has been read; a client that keeps its end open holds nothing up
        elif self.paused and self.link is not None:
            self.link.limit()  # a flood of pings makes a flood of pongs

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is gone."""
        super().connection_lost(exc)
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        self.leave()

    def leave(self) -> None:
        """The application is done with this; the socket goes within CLOSE_TIMEOUT whatever the client does."""
        peer, self.peer = self.peer, None
        if peer is None:
            return
        if not self.connection_lost_waiter.done():
            self._deadline = self.loop.call_later(CLOSE_TIMEOUT, self.transport.abort)
        peer.gone()

    def _on_data(self, frame: Frame) -> None:
        peer = self.peer
        if peer is None:
            return
        if frame.fin and frame.opcode is not CONT:
            self._on_message(peer, frame.opcode is TEXT, bytes(frame.data))
            return
        if frame.opcode is not CONT:
            self._fragments = []
        self._fragments.append(frame)
        if frame.fin:
            fragments, self._fragments = self._fragments, []
            self._on_message(peer, fragments[0].opcode is TEXT, b"".join(part.data for part in fragments))
        elif len(self._fragments) > MAX_FRAGMENTS:
            self._fail(CloseCode.TOO_BIG, "too many fragments")

    def _on_message(self, peer: Peer, text: bool, data: bytes) -> None:
        try:
            data.decode()
        except UnicodeDecodeError:
            if text:
                self._fail(CloseCode.INVALID_UTF8, "text is not valid UTF-8")
            else:
                peer.unreadable(InvalidMessage("", "is not valid UTF-8 text"))
            return
        peer.receive(data)

    def _broke(self, problem: Exception) -> None:
        logs.error("connection failed", problem, connection=str(self.id))
        if self.link is not None:
            self.link.close(CloseCode.INTERNAL_ERROR, "internal error")

    def _fail(self, code: CloseCode, reason: str) -> None:
        """End the connection as the protocol demands: nothing that follows is read."""
        self.protocol.fail(code, reason)
        self.send_data()
        self.leave()
