"""Servers that a run adds beside a stack's own: processes of this run, in the stack's PostgreSQL and Redis."""

import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from pathlib import Path

from wireproof.links import Address
from wireproof.stack import databases, readiness
from wireproof.stack.addresses import Addresses, without_password
from wireproof.stack.errors import StackError, attempt_all
from wireproof.stack.readiness import NotReadyError, version
from wireproof.stack.rundir import RunDirectory, write_private
from wireproof.stack.server import ServerConfig, ServerService, token_secret_file
from wireproof.stack.services import Service
from wireproof.stack.settings import NOT_REPORTED, Setting
from wireproof.wiretext import safe

OWN = ("postgres", "redis", "server")
"""The names of a stack's own services, in the order in which they need each other."""

QUICK_STOP_S = 3.0
"""How long a server whose data is thrown away may take to end in good order."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server started beside the stack's own.

    Attributes:
        name: its name as a service.
        ws: URL of its WebSocket gateway.
        http: base URL of its HTTP API.
        postgres: URL of its database, without the password.
    """

    name: str
    ws: str
    http: str
    postgres: str


class AddedServers:
    """Starts servers and ends them with everything they left.

    They live in a run directory of their own, so that they end with this process, however it dies, and not with the
    stack, which others may use.
    """

    def __init__(self, addresses: Addresses, services: dict[str, Service], settings: Mapping[str, Setting]) -> None:
        """Nothing happens until the first server starts.

        Args:
            addresses: where PostgreSQL and Redis are, and what signs the tokens.
            services: those of the stack, to which servers are added and from which they are taken again.
            settings: what a server has unless it is told otherwise.
        """
        self._addresses = addresses
        self._services = services
        self._settings = settings
        self._databases: dict[str, str] = {}  # by the server's name; empty for a node of the stack's own server
        self._run: RunDirectory | None = None

    def start(
        self, settings: Mapping[str, Setting], name: str, via: Mapping[str, Address], node_of: str = ""
    ) -> Server:
        """Starts a server with settings and a database of its own, or one more node of a server.

        Args:
            settings: by their camelCase names; what is not given is as for the others, or for that server.
            name: its name as a service, ``server-2``, ``server-3``, ... when empty.
            via: where it reaches dependencies instead of at their own addresses, by their names.
            node_of: the server whose database, and whose part of Redis, it shares.

        Raises:
            StackError: the name is taken, a server, setting or dependency is unknown, or the server did not start.
        """
        if not re.fullmatch("[a-z0-9-]*", name):
            raise StackError(f"'{safe(name)}' is no name for a server: use small letters, digits and -")
        name = name or next(free for number in count(2) if (free := f"server-{number}") not in self._services)
        if name in OWN or name in self._services:
            raise StackError(f"a service '{name}' is running already: choose another name")
        self._run = self._run or self._make_run()
        config = self._node_of(node_of) if node_of else self._alone(name, token_secret_file(self._run))
        config = replace(config, settings={**config.settings, **settings})
        service = ServerService(name, self._run, config, via=via)
        if not node_of:
            databases.create(self._addresses.postgres, config.redis_prefix)
        self._services[name] = service
        self._databases[name] = self._databases.get(node_of, "") if node_of else config.redis_prefix
        try:
            service.start()
            require_known(settings, service.http_endpoint)
        except BaseException:
            self.end(name)
            raise
        return Server(name, service.endpoint, service.http_endpoint, without_password(config.database_url))

    def _alone(self, name: str, secret_file: Path) -> ServerConfig:
        """What makes a server that has a database to itself, and keys under the database's name."""
        database = f"{name}-{secrets.token_hex(4)}"
        url = databases.beside(self._addresses.postgres, database)
        return ServerConfig(self._settings, url, self._addresses.redis, database, secret_file)

    def _node_of(self, name: str) -> ServerConfig:
        """What makes a node of a running server."""
        service = self._services.get(name)
        if not isinstance(service, ServerService):
            known = ", ".join(known for known, other in self._services.items() if isinstance(other, ServerService))
            raise StackError(f"there is no server '{safe(name)}' to add a node to; running: {known or 'none'}")
        return service.config

    def _make_run(self) -> RunDirectory:
        run = RunDirectory.create(None)
        write_private(token_secret_file(run), self._addresses.token_secret)
        return run

    def end(self, name: str) -> None:
        """Ends a server, and removes its database with the last of its nodes; does nothing when it has ended."""
        database = self._databases.pop(name, None)
        if database is None:
            return
        attempt_all([partial(self._services.pop(name).end, QUICK_STOP_S), partial(self._drop, database)])

    def _drop(self, database: str) -> None:
        if not database or database in self._databases.values():
            return  # another node's
        with suppress(NotReadyError):  # without PostgreSQL the database stays until the stack ends
            readiness.postgres(self._addresses.postgres)
            databases.drop(self._addresses.postgres, database)

    def save_logs(self, target: Path) -> None:
        """Copies their logs to the directory `target`."""
        if self._run is not None:
            self._run.save_logs(target)

    def close(self) -> None:
        """Ends all of them and removes their run directory."""
        attempt_all([*(partial(self.end, name) for name in self._databases), self._remove_run])

    def _remove_run(self) -> None:
        if self._run is not None:
            self._run.remove()
            self._run = None


def require_known(settings: Mapping[str, Setting], http_endpoint: str) -> None:
    """Asks a server whether it has settings of these names; raises StackError."""
    known = version(http_endpoint).get("settings", {}).keys() | NOT_REPORTED
    unknown = sorted(settings.keys() - known)
    if unknown:
        raise StackError(f"the server has no setting {', '.join(unknown)}; it has {', '.join(sorted(known))}")
