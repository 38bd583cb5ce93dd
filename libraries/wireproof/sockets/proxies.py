"""HTTP proxies on the way to the server: which one, and the tunnel through it."""

import ipaddress
from base64 import b64encode
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from wireproof.sockets import handshake
from wireproof.sockets.errors import RefusedError, SocketsError
from wireproof.sockets.options import Target
from wireproof.sockets.patience import Patience
from wireproof.sockets.wire import Wire
from wireproof.wiretext import hide, safe


def from_environment(secure: bool, host: str) -> str:
    """The proxy that ``HTTPS_PROXY`` (for wss), ``HTTP_PROXY`` (for ws) or the system names, or "".

    ``NO_PROXY`` is honoured, and a loopback address never goes through a proxy.
    """
    if is_loopback(host) or proxy_bypass(host):
        return ""
    proxies = getproxies()
    return proxies.get("https" if secure else "http") or proxies.get("all", "")


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine by name or address."""
    if host.lower() in ("localhost", "localhost.localdomain"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def parse(proxy: str) -> tuple[str, int, str]:
    """Host, port and the value for ``Proxy-Authorization`` ("" without credentials) of a proxy's URL.

    Raises:
        SocketsError: it is no HTTP proxy's URL.
    """
    try:
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        port = parts.port
    except ValueError:
        raise SocketsError("the proxy's url cannot be read: write http://host:port") from None
    if parts.scheme != "http" or not parts.hostname:
        raise SocketsError(f"a proxy of scheme '{safe(parts.scheme, 20)}' is not supported: write http://host:port")
    authorization = ""
    if parts.username is not None:
        password = unquote(parts.password or "")
        hide(password)
        credentials = b64encode(f"{unquote(parts.username)}:{password}".encode()).decode()
        hide(credentials)
        authorization = f"Basic {credentials}"
    return parts.hostname, port or 80, authorization


def tunnel(wire: Wire, target: Target, authorization: str, patience: Patience) -> None:
    """Asks the proxy for a connection to the target (RFC 9110, section 9.3.6).

    Raises:
        RefusedError: the proxy did not give one; stage tcp, because the server was not reached.
    """
    host = f"[{target.host}]" if ":" in target.host else target.host
    lines = [f"CONNECT {host}:{target.port} HTTP/1.1", f"Host: {host}:{target.port}"]
    if authorization:
        lines.append(f"Proxy-Authorization: {authorization}")
    try:
        wire.write("\r\n".join([*lines, "", ""]).encode(), patience)
        head, _ = handshake.read_head(wire, patience)
        response = handshake.parse_response(head)
    except RefusedError as error:
        raise RefusedError("tcp", f"the proxy: {error.reason}") from None
    except TimeoutError:
        raise RefusedError("tcp", "the proxy did not answer in time") from None
    except (OSError, EOFError):
        raise RefusedError("tcp", "the proxy closed the connection without an answer") from None
    if not 200 <= response.status < 300:
        said = f"{response.status} {safe(response.reason, 60)}".strip()
        raise RefusedError("tcp", f"the proxy answered {said}", status=response.status, final=response.status == 407)
