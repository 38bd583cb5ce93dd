"""Containers: what their control groups tell where this machine shows them, else what Docker tells."""

import itertools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from wireproof.journal import now_ns
from wireproof.monitor.looks import Look
from wireproof.stack import StackError
from wireproof.stack.containers import docker
from wireproof.wiretext import safe

_STATE = "{{.Id}} {{.State.Pid}} {{.State.StartedAt}} {{.RestartCount}} {{.State.Running}}"
_USE = "{{.ID}} {{.MemUsage}} {{.CPUPerc}}"
_USED = re.compile(r"(\w+) ([0-9.]+)([kKMGT]?i?)B / \S+ ([0-9.]+)%")
_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}
_ASK_EVERY = 10
"""Every how manieth look Docker is asked which containers run since when: its client costs more than all else."""


@dataclass(frozen=True, slots=True)
class State:
    """A container as Docker knows it."""

    id: str
    pid: int
    identity: str
    runs: bool


class Containers:
    """The containers of a project's services."""

    def __init__(self, containers: Mapping[str, str], ask: Callable[..., str] = docker, root: Path = Path("/")) -> None:
        """Knows which ones.

        Args:
            containers: identifiers by service.
            ask: calls Docker.
            root: where `proc` and `sys` are.
        """
        self._containers = containers
        self._ask = ask
        self._root = root
        self._states: Mapping[str, State] = {}
        self._clocks: dict[str, tuple[int, int]] = {}
        self._looks = itertools.count()

    def look(self) -> Mapping[str, Look]:
        """What each of them uses, by service."""
        began = now_ns()
        try:
            if next(self._looks) % _ASK_EVERY == 0:
                self._states = self._inspect()
            found = {name: self._from_files(name) for name in self._containers}
            if not all(found.values()):
                found = self._from_docker()
        except StackError as problem:
            return {name: Look(began, now_ns(), str(problem)) for name in self._containers}
        return {name: self._look(name, began, values) for name, values in found.items()}

    def _look(self, name: str, began: int, values: Mapping[str, float]) -> Look:
        state = self._states.get(name)
        if state is None or not state.runs or not values:
            return Look(began, now_ns(), f"the container of {name} does not run")
        return Look(began, now_ns(), "", values, state.identity)

    def _inspect(self) -> dict[str, State]:
        answer = self._ask("inspect", "--format", _STATE, *self._containers.values())
        states = {}
        for line in answer.splitlines():
            identifier, pid, started, restarts, runs = line.split()
            name = next(name for name, known in self._containers.items() if identifier.startswith(known))
            states[name] = State(identifier, int(pid), f"started {started}, {restarts} restarts", runs == "true")
        return states

    def _from_files(self, name: str) -> dict[str, float]:
        """Nothing where the control group cannot be read: it is another machine's, or version 1."""
        state = self._states.get(name)
        try:
            group = self._group(state) if state is not None else None
            if group is None:
                return {}
            current = int((group / "memory.current").read_text())
            inactive = _numbers(group / "memory.stat")["inactive_file"]
            usage_us = _numbers(group / "cpu.stat")["usage_usec"]
        except (OSError, ValueError, KeyError):
            self._clocks.pop(name, None)
            return {}
        values = {f"memory.{name}": float(max(0, current - inactive))}
        now = now_ns()
        before = self._clocks.get(name)
        if before is not None and usage_us >= before[1]:  # else it was started anew
            values[f"cpu.{name}"] = (usage_us - before[1]) * 1e3 / (now - before[0])
        self._clocks[name] = now, usage_us
        return values

    def _group(self, state: State) -> Path | None:
        """The directory of a container's control group; a process of that number may be another one's, too."""
        lines = (self._root / "proc" / str(state.pid) / "cgroup").read_text().splitlines()
        path = next((line.removeprefix("0::/") for line in lines if line.startswith("0::/")), "")
        return self._root / "sys/fs/cgroup" / path if state.id in path else None

    def _from_docker(self) -> dict[str, dict[str, float]]:
        answer = self._ask("stats", "--no-stream", "--no-trunc", "--format", _USE, *self._containers.values())
        found: dict[str, dict[str, float]] = {name: {} for name in self._containers}
        for line in answer.splitlines():
            used = _USED.fullmatch(line.strip())
            if used is None:
                raise StackError(f"docker stats said '{safe(line, 100)}'")
            identifier, memory, unit, share = used.groups()
            name = next(name for name, known in self._containers.items() if identifier.startswith(known))
            found[name] = {f"memory.{name}": float(memory) * _UNITS[unit], f"cpu.{name}": float(share) / 100}
        return found


def _numbers(path: Path) -> dict[str, int]:
    return {key: int(value) for key, value in (line.split() for line in path.read_text().splitlines())}
