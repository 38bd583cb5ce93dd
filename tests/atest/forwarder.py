"""A library of child suites: plain TCP forwarders that are known as links, as fault proxies are."""

import contextlib
import selectors
import socket
import threading
from urllib.parse import urlsplit

from wireproof import links, scopes
from wireproof.links import Link

_POLL_S = 0.1


class Forwarder:
    """Forwards every connection to one target, until it is closed."""

    def __init__(self, name: str, target: tuple[str, int]) -> None:
        self.accepted = 0
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._ends: list[socket.socket] = [self._listener]
        self._name = name
        links.add(Link(name, self._listener.getsockname(), target))
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            while not self._closing.is_set():
                for key, _ in selector.select(_POLL_S):
                    if key.fileobj is self._listener:
                        self._accept(selector)
                    elif key.fd in selector.get_map():
                        self._forward(selector, key.fileobj, key.data)
        for end in self._ends:
            end.close()

    def _accept(self, selector: selectors.BaseSelector) -> None:
        came_in, address = self._listener.accept()
        try:
            onwards = socket.create_connection(self._target)
        except OSError:
            came_in.close()
            return
        links.carry(onwards.getsockname()[1], address[1])
        self.accepted += 1
        self._ends += [came_in, onwards]
        selector.register(came_in, selectors.EVENT_READ, onwards)
        selector.register(onwards, selectors.EVENT_READ, came_in)

    def _forward(self, selector: selectors.BaseSelector, here: socket.socket, there: socket.socket) -> None:
        with contextlib.suppress(OSError):
            if data := here.recv(65536):
                there.sendall(data)
                return
        for end in (here, there):
            selector.unregister(end)
            links.drop(end.getsockname()[1])
            end.close()

    def close(self) -> None:
        self._closing.set()
        self._thread.join()
        links.remove(self._name)


_running: dict[str, Forwarder] = {}


def start_forwarder(name: str, url: str) -> None:
    """Forwards to the host and port of a URL until the running test or suite ends."""
    parts = urlsplit(url)
    forwarder = _running[name] = Forwarder(name, (parts.hostname or "", parts.port or 0))
    scopes.current().defer(forwarder.close)


def accepted(name: str) -> int:
    """How many connections a forwarder has taken."""
    return _running[name].accepted
