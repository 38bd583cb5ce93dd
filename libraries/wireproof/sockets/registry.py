"""The clients there are: their names, groups, owners and defaults."""

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

from wireproof import scopes
from wireproof.quantities import Backoff, Rate
from wireproof.sockets.client import Client
from wireproof.sockets.errors import SocketsError
from wireproof.sockets.guard_rails import GuardRails
from wireproof.sockets.options import Options
from wireproof.sockets.outcomes import Opened
from wireproof.sockets.parallel import in_parallel
from wireproof.sockets.patience import Patience
from wireproof.wiretext import safe

EVERYBODY = "all"
"""The name of the group of all clients."""

_GOODBYE_S = 1.0


@dataclass
class Registry:
    """Every client that a running scope owns, by name."""

    _clients: dict[str, Client] = field(default_factory=dict)
    _groups: dict[str, list[str]] = field(default_factory=dict)
    _owners: dict[str, scopes.Scope] = field(default_factory=dict)
    _defaults: dict[scopes.Scope, Options] = field(default_factory=dict)
    _releasing: set[scopes.Scope] = field(default_factory=set)
    guard_rails: GuardRails = field(default_factory=GuardRails)

    # -- names -------------------------------------------------------------------------------------------------------

    def find(self, name: str) -> Client:
        """The client of that name.

        Raises:
            SocketsError: there is none; the text lists those there are.
        """
        if name in self._clients:
            return self._clients[name]
        if name in self._groups:
            raise SocketsError(f"'{safe(name)}' is a group of {len(self._groups[name])} clients; one client is needed")
        raise SocketsError(f"no client named '{safe(name)}'; {self._known()}")

    def resolve(self, names: Iterable[str]) -> list[Client]:
        """The clients that names of clients and groups stand for, each once, in order; `all` is everybody.

        Raises:
            SocketsError: a name is unknown.
        """
        found: dict[str, Client] = {}
        for name in names:
            if name == EVERYBODY and self._clients:
                found.update(self._clients)
            elif name in self._groups:
                found.update({member: self._clients[member] for member in self._groups[name]})
            else:
                found[name] = self.find(name)
        return list(found.values())

    def _known(self) -> str:
        if not self._clients:
            return "none is open, call Open Client first"
        single = [name for name in self._clients if not any(name in group for group in self._groups.values())]
        groups = [f"{name} (group of {len(members)})" for name, members in self._groups.items()]
        return f"there are {', '.join(safe(name, 40) for name in [*groups, *single])}"

    # -- opening -----------------------------------------------------------------------------------------------------

    def open(self, name: str, options: Options) -> Opened:
        """Opens one client, owned by the running scope.

        Raises:
            SocketsError: the name is taken, or the connection did not come about.
        """
        self.guard_rails.allow_connections(self._open_count, 1)
        client = self._admit(name, options)
        try:
            return client.open()
        except (SocketsError, ValueError) as error:
            self._forget([name])
            raise SocketsError(f"{safe(name)} could not open {safe(options.url)}: {error}") from None
        except BaseException:
            self._forget([name])
            raise

    def open_group(self, group: str, members: Sequence[tuple[str, Options]], rate: Rate | None = None) -> list[Opened]:
        """Opens many clients at once; if some fail none stays open, and those that failed are named.

        Raises:
            SocketsError: a name is taken, or some connections did not come about.
        """
        if group in self._groups or group == EVERYBODY or group in self._clients:
            raise SocketsError(f"'{safe(group)}' is taken: close its clients first, or choose another name")
        names = [name for name, _ in members]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise SocketsError(f"a group's clients need different names; given twice: {', '.join(map(safe, twice))}")
        self.guard_rails.allow_connections(self._open_count, len(members))
        clients = []
        try:
            for name, options in members:
                clients.append(self._admit(name, options))
            results = in_parallel([client.open for client in clients], rate=rate)
        except BaseException:
            self._forget(names[: len(clients)])
            raise
        opened = [result for result in results if isinstance(result, Opened)]
        if len(opened) < len(clients):
            self._forget(names)
            raise SocketsError(_failures(names, results))
        self._groups[group] = names
        return opened

    @property
    def _open_count(self) -> int:
        return sum(client.state != "closed" for client in self._clients.values())

    def _admit(self, name: str, options: Options) -> Client:
        known = self._clients.get(name)
        if not name.strip() or name == EVERYBODY:
            raise SocketsError(f"'{safe(name)}' cannot be a client's name: choose another one")
        if name in self._groups:
            raise SocketsError(f"'{safe(name)}' is the name of a group: choose another one")
        if known is not None and known.state != "closed":
            raise SocketsError(
                f"{safe(name)} is already {known.state}, {known.opened_by} opened it: close it first, or choose "
                "another name"
            )
        scope = scopes.current()
        client = Client(name, options, str(scope))
        self._clients[name] = client
        self._owners[name] = scope
        self._release_with(scope)
        return client

    def reconnect(self, clients: Sequence[Client], changes: Options, backoff: Backoff, timeout_s: float) -> None:
        """Opens clients again, all at once; `changes` take the place of what they were opened with.

        Raises:
            SocketsError: some did not come back; they stay, closed.
        """
        jobs = [partial(client.reconnect, changes.over(client.options), backoff, timeout_s) for client in clients]
        results = in_parallel(jobs)
        if any(isinstance(result, Exception) for result in results):
            raise SocketsError(_failures([client.name for client in clients], results, "open again"))

    def each(self, clients: Sequence[Client], act: Callable[[Client, threading.Event], object]) -> None:
        """Does something with all clients at once.

        Raises:
            SocketsError: it failed for some.
        """
        results = in_parallel([partial(act, client) for client in clients])
        failed = [str(result) for result in results if isinstance(result, Exception)]
        if failed:
            raise SocketsError("; ".join(dict.fromkeys(failed)))

    # -- ending ------------------------------------------------------------------------------------------------------

    def close_all(self) -> None:
        """Closes every client and forgets it; one that does not answer is reset."""
        self._forget(list(self._clients))

    def _release_with(self, scope: scopes.Scope) -> None:
        if scope not in self._releasing:
            self._releasing.add(scope)
            scope.defer(partial(self._release, scope))

    def _release(self, scope: scopes.Scope) -> None:
        self._releasing.discard(scope)
        self._defaults.pop(scope, None)
        self._forget([name for name, owner in self._owners.items() if owner is scope])

    def _forget(self, names: Sequence[str]) -> None:
        clients = [self._clients.pop(name) for name in names]
        for name in names:
            del self._owners[name]
        left = {group: [name for name in members if name in self._clients] for group, members in self._groups.items()}
        self._groups = {group: members for group, members in left.items() if members}
        in_parallel([partial(_goodbye, client) for client in clients])

    # -- defaults ----------------------------------------------------------------------------------------------------

    def set_defaults(self, scope: scopes.Scope, options: Options) -> Options:
        """Changes the defaults of a scope; they end with it. Returns what was in force before."""
        before = self.with_defaults(Options())
        self._release_with(scope)
        self._defaults[scope] = options.over(self._defaults.get(scope, Options()))
        return before

    def with_defaults(self, options: Options) -> Options:
        """`options`, with the defaults of the innermost scope that has them where nothing was given."""
        merged = Options()
        for scope in sorted(self._defaults, key=lambda scope: scope.started_ns):
            merged = self._defaults[scope].over(merged)
        return options.over(merged)


def _goodbye(client: Client, cancelled: threading.Event) -> bool:
    return client.end(patience=Patience(_GOODBYE_S, cancelled))


def _failures(names: Sequence[str], results: Sequence[object], what: str = "open") -> str:
    failed = [(name, result) for name, result in zip(names, results, strict=True) if isinstance(result, Exception)]
    # Many clients fail for few reasons: each is told once, with the names it befell.
    by_reason: dict[str, list[str]] = {}
    for name, error in failed:
        by_reason.setdefault(str(error), []).append(safe(name, 40))
    if len(names) == 1:
        return f"{safe(names[0])} could not {what}: {failed[0][1]}"
    told = "; ".join(f"{', '.join(who)}: {why}" for why, who in by_reason.items())
    return f"{len(failed)} of {len(names)} clients could not {what}: {told}"
