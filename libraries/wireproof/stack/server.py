"""The reference server as a service: a process of this run."""

import importlib.util
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from wireproof.links import Address
from wireproof.stack import janitor, ports, readiness
from wireproof.stack.addresses import moved
from wireproof.stack.errors import StackError
from wireproof.stack.processes import ProcessService, free_port
from wireproof.stack.readiness import NotReadyError
from wireproof.stack.rundir import Command, RunDirectory
from wireproof.stack.settings import PREFIX, Setting, environment
from wireproof.wiretext import safe

DEPENDENCIES = ("postgres", "redis")
"""What a server reaches over the network."""

_PACKAGE = "reference_server"
_NEEDED = ("aiohttp", "asyncpg", "jwt", "msgspec", "prometheus_client", "psycopg", "redis", "websockets")
"""What the server imports, and psycopg, which makes its database."""


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """What makes one server differ from another beside it.

    Attributes:
        settings: its settings by their camelCase names.
        database_url: its database, password included.
        redis_url: its cache, password included.
        redis_prefix: what its keys and channels start with.
        token_secret_file: the file with the secret that signs its tokens.
    """

    settings: Mapping[str, Setting]
    database_url: str
    redis_url: str
    redis_prefix: str
    token_secret_file: Path

    def through(self, via: Mapping[str, Address]) -> "ServerConfig":
        """The same, but with dependencies reached at other addresses; credentials stay.

        Args:
            via: addresses by `DEPENDENCIES`.
        """
        urls = {"postgres": self.database_url, "redis": self.redis_url}
        urls |= {dependency: moved(urls[dependency], address) for dependency, address in via.items()}
        return replace(self, database_url=urls["postgres"], redis_url=urls["redis"])


class ServerService(ProcessService):
    """A node of the reference server, in test mode, with token authentication."""

    def __init__(
        self,
        name: str,
        run: RunDirectory,
        config: ServerConfig,
        ports: tuple[int, int] | None = None,
        via: Mapping[str, Address] | None = None,
    ) -> None:
        """A server that runs already, when its ports are given.

        Args:
            name: its name as a service.
            run: where it runs.
            config: what makes it differ from others, with its dependencies' own addresses.
            ports: those of WebSockets and HTTP.
            via: where dependencies are reached instead, by `DEPENDENCIES`.
        """
        super().__init__(name, run)
        self.config = config
        self._via = {known_dependency(dependency): address for dependency, address in (via or {}).items()}
        self.ws_port, self.http_port = ports or (0, 0)
        self._ports_are_known = ports is not None

    @property
    def endpoint(self) -> str:
        return f"ws://127.0.0.1:{self.ws_port}/"

    @property
    def http_endpoint(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    def probe(self) -> str:
        readiness.tcp(self.endpoint)
        detail = readiness.http(self.http_endpoint)
        if ports.are_known() and not {self.ws_port, self.http_port} <= self._held_ports():
            raise NotReadyError("somebody else answers at its ports")  # such as the server of a run beside this one
        return detail

    def _held_ports(self) -> frozenset[int]:
        process = self.process
        return ports.held_by(member.pid for member in janitor.tree(process)) if process is not None else frozenset()

    def via(self, dependency: str) -> Address | None:
        """Where a dependency is reached instead of at its own address."""
        return self._via.get(known_dependency(dependency))

    def reroute(self, dependency: str, address: Address | None) -> None:
        """Reaches a dependency elsewhere from now on: a server that is there is started anew, in good order.

        Args:
            dependency: one of `DEPENDENCIES`.
            address: where, such as at a fault proxy; None for its own address.

        Raises:
            StackError: there is no such dependency, or the server does not start this way.
        """
        via = {**self._via, known_dependency(dependency): address}
        self._via = {name: elsewhere for name, elsewhere in via.items() if elsewhere is not None}
        if self._via:
            self.claims.take(self._route)
        else:
            self.claims.drop(self._route)
        if self.is_alive():
            self.end()
            self.start()

    @property
    def _route(self) -> str:
        """What others are told of when this run reroutes the server."""
        return f"{self.name}.route"

    def recover(self) -> str:
        if not self.claims.is_abandoned(self._route):
            return super().recover()
        self.claims.drop(self._route)
        if self.is_alive():
            self._kill()
        self.heal()
        return "rerouted"

    def leave(self) -> None:
        if self._via:
            self._via = {}
            self.claims.drop(self._route)
            self.end()
            self.start()
        super().leave()

    def choose_ports(self) -> None:
        self.ws_port, self.http_port = free_port(), free_port()

    def command(self) -> Command:
        config = self.config.through(self._via)
        own = {
            "HOST": "127.0.0.1",
            "WS_PORT": str(self.ws_port),
            "HTTP_PORT": str(self.http_port),
            "DATABASE_URL": config.database_url,
            "REDIS_URL": config.redis_url,
            "REDIS_PREFIX": config.redis_prefix,
            "AUTH_MODE": "token",
            "TOKEN_SECRET_FILE": str(config.token_secret_file),
        }
        # the user's own variables for a server of theirs must not change what the tests find
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        named = {f"{PREFIX}{name}": value for name, value in own.items()}
        return Command(
            (sys.executable, "-m", _PACKAGE, "serve", "--test-mode"),
            cwd=self.run.part("servers"),
            stop_signal=signal.SIGTERM,
            quick_signal=signal.SIGKILL,
            environment={**inherited, **named, **environment(config.settings)},
        )


def known_dependency(name: str) -> str:
    """The name of a dependency, one of `DEPENDENCIES`; raises StackError."""
    if name not in DEPENDENCIES:
        raise StackError(f"a server has no dependency '{safe(name)}'; it has {', '.join(DEPENDENCIES)}")
    return name


def token_secret_file(run: RunDirectory) -> Path:
    """Where the secret lies that signs the tokens of a run's servers."""
    return run.path / "token-secret"


def obstacle() -> str:
    """Why no server can be started here, with what to do; empty when one can."""
    if sys.platform == "win32":
        return "not on Windows"
    missing = [name for name in (_PACKAGE, *_NEEDED) if importlib.util.find_spec(name) is None]
    return f"missing: {', '.join(missing)}; pip install 'robotframework-wireproof[stack]'" if missing else ""
