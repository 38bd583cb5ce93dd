"""Keywords for faults inside Redis."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Literal
from urllib.parse import unquote, urlsplit

from robot.api.deco import keyword

from wireproof.faults.active import nothing
from wireproof.faults.component import DataComponent, lasting_s, positive_s
from wireproof.faults.errors import FaultError
from wireproof.faults.fault import Fault
from wireproof.faults.measured import MeasuredFault
from wireproof.faults.redis.cache import Cache, Client, Growth, Kind, Noted
from wireproof.faults.repeat import Repeat
from wireproof.quantities import Duration
from wireproof.stack import undo_redis
from wireproof.wiretext import safe

# mypy: implicit-optional
# ruff: noqa: RUF013
# Robot keeps a converter's reason only where a type stands alone: `x: T = None`, not `T | None`.

REDIS = "redis"
_LOOK_S = 0.05


class CacheKeywords(DataComponent):
    """Pauses, connections, memory, keys and access of the stack's Redis."""

    @keyword(tags=["Faults", "Cache"])
    def pause_cache(
        self, what: Literal["writes", "all"] = "writes", *, duration: timedelta = timedelta(seconds=2)
    ) -> Fault:
        """Lets commands wait in Redis until it is healed or the time is over.

        Args:
            what: `writes`, or `all` commands. Then Redis listens to nobody: healing waits until the time is over, as
                every keyword of Redis does.
            duration: how long at most; with `all` no more than 20 s.

        Returns:
            The fault; its effect counts the `clients` that had to wait. With `all` it counts, when it is over, the
            `commands` that had to wait and the `clients` that gave up.

        ```robotframework
        Pause Cache    duration=10s
        Run Keyword And Expect Error    *TimeoutError*    Evaluate
        ...    redis.Redis.from_url($CACHE_URL.value, socket_timeout=0.3, retry=None).set("a", "b")    modules=redis
        ```
        """
        length_s = positive_s(duration, "duration")
        if what == "all" and length_s > _LONGEST_PAUSE_S:
            raise FaultError(
                f"duration is {length_s:g} s: give at most {_LONGEST_PAUSE_S} s, nobody can end a pause of all earlier"
            )
        cache = self._cache()
        return self._pause_all(cache, duration) if what == "all" else self._pause_writes(cache, duration)

    @keyword(tags=["Faults", "Cache"])
    def kill_cache_subscribers(self, *, name: str = "", every: timedelta = None, duration: timedelta = None) -> Fault:
        """Ends the connections that listen to channels; those of this library stay.

        Args:
            name: pattern of the connections' names that are meant, such as `reference_server-*`; all if not given.
            every: does it again and again, so often, until it is healed.
            duration: how long with `every`, until it is healed if not given.

        Returns:
            The fault; its effect counts the `clients`.

        ```robotframework
        Kill Cache Subscribers
        Wait Until Stack Is Ready
        ```
        """
        return self._kill("pubsub", "subscribers", name, every, duration)

    @keyword(tags=["Faults", "Cache"])
    def kill_cache_clients(self, *, name: str = "", every: timedelta = None, duration: timedelta = None) -> Fault:
        """Ends the connections that do not listen to channels; those of this library stay.

        Args:
            name: pattern of the connections' names that are meant, such as `reference_server-*`; all if not given.
            every: does it again and again, so often, until it is healed.
            duration: how long with `every`, until it is healed if not given.

        Returns:
            The fault; its effect counts the `clients`.

        ```robotframework
        Kill Cache Clients    name=reference_server-*
        Wait Until Stack Is Ready
        ```
        """
        return self._kill("normal", "clients", name, every, duration)

    @keyword(tags=["Faults", "Cache"])
    def fill_cache(self, *, duration: timedelta = None) -> Fault:
        """Lets Redis refuse what needs memory ("OOM"): its limit is set below what it uses.

        Publishing needs none and goes on.

        Args:
            duration: how long, until it is healed if not given.

        Returns:
            The fault; its effect counts the `commands` that were refused.

        ```robotframework
        ${full}    Fill Cache
        Run Keyword And Expect Error    *used memory*    Evaluate
        ...    redis.Redis.from_url($CACHE_URL.value).set("greeting", "hello")    modules=redis
        Heal Fault    ${full}
        ```
        """
        cache = self._cache()
        before = cache.settings("maxmemory", "maxmemory-policy")
        undo = [("CONFIG", "SET", name, value) for name, value in before.items()]
        do = [("CONFIG", "SET", "maxmemory-policy", "noeviction"), ("CONFIG", "SET", "maxmemory", "1")]
        refused = Growth(lambda: cache.errors("OOM"))
        noted = Noted(cache, "out of memory", do, undo)
        return self._note(noted, "memory", lambda: {"commands": refused()}, duration)

    @keyword(tags=["Faults", "Cache"])
    def empty_cache(self, *, all_databases: bool = False) -> Fault:
        """Removes every key, as a restart without persistence does; nothing brings them back.

        A cache without a key has nothing to lose: then it fails, for a test of its loss would show nothing.

        Args:
            all_databases: also the keys of the other numbered databases of this Redis.

        Returns:
            The fault; its effect counts the `keys`.

        ```robotframework
        Evaluate    redis.Redis.from_url($CACHE_URL.value).set("greeting", "hello")    modules=redis
        Empty Cache
        Redis Key Should Not Exist    greeting
        ```
        """
        cache = self._cache()
        fault = Fault(REDIS, "emptied", nothing)

        def do() -> None:
            keys = cache.empty(all_databases=all_databases)
            cache.close()
            if not keys:
                raise FaultError("the cache is empty already: there is nothing to lose")
            fault.touch("keys", keys)

        return self.active.once(fault, do)

    @keyword(tags=["Faults", "Cache"])
    def revoke_cache_access(self, *, duration: timedelta = None) -> Fault:
        """Lets nobody log in to Redis as the user that the stack uses, and ends the connections that did.

        Connections of this library that are open stay; new ones are refused, too.

        Args:
            duration: how long, until it is healed if not given.

        Returns:
            The fault; its effect counts the `clients` that were ended and the `logins` that were refused.

        ```robotframework
        ${locked}    Revoke Cache Access
        Heal Fault    ${locked}
        Wait Until Stack Is Ready
        ```
        """
        cache = self._cache()
        user = undo_redis.user_of(cache.url)
        password = unquote(urlsplit(cache.url).password or "")
        noted = Noted(
            cache,
            f"access of user {safe(user, 60)} revoked",
            [("ACL", "SETUSER", user, "off")],
            [("ACL", "SETUSER", user, "on")],
            access=password,
        )
        refused = Growth(cache.refused_logins)
        ended = []

        def do() -> None:
            noted.do()
            here = cache.others("normal") + cache.others("pubsub")
            ended.append(cache.kill([client for client in here if client.user == user]))

        def measure() -> dict[str, int]:
            return {"clients": sum(ended), "logins": refused()}

        return self.active.begin(
            MeasuredFault(REDIS, noted.deed, noted.undo, ("access",), measure=measure), do, lasting_s(duration)
        )

    def _pause_writes(self, cache: Cache, duration: timedelta) -> Fault:
        waited: set[int] = set()

        def look() -> None:
            waited.update(client.number for client in cache.blocked())

        def measure() -> dict[str, int]:
            look()
            return {"clients": len(waited)}

        looking = Repeat(_LOOK_S, look)
        noted = Noted(cache, "writes paused", [_pause(duration, "WRITE")], [("CLIENT", "UNPAUSE")])

        def do() -> None:
            noted.do()
            looking.start()

        def heal() -> None:
            with suppress(FaultError):  # who asked for the effect has heard of it
                looking.stop()
            noted.undo()

        return self.active.begin(
            MeasuredFault(REDIS, noted.deed, heal, ("answering",), measure=measure), do, lasting_s(duration)
        )

    def _pause_all(self, cache: Cache, duration: timedelta) -> Fault:
        noted = Noted(cache, "all paused", [_pause(duration, "ALL")], [("CLIENT", "UNPAUSE")])
        counted: list[tuple[str, Growth]] = []

        def do() -> None:
            counted.extend([("commands", Growth(cache.calls)), ("clients", Growth(cache.ended))])
            noted.do()

        def heal() -> None:
            with noted.healing():
                # nothing was executed since it began, and what waited was executed before anything newer
                while counted:
                    what, growth = counted.pop()
                    fault.touch(what, growth())

        fault = Fault(REDIS, noted.deed, heal, ("answering",))
        return self.active.begin(fault, do, lasting_s(duration))

    def _kill(self, kind: Kind, what: str, name: str, every: timedelta | None, duration: timedelta | None) -> Fault:
        self.require_repetition(every, duration)
        cache = self._cache()
        if every is None:
            return self._kill_once(cache, kind, what, name)
        interval_s = positive_s(every, "every")

        def again() -> None:
            fault.touch("clients", cache.kill(cache.others(kind, name)))

        def heal() -> None:
            try:
                repeat.stop()
            finally:
                cache.close()

        repeat = Repeat(interval_s, again)
        fault = Fault(REDIS, f"{what} killed every {Duration(interval_s)}", heal)
        return self.active.begin(fault, repeat.start, lasting_s(duration))

    def _kill_once(self, cache: Cache, kind: Kind, what: str, name: str) -> Fault:
        found = cache.others(kind, name)
        if not found:
            meant = f" '{safe(name, 60)}'" if name else ""
            raise FaultError(
                f"no {what}{meant} of Redis to kill; there is {_names(cache.others(kind))}: "
                "check the name, or that a server uses this Redis"
            )
        fault = Fault(REDIS, f"{what} killed", cache.close)
        return self.active.once(fault, lambda: fault.touch("clients", cache.kill(found)))

    def _note(
        self, noted: Noted, claim: str, measure: Callable[[], dict[str, int]], duration: timedelta | None
    ) -> Fault:
        fault = MeasuredFault(REDIS, noted.deed, noted.undo, (claim,), measure=measure)
        return self.active.begin(fault, noted.do, lasting_s(duration))

    def _cache(self) -> Cache:
        self.require("read cache")
        return Cache()


_LONGEST_PAUSE_S = 20
"""Shorter than the patience of who heals it."""


def _pause(duration: timedelta, what: Literal["WRITE", "ALL"]) -> tuple[str, ...]:
    return ("CLIENT", "PAUSE", str(round(duration.total_seconds() * 1000)), what)


def _names(clients: list[Client]) -> str:
    return ", ".join(sorted({safe(client.name, 60) or "unnamed" for client in clients})) or "none"
