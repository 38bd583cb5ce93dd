"""What a client is opened with: value objects, and how defaults and arguments become one target."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from wireproof.quantities import Backoff
from wireproof.sockets.errors import SocketsError
from wireproof.wiretext import Hidden, holds_secret, refuse_secret_literal, reveal, safe

DEFAULT_TIMEOUT_S = 5.0
"""How long opening one client may take unless the author says otherwise."""

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2
_URL_SAFE = "/?%:@!$&'()*+,;=~-._[]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """How a `wss` connection proves the server, and itself.

    Attributes:
        ca: PEM file of the authorities to trust, in place of the system's.
        cert, key: PEM files of the client's certificate and its key; the key may stand in the same file.
        key_password: what the key is encrypted with.
        server_name: the name expected in the certificate, where it is not the URL's host.
        verify: False accepts every certificate.
    """

    ca: str = ""
    cert: str = ""
    key: str = ""
    key_password: Hidden | None = None
    server_name: str = ""
    verify: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to open a client; None means not given."""

    url: str | None = None
    dialect: str | None = None
    dialect_options: Mapping[str, Any] | None = None
    headers: Mapping[str, Any] | None = None
    query: Mapping[str, Any] | None = None
    cookies: Mapping[str, Any] | None = None
    subprotocols: tuple[str, ...] | None = None
    origin: str | None = None
    tls: Tls | None = None
    proxy: Hidden | str | None = None
    via: str | None = None
    login: Mapping[str, Any] | None = None
    log_in: bool | None = None
    answer_pings: bool | None = None
    reconnect: Backoff | None = None
    timeout_s: float | None = None

    def over(self, base: "Options") -> "Options":
        """These options, with those of `base` where nothing was given here; nothing is merged within one option."""
        return replace(base, **self.given())

    def given(self) -> dict[str, Any]:
        """The options that were given, by name."""
        named = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in named.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Target:
    """Where to connect, with secrets unwrapped: never shown, `shown` is for that."""

    secure: bool
    host: str
    port: int
    resource: str
    headers: tuple[tuple[str, str], ...]
    subprotocols: tuple[str, ...]
    tls: Tls
    proxy: str
    via: str
    shown: str

    @property
    def host_header(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.secure else 80) else f"{host}:{self.port}"


def target_of(options: Options) -> Target:
    """The target that `options` describe.

    Raises:
        SocketsError: the URL, a header, a cookie or the subprotocols cannot be sent as they are.
    """
    url = options.url or ""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise SocketsError(f"url '{safe(url)}' cannot be read: {safe(error)}") from None
    _check_url(url, parts.scheme, parts.hostname, parts.username, parts.fragment)
    secure = parts.scheme == "wss"
    if options.via and options.proxy:
        raise SocketsError("a client goes through a fault link or an HTTP proxy, not both: leave out via or proxy")
    refuse_secret_literal([options.headers, options.query, options.cookies, url, options.origin])
    query = "&".join(part for part in (quote(parts.query, safe=_URL_SAFE), _query(options.query)) if part)
    path = quote(parts.path, safe=_URL_SAFE) or "/"
    return Target(
        secure=secure,
        host=_host(parts.hostname or ""),
        port=port or (443 if secure else 80),
        resource=f"{path}?{query}" if query else path,
        headers=_headers(options),
        subprotocols=_subprotocols(options.subprotocols or ()),
        tls=options.tls or Tls(),
        proxy=str(reveal(options.proxy)) if options.proxy else "",
        via=options.via or "",
        shown=safe(url),
    )


def _check_url(url: str, scheme: str, host: str | None, user: str | None, fragment: str) -> None:
    shown = safe(url)
    if scheme in ("http", "https"):
        raise SocketsError(f"url '{shown}' is not a WebSocket's: write {scheme.replace('http', 'ws')}:// instead")
    if scheme not in ("ws", "wss") or not host:
        raise SocketsError(f"url '{shown}' is not a WebSocket's: write ws://host:port/path or wss://host/path")
    if user is not None:
        raise SocketsError("a url with user and password is not sent: give headers={'Authorization': a Secret}")
    if fragment:
        raise SocketsError(f"url '{shown}' has a fragment (#…), which no WebSocket url may have: leave it out")


def _host(host: str) -> str:
    try:
        return host if host.isascii() else host.encode("idna").decode()
    except UnicodeError:
        raise SocketsError(f"'{safe(host)}' is not a host name") from None


def _query(query: Mapping[str, Any] | None) -> str:
    return urlencode({name: str(value) for name, value in reveal(query or {}).items()})


def _headers(options: Options) -> tuple[tuple[str, str], ...]:
    headers = {str(name): str(value) for name, value in reveal(options.headers or {}).items()}
    if options.origin:
        headers["Origin"] = options.origin
    if options.cookies:
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in reveal(options.cookies).items())
    for name, value in headers.items():
        if not _TOKEN.fullmatch(name):
            raise SocketsError(f"'{safe(name)}' is not a header's name: letters, digits and - only")
        if re.search(r"[\x00-\x08\x0a-\x1f\x7f]", value) or not _is_utf8(value):
            raise SocketsError(f"the header {safe(name)} holds a line break, a control character or half a character")
    return tuple(headers.items())


def _subprotocols(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if not _TOKEN.fullmatch(name):
            raise SocketsError(f"'{safe(name)}' is not a subprotocol's name: no blanks, no commas")
    return names


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def encode_text(text: str) -> bytes:
    """The bytes of a text frame.

    Raises:
        SocketsError: the text holds half a character, or a secret that was put inside a string.
    """
    refuse_secret_literal(text)
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise SocketsError(
            f"the text holds half a character (lone surrogate \\u{ord(text[error.start]):04x}) at position "
            f"{error.start}, which is not UTF-8: use Send Frame to send broken bytes"
        ) from None


def encode_json(body: Any) -> tuple[bytes, bool]:
    """The bytes of a JSON message, and whether they hold a secret.

    Raises:
        SocketsError: the body is no JSON value, or holds half a character or a secret put inside a string.
    """
    refuse_secret_literal(body)
    try:
        text = json.dumps(reveal(body), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise SocketsError(f"the body cannot be sent as JSON: {safe(error)}") from None
    return encode_text(text), holds_secret(body)
