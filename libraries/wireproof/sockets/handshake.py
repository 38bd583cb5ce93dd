"""The opening handshake of RFC 6455, section 4: its texts, and what a right answer is.

Written here, and not taken from websocket-client, because that one keeps every server's cookies in one jar for the
whole process, lowers the case of the subprotocol, and has no limit for the whole exchange.
"""

import base64
import hashlib
import os
from dataclasses import dataclass

from wireproof.sockets.errors import RefusedError
from wireproof.sockets.options import Target
from wireproof.sockets.patience import Patience
from wireproof.sockets.wire import Wire
from wireproof.wiretext import safe

LARGEST_HEAD = 65536
"""Bytes of a response's head; a server that sends more is refused."""

_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_NOT_FINAL = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class Response:
    """The head of an HTTP response; header names in lower case, repeated ones joined by commas."""

    status: int
    reason: str
    headers: dict[str, str]


def new_key() -> str:
    """A fresh Sec-WebSocket-Key."""
    return base64.b64encode(os.urandom(16)).decode()


def request(target: Target, key: str) -> bytes:
    """The upgrade request; the author's headers take the place of ours of the same name."""
    ours = {
        "Host": target.host_header,
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": key,
        "Sec-WebSocket-Version": "13",
    }
    if target.subprotocols:
        ours["Sec-WebSocket-Protocol"] = ", ".join(target.subprotocols)
    given = {name.lower() for name, _ in target.headers}
    lines = [f"GET {target.resource} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in ours.items() if name.lower() not in given]
    lines += [f"{name}: {value}" for name, value in target.headers]
    return "\r\n".join([*lines, "", ""]).encode()


def read_head(wire: Wire, patience: Patience) -> tuple[bytes, bytes]:
    """A response's head, without the empty line that ends it, and what came after it.

    Raises:
        EOFError: the stream ended before.
        OSError: the connection broke; `TimeoutError` if nothing came in time.
        RefusedError: the head is too long.
    """
    data = b""
    while b"\r\n\r\n" not in data:
        some = wire.read(patience)
        if not some:
            raise EOFError
        data += some
        if len(data) > LARGEST_HEAD:
            raise RefusedError("http", f"the answer's head is longer than {LARGEST_HEAD} bytes")
    head, _, rest = data.partition(b"\r\n\r\n")
    return head, rest


def parse_response(head: bytes) -> Response:
    """Reads a response's head, without the empty line that ends it.

    Raises:
        RefusedError: it is no HTTP response.
    """
    first, *rest = head.decode("latin-1").split("\r\n")
    protocol, _, status_and_reason = first.partition(" ")
    status, _, reason = status_and_reason.partition(" ")
    if not protocol.startswith("HTTP/") or not (status.isascii() and status.isdecimal()):
        raise RefusedError("http", f"the answer is not HTTP but '{safe(first, 60)}'")
    headers: dict[str, str] = {}
    for line in rest:
        name, _, value = line.partition(":")
        name = name.strip().lower()
        headers[name] = f"{headers[name]}, {value.strip()}" if name in headers else value.strip()
    return Response(int(status), reason, headers)


def check(response: Response, key: str, offered: tuple[str, ...]) -> str:
    """The subprotocol agreed on, or "" if none was offered.

    Raises:
        RefusedError: the response is not the one that RFC 6455 asks of a server.
    """
    headers = response.headers
    problem = ""
    if headers.get("upgrade", "").lower() != "websocket" or "upgrade" not in headers.get("connection", "").lower():
        problem = "the server answered 101 without the headers Upgrade and Connection"
    elif headers.get("sec-websocket-accept") != _accept(key):
        problem = "the server answered 101 with a wrong Sec-WebSocket-Accept"
    elif headers.get("sec-websocket-extensions"):
        problem = f"the server turned on an extension nobody offered: {safe(headers['sec-websocket-extensions'], 60)}"
    agreed = headers.get("sec-websocket-protocol", "")
    if not problem and agreed and agreed not in offered:
        problem = f"the server chose the subprotocol '{safe(agreed, 60)}', which was not offered"
    if not problem and offered and not agreed:
        problem = f"the server took none of the subprotocols {', '.join(offered)}"
    if problem:
        raise RefusedError("http", problem, status=response.status, final=True)
    return agreed


def refusal(response: Response, body: bytes) -> RefusedError:
    """The error for an answer that is not 101."""
    said = f"{response.status} {safe(response.reason, 60)}".strip()
    if 300 <= response.status < 400:
        said += f" to '{safe(response.headers.get('location', ''))}'; redirects are not followed"
    elif body.strip():
        said += f": {safe(body.strip())}"
    final = 300 <= response.status < 500 and response.status not in _NOT_FINAL
    return RefusedError("http", f"the server answered {said}", status=response.status, final=final)


def _accept(key: str) -> str:
    return base64.b64encode(hashlib.sha1((key + _GUID).encode(), usedforsecurity=False).digest()).decode()
