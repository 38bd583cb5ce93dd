"""Servers that a load finds fault with: each does one deed with every message that comes."""

import asyncio
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus

from websockets.asyncio.server import Request, Response, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

Deed = Callable[["Server", ServerConnection, int, str], Awaitable[None]]
"""What a server does with the how manieth message, from 1."""

Greeting = Callable[[ServerConnection], Awaitable[None]]
"""What it does beside that with each connection."""


class Server:
    """Runs in a thread of its own and does its deed with every message.

    Args:
        deed: what.
        refuses: whether it refuses the how manieth connection, from 1.
        greets: what it does beside that with each connection.
        tls: what proves it.
    """

    def __init__(
        self,
        deed: Deed,
        refuses: Callable[[int], bool] = lambda number: False,
        greets: Greeting | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.messages = 0
        self.connections: list[ServerConnection] = []
        self.kept: dict[ServerConnection, str] = {}
        self._asked = 0
        self._deed, self._refuses, self._greets, self._tls = deed, refuses, greets, tls
        self._loop = asyncio.new_event_loop()
        self._bound = threading.Event()
        self._over = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),))
        self._thread.start()
        self._bound.wait()

    @property
    def url(self) -> str:
        return f"{'wss' if self._tls else 'ws'}://127.0.0.1:{self._port}/"

    async def _serve(self) -> None:
        async with serve(
            self._handle, "127.0.0.1", 0, process_request=self._admit, compression=None, ssl=self._tls
        ) as server:
            self._port = next(iter(server.sockets)).getsockname()[1]
            self._bound.set()
            await self._over.wait()

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        self._asked += 1
        return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "full") if self._refuses(self._asked) else None

    async def _handle(self, connection: ServerConnection) -> None:
        self.connections.append(connection)
        greeting = asyncio.ensure_future(self._greets(connection)) if self._greets else None
        try:
            async for message in connection:
                self.messages += 1
                await self._deed(self, connection, self.messages, str(message))
        except ConnectionClosed:
            pass
        finally:
            if greeting is not None:
                greeting.cancel()

    def die(self) -> None:
        """Ends at once, connections too."""
        self._over.set()

    def close(self) -> None:
        """Ends."""
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()
        self._loop.close()


@contextmanager
def serving(
    deed: Deed,
    refuses: Callable[[int], bool] = lambda number: False,
    greets: Greeting | None = None,
    tls: ssl.SSLContext | None = None,
) -> Iterator[Server]:
    """A server while the block runs."""
    server = Server(deed, refuses, greets, tls)
    try:
        yield server
    finally:
        server.close()


async def echo(server: Server, connection: ServerConnection, number: int, message: str) -> None:
    """What comes goes back."""
    await connection.send(message)
