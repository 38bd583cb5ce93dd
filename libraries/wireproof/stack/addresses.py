"""Where a stack is reached, and what its URLs say."""

from dataclasses import dataclass, field
from typing import ClassVar
from urllib.parse import urlsplit, urlunsplit

from wireproof.stack.errors import StackError


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a stack is reached. A part that a stack does not have, or does not show, is an empty text.

    Attributes:
        ws: URL of the WebSocket gateway.
        http: base URL of the HTTP API.
        postgres: full URL of the database, password included.
        redis: full URL of the cache, password included.
        token_secret: what signs the tokens.
    """

    ws: str
    http: str = ""
    postgres: str = field(default="", repr=False)
    redis: str = field(default="", repr=False)
    token_secret: str = field(default="", repr=False)

    ENDPOINTS: ClassVar = ("ws", "http", "postgres", "redis")
    CREDENTIALS: ClassVar = ("postgres", "redis", "token secret")

    def endpoint(self, name: str) -> str:
        """An address without the password in it."""
        if name not in self.ENDPOINTS:
            raise StackError(f"no endpoint is called '{name}'; there are {', '.join(self.ENDPOINTS)}")
        return without_password(getattr(self, name))

    def credential(self, name: str) -> str:
        if name not in self.CREDENTIALS:
            raise StackError(f"no credential is called '{name}'; there are {', '.join(self.CREDENTIALS)}")
        return self.token_secret if name == "token secret" else urlsplit(getattr(self, name)).password or ""


def moved(url: str, address: tuple[str, int]) -> str:
    """The URL with another host and port; user, password and path stay."""
    parts = urlsplit(url)
    credentials, at, _ = parts.netloc.rpartition("@")
    host, port = address
    return urlunsplit(parts._replace(netloc=f"{credentials}{at}{f'[{host}]' if ':' in host else host}:{port}"))


def without_password(url: str) -> str:
    """The URL with the user's name but without the password."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{parts.username}@{host}" if parts.username else host))
