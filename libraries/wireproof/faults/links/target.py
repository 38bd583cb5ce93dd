"""Where a link leads: a URL, an address, or a part of the running stack by its name."""

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from wireproof.faults.errors import FaultError
from wireproof.links import Address
from wireproof.stack import Stack
from wireproof.wiretext import safe

Protocol = Literal["websocket", "http", "postgres", "redis", "tcp"]

_SCHEMES: dict[str, tuple[Protocol, int]] = {
    "ws": ("websocket", 80),
    "wss": ("websocket", 443),
    "http": ("http", 80),
    "https": ("http", 443),
    "postgresql": ("postgres", 5432),
    "postgres": ("postgres", 5432),
    "redis": ("redis", 6379),
    "rediss": ("redis", 6379),
}
_SECURE = ("wss", "https", "rediss")
_WANTED = "write ws://host:port/path, postgresql://…, redis://…, http://… or host:port"


@dataclass(frozen=True, slots=True)
class Target:
    """What a link leads to.

    Attributes:
        address: host and port.
        protocol: what is spoken there.
        secure: whether it is spoken inside TLS, which a link does not see into.
        scheme, path: the rest of its URL, without user, password and query; empty for `host:port`.
    """

    address: Address
    protocol: Protocol = "tcp"
    secure: bool = False
    scheme: str = ""
    path: str = ""

    def url(self, address: Address) -> str:
        """The URL, or `host:port`, of the same thing at another address."""
        host, port = address
        where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        return f"{self.scheme}://{where}{self.path}" if self.scheme else where


def find(text: str, stack: Stack | None) -> Target:
    """The target that a text names.

    Args:
        text: a URL, `host:port`, an endpoint's or a service's name.
        stack: the running one, whose names count.

    Raises:
        FaultError: it names nothing; the text lists the names there are.
    """
    if "://" in text or ":" in text:
        return parse(text)
    if stack is not None:
        if text in stack.shown:
            return parse(stack.endpoint(text))
        if text in stack.services:
            return parse(stack.services[text].endpoint)
    names = list(dict.fromkeys([*stack.shown, *stack.services])) if stack is not None else []
    known = f"the running stack has {', '.join(map(safe, names))}" if names else "no stack is running"
    raise FaultError(f"'{safe(text)}' is no target: {known}; or {_WANTED}")


def parse(text: str) -> Target:
    """Reads a URL or `host:port`.

    Raises:
        FaultError: it is neither; what it says is not repeated, it may hold a password.
    """
    try:
        parts = urlsplit(text if "://" in text else f"//{text}")
        port = parts.port
    except ValueError:
        raise FaultError(f"the target's address cannot be read: {_WANTED}") from None
    if not parts.hostname:
        raise FaultError(f"the target's address names no host, so no link can lead there: {_WANTED}")
    if not parts.scheme:
        if port is None or parts.path or parts.username is not None:
            raise FaultError(f"the target's address is not just host and port: {_WANTED}")
        return Target((parts.hostname, port))
    if parts.scheme not in _SCHEMES:
        raise FaultError(f"a target of scheme '{safe(parts.scheme, 20)}' is not known: {_WANTED}")
    protocol, usual = _SCHEMES[parts.scheme]
    address = (parts.hostname, usual if port is None else port)
    return Target(address, protocol, parts.scheme in _SECURE, parts.scheme, parts.path)
