"""The stack's Redis as faults reach it: its clients, its keys, and what outlives a connection."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Literal, TypeVar

from wireproof import stack
from wireproof.faults.errors import FaultError, UnableError
from wireproof.stack import undo_redis
from wireproof.stack.undo_redis import Commands
from wireproof.wiretext import safe

Kind = Literal["normal", "pubsub"]
Answer = TypeVar("Answer")

_OURS = "wireproof"
"""What all connections of this library are called."""
_POPS = ("blpop", "brpop", "brpoplpush", "blmove", "blmpop", "bzpopmin", "bzpopmax", "bzmpop")
_WAITING = frozenset({*_POPS, "xread", "xreadgroup", "wait", "waitaof"})
"""Commands that wait for something by themselves."""
_ADMINISTRATION = ("cmdstat_info", "cmdstat_client", "cmdstat_acl")


@dataclass(frozen=True, slots=True)
class Client:
    """A connection of somebody else.

    Attributes:
        number: Redis's number of it.
        name: what it calls itself.
        user: whom it logged in as.
        is_blocked: whether its command has to wait, by no will of its own.
    """

    number: int
    name: str
    user: str
    is_blocked: bool


class Cache:
    """The Redis of the running stack, and one connection to it.

    Attributes:
        url: where it is, password included.
    """

    def __init__(self, url: str = "") -> None:
        self.url = url or stack.current().addresses.redis
        self._client: Any = None

    def ask(self, question: Callable[[Any], Answer]) -> Answer:
        """The answer to commands that may be sent twice: a connection that was lost is replaced once.

        Raises:
            FaultError: Redis refuses, or does not answer.
        """
        import redis

        with plainly():
            try:
                return question(self._ready())
            except (redis.ConnectionError, OSError):
                self.close()
                return question(self._ready())

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    def others(self, kind: Kind, name: str = "") -> list[Client]:
        """The connections of others.

        Args:
            kind: those that listen to channels, or those that do not.
            name: pattern of the names that are meant, all when empty.
        """
        found = [
            Client(
                int(one["id"]),
                one["name"],
                one.get("user", ""),
                "b" in one["flags"] and one["cmd"].partition("|")[0] not in _WAITING,
            )
            for one in self.ask(lambda client: client.client_list(_type=kind))
        ]
        return [one for one in found if one.name != _OURS and (not name or fnmatchcase(one.name, name))]

    def kill(self, clients: Sequence[Client]) -> int:
        """Ends connections; returns how many it were."""
        return sum(
            int(self.ask(lambda client, number=one.number: client.client_kill_filter(_id=str(number))))  # type: ignore[misc]
            for one in clients
        )

    def blocked(self) -> list[Client]:
        """The connections of others whose command has to wait."""
        return [client for client in self.others("normal") if client.is_blocked]

    def calls(self) -> int:
        """How many commands were executed so far, without those that only look after Redis."""
        found = self.ask(lambda client: client.info("commandstats"))
        return sum(int(stats["calls"]) for name, stats in found.items() if not name.startswith(_ADMINISTRATION))

    def ended(self) -> int:
        """How many connections have ended so far."""
        found = self.ask(lambda client: client.info())
        return int(found["total_connections_received"]) - int(found["connected_clients"])

    def settings(self, *names: str) -> dict[str, str]:
        """What is configured."""
        found = self.ask(lambda client: [client.config_get(name) for name in names])
        return {name: str(value) for one in found for name, value in one.items() if name in names}

    def errors(self, code: str) -> int:
        """How often an error was answered so far."""
        found = self.ask(lambda client: client.info("errorstats"))
        return int(found.get(f"errorstat_{code}", {}).get("count", 0))

    def refused_logins(self) -> int:
        """How many log-ins the log of Redis holds that were refused."""
        log = self.ask(lambda client: client.acl_log())
        return sum(int(entry["count"]) for entry in log if entry["reason"] == "auth")

    def empty(self, *, all_databases: bool) -> int:
        """Removes every key; returns how many it were."""
        with plainly():
            doing = self._ready().pipeline()
            doing.info("keyspace")
            doing.dbsize()
            if all_databases:
                doing.flushall()
            else:
                doing.flushdb()
            keyspace, size, _ = doing.execute()
        return sum(int(one["keys"]) for one in keyspace.values()) if all_databases else int(size)

    def _ready(self) -> Any:  # the driver types its commands by halves
        if self._client is None:
            self._client = undo_redis.connect(self.url)
        return self._client


class Growth:
    """How much a counter of Redis has grown since now; one that a restart began anew counts from 0."""

    def __init__(self, counter: Callable[[], int]) -> None:
        self._counter = counter
        self._before = counter()

    def __call__(self) -> int:
        now = self._counter()
        return now - self._before if now >= self._before else now


class Noted:
    """A fault in Redis that outlives its connection, noted before it is done.

    Args:
        cache: where.
        deed: what it is, in words.
        do: the commands that do it.
        undo: the commands that undo it.
        access: whether the fault keeps others out, so that its note has to let in who heals it.
    """

    def __init__(self, cache: Cache, deed: str, do: Commands, undo: Commands, *, access: str | None = None) -> None:
        self.cache = cache
        self.deed = deed
        self._do = do
        self._undo = undo
        self._access = access
        self._note = ""

    def do(self) -> None:
        """Does it."""
        self._note = undo_redis.new_note(access=self._access is not None)
        try:
            self.cache.ask(self._write_note)
        except UnableError:
            self._note = ""  # nothing is noted, nor may we undo it
            raise
        for command in self._do:
            self.cache.ask(lambda client, command=command: client.execute_command(*command))  # type: ignore[misc]

    def undo(self) -> None:
        """Undoes it and ends the connection; does nothing when nothing was noted."""
        with self.healing():
            pass

    @contextmanager
    def healing(self) -> Iterator[None]:
        """Undoes it, and ends the connection when the block is over."""
        try:
            if self._note:
                self.cache.ask(lambda client: undo_redis.undo(client, self.cache.url, self._note, self._undo))
                self._note = ""
            yield
        finally:
            self.cache.close()

    def _write_note(self, client: Any) -> None:
        undo_redis.note(client, self._note, self.deed, self._undo, access=self._access)


@contextmanager
def plainly() -> Iterator[None]:
    """What Redis says becomes one plain line.

    Raises:
        UnableError: our user may not do that, or this Redis cannot.
        FaultError: anything else that Redis refuses, or it does not answer.
    """
    import redis

    try:
        yield
    except (redis.exceptions.NoPermissionError, redis.AuthenticationError) as error:
        raise UnableError(f"Redis does not let our user do that: {safe(error, 300)}") from None
    except (redis.RedisError, OSError) as error:
        if "unknown" in str(error).lower():
            raise UnableError(f"this Redis cannot do that: {safe(error, 300)}") from None
        raise FaultError(f"Redis: {safe(error, 300)}") from None
