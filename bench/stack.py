"""Area `stack`: how long authors wait before their first test runs, and for the whole acceptance run."""

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

from bench.figures import Figure
from wireproof.stack.embedded import EmbeddedStack

STARTS = 5


def measure() -> Iterator[Figure]:
    starts, stops = zip(*(_start_and_stop() for _ in range(STARTS)), strict=True)
    how = f"median of {STARTS}, from EmbeddedStack.start to its return; range {min(starts):.2f}-{max(starts):.2f} s"
    yield Figure("stack", "from nothing to a healthy stack", statistics.median(starts), "s", "< 2 s", how)
    yield Figure("stack", "from a running stack to nothing", statistics.median(stops), "s", "", f"median of {STARTS}")
    smoke = _robot("--include", "smoke", "suites/")
    yield Figure(
        "stack", "make smoke", smoke, "s", "< 10 s", "wall time of its robot command, start of the stack included"
    )
    everything = _robot("--exclude", "stretch", "suites/")
    yield Figure(
        "stack", "make accept", everything, "s", "< 60 s", "wall time of its robot command, start of the stack included"
    )


def _start_and_stop() -> tuple[float, float]:
    start = time.perf_counter()
    stack = EmbeddedStack.start()
    ready = time.perf_counter()
    stack.stop()
    return ready - start, time.perf_counter() - ready


def _robot(*arguments: str) -> float:
    command = [sys.executable, "-m", "robot", "--outputdir", "results/bench", "--console", "none", *arguments]
    start = time.perf_counter()
    subprocess.run(command, check=True)
    return time.perf_counter() - start
