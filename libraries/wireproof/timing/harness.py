"""What the measuring process itself adds: pauses of its garbage collector, and what other machines took of the CPU."""

import gc
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_STAT = Path("/proc/stat")
_STEAL = 7
_TIMES = 8
"""user, nice, system, idle, iowait, irq, softirq, steal; what guests took is in user and nice already."""


@dataclass(frozen=True, slots=True)
class Harness:
    """What disturbed a measurement from inside.

    Attributes:
        gc_pauses: how often the garbage collector ran.
        gc_longest_ms: its longest pause.
        steal: the share of all processor time that the hypervisor gave to other machines; None where nobody tells.
    """

    gc_pauses: int
    gc_longest_ms: float
    steal: float | None

    def __str__(self) -> str:
        steal = "CPU steal unknown" if self.steal is None else f"CPU steal {self.steal * 100:.1f} %"
        if not self.gc_pauses:
            return f"no GC pause, {steal}"
        return f"{self.gc_pauses} GC pauses, the longest {self.gc_longest_ms:.1f} ms, {steal}"


class HarnessWatch:
    """Watches this process from `start` to `stop`."""

    def __init__(self) -> None:
        self._pauses = 0
        self._longest_ns = 0
        self._began_ns = 0
        self._times: tuple[int, ...] | None = None

    def start(self) -> "HarnessWatch":
        self._times = read_times()
        gc.callbacks.append(self._collects)
        return self

    def stop(self) -> Harness:
        """Ends watching, and tells what was seen."""
        if self._collects in gc.callbacks:
            gc.callbacks.remove(self._collects)
        return Harness(self._pauses, self._longest_ns / 1e6, steal_share(self._times, read_times()))

    def _collects(self, phase: str, info: dict[str, Any]) -> None:
        now_ns = time.perf_counter_ns()
        if phase == "start":
            self._began_ns = now_ns
        elif self._began_ns:
            self._pauses += 1
            self._longest_ns = max(self._longest_ns, now_ns - self._began_ns)


def read_times() -> tuple[int, ...] | None:
    """The machine's processor times so far, in ticks; None where there is no `/proc/stat`."""
    try:
        line = _STAT.read_text("ascii").partition("\n")[0]
    except OSError:
        return None
    return tuple(int(number) for number in line.split()[1 : 1 + _TIMES])


def steal_share(before: tuple[int, ...] | None, after: tuple[int, ...] | None) -> float | None:
    """The share of processor time between two readings that other machines got; None where it cannot be told."""
    if before is None or after is None or min(len(before), len(after)) < _TIMES:
        return None
    spent = [late - early for early, late in zip(before, after, strict=True)]
    return max(0, spent[_STEAL]) / sum(spent) if sum(spent) > 0 else None
