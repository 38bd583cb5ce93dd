"""Servers in the test's own process: one that echoes, one that does whatever a path's script says."""

import base64
import contextlib
import hashlib
import select
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from queue import SimpleQueue
from urllib.parse import urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
GENEROUS_S = 30


@dataclass
class Echo:
    """A server that sends back what it gets; it notes what it saw.

    Attributes:
        url: where it listens.
        closes: path and close code of every connection that ended; 1006 for one without a close frame.
    """

    url: str
    closes: "SimpleQueue[tuple[str, int]]" = field(default_factory=SimpleQueue)

    def handle(self, connection: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            for message in connection:
                connection.send(message)
        assert connection.request is not None
        received = connection.protocol.close_rcvd
        self.closes.put((connection.request.path, received.code if received else 1006))


@contextlib.contextmanager
def echo_server(tls: ssl.SSLContext | None = None, echo: Echo | None = None) -> Iterator[Echo]:
    """An echo server on a free port of the loopback; it chooses the first subprotocol that is offered."""
    echo = echo or Echo("")

    def first_offered(connection: ServerConnection, offered: list[str]) -> str | None:
        return offered[0] if offered else None

    with serve(
        echo.handle, "127.0.0.1", 0, ssl=tls, max_size=None, compression=None, select_subprotocol=first_offered
    ) as server:
        echo.url = f"{'wss' if tls else 'ws'}://127.0.0.1:{server.socket.getsockname()[1]}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield echo
        server.shutdown()
        thread.join(GENEROUS_S)


class Peer:
    """One connection of a scripted server, below everything that a decent library would refuse to send."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.head = b""

    def read_head(self) -> str:
        """Reads the request and returns its path with the query."""
        while b"\r\n\r\n" not in self.head:
            some = self.sock.recv(65536)
            if not some:
                raise EOFError
            self.head += some
        return self.head.split(b" ", 2)[1].decode()

    def header(self, name: str) -> str:
        """The value of a request header, or an empty text."""
        for line in self.head.decode("latin-1").split("\r\n"):
            found, _, value = line.partition(":")
            if found.lower() == name.lower():
                return value.strip()
        return ""

    def accept(self, extra: bytes = b"") -> None:
        """Upgrades; `extra` are whole header lines."""
        digest = hashlib.sha1((self.header("Sec-WebSocket-Key") + GUID).encode()).digest()
        self.sock.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + base64.b64encode(digest) + b"\r\n" + extra + b"\r\n"
        )

    def reject(self, status: bytes, body: bytes, extra: bytes = b"") -> None:
        """Answers with another status than 101; `extra` are whole header lines."""
        length = str(len(body)).encode()
        self.sock.sendall(b"HTTP/1.1 " + status + b"\r\nContent-Length: " + length + b"\r\n" + extra + b"\r\n" + body)

    def send(self, payload: bytes, opcode: int = TEXT) -> None:
        """Sends one frame, whatever is in it."""
        size = len(payload)
        if size < 126:
            head = struct.pack("!BB", 0x80 | opcode, size)
        elif size < 65536:
            head = struct.pack("!BBH", 0x80 | opcode, 126, size)
        else:
            head = struct.pack("!BBQ", 0x80 | opcode, 127, size)
        self.sock.sendall(head + payload)

    def close(self, code: int, reason: bytes = b"") -> None:
        """Sends a close frame and waits for the client's."""
        self.send(struct.pack("!H", code) + reason, CLOSE)
        while self.read()[0] != CLOSE:
            pass

    def wait_for_end(self) -> None:
        """Reads and drops what comes until the client ends the stream; answers nothing."""
        with contextlib.suppress(OSError):
            while self.sock.recv(65536):
                pass

    def wait_for_close(self) -> None:
        """Reads until the client's close frame and answers it."""
        while self.read()[0] != CLOSE:
            pass
        self.send(b"", CLOSE)

    def wait_for_reset(self) -> None:
        """Waits until the connection is no more, without reading from it."""
        poller = select.poll()
        poller.register(self.sock, select.POLLRDHUP)
        poller.poll(GENEROUS_S * 1000)

    def read_text(self) -> str:
        """The next text frame of the client; drops others."""
        while True:
            opcode, payload = self.read()
            if opcode == TEXT:
                return payload.decode()

    def read(self) -> tuple[int, bytes]:
        """Opcode and payload of the client's next frame."""
        first, second = self._exactly(2)
        size = second & 0x7F
        if size == 126:
            (size,) = struct.unpack("!H", self._exactly(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", self._exactly(8))
        mask = self._exactly(4)
        return first & 0x0F, bytes(byte ^ mask[index % 4] for index, byte in enumerate(self._exactly(size)))

    def _exactly(self, amount: int) -> bytes:
        data = b""
        while len(data) < amount:
            some = self.sock.recv(amount - len(data))
            if not some:
                raise EOFError
            data += some
        return data


Script = Callable[[Peer], None]


@contextlib.contextmanager
def scripted_server(scripts: Mapping[str, Script]) -> Iterator[str]:
    """A server that runs the script of the path asked for, after the request was read; gives its URL."""
    listener = socket.create_server(("127.0.0.1", 0))
    peers: list[socket.socket] = []

    def live(sock: socket.socket) -> None:
        peer = Peer(sock)
        with sock, contextlib.suppress(OSError, EOFError):
            scripts[urlsplit(peer.read_head()).path](peer)

    def accept() -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            peers.append(sock)
            threading.Thread(target=live, args=(sock,), daemon=True).start()

    accepting = threading.Thread(target=accept, daemon=True)
    accepting.start()
    try:
        yield f"ws://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        accepting.join(GENEROUS_S)
        for sock in peers:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
