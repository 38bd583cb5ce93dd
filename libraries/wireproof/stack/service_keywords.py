"""The keywords of `wireproof.Stack` that do something to one service."""

from functools import partial

from robot.api import logger
from robot.api.deco import keyword

from wireproof import scopes
from wireproof import stack as room
from wireproof.stack.base import Stack
from wireproof.stack.services import Service


class ServiceKeywords:
    """Start, stop, kill, suspend, resume, restart. What is done is undone when the running test or suite ends."""

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

    @keyword(tags=["stack", "service"])
    def stop_service(self, name: str) -> None:
        """Ends a service in good order: it finishes what it is doing.

        Args:
            name: as for `Start Service`.

        Example:
        ```robotframework
        Stop Service    redis
        ```
        """
        if not self._to_be_healed(name).stop():
            logger.warn(f"{name} did not end in time and was killed")

    @keyword(tags=["stack", "service"])
    def kill_service(self, name: str) -> None:
        """Ends a service and all its processes at once, as a crash does.

        Args:
            name: as for `Start Service`.

        Example:
        ```robotframework
        Kill Service    postgres
        ```
        """
        self._to_be_healed(name).kill()

    @keyword(tags=["stack", "service"])
    def suspend_service(self, name: str) -> None:
        """Freezes a service: its connections stay open, and nothing answers until `Resume Service`.

        Args:
            name: as for `Start Service`.

        Example:
        ```robotframework
        Suspend Service    redis
        Resume Service    redis
        ```
        """
        self._to_be_healed(name).suspend()

    @keyword(tags=["stack", "service"])
    def resume_service(self, name: str) -> None:
        """Lets a suspended service go on.

        Args:
            name: as for `Start Service`.

        Example:
        ```robotframework
        Suspend Service    server
        Resume Service    server
        ```
        """
        room.current().service(name).resume()

    @keyword(tags=["stack", "service"])
    def restart_service(self, name: str) -> None:
        """Stops a service in good order, starts it on the same port and waits until it is ready.

        Args:
            name: as for `Start Service`.

        Example:
        ```robotframework
        Restart Service    server
        ```
        """
        self._to_be_healed(name).restart()

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
        names = self._touched.pop(scope)
        if stack is room.running():  # else it has ended
            for name, service in tuple(stack.services.items()):  # in the order in which they need each other
                if name in names:
                    service.heal()
