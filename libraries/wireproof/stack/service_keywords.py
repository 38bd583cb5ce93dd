"""The keywords of `wireproof.Stack` that do something to one service, or to several in turn."""

from collections.abc import Set
from datetime import timedelta
from functools import partial

from robot.api import logger
from robot.api.deco import keyword

from wireproof import scopes
from wireproof import stack as room
from wireproof.links import Address
from wireproof.stack.base import Stack
from wireproof.stack.errors import StackError, attempt_all
from wireproof.stack.routes import through
from wireproof.stack.services import STOP_S, Mode, Service, Stopped

_STOP = timedelta(seconds=STOP_S)


class ServiceKeywords:
    """Start, stop, kill, suspend, resume, restart, reroute: undone when the running test or suite ends."""

    def __init__(self) -> None:
        self._touched: dict[scopes.Scope, set[str]] = {}

    @keyword(tags=["stack", "service"])
    def start_service(self, name: str) -> None:
        """Starts a service on the port that it had, and waits until it is ready; does nothing when it runs.

        Args:
            name: a server of `Start Server`; on a stack that can `kill services` `postgres`, `redis` or `server`, too.

        Example:
        ```robotframework
        Kill Service    redis
        Start Service    redis
        ```
        """
        room.current().service(name).start()

    @keyword(tags=["stack", "service", "faults"])
    def stop_service(self, name: str, *, mode: Mode = "graceful", timeout: timedelta = _STOP) -> Stopped:
        """Ends a service in good order: it finishes what it is doing.

        Args:
            name: as for `Start Service`; it has to run, or be suspended.
            mode: `graceful`; or `immediate`: PostgreSQL cuts its sessions without a word and recovers from its log at
                the next start, as after a crash; other services know no such thing and are killed.
            timeout: how long it may take; then it is killed, with a warning.

        Returns:
            An object with `graceful` (it ended in good order and in time), `exit_code` (minus the number of a signal;
            None where another process started the service) and `took_ms`.

        Example:
        ```robotframework
        ${stopped}    Stop Service    server    timeout=15s
        Should Be True    ${stopped.graceful}
        Should Be Equal    ${stopped.exit_code}    ${0}
        ```
        """
        return _told(name, mode, self._to_be_healed(name).stop(mode, timeout.total_seconds()))

    @keyword(tags=["stack", "service", "faults"])
    def kill_service(self, name: str) -> None:
        """Ends a service and all its processes at once, as a crash does.

        Args:
            name: as for `Start Service`; it has to run, or be suspended.

        Example:
        ```robotframework
        Kill Service    postgres
        ```
        """
        self._to_be_healed(name).kill()

    @keyword(tags=["stack", "service", "faults"])
    def suspend_service(self, name: str) -> None:
        """Freezes a service: its connections stay open, and nothing answers until `Resume Service`.

        A suspended service may also be killed, stopped or restarted.

        Args:
            name: as for `Start Service`; it has to run.

        Example:
        ```robotframework
        Suspend Service    redis
        Resume Service    redis
        ```
        """
        self._to_be_healed(name).suspend()

    @keyword(tags=["stack", "service"])
    def resume_service(self, name: str) -> None:
        """Lets a suspended service go on; does nothing when it runs.

        Args:
            name: as for `Start Service`.

        Example:
        ```robotframework
        Suspend Service    server
        Resume Service    server
        ```
        """
        room.current().service(name).resume()

    @keyword(tags=["stack", "service", "faults"])
    def restart_service(self, name: str, *, mode: Mode = "graceful", timeout: timedelta = _STOP) -> Stopped:
        """Stops a service, starts it on the same port and waits until it is ready.

        Redis comes back empty: it keeps nothing on disk. PostgreSQL comes back with all that was committed.

        Args:
            name: as for `Start Service`; it has to run, or be suspended.
            mode: as for `Stop Service`.
            timeout: how long it may take to end; then it is killed, with a warning.

        Returns:
            How it ended, as from `Stop Service`.

        Example:
        ```robotframework
        Restart Service    postgres    mode=immediate
        ```
        """
        return _told(name, mode, self._to_be_healed(name).restart(mode, timeout.total_seconds()))

    @keyword(tags=["stack", "service", "faults"])
    def crash_service(self, name: str, *, times: int = 3) -> None:
        """Kills a service each time it is back up, as in a crash loop.

        Args:
            name: as for `Start Service`; it has to run, or be suspended.
            times: how often it is killed; each start, also the last one, waits until the service is ready.

        Example:
        ```robotframework
        Crash Service    redis    times=2
        ```
        """
        if times < 1:
            raise StackError(f"times is {times}: a service crashes once or more often")
        service = self._to_be_healed(name)
        for _ in range(times):
            service.kill()
            service.start()

    @keyword(tags=["stack", "service", "faults"])
    def roll_services(self, *names: str, timeout: timedelta = _STOP) -> None:
        """Restarts services one after the other, the next when the one before is ready: a rolling restart.

        Args:
            names: in the order in which they are restarted; as for `Start Service`.
            timeout: how long each may take to end; then it is killed, with a warning.

        Example:
        ```robotframework
        Start Server    second
        Roll Services    server    second
        ```
        """
        if not names:
            raise StackError("no service is named: write Roll Services    server    server-2")
        for service in [self._to_be_healed(name) for name in names]:
            _told(service.name, "graceful", service.restart("graceful", timeout.total_seconds()))

    @keyword(tags=["stack", "service"])
    def reroute_service(self, name: str, dependency: str, *, via: str) -> None:
        """Restarts a server so that it reaches PostgreSQL or Redis through a link, with the same credentials.

        When the running test or suite ends it is restarted without the link. `Start Server    via=...` starts another
        server behind a link at once.

        Args:
            name: `server` on a stack that can `reroute`, or a server of `Start Server`.
            dependency: `postgres` or `redis`.
            via: the link's name, from `Start Fault Proxy`.

        Example:
        ```robotframework
        Skip Unless Stack Can    reroute
        TRY
            Reroute Service    server    postgres    via=db
        EXCEPT    no link 'db' is running*    type=GLOB
            Log    the library wireproof.Faults starts links
        END
        ```
        """
        stack = room.current()
        server = stack.reroutable(name)
        before = server.via(dependency)
        address = through(via, dependency, stack.addresses)
        self._to_be_healed(name)
        scope = scopes.current()
        scope.defer(partial(self._route_back, stack, scope, name, dependency, before))
        stack.reroute(name, dependency, address)

    def _to_be_healed(self, name: str) -> Service:
        """The service, which gets well again when the running test or suite ends: the next one needs it."""
        stack = room.current()
        service = stack.service(name)
        scope = scopes.current()
        if scope not in self._touched:
            self._touched[scope] = set()
            scope.defer(partial(self._heal, stack, scope))
        self._touched[scope].add(name)
        return service

    def _heal(self, stack: Stack, scope: scopes.Scope) -> None:
        _heal(stack, self._touched.pop(scope))

    def _route_back(
        self, stack: Stack, scope: scopes.Scope, name: str, dependency: str, before: Address | None
    ) -> None:
        """What the server needs has to be well first: else it does not start."""
        others = self._touched[scope] - {name}
        attempt_all([partial(_heal, stack, others), partial(_reroute, stack, name, dependency, before)])


def _heal(stack: Stack, names: Set[str]) -> None:
    if stack is room.running():  # else it has ended
        # In the order in which they need each other.
        attempt_all(service.heal for name, service in tuple(stack.services.items()) if name in names)


def _reroute(stack: Stack, name: str, dependency: str, address: Address | None) -> None:
    if stack is room.running() and name in stack.services:  # else it has ended
        stack.reroute(name, dependency, address)


def _told(name: str, mode: Mode, stopped: Stopped) -> Stopped:
    """How a service ended; a warning when that was not as asked for."""
    if mode == "graceful" and not stopped.graceful:
        logger.warn(f"{name} did not end in time and was killed")
    return stopped
