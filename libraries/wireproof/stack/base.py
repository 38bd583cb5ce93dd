"""What a running stack is to everyone else: addresses, credentials, services, abilities and health."""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit, urlunsplit

from wireproof.quantities import Rate
from wireproof.stack import readiness
from wireproof.stack.errors import StackError
from wireproof.stack.readiness import Check
from wireproof.stack.services import Service

ABILITIES = {
    "start server": "start another server with its own settings and database",
    "kill services": "start, stop, kill, suspend, resume and restart the services",
    "mint tokens": "make tokens for any user and device through POST /test/tokens",
    "read sessions": "look into PostgreSQL's sessions",
    "read cache": "look into Redis",
}
"""What a stack may be able to do, by the names that `Skip Unless Stack Can` takes."""


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


@dataclass(frozen=True, slots=True)
class Guards:
    """What a run may do to a stack that others use too. None means: no limit was given.

    Attributes:
        isolation: how tests are kept apart: reset, owner, keep, rollback or database per worker.
        max_rate: the highest rate of messages.
        max_connections: connections open at the same time.
    """

    isolation: str = "reset"
    max_rate: Rate | None = None
    max_connections: int | None = None


class Stack:
    """A stack under test, of whatever mode.

    Attributes:
        mode: embedded, compose or external.
        disposable: whether its data may be thrown away.
        services: those that this run controls, by name; each comes after those that it needs.
    """

    def __init__(
        self,
        mode: str,
        addresses: Addresses,
        *,
        abilities: Iterable[str] = (),
        disposable: bool = False,
        guards: Guards | None = None,
    ) -> None:
        self.mode = mode
        self.addresses = addresses
        self.disposable = disposable
        self.guards = guards or Guards("reset" if disposable else "owner")
        self.services: dict[str, Service] = {}
        self._abilities = frozenset(abilities)

    def endpoint(self, name: str) -> str:
        """The address of ws, http, postgres or redis, without a password.

        Raises:
            StackError: there is no such name, or this stack does not show that part.
        """
        return self._shown(self.addresses.endpoint(name), name)

    def credential(self, name: str) -> str:
        """The password of postgres or redis, or the token secret.

        Raises:
            StackError: there is no such name, or this stack has no such credential.
        """
        return self._shown(self.addresses.credential(name), name)

    @property
    def shown(self) -> list[str]:
        """The names of the endpoints that this stack has and shows."""
        return [name for name in Addresses.ENDPOINTS if self.addresses.endpoint(name)]

    def _shown(self, value: str, name: str) -> str:
        if not value:
            raise StackError(f"the {self.mode} stack has no {name} that tests may use")
        return value

    def service(self, name: str) -> Service:
        """A service that this run controls.

        Raises:
            StackError: there is none of that name, or this stack lets nobody control its services.
        """
        if name in self.services:
            return self.services[name]
        known = ", ".join(self.services) or "none: use Skip Unless Stack Can    kill services"
        raise StackError(f"the {self.mode} stack has no service '{name}' to control; it has {known}")

    def can(self, ability: str) -> bool:
        """Whether the stack has one of `ABILITIES`."""
        return ability in self._abilities

    @property
    def abilities(self) -> list[str]:
        return sorted(self._abilities)

    def probes(self) -> Mapping[str, Callable[[], str]]:
        """What is asked to know whether the stack is healthy, by the dependency's name."""
        possible = {
            "postgres": (self.addresses.postgres, readiness.postgres),
            "redis": (self.addresses.redis, readiness.redis),
            "http": (self.addresses.http, readiness.http),
            "ws": (self.addresses.ws, readiness.tcp),
        }
        return {name: partial(probe, url) for name, (url, probe) in possible.items() if url}

    def checks(self) -> list[Check]:
        """The state of every dependency, asked at the same time: one that hangs does not hide the others."""
        probes = self.probes()
        pool = ThreadPoolExecutor(len(probes))
        try:
            return list(pool.map(readiness.check, probes.keys(), probes.values()))
        finally:
            pool.shutdown(wait=False)

    def save_logs(self, target: Path) -> None:
        """Copies the logs of the services that this run started to the directory `target`."""

    def stop(self) -> None:
        """Ends what belongs to this run; a stack that was there before stays."""


def without_password(url: str) -> str:
    """The URL with the user's name but without the password."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{parts.username}@{host}" if parts.username else host))
