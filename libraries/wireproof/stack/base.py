"""What a running stack is to everyone else: addresses, credentials, services, abilities and health."""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from wireproof.links import Address
from wireproof.quantities import Rate
from wireproof.stack import readiness
from wireproof.stack.added import AddedServers, Server
from wireproof.stack.addresses import Addresses
from wireproof.stack.errors import StackError, attempt_all
from wireproof.stack.readiness import Check
from wireproof.stack.server import ServerService
from wireproof.stack.services import Service
from wireproof.stack.settings import FUNCTIONAL, Setting
from wireproof.wiretext import safe

ABILITIES = {
    "start server": "start another server with its own settings and database; stop, kill, ... that one",
    "kill services": "start, stop, kill, suspend, resume and restart the stack's own services",
    "reroute": "restart the stack's own server with its database or cache reached through a link",
    "mint tokens": "make tokens for any user and device through POST /test/tokens",
    "read sessions": "look into PostgreSQL's sessions",
    "read cache": "look into Redis",
    "be disturbed": "take faults in its database, cache and services: its data may be thrown away",
    "attribute sessions": "know which of PostgreSQL's and Redis's connections are whose",
}
"""What a stack may be able to do, by the names that `Skip Unless Stack Can` takes."""


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
        exclusive: whether this run alone uses it. Others may use one that was there before, also at the same time.
        services: those that this run controls, by name; each comes after those that it needs.
        warnings: what whoever uses it should be told.
    """

    def __init__(
        self,
        mode: str,
        addresses: Addresses,
        *,
        abilities: Iterable[str] = (),
        lacks: Mapping[str, str] | None = None,
        disposable: bool = False,
        exclusive: bool = False,
        guards: Guards | None = None,
        server_settings: Mapping[str, Setting] = FUNCTIONAL,
    ) -> None:
        """Knows a stack that runs.

        Args:
            mode: embedded, compose or external.
            addresses: where it is; with the ability to start a server, PostgreSQL, Redis and the secret among them.
            abilities: those of `ABILITIES` that it has.
            lacks: why it has not some of the others, by their names.
            disposable: whether its data may be thrown away.
            exclusive: whether this run alone uses it.
            guards: what may be done to it.
            server_settings: what an added server has unless it is told otherwise.
        """
        self.mode = mode
        self.addresses = addresses
        self.disposable = disposable
        self.exclusive = exclusive
        self.guards = guards or Guards("reset" if disposable else "owner")
        self.services: dict[str, Service] = {}
        self.warnings: list[str] = []
        self._abilities = frozenset({*abilities, *(["be disturbed"] if disposable else [])})
        self._lacks = lacks or {}
        self._added = AddedServers(addresses, self.services, server_settings)

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
            StackError: there is none of that name, or it is the stack's own and this stack cannot kill services.
        """
        if name in self.services:
            return self.services[name]
        known = ", ".join(self.services) or "none"
        problem = f"the {self.mode} stack has no service '{name}' to control"
        if self.can("kill services"):
            raise StackError(f"{problem}; it has {known}")
        raise StackError(
            f"{problem}: it cannot {self.lack('kill services')}, only servers that tests started (now {known}); "
            "call Skip Unless Stack Can    kill services"
        )

    def can(self, ability: str) -> bool:
        """Whether the stack has one of `ABILITIES`.

        Raises:
            StackError: there is no such ability: who asks for one that is misspelt would wait for it for ever.
        """
        if ability not in ABILITIES:
            raise StackError(f"no stack has an ability '{safe(ability)}'; there are {', '.join(ABILITIES)}")
        return ability in self._abilities

    def lack(self, ability: str) -> str:
        """An ability that the stack has not, with the reason where one is known."""
        return f"{ability} ({self._lacks[ability]})" if ability in self._lacks else ability

    @property
    def abilities(self) -> list[str]:
        return sorted(self._abilities)

    def start_server(
        self,
        settings: Mapping[str, Setting],
        name: str = "",
        via: Mapping[str, Address] | None = None,
        node_of: str = "",
    ) -> Server:
        """Starts another server with settings and a database of its own, in the stack's PostgreSQL and Redis.

        Args:
            settings: by their camelCase names; what is not given is as in functional tests, or as this run was told.
            name: its name as a service, ``server-2``, ``server-3``, ... when empty.
            via: where it reaches postgres or redis instead of at their own addresses, such as at a fault proxy's.
            node_of: a running server; the new one is a node of it, on the same database.

        Raises:
            StackError: the stack lacks the ability, the name is taken, a server, setting or dependency is unknown, or
                it did not start.
        """
        if not self.can("start server"):
            lack = self.lack("start server")
            raise StackError(f"the {self.mode} stack cannot {lack}: call Skip Unless Stack Can    start server")
        return self._added.start(settings, name, via or {}, node_of)

    def reroute(self, service: str, dependency: str, address: Address | None) -> None:
        """Makes a server reach a dependency elsewhere, with the same credentials, and starts it anew if it is there.

        Args:
            service: the stack's own server, or one that `start_server` started.
            dependency: postgres or redis.
            address: where, such as at a fault proxy; None for the dependency's own address.

        Raises:
            StackError: that is no server that this run can reroute, the dependency is unknown, or it does not start.
        """
        self.reroutable(service).reroute(dependency, address)

    def reroutable(self, name: str) -> ServerService:
        """A server whose dependencies this run can reroute.

        Raises:
            StackError: it is none.
        """
        if name == "server" and not self.can("reroute"):
            raise StackError(
                f"the {self.mode} stack cannot {self.lack('reroute')}: call Skip Unless Stack Can    reroute"
            )
        found = self.service(name)
        if not isinstance(found, ServerService):
            raise StackError(f"{name} is no server: only a server has dependencies to reroute")
        return found

    def end_server(self, name: str) -> None:
        """Ends a server that `start_server` started and removes its database; does nothing when it has ended."""
        self._added.end(name)

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
        self._added.save_logs(target)

    def stop(self) -> None:
        """Ends what belongs to this run, added servers first; a stack that was there before stays, and whole."""
        attempt_all([self._added.close, self._leave])

    def _leave(self) -> None:
        if not self.exclusive:
            attempt_all(service.leave for service in self.services.values())
