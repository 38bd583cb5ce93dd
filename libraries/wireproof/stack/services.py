"""One idea of a service: it starts, stops, dies, freezes and comes back on the same port."""

import itertools
import re
import signal
import socket
import time
from abc import ABC, abstractmethod
from typing import Any

from wireproof import journal
from wireproof.stack import janitor
from wireproof.stack.errors import StackError
from wireproof.stack.janitor import Identity
from wireproof.stack.readiness import Check, NotReadyError, check
from wireproof.stack.rundir import Command, RunDirectory
from wireproof.wiretext import safe

START_S = 15.0
STOP_S = 10.0

_POLL_S = 0.01
_PORT_ATTEMPTS = 5
# The others are PostgreSQL's: a backend of the killed server is still finishing its query, or the killed server is
# still a zombie, which its parent, another process, is about to collect.
_TAKEN = re.compile("address already in use|shared memory block .* is still in use|lock file .* already exists", re.I)
_GRAVE = re.compile("FATAL|PANIC|ERROR")


class Service(ABC):
    """A process of the stack that this run controls. Its ports are chosen at the first start and kept from then on."""

    def __init__(self, name: str, run: RunDirectory) -> None:
        self.name = name
        self.run = run
        self._ports_are_known = False

    @property
    @abstractmethod
    def endpoint(self) -> str:
        """Where it is reached, without a password."""

    @abstractmethod
    def probe(self) -> str:
        """Returns a detail when the service is ready, else raises `NotReadyError`."""

    @abstractmethod
    def command(self) -> Command:
        """How it is started."""

    @abstractmethod
    def choose_ports(self) -> None:
        """Takes new free ports."""

    @property
    def process(self) -> Identity | None:
        """The running process, None when the service is down."""
        process = self.run.process(self.name)
        return process if process and janitor.is_alive(process) else None

    def is_alive(self) -> bool:
        """Whether its process runs; a suspended one does."""
        return self.process is not None

    def check(self) -> Check:
        """Whether it is ready, and why not."""
        return check(self.name, self.probe)

    def start(self, within_s: float = START_S) -> None:
        """Starts the service and waits until it is ready; does nothing when it is.

        Raises:
            StackError: it ended, or was not ready within `within_s` seconds.
        """
        if self.is_alive():
            return
        deadline = time.monotonic() + within_s
        attempts = itertools.count(1)
        while True:
            if not self._ports_are_known:
                self.choose_ports()
            log_starts = self._log_size()
            process = self._spawn()
            problem = self._await_ready(process, deadline)
            if not problem:
                self._ports_are_known = True
                self._note("started")
                return
            ended = not janitor.is_alive(process)
            janitor.kill_tree(process)
            said = self._log_text(log_starts)
            if not ended:
                raise StackError(f"{self.name} did not start within {within_s:g} s: {problem}; {_reason(said)}")
            if not (_TAKEN.search(said) and self._may_retry(next(attempts), deadline)):
                raise StackError(f"{self.name} did not start: {_reason(said)}")

    def _spawn(self) -> Identity:
        command = self.command()
        try:
            return self.run.spawn(self.name, command)
        except OSError as error:
            raise StackError(f"{self.name} cannot be started: {command.arguments[0]}: {error.strerror}") from None

    def _may_retry(self, attempt: int, deadline: float) -> bool:
        """Another port is free at once; one that must be kept may be given back a moment later."""
        if not self._ports_are_known:
            return attempt < _PORT_ATTEMPTS
        time.sleep(_POLL_S)
        return time.monotonic() < deadline

    def _await_ready(self, process: Identity, deadline: float) -> str:
        """Returns why the service is not ready when the wait ends; an empty text when it is."""
        problem = "it ended"
        while janitor.is_alive(process) and time.monotonic() < deadline:
            try:
                self.probe()
                return "" if janitor.is_alive(process) else problem  # else somebody else answers at that port
            except NotReadyError as error:
                problem = str(error)
                time.sleep(_POLL_S)
        return problem

    def stop(self, within_s: float = STOP_S) -> bool:
        """Ends the service in good order.

        Returns:
            False when it did not end within `within_s` seconds and was killed.
        """
        process = self.process
        if process is None:
            return True
        graceful = janitor.end_tree(process, self.command().stop_signal, within_s)
        self.run.forget(self.name)
        self._note("stopped", graceful=graceful)
        return graceful

    def kill(self) -> None:
        """Ends the service and all its processes at once, as a crash does."""
        if process := self.process:
            janitor.kill_tree(process)
            self.run.forget(self.name)
            self._note("killed")

    def suspend(self) -> None:
        """Freezes all its processes: connections stay open, nothing answers."""
        root = self._running()
        janitor.send(signal.SIGSTOP, [root])  # first the one that makes the others
        janitor.send(signal.SIGSTOP, janitor.tree(root))
        self._note("suspended")

    def resume(self) -> None:
        """Lets a suspended service go on."""
        janitor.send(signal.SIGCONT, reversed(janitor.tree(self._running())))
        self._note("resumed")

    def heal(self) -> None:
        """Brings the service back from whatever was done to it: starts it when it is down, resumes it when frozen."""
        process = self.process
        if process is None:
            self.start()
        elif (row := janitor.look_up(process.pid)) and row.stopped:
            self.resume()

    def restart(self) -> None:
        """Stops the service in good order and starts it on the same port."""
        self.stop()
        self.start()

    def _running(self) -> Identity:
        process = self.process
        if process is None:
            raise StackError(f"{self.name} is not running: start it first")
        return process

    def _note(self, action: str, **details: Any) -> None:
        journal.current().record("service", self.name, action=action, endpoint=self.endpoint, **details)

    def _log_size(self) -> int:
        log = self.run.log(self.name)
        return log.stat().st_size if log.exists() else 0

    def _log_text(self, start: int) -> str:
        with self.run.log(self.name).open("rb") as log:
            log.seek(start)
            return log.read().decode(errors="replace")


def _reason(log: str) -> str:
    """The line of a log that says most likely why the service ended: later ones are hints and farewells."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    telling = (
        [line for line in lines if _TAKEN.search(line)] or [line for line in lines if _GRAVE.search(line)] or lines
    )
    return f"its log says: {safe(telling[-1])}" if telling else "it wrote nothing to its log"


def free_port() -> int:
    """A port of the loopback interface that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
