"""A service that is a process of this machine. Its ports are chosen at its first start and kept from then on."""

import itertools
import re
import signal
import socket
import time
from abc import abstractmethod

from wireproof.stack import janitor
from wireproof.stack.claims import Claims
from wireproof.stack.errors import StackError
from wireproof.stack.janitor import Identity
from wireproof.stack.readiness import NotReadyError
from wireproof.stack.rundir import Command, RunDirectory
from wireproof.stack.services import Mode, Service, State, Stopped, uninterrupted
from wireproof.wiretext import safe

_POLL_S = 0.01
_PORT_ATTEMPTS = 5
# The others are PostgreSQL's: a backend of the killed server is still finishing its query, or the killed server is
# still a zombie, which its parent, another process, is about to collect.
_TAKEN = re.compile("address already in use|shared memory block .* is still in use|lock file .* already exists", re.I)
_GRAVE = re.compile("FATAL|PANIC|ERROR")


class ProcessService(Service):
    """A process in a run directory, with all that it started."""

    def __init__(self, name: str, run: RunDirectory) -> None:
        self.claims = Claims(run.path / "claims")
        super().__init__(name, self.claims)
        self.run = run
        self._ports_are_known = False

    @abstractmethod
    def command(self) -> Command:
        """How it is started."""

    @abstractmethod
    def choose_ports(self) -> None:
        """Takes new free ports."""

    @property
    def process(self) -> Identity | None:
        process = self.run.process(self.name)
        return process if process and janitor.is_alive(process) else None

    @property
    def state(self) -> State:
        process = self.run.process(self.name)
        row = janitor.look_up(process.pid) if process else None
        if row is None or row.identity != process or row.dead:
            return "down"
        return "suspended" if row.stopped else "running"

    def _size(self) -> int:
        return len(janitor.tree(self._alive()))

    def _start(self, within_s: float) -> None:
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
            return uninterrupted(self.run.spawn, self.name, command)  # else it may run without being on record
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

    def _stop(self, mode: Mode, within_s: float) -> Stopped:
        process, command = self._alive(), self.command()
        started = time.perf_counter()
        in_time = janitor.end_tree(
            process, command.stop_signal if mode == "graceful" else command.quick_signal, within_s
        )
        took_ms = (time.perf_counter() - started) * 1000
        exit_code = self.run.exit_code(process)
        self.run.forget(self.name)
        return Stopped(in_time and mode == "graceful", exit_code, took_ms)

    def _kill(self) -> None:
        janitor.kill_tree(self._alive())
        self.run.forget(self.name)

    def _suspend(self) -> None:
        uninterrupted(_suspend_tree, self._alive())

    def _resume(self) -> None:
        janitor.send(signal.SIGCONT, reversed(janitor.tree(self._alive())))

    def _alive(self) -> Identity:
        process = self.process
        if process is None:
            raise StackError(f"{self.name} has ended")
        return process

    def _log_size(self) -> int:
        log = self.run.log(self.name)
        return log.stat().st_size if log.exists() else 0

    def _log_text(self, start: int) -> str:
        with self.run.log(self.name).open("rb") as log:
            log.seek(start)
            return log.read().decode(errors="replace")


def _suspend_tree(root: Identity) -> None:
    janitor.suspend([root])  # first the one that makes the others
    janitor.suspend(janitor.tree(root))


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
