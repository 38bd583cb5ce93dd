"""Opens the connections of one worker: so many at once, so many a second, each refusal under its own name."""

import asyncio
import contextlib
import errno
import ipaddress
import socket
import ssl
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from picows import WSError, WSHandshakeError, ws_connect

from wireproof.dialects import LoginRefused
from wireproof.journal import now_ns
from wireproof.load.plan import Endpoint, Pace
from wireproof.load.worker.connection import Connection
from wireproof.load.worker.tally import Attempts
from wireproof.wiretext import safe

_READ_BUFFER = 2048
"""Grows when a frame is longer; ten thousand connections should not hold 16 KiB each for messages of 250 bytes."""


class Dialer:
    """Connects members to an endpoint.

    Args:
        endpoint: where to.
        pace: how fast.
        shards: how many workers share that pace.
    """

    def __init__(self, endpoint: Endpoint, pace: Pace, shards: int) -> None:
        self._endpoint, self._pace = endpoint, pace
        self._every_s = shards / pace.connect_rate if pace.connect_rate else 0.0
        self._at_once = asyncio.Semaphore(pace.connects_at_once)
        self._next_s = 0.0
        self._tls = tls_context(endpoint) if endpoint.url.startswith("wss:") else None
        self._address: tuple[int, tuple[str, int]] | None = None

    async def resolve(self) -> None:
        """Looks the host up once, so that no connection's time holds that.

        Raises:
            ValueError: nobody has that name.
        """
        parts = urlsplit(self._endpoint.url)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "wss" else 80)
        try:
            ipaddress.ip_address(host)
        except ValueError:
            found = await _look_up(host, port)
            family, _, _, _, address = found[0]
            self._address = family, (str(address[0]), port)

    async def open(self, connection: Connection, attempts: Attempts, *, in_line: bool = True) -> bool:
        """Opens one connection, login included, and says whether that went well.

        Args:
            connection: which.
            attempts: those that this is one of.
            in_line: whether it waits while many others are opened. Clients that come back know nothing of each other:
                some that a dying server lets hang must not hold up all.
        """
        async with self._at_once if in_line else contextlib.nullcontext():
            await self._turn()
            attempts.tried += 1
            started = now_ns()
            try:
                async with asyncio.timeout(self._pace.connect_timeout_s):
                    await self._connect(connection)
                    if not connection.connected_at:
                        raise ConnectionError("ended while it was opened")
                    attempts.made(started, connection.connected_at)
                    await connection.ready
            except (OSError, WSError, LoginRefused, TimeoutError, asyncio.CancelledError) as error:
                connection.leave()
                if isinstance(error, asyncio.CancelledError):
                    raise
                attempts.failed(reason(error))
                return False
            except Exception as error:  # noqa: BLE001 - what an author's dialect raised at the login, counted already
                connection.leave()
                attempts.failed(type(error).__name__)
                return False
        return True

    async def _turn(self) -> None:
        """Waits for the next moment at which a handshake may begin."""
        if not self._every_s:
            return
        now = asyncio.get_running_loop().time()
        at = max(now, self._next_s)
        self._next_s = at + self._every_s
        if at > now:
            await asyncio.sleep(at - now)

    async def _connect(self, connection: Connection) -> None:
        headers = {**self._endpoint.headers, **connection.member.headers}
        subprotocols = self._endpoint.subprotocols or connection.dialect.subprotocols
        if subprotocols:
            headers["Sec-WebSocket-Protocol"] = ", ".join(subprotocols)
        await ws_connect(
            lambda: connection,
            self._endpoint.url,
            ssl_context=self._tls,
            extra_headers=headers,
            websocket_handshake_timeout=self._pace.connect_timeout_s,
            read_buffer_init_size=_READ_BUFFER,
            max_redirects=0,
            use_aiofastnet=False,
            socket_factory=self._socket if self._address else None,
        )

    async def _socket(self, _: object) -> socket.socket:
        assert self._address is not None  # noqa: S101 - for mypy: only given where there is one
        family, address = self._address
        made = socket.socket(family, socket.SOCK_STREAM)
        made.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(made, address)
        except BaseException:
            made.close()
            raise
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made


async def _look_up(host: str, port: int) -> Sequence[Any]:
    try:
        return await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise ValueError(f"the host '{safe(host, 80)}' has no address: {error.strerror}; look at the url") from None


def reason(error: BaseException) -> str:
    """Why a connection was not made, short and the same each time, so that it can be counted."""
    match error:
        case WSHandshakeError() if (response := getattr(error, "response", None)) is not None:
            return f"HTTP {int(response.status)}"
        case LoginRefused():
            return f"login refused: {error.reason}" if error.code is None else f"login refused: {error.code}"
        case TimeoutError():
            return "timeout"
        case ConnectionError() if error.errno is None:
            return safe(error)
        case ssl.SSLError():
            return f"TLS {error.reason or 'handshake'}"
        case OSError(errno=int(number)) if number in errno.errorcode:
            return errno.errorcode[number]
    return safe(f"{type(error).__name__}: {error}", 120)


def tls_context(endpoint: Endpoint) -> ssl.SSLContext:
    """The context for an endpoint's TLS settings: certificate, host and version fail by default."""
    tls = endpoint.tls
    made = ssl.create_default_context(cafile=tls.ca or None)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    if not tls.verify:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    if tls.cert:
        made.load_cert_chain(tls.cert, tls.key or None, tls.key_password or None)
    return made
