"""One WebSocket connection: opened stage by stage, so that a failure knows how far it came."""

import contextlib
import socket
import ssl
import struct
from collections.abc import Callable
from dataclasses import dataclass

from wireproof import links
from wireproof.dialects import CLOSE, PING, PONG, Frame
from wireproof.journal import now_ns
from wireproof.links import Link
from wireproof.sockets import handshake, proxies, tls
from wireproof.sockets.errors import RefusedError
from wireproof.sockets.frames import FrameReader, RawFrame
from wireproof.sockets.options import Target
from wireproof.sockets.patience import Patience
from wireproof.sockets.wire import Wire, connect
from wireproof.wiretext import safe

SEND_TIMEOUT_S = 5.0
"""How long a write may wait for a peer that does not read."""

NOT_READING = "the server does not read what is sent to it"

_BODY_WAIT_S = 0.5
_LARGEST_BODY = 4096


@dataclass(frozen=True, slots=True)
class Opening:
    """What opening a connection brought.

    Attributes:
        subprotocol: the one agreed on, or "".
        local_address: `host:port` of this end; a fault proxy finds a client's connection by it.
        started_ns: when the TCP connection was begun.
        opened_ns: when the server's 101 was read.
    """

    subprotocol: str
    local_address: str
    started_ns: int
    opened_ns: int


class Connection:
    """An open WebSocket: one thread reads, any thread writes. Made by `dial`.

    Attributes:
        answers_pings: False plays a peer that is gone without a word.
    """

    def __init__(self, wire: Wire, opening: Opening, rest: bytes) -> None:
        self.wire = wire
        self.opening = opening
        self.answers_pings = True
        self._rest = rest
        self._frames = FrameReader(self._some)
        self._patience = Patience(0)

    def receive(self, patience: Patience) -> Frame:
        """The next whole message or close frame; pings are answered and pongs dropped on the way.

        Raises:
            EOFError: the stream ended without a close frame.
            OSError: the connection broke.
            ProtocolError: the server broke the protocol.
            TimeoutError: nothing came in time; the next call goes on where this one stopped.
        """
        self._patience = patience
        while True:
            frame = self._frames.next(self._clock)
            if frame is None or frame.opcode == PONG:
                continue
            if frame.opcode == PING:
                if self.answers_pings:
                    self._answer_ping(frame)
                continue
            return frame

    def send(self, frame: RawFrame) -> None:
        """Sends one frame.

        Raises:
            OSError: the connection broke.
            TimeoutError: the peer does not read.
        """
        self.wire.write(frame.pack(), Patience(SEND_TIMEOUT_S))

    def _answer_ping(self, ping: Frame) -> None:
        try:
            self.send(RawFrame(PONG, ping.payload))
        except TimeoutError:
            # To the reader a time-out means that nothing came.
            raise OSError(NOT_READING) from None

    def wait_for_end(self, patience: Patience) -> None:
        """Reads and drops what comes until the peer ends the stream or patience does."""
        with contextlib.suppress(OSError):
            while self.wire.read(patience):
                pass

    def _clock(self) -> int:
        return self.wire.read_ns

    def _some(self, size: int) -> bytes:
        if not self._rest:
            self._rest = self.wire.read(self._patience)
            if not self._rest:
                raise EOFError
        some, self._rest = self._rest[:size], self._rest[size:]
        return some


def close_code(frame: Frame) -> tuple[int, str]:
    """Code and reason of a close frame; 1005 where it has none."""
    if frame.opcode != CLOSE or len(frame.payload) < 2:
        return 1005, ""
    return struct.unpack("!H", frame.payload[:2])[0], frame.payload[2:].decode()


def dial(target: Target, patience: Patience, client: str = "") -> Connection:
    """Opens a connection.

    Args:
        target: where to.
        patience: how long to try.
        client: the name of who opens it, by which a fault link knows it.

    Raises:
        RefusedError: it did not come about; the error knows the stage.
        SocketsError: the certificates or the proxy cannot be used.
        CancelledError: it was called off.
    """
    link = _link(target.via) if target.via else None
    try:
        return _dial(target, patience, link, client)
    except RefusedError as refusal:
        if link is not None:
            raise _through(link, refusal) from None
        raise


def _dial(target: Target, patience: Patience, link: Link | None, client: str) -> Connection:
    context = tls.context(target.tls) if target.secure else None
    started = now_ns()
    wire = _reach(target, patience) if link is None else _enter(link, client, patience)
    try:
        if context is not None:
            _secure(wire, context, target, patience)
        subprotocol, rest = _upgrade(wire, target, patience)
    except BaseException:
        wire.close()
        raise
    return Connection(wire, Opening(subprotocol, wire.local_address, started, wire.read_ns), rest)


def _reach(target: Target, patience: Patience) -> Wire:
    proxy = target.proxy or proxies.from_environment(target.secure, target.host)
    if not proxy:
        return _connect(target.host, target.port, patience)
    host, port, authorization = proxies.parse(proxy)
    wire = _connect(host, port, patience, "the proxy ")
    try:
        proxies.tunnel(wire, target, authorization, patience)
    except BaseException:
        wire.close()
        raise
    return wire


