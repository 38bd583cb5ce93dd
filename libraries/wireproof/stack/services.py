"""One idea of a service, a process or a container: it starts, stops, dies, freezes and comes back on the same port.

What is done to it on purpose is a fault of the run: `fault` events tell from when to when.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from wireproof import disturbances, journal
from wireproof.disturbances import Disturbance
from wireproof.stack.claims import Claims
from wireproof.stack.errors import StackError
from wireproof.stack.janitor import Identity
from wireproof.stack.readiness import Check, NotReadyError, check

START_S = 15.0
STOP_S = 15.0
"""Longer than the 10 s that a server may need to finish what it has begun."""

_POLL_S = 0.01

State = Literal["running", "suspended", "down"]
Mode = Literal["graceful", "immediate"]
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Stopped:
    """How a service ended.

    Attributes:
        graceful: whether it was asked to end in good order and did so in time.
        exit_code: what it ended with; minus the number of a signal that ended it. None where only another process is
            told: the one that started it.
        took_ms: how long it took.
    """

    graceful: bool
    exit_code: int | None
    took_ms: float


class Service(ABC):
    """A part of the stack that this run controls.

    At most one fault is on: one that comes next ends the one before. Only what runs can be harmed.
    """

    unit = "processes"
    """What an effect counts."""

    def __init__(self, name: str, claims: Claims | None = None) -> None:
        """Knows a service, which may run already.

        Args:
            name: what tests call it.
            claims: where this run tells others what it is doing to the service.
        """
        self.name = name
        self._claims = claims
        self._fault: Disturbance | None = None
        self._touched = 0
        self._is_ending = False

    @property
    @abstractmethod
    def endpoint(self) -> str:
        """Where it is reached, without a password."""

    @property
    @abstractmethod
    def state(self) -> State:
        """How it is now."""

    @property
    def process(self) -> Identity | None:
        """Its process on this machine; None when it is down, or runs elsewhere."""
        return None

    @abstractmethod
    def probe(self) -> str:
        """Returns a detail when the service is ready, else raises `NotReadyError`."""

    @abstractmethod
    def _start(self, within_s: float) -> None:
        """Starts what is down and waits until it is ready."""

    @abstractmethod
    def _stop(self, mode: Mode, within_s: float) -> Stopped:
        """Ends what runs or is suspended."""

    @abstractmethod
    def _kill(self) -> None:
        """Ends what runs or is suspended, without asking it."""

    @abstractmethod
    def _suspend(self) -> None:
        """Freezes what runs."""

    @abstractmethod
    def _resume(self) -> None:
        """Lets go on what is suspended."""

    @abstractmethod
    def _size(self) -> int:
        """Of how many processes or containers it consists now."""

    def is_alive(self) -> bool:
        """Whether it is there; a suspended one is."""
        return self.state != "down"

    def is_disturbed(self) -> bool:
        """Whether this run did something to it that has not been healed."""
        return self._is_ending or (self._fault is not None and self._fault.is_on)

    def check(self) -> Check:
        """Whether it is ready, and why not."""
        return check(self.name, self.probe)

    def start(self, within_s: float = START_S) -> None:
        """Starts the service and waits until it is ready; does nothing when it runs.

        Raises:
            StackError: it ended, or was not ready within `within_s` seconds; or it is suspended.
        """
        state = self.state
        if state == "suspended":
            raise StackError(f"{self.name} is suspended: call Resume Service")
        if state == "down":
            self._end_fault()
            self._start(within_s)
            self._note("started")

    def stop(self, mode: Mode = "graceful", within_s: float = STOP_S) -> Stopped:
        """Ends the service.

        Args:
            mode: graceful, it finishes what it is doing; or immediate, at once, as it does in an emergency.
            within_s: how long it may take before it is killed.

        Raises:
            StackError: it is not running.
        """
        self._begin_fault("stopped")
        return self._end(mode, within_s)

    def kill(self) -> None:
        """Ends the service and all that belongs to it at once, as a crash does.

        Raises:
            StackError: it is not running.
        """
        self._begin_fault("killed")
        self._kill()
        self._note("killed")

    def suspend(self) -> None:
        """Freezes it: connections stay open, nothing answers.

        Raises:
            StackError: it is not running, or suspended already.
        """
        if self.state == "suspended":
            raise StackError(f"{self.name} is suspended already: call Resume Service first")
        self._begin_fault("suspended")
        self._suspend()
        self._note("suspended")

    def resume(self) -> None:
        """Lets a suspended service go on; does nothing when it runs.

        Raises:
            StackError: it is down.
        """
        state = self.state
        if state == "down":
            raise StackError(f"{self.name} is not running: start it first")
        if state == "suspended":
            self._end_fault()
            self._resume()
            self._note("resumed")

    def restart(self, mode: Mode = "graceful", within_s: float = STOP_S) -> Stopped:
        """Ends the service, as `stop` does, and starts it on the same port.

        Raises:
            StackError: it is not running, or does not start.
        """
        self._begin_fault("restarted")
        stopped = self._end(mode, within_s)
        self.start()
        return stopped

    def heal(self, within_s: float = START_S) -> None:
        """Brings the service back from whatever was done to it, also half done, and waits until it is ready.

        Raises:
            StackError: it does not start, or is not ready within `within_s` seconds.
        """
        self._end_fault()
        if self._is_ending:  # what asked it to end was interrupted: it may still end, or not
            self._make_sure_that_it_ends()
            self._is_ending = False
        state = self.state
        if state == "suspended":
            self._resume()
            self._note("resumed")
        if state == "down":
            self._start(within_s)
            self._note("started")
        self._wait_until_ready(within_s)

    def recover(self) -> str:
        """Heals what a run that died left behind.

        Returns:
            How the service was found; empty when it was well, or when a run that lives is at it.
        """
        state = self.state
        if state == "running" or (self._claims is not None and self._claims.is_alive(self.name)):
            return ""
        self.heal()
        return state

    def leave(self) -> None:
        """Undoes what this run did to it: others go on using it."""
        if self.is_disturbed():
            self.heal()

    def end(self, within_s: float = STOP_S) -> None:
        """Ends the service because it is not needed any more; does nothing when it is down."""
        self._end_fault()
        if self.is_alive():
            self._end("graceful", within_s)

    def _end(self, mode: Mode, within_s: float) -> Stopped:
        self._is_ending = True
        stopped = self._stop(mode, within_s)
        self._is_ending = False
        self._note("stopped", graceful=stopped.graceful, exit_code=stopped.exit_code, took_ms=round(stopped.took_ms, 3))
        return stopped

    def _make_sure_that_it_ends(self) -> None:
        if self.is_alive():
            try:
                self._kill()
                self._note("killed")
            except StackError:
                if self.is_alive():
                    raise

    def _begin_fault(self, name: str) -> None:
        ordered = journal.now_ns()
        if self.state == "down":
            raise StackError(f"{self.name} is not running: start it first")
        self._end_fault()
        self._touched = self._size()
        if self._claims is not None:
            self._claims.take(self.name)
        self._fault = disturbances.begin(self.name, name, at_ns=ordered)

    def _end_fault(self) -> None:
        """The fault is over from now on: its healing is ordered, or another one takes its place."""
        if self._fault is not None:
            self._fault.end(touched=self._touched, effect={self.unit: self._touched})
        if self._claims is not None:
            self._claims.drop(self.name)

    def _wait_until_ready(self, within_s: float) -> None:
        deadline = time.monotonic() + within_s
        while True:
            try:
                self.probe()
                return
            except NotReadyError as problem:
                if time.monotonic() >= deadline:
                    raise StackError(f"{self.name} is not ready after {within_s:g} s: {problem}") from None
                time.sleep(_POLL_S)

    def _note(self, action: str, **details: Any) -> None:
        journal.current().record("service", self.name, action=action, endpoint=self.endpoint, **details)


def uninterrupted(call: Callable[..., Result], *arguments: Any) -> Result:
    """Calls in a thread of its own and waits for its end: time-outs of tests and Ctrl-C interrupt this thread only.

    For what must be done or not begun, so that healing finds out which.
    """
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(call, *arguments).result()


def recover(mode: str, services: Collection[Service]) -> list[str]:
    """Heals services of a stack that a run which died left killed, frozen or rerouted.

    Args:
        mode: the stack's.
        services: in the order in which they need each other.

    Returns:
        A line of warning when there were any.

    Raises:
        StackError: one cannot be healed.
    """
    found = [f"{service.name} {state}" for service in services if (state := service.recover())]
    if not found:
        return []
    for service in services:
        service.heal()  # one that needs the others has to find them again
    return [f"the {mode} stack was found with {', '.join(found)}, as a run that died leaves it: healed"]
