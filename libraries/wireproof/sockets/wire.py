"""A TCP or TLS connection that several threads may use, and that never blocks uninterruptibly.

The socket is non-blocking. One lock is held around every call of the TLS object, which is not made for two threads at
once, and never while waiting: so a client can send while its reader waits for the next frame.
"""

import contextlib
import os
import select
import socket
import ssl
import struct
import threading
from collections.abc import Callable

from wireproof.journal import now_ns
from wireproof.sockets.errors import CancelledError
from wireproof.sockets.patience import Patience

_CHUNK = 65536
_READ, _WRITE = 1, 4  # the values of poll(2), which Windows lacks
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Wire:
    """One connected socket, plain until `start_tls`.

    Attributes:
        read_ns: when bytes were last read, on the journal's clock.
        given_up: why this side broke it off, or "".
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._io = threading.Lock()
        self._writing = threading.Lock()
        self._tls_version: str | None = None
        self._ending = False
        self.given_up = ""
        self.read_ns = now_ns()

    @property
    def local_address(self) -> str:
        """`host:port` of this end."""
        return _address(self._sock.getsockname())

    @property
    def tls_in_doubt(self) -> bool:
        """Whether the server may still refuse the TLS handshake that this side has finished.

        In TLS 1.3 a server looks at the client's certificate after that; when it is content it sends session tickets,
        unless told otherwise. Some servers refuse by an alert, others just end the connection.
        """
        sock = self._sock
        if not isinstance(sock, ssl.SSLSocket) or self._tls_version != "TLSv1.3":
            return False
        return sock.session is None or not sock.session.has_ticket

    def start_tls(self, context: ssl.SSLContext, server_name: str, patience: Patience) -> None:
        """Wraps the connection.

        Raises:
            ssl.SSLError: the peers do not agree, or the certificate is not accepted.
            TimeoutError: the peer did not answer in time.
        """
        wrapped = context.wrap_socket(self._sock, server_hostname=server_name, do_handshake_on_connect=False)
        self._sock = wrapped
        while True:
            try:
                wrapped.do_handshake()
                # Asked now, because a connection that ended has no version any more.
                self._tls_version = wrapped.version()
                return
            except ssl.SSLWantReadError:
                _ready(wrapped, _READ, patience.slice_s())
            except ssl.SSLWantWriteError:
                _ready(wrapped, _WRITE, patience.slice_s())

    def read(self, patience: Patience) -> bytes:
        """The next bytes, or none at the end of the stream; `read_ns` says when they were read.

        Raises:
            OSError: the connection broke.
            TimeoutError: nothing came in time.
        """
        while True:
            with self._io:
                try:
                    data = self._sock.recv(_CHUNK)
                    self.read_ns = now_ns()
                    return data
                except (BlockingIOError, ssl.SSLWantReadError):
                    event = _READ
                except ssl.SSLWantWriteError:
                    event = _WRITE
            _ready(self._sock, event, patience.slice_s())

    def write(self, data: bytes, patience: Patience) -> None:
        """Sends all of `data`, not interleaved with what other threads send.

        A write that is given up half way leaves the stream unusable, so the connection is then reset.

        Raises:
            OSError: the connection broke.
            TimeoutError: the peer did not read in time.
        """
        rest = memoryview(data)
        with self._writing:
            try:
                while rest:
                    rest = rest[self._send(rest, patience) :]
            except BaseException:
                if len(rest) < len(data):
                    self.given_up = "a message was given up half way"
                    self.reset()
                raise

    def _send(self, data: memoryview, patience: Patience) -> int:
        if self._ending:
            raise OSError("the connection is closed")
        with self._io:
            try:
                return self._sock.send(data)
            except (BlockingIOError, ssl.SSLWantWriteError):
                event = _WRITE
            except ssl.SSLWantReadError:
                event = _READ
        _ready(self._sock, event, patience.slice_s())
        return 0

    def reset(self) -> None:
        """Makes the threads that read and write stop; the reader then closes, by RST in place of FIN."""
        self._ending = True
        with contextlib.suppress(OSError):
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            # Nothing goes over the network by this, but the reader sees the end of the stream. The method is the plain
            # socket's: the one of a TLS socket would drop its TLS state under the reader.
            socket.socket.shutdown(self._sock, socket.SHUT_RD)

    def close(self) -> None:
        """Frees the socket; called by the reader, or where there is none."""
        with self._io:
            self._sock.close()


def connect(host: str, port: int, patience: Patience, bound: Callable[[str], object] | None = None) -> Wire:
    """A TCP connection to the first address of `host` that accepts one.

    Args:
        host: its name or address.
        port: its port.
        patience: how long to try.
        bound: called with `host:port` of this end before the peer hears of it.

    Raises:
        OSError: no address did, or the host has none (`socket.gaierror`).
        TimeoutError: none answered in time.
    """
    failure: OSError = OSError("no address")
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        sock = socket.socket(family, kind, protocol)
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if bound is not None:
                sock.bind((host, 0))
                bound(_address(sock.getsockname()))
            _connect(sock, address, patience)
            return Wire(sock)
        except (TimeoutError, CancelledError):
            sock.close()
            raise
        except OSError as error:
            sock.close()
            failure = error
        except BaseException:
            sock.close()
            raise
    raise failure


def _connect(sock: socket.socket, address: object, patience: Patience) -> None:
    with contextlib.suppress(BlockingIOError):
        sock.connect(address)  # type: ignore[arg-type]  # whatever getaddrinfo gave for this family
    while not _ready(sock, _WRITE, patience.slice_s()):
        pass
    error = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if error:
        raise OSError(error, os.strerror(error))


def _ready(sock: socket.socket, event: int, seconds: float) -> bool:
    if sock.fileno() < 0:
        raise OSError("the connection is closed")
    if hasattr(select, "poll"):
        poller = select.poll()
        poller.register(sock, event)
        return bool(poller.poll(seconds * 1000))
    reading = [sock] if event == _READ else []
    writing = [] if reading else [sock]
    return any(select.select(reading, writing, [sock], seconds))


def _address(name: object) -> str:
    if isinstance(name, tuple):
        host, port = name[:2]
        return f"[{host}]:{port}" if ":" in str(host) else f"{host}:{port}"
    return str(name)
