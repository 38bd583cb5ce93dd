"""The WebSocket side: with `connection.py` and `frames.py` the only room that knows the `websockets` library."""

import asyncio
from http import HTTPStatus
from typing import cast
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response
from websockets.typing import Origin

from reference_server import logs
from reference_server.auth import AuthError, Tokens, bearer
from reference_server.connection import CLOSE_TIMEOUT, Connection, Outbox, SocketLink
from reference_server.peer import Peer, Services
from reference_server.protocol import CloseCode

WRITE_HIGH_WATER = 64 * 1024
"""Bytes in the socket's buffer from which a replay waits."""
_TOKEN_PARAMETERS = frozenset({"token", "authtoken", "access_token", "authorization"})
_DEVICE_PARAMETERS = {
    "deviceType": ("type", "mobile"),
    "platform": ("platform", "unknown"),
    "version": ("version", "1.0.0"),
}


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
        connection.serve(peer, link, self._settings.max_message_bytes)
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
