"""The WebSocket side: the only module that knows the `websockets` library."""

import asyncio
from http import HTTPStatus
from typing import cast
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.frames import BINARY, CLOSE, CONT, TEXT, Frame
from websockets.http11 import Request, Response
from websockets.protocol import OPEN, Event
from websockets.typing import Origin

from reference_server import logs
from reference_server.auth import AuthError, Identity, Tokens, bearer
from reference_server.peer import Peer, Services
from reference_server.protocol import CloseCode, InvalidMessage
from reference_server.tasks import Tasks

CLOSE_TIMEOUT = 10.0
"""Seconds a client has to answer a close, and to read what was sent before it."""
WRITE_HIGH_WATER = 64 * 1024
"""Bytes in the socket's buffer from which a replay waits."""
MAX_FRAGMENTS = 4096
_TOKEN_PARAMETERS = frozenset({"token", "authtoken", "access_token", "authorization"})
_DEVICE_PARAMETERS = {
    "deviceType": ("type", "mobile"),
    "platform": ("platform", "unknown"),
    "version": ("version", "1.0.0"),
}


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
        protocol.send_text(data)
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
                logs.error("connection failed", problem, connection=str(self.id))
                if self.link is not None:
                    self.link.close(CloseCode.INTERNAL_ERROR, "internal error")
        elif opcode is not CLOSE:
            self.acknowledge_pings(bytes(event.data))

    def data_received(self, data: bytes) -> None:
        """Read frames; an end that the library started by itself (close frame, protocol error) ends the peer too."""
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

    def _fail(self, code: CloseCode, reason: str) -> None:
        """End the connection as the protocol demands: nothing that follows is read."""
        self.protocol.fail(code, reason)
        self.send_data()
        self.leave()


class Gateway:
    """Accepts connections, keeps them alive and lets them go."""

    peer_class: type[Peer] = Peer
    connection_class: type[Connection] = Connection

    def __init__(self, services: Services, tokens: Tokens | None) -> None:
        """Without `tokens` an Authorization header is not looked at."""
        self._services = services
        self._settings = services.settings
        self._tokens = tokens
        self._open: dict[Connection, None] = {}
        self._outbox = Outbox()
        self._server: Server | None = None

    async def start(self) -> int:
        """Listen and return the port; raises OSError when it cannot be had."""
        s = self._settings
        self._server = await serve(
            self._serve,
            s.host,
            s.ws_port,
            origins=[None, *map(Origin, s.allowed_origins)],
            compression="deflate" if s.permessage_deflate else None,
            process_request=self._admit,
            server_header=None,
            open_timeout=s.registration_timeout,
            ping_interval=None,
            close_timeout=CLOSE_TIMEOUT,
            max_size=s.max_message_bytes,
            max_queue=None,
            write_limit=min(WRITE_HIGH_WATER, s.outbound_buffer_bytes // 2),
            logger=logs.WEBSOCKETS_LOGGER,
            create_connection=self.connection_class,
            backlog=1024,
        )
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def stop_accepting(self) -> None:
        """Close the listening socket, and read nothing more from those who are here."""
        if self._server is not None:
            self._server.close(close_connections=False)
        for connection in self._open:
            if connection.link is not None:
                connection.link.halt()

    async def close_all(self) -> None:
        """Close every connection with 1012 and wait for their ends."""
        for connection in list(self._open):
            if connection.link is not None:
                connection.link.close(CloseCode.RESTARTING, "the server restarts")
        if self._server is not None:
            self._server.close(close_connections=False)
            await self._server.wait_closed()

    async def heartbeat_forever(self) -> None:
        """Ping the silent; close those who stay silent with 1001. Whom nobody listens to is not silent."""
        interval, timeout = self._settings.heartbeat_interval, self._settings.heartbeat_timeout
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(interval / 2)
            now = loop.time()
            for connection in list(self._open):
                if connection.link is None or not connection.link.reading:
                    continue
                silence = now - connection.last_heard
                if silence > timeout:
                    connection.link.close(CloseCode.HEARTBEAT_TIMEOUT, "heartbeat timeout")
                elif silence >= interval and now - connection.pinged_at >= interval:
                    connection.pinged_at = now
                    connection.link.ping()

    def _admit(self, accepted: ServerConnection, request: Request) -> Response | None:
        """Look at a handshake before the upgrade; the library itself answers a foreign Origin with 403."""
        connection = cast(Connection, accepted)
        if self._tokens is None:
            return None
        query = parse_qs(urlsplit(request.path).query)
        if any(name.lower() in _TOKEN_PARAMETERS for name in query):
            return _unauthorized(connection, "A token does not belong in the address: use the Authorization header.\n")
        try:
            header = bearer(request.headers.get("Authorization"))
            connection.identity = None if header is None else self._tokens.check(header)
        except (AuthError, LookupError):  # LookupError: the header came twice
            return _unauthorized(connection, "The Authorization header is not valid.\n")
        return None

    async def _serve(self, accepted: ServerConnection) -> None:
        """One connection from its upgrade to its end."""
        connection = cast(Connection, accepted)
        metrics = self._services.metrics
        if len(self._open) >= self._settings.max_connections:
            await connection.close(CloseCode.OVERLOADED, "too many connections")
            return
        link = SocketLink(connection, self._settings.outbound_buffer_bytes, self._outbox, self._services.tasks)
        peer = self.peer_class(self._services, link, connection.identity, _suggested(connection.request))
        connection.link, connection.peer = link, peer
        connection.last_heard = connection.loop.time()
        self._open[connection] = None
        metrics.connections += 1
        metrics.connections_total += 1
        try:
            peer.challenge()
            await connection.wait_closed()
        finally:
            del self._open[connection]
            metrics.connections -= 1
            connection.leave()


def _unauthorized(connection: Connection, text: str) -> Response:
    response = connection.respond(HTTPStatus.UNAUTHORIZED, text)
    response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _suggested(request: Request | None) -> dict[str, str]:
    """What the query string says about the device; empty when it names none."""
    query = parse_qs(urlsplit(request.path).query) if request is not None else {}
    if "deviceId" not in query and "userId" not in query:
        return {}
    device = {"id": query.get("deviceId", [""])[0], "userId": query.get("userId", [""])[0]}
    for parameter, (name, default) in _DEVICE_PARAMETERS.items():
        device[name] = query.get(parameter, [default])[0]
    return device
