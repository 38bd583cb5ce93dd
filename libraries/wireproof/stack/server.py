"""The reference server as a service: a process of this run."""

import importlib.util
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from wireproof.stack import janitor, ports, readiness
from wireproof.stack.readiness import NotReadyError
from wireproof.stack.rundir import Command, RunDirectory
from wireproof.stack.services import Service, free_port
from wireproof.stack.settings import PREFIX, Setting, environment

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


class ServerService(Service):
    """A node of the reference server, in test mode, with token authentication."""

    def __init__(
        self, name: str, run: RunDirectory, config: ServerConfig, ports: tuple[int, int] | None = None
    ) -> None:
        super().__init__(name, run)
        self.config = config
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

    def choose_ports(self) -> None:
        self.ws_port, self.http_port = free_port(), free_port()

    def command(self) -> Command:
        config = self.config
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


def token_secret_file(run: RunDirectory) -> Path:
    """Where the secret lies that signs the tokens of a run's servers."""
    return run.path / "token-secret"


def obstacle() -> str:
    """Why no server can be started here, with what to do; empty when one can."""
    if sys.platform == "win32":
        return "not on Windows"
    missing = [name for name in (_PACKAGE, *_NEEDED) if importlib.util.find_spec(name) is None]
    return f"missing: {', '.join(missing)}; pip install 'robotframework-wireproof[stack]'" if missing else ""
