"""A TCP server that does only what a test does with its connections."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

GENEROUS_S = 30


class Far:
    """The far end of links: the test accepts every connection itself."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self._server.settimeout(GENEROUS_S)
        self.port = self._server.getsockname()[1]
        self._taken: list[socket.socket] = []

    def accept(self) -> socket.socket:
        taken, _ = self._server.accept()
        taken.settimeout(GENEROUS_S)
        self._taken.append(taken)
        return taken

    def near(self, address: tuple[str, int]) -> socket.socket:
        """A client's connection to an address."""
        made = socket.create_connection(address, GENEROUS_S)
        self._taken.append(made)
        return made

    def close(self) -> None:
        for sock in (self._server, *self._taken):
            sock.close()


def read(sock: socket.socket, count: int) -> bytes:
    """Exactly so many bytes, fewer at the end of the stream."""
    data = b""
    while len(data) < count and (some := sock.recv(count - len(data))):
        data += some
    return data


def ending(sock: socket.socket) -> str:
    """How a stream ends: fin or rst."""
    try:
        while sock.recv(65536):
            pass
    except ConnectionResetError:
        return "rst"
    return "fin"


def is_silent(sock: socket.socket, seconds: float = 0.15) -> bool:
    """Whether nothing comes, neither data nor an end."""
    sock.settimeout(seconds)
    try:
        sock.recv(1)
    except TimeoutError:
        return True
    finally:
        sock.settimeout(GENEROUS_S)
    return False


@contextmanager
def echo_server() -> Iterator[str]:
    """A WebSocket server that sends back what it gets; its URL."""

    def echo(connection: ServerConnection) -> None:
        try:
            for message in connection:
                connection.send(message)
        except ConnectionClosed:
            return

    with serve(echo, "127.0.0.1", 0, compression=None) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}/"
        server.shutdown()
        thread.join()
