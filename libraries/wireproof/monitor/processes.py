"""Processes of this machine: the processor time and the memory of a tree of them.

Importing psutil costs 30 ms, so other modules import this one inside functions.
"""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from wireproof.journal import now_ns
from wireproof.monitor.cpu import Identity, Times, TreeClock
from wireproof.monitor.looks import Look

_RESIDENT = "memory is the resident set: pages that processes share are counted for each (no proportional set here)"

_LISTS_CHILDREN = Path(f"/proc/self/task/{os.getpid()}/children").exists()

MOST_S = 0.005
"""Processor time that a look may spend on reading the memory of a tree: a database has many processes, and each is a
walk through page tables."""


class ProcessTree:
    """The tree of one service: it is told anew at each look which process is the root."""

    def __init__(self, service: str, root: Callable[[], int | None], most_s: float = MOST_S) -> None:
        """Knows whom to look at.

        Args:
            service: the name that its metrics get.
            root: the number of its first process; None while it is down.
            most_s: processor time that reading memory may cost by look; where it takes more, fewer looks read it.
        """
        self._service = service
        self._root = root
        self._clock: TreeClock | None = None
        self._clocked_ns = 0
        self._most_s = most_s
        self._to_skip = 0
        self._remark = ""

    def look(self) -> Look:
        """What the tree uses now. The first look, also after a gap, has no share of the processor."""
        began = now_ns()
        pid = self._root()
        members = list(_tree(pid)) if pid is not None else []
        times = {}
        for process in members:
            with suppress(psutil.NoSuchProcess):  # it has left the tree meanwhile
                times[_identity(process)] = _times(process)
        values = self._memory(members)
        if not times or 0 in values.values():  # it is about to end and has given its memory back
            self._clock = None
            self._to_skip = 0
            return Look(began, now_ns(), f"{self._service} has no process")
        if self._clock is None:
            self._clock = TreeClock(times)
        else:
            values[f"cpu.{self._service}"] = self._clock.used(times) / ((began - self._clocked_ns) / 1e9)
        self._clocked_ns = began
        root, created = _identity(members[0])
        return Look(began, now_ns(), values=values, identity=f"process {root} of {created:.2f}", remark=self._remark)

    def _memory(self, members: Sequence[psutil.Process]) -> dict[str, float]:
        if self._to_skip:
            self._to_skip -= 1
            return {}
        began_s = time.thread_time()
        size = 0
        for process in members:
            with suppress(psutil.NoSuchProcess):
                size += self._size(process)
        self._to_skip = int((time.thread_time() - began_s) / self._most_s)
        return {f"memory.{self._service}": float(size)}

    def _size(self, process: psutil.Process) -> int:
        try:
            full = process.memory_full_info()
        except psutil.AccessDenied:
            self._remark = _RESIDENT
            return int(process.memory_info().rss)
        if hasattr(full, "pss"):
            return int(full.pss)
        self._remark = _RESIDENT
        return int(full.rss)


def _tree(pid: int) -> Iterator[psutil.Process]:
    """A process and all its descendants."""
    with suppress(psutil.NoSuchProcess):
        root = psutil.Process(pid)
        if root.status() == psutil.STATUS_ZOMBIE:
            return
        yield root
        if not _LISTS_CHILDREN:
            yield from root.children(recursive=True)
            return
        waiting = _children(pid)
        while waiting:
            child = waiting.pop()
            waiting += _children(child)
            with suppress(psutil.NoSuchProcess):
                yield psutil.Process(child)


def _children(pid: int) -> list[int]:
    """The children that Linux lists of a process: a hundredth of the work that a look at all processes is."""
    found: list[int] = []
    with suppress(OSError):  # it has ended
        threads = f"/proc/{pid}/task"
        for thread in os.listdir(threads):  # noqa: PTH208 - pathlib takes three times as long
            with open(f"{threads}/{thread}/children") as listed:  # noqa: PTH123
                found += map(int, listed.read().split())
    return found


def _identity(process: psutil.Process) -> Identity:
    return process.pid, process.create_time()


def _times(process: psutil.Process) -> Times:
    times = process.cpu_times()
    return Times(times.user + times.system, times.children_user + times.children_system)
