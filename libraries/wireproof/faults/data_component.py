"""What the keyword components of databases and caches share."""

import threading
from collections.abc import Callable
from datetime import timedelta

from robot.api import logger

from wireproof import scopes, stack
from wireproof.faults.active import ActiveFaults, require_disposable
from wireproof.faults.component import Component, positive_s
from wireproof.faults.errors import FaultError, UnableError
from wireproof.faults.fault import Fault


class DataComponent(Component):
    """One topic's keywords."""

    def require(self, ability: str) -> None:
        """Asks whether the running stack may be disturbed, and in this way.

        Raises:
            UnableError: it cannot.
            FaultError: it is not disposable.
        """
        running = stack.current()
        if not running.can(ability):
            raise UnableError(f"the {running.mode} stack cannot {running.lack(ability)}")
        require_disposable()

    def require_repetition(self, every: timedelta | None, duration: timedelta | None) -> None:
        """Refuses a duration of what is done only once.

        Raises:
            FaultError: it has one.
        """
        if every is None and duration is not None:
            raise FaultError("duration is for what is done again and again: give every as well, such as every=1s")

    def begin(self, fault: Fault, do: Callable[[], object], duration: timedelta | None) -> Fault:
        """Begins a fault and makes it true; it heals by itself after its duration."""
        duration_s = None if duration is None else positive_s(duration, "duration")
        expiry = _Expiry(self.active, fault, duration_s) if duration_s is not None else None
        self.active.begin(fault)
        if expiry is not None:
            scopes.current().defer(expiry.finish)  # a healing that is under way ends before an effect is demanded
        try:
            do()
        except BaseException:
            self.active.withdraw(fault)
            raise
        if expiry is not None:
            expiry.start()
        logger.info(fault.shown if duration_s is None else f"{fault.shown} for {duration_s:g} s")
        return fault

    def once(self, fault: Fault, do: Callable[[], object]) -> Fault:
        """A fault that is over as soon as it is done."""
        self.begin(fault, do, None)
        self.active.heal(fault)
        logger.info(f"it touched {fault.effect}")
        return fault


class _Expiry:
    """Heals a fault when its time is over."""

    def __init__(self, active: ActiveFaults, fault: Fault, after_s: float) -> None:
        self._active = active
        self._fault = fault
        self._problem: Exception | None = None
        self._timer = threading.Timer(after_s, self._heal)
        self._timer.daemon = True

    def start(self) -> None:
        self._timer.start()

    def finish(self) -> None:
        """Waits for no time any more; raises what went wrong when the time was over."""
        self._timer.cancel()
        if self._timer.ident is not None:
            self._timer.join()
        if self._problem is not None:
            raise self._problem

    def _heal(self) -> None:
        try:
            self._active.heal(self._fault)
        except Exception as problem:  # noqa: BLE001 - there is nobody here to tell; finish() does
            self._problem = problem


def nothing() -> None:
    """What is done is done."""