def _link(name: str) -> Link:
    try:
        return links.find(name)
    except ValueError as error:
        # It may come back: who reconnects goes on trying.
        raise RefusedError("tcp", f"via={safe(name)}: {error}") from None


def _enter(link: Link, client: str, patience: Patience) -> Wire:
    """The TCP connection goes to the link; SNI, host header and certificate check stay the target's."""
    return _connect(*link.address, patience, bound=lambda address: link.announce(address, client))


def _through(link: Link, refusal: RefusedError) -> RefusedError:
    trouble = f": {link.trouble()}" if link.trouble() else ""
    return RefusedError(
        refusal.stage,
        f"{refusal.reason} (through the link '{safe(link.name)}'{trouble})",
        status=refusal.status,
        code=refusal.code,
        final=refusal.final,
    )


def _connect(
    host: str, port: int, patience: Patience, what: str = "", bound: Callable[[str], object] | None = None
) -> Wire:
    where = f"{what}{safe(host, 80)}:{port}"
    try:
        return connect(host, port, patience, bound)
    except TimeoutError:
        raise RefusedError("tcp", f"{where} did not answer in time") from None
    except socket.gaierror:
        raise RefusedError("tcp", f"the host of {where} is unknown: check its name") from None
    except ConnectionRefusedError:
        raise RefusedError("tcp", f"{where} refused the connection: is the server running there?") from None
    except OSError as error:
        raise RefusedError("tcp", f"{where} cannot be reached: {safe(error.strerror or error)}") from None


def _secure(wire: Wire, context: ssl.SSLContext, target: Target, patience: Patience) -> None:
    try:
        wire.start_tls(context, target.tls.server_name or target.host, patience)
    except ssl.SSLCertVerificationError as error:
        said = safe(error.verify_message)
        raise RefusedError(
            "tls", f"the server's certificate is not accepted: {said}; trust its authority with tls ca", final=True
        ) from None
    except ssl.SSLError as error:
        raise RefusedError("tls", _tls_text(error), final=True) from None
    except TimeoutError:
        raise RefusedError("tls", "the server did not finish the TLS handshake in time") from None
    except OSError as error:
        said = safe(error.strerror or error)
        raise RefusedError("tls", f"the connection broke in the TLS handshake: {said}") from None


def _tls_text(error: ssl.SSLError) -> str:
    said = (error.reason or str(error)).lower().replace("_", " ")
    if "wrong version number" in said or "http request" in said:
        return "the server does not speak TLS there: is it a ws:// url?"
    if "eof" in said:
        return "the server does not speak TLS there: it ended the handshake; is it a ws:// url?"
    return f"TLS failed: {safe(said)}"


def _upgrade(wire: Wire, target: Target, patience: Patience) -> tuple[str, bytes]:
    key = handshake.new_key()
    try:
        head, rest = _exchange(wire, handshake.request(target, key), patience)
        response = handshake.parse_response(head)
        if response.status != 101:
            raise handshake.refusal(response, _body(wire, response, rest))
    except ssl.SSLError as error:
        if "ALERT" in (error.reason or ""):
            raise RefusedError("tls", _tls_text(error), final=True) from None
        raise _broken(wire, _tls_text(error)) from None
    except TimeoutError:
        raise RefusedError("http", "the server did not answer the upgrade in time") from None
    except EOFError:
        raise _broken(wire, "the server closed it") from None
    except OSError as error:
        raise _broken(wire, safe(error.strerror or error)) from None
    sent_key = {name.lower(): value for name, value in target.headers}.get("sec-websocket-key", key)
    return handshake.check(response, sent_key, target.subprotocols), rest


def _broken(wire: Wire, said: str) -> RefusedError:
    if wire.tls_in_doubt:
        why = "the server ended the connection after the TLS handshake, as it does when it refuses the certificate"
        return RefusedError("tls", f"{why} or the lack of one", final=True)
    return RefusedError("http", f"the connection ended before the answer: {said}")


def _exchange(wire: Wire, request: bytes, patience: Patience) -> tuple[bytes, bytes]:
    try:
        wire.write(request, patience)
    except OSError as error:
        if isinstance(error, TimeoutError):
            raise
        # The peer may have said why, an alert or a status, before it stopped reading.
        return handshake.read_head(wire, patience)
    return handshake.read_head(wire, patience)


def _body(wire: Wire, response: handshake.Response, body: bytes) -> bytes:
    length = response.headers.get("content-length", "")
    wanted = min(int(length), _LARGEST_BODY) if length.isascii() and length.isdecimal() else 0
    patience = Patience(_BODY_WAIT_S)
    with contextlib.suppress(OSError):
        while len(body) < wanted:
            some = wire.read(patience)
            if not some:
                break
            body += some
    return body
