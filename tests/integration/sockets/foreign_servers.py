"""WebSocket servers that are not ours, each on a free port of the loopback, in a thread of its own."""

import asyncio
import base64
import contextlib
import hashlib
import socket
import ssl
import struct
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from typing import Any

import uvicorn
import websockets
from aiohttp import WSMsgType, web
from websockets.asyncio.server import ServerConnection

GENEROUS_S = 30
_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Loop:
    """An event loop in its own thread, where servers live."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(GENEROUS_S)

    @contextlib.contextmanager
    def hosting(self, server: AbstractAsyncContextManager[int]) -> Iterator[int]:
        """Runs a server while the block runs; gives its port."""
        port = self.run(server.__aenter__())
        try:
            yield port
        finally:
            self.run(server.__aexit__(None, None, None))

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(GENEROUS_S)
        self._loop.close()


@contextlib.asynccontextmanager
async def websockets_server(
    handler: Callable[[ServerConnection], Awaitable[None]], *, port: int = 0, **settings: Any
) -> AsyncIterator[int]:
    """The server of the library `websockets`; it offers permessage-deflate unless told not to."""
    async with websockets.serve(handler, "127.0.0.1", port, **settings) as server:
        yield next(iter(server.sockets)).getsockname()[1]


async def echo(connection: ServerConnection) -> None:
    async for message in connection:
        await connection.send(message)


@contextlib.asynccontextmanager
async def aiohttp_server() -> AsyncIterator[int]:
    """aiohttp: echoes at /, closes as told at /close/{code}, answers with a status at /status/{status}."""

    async def echoing(request: web.Request) -> web.WebSocketResponse:
        response = web.WebSocketResponse(protocols=("v2.echo", "v1.echo"), max_msg_size=0)
        await response.prepare(request)
        async for message in response:
            if message.type is WSMsgType.TEXT:
                await response.send_str(message.data)
            elif message.type is WSMsgType.BINARY:
                await response.send_bytes(message.data)
        return response

    async def closing(request: web.Request) -> web.WebSocketResponse:
        response = web.WebSocketResponse()
        await response.prepare(request)
        await response.close(code=int(request.match_info["code"]), message=b"as told")
        return response

    async def refusing(request: web.Request) -> web.Response:
        return web.Response(status=int(request.match_info["status"]), text="not today")

    app = web.Application()
    app.add_routes([web.get("/", echoing), web.get("/close/{code}", closing), web.get("/status/{status}", refusing)])
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


class _Announced(uvicorn.Server):
    """uvicorn, which says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()


@contextlib.asynccontextmanager
async def uvicorn_server() -> AsyncIterator[int]:
    """uvicorn with a bare ASGI application that echoes."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "websocket":
            return
        await receive()
        await send({"type": "websocket.accept"})
        while (event := await receive())["type"] == "websocket.receive":
            kept = {key: event[key] for key in ("text", "bytes") if event.get(key) is not None}
            await send({"type": "websocket.send", **kept})

    config = uvicorn.Config(application, port=0, log_level="critical", lifespan="off", ws="websockets-sansio")
    server = _Announced(config)
    sock = socket.create_server(("127.0.0.1", 0))
    task = asyncio.create_task(server._serve(sockets=[sock]))
    await server.listening.wait()
    try:
        yield sock.getsockname()[1]
    finally:
        server.should_exit = True
        await task
        sock.close()


class Peer:
    """One accepted connection, below WebSocket: it may break every rule."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.head = ""

    def read_head(self) -> str:
        data = b""
        while not data.endswith(b"\r\n\r\n"):
            some = self.sock.recv(65536)
            if not some:
                raise EOFError
            data += some
        self.head = data.decode("latin-1")
        return self.head

    def header(self, name: str) -> str:
        lines = (line.partition(":") for line in self.head.split("\r\n"))
        return next((value.strip() for found, _, value in lines if found.lower() == name.lower()), "")

    def upgrade(self, extra: str = "") -> None:
        """Reads the request and answers 101; `extra` are header lines."""
        self.read_head()
        self.say(101, f"Sec-WebSocket-Accept: {self.accept()}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{extra}")

    def accept(self) -> str:
        digest = hashlib.sha1((self.header("Sec-WebSocket-Key") + _GUID).encode()).digest()
        return base64.b64encode(digest).decode()

    def say(self, status: int, headers: str = "", body: bytes = b"") -> None:
        length = f"Content-Length: {len(body)}\r\n" if body else ""
        self.sock.sendall(f"HTTP/1.1 {status} Said\r\n{headers}{length}\r\n".encode() + body)

    def send(self, payload: bytes, first: int = 0x81, *, masked: bool = False) -> None:
        """One frame of at most 65 535 bytes, whatever its first byte says."""
        bit = 0x80 if masked else 0
        size = len(payload)
        head = struct.pack("!BB", first, bit | size) if size < 126 else struct.pack("!BBH", first, bit | 126, size)
        self.sock.sendall(head + (b"\0\0\0\0" if masked else b"") + payload)

    def read_frame(self) -> tuple[int, bytes]:
        """Opcode and payload of the next, short frame of the client."""
        first, second = self._exactly(2)
        mask = self._exactly(4)
        payload = bytes(byte ^ mask[index % 4] for index, byte in enumerate(self._exactly(second & 0x7F)))
        return first & 0x0F, payload

    def read_to_end(self) -> bytes | None:
        """What else comes; None if the client resets the connection."""
        data = b""
        try:
            while some := self.sock.recv(65536):
                data += some
        except ConnectionResetError:
            return None
        return data

    def reset(self) -> None:
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            some = self.sock.recv(size - len(data))
            if not some:
                raise EOFError
            data += some
        return data


@contextlib.contextmanager
def scripted(script: Callable[[Peer], object], context: ssl.SSLContext | None = None) -> Iterator[int]:
    """A server that runs `script` for each connection, with TLS if a context is given; gives its port."""
    listener = socket.create_server(("127.0.0.1", 0))
    threads: list[threading.Thread] = []
    open_socks: list[socket.socket] = []

    def secured(sock: socket.socket) -> socket.socket:
        return context.wrap_socket(sock, server_side=True) if context else sock

    def serve(sock: socket.socket) -> None:
        sock.settimeout(GENEROUS_S)
        with contextlib.suppress(OSError, EOFError), secured(sock) as wrapped:
            open_socks.append(wrapped)
            script(Peer(wrapped))

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = listener.accept()
                open_socks.append(sock)
                thread = threading.Thread(target=serve, args=(sock,), daemon=True)
                threads.append(thread)
                thread.start()

    acceptor = threading.Thread(target=accept, daemon=True)
    acceptor.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        acceptor.join(GENEROUS_S)
        for sock in open_socks:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)
        for thread in threads:
            thread.join(GENEROUS_S)
        for sock in open_socks:
            sock.close()
