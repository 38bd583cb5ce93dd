"""The figures of a run as JSON: what a baseline is made of."""

import json
import os
import platform
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from wireproof.report.acceptance.outcomes import Acceptance, Outcome
from wireproof.report.acceptance.record import Judged, Trial

SCHEMA = 1
_CPUS = Path("/proc/cpuinfo")


@dataclass(frozen=True, slots=True)
class Machine:
    """Where a run ran: figures of different machines are not compared."""

    cpu: str
    cores: int
    os: str
    python: str

    @classmethod
    def here(cls) -> "Machine":
        return cls(_processor(), os.cpu_count() or 0, f"{platform.system()} {platform.release()}", _python())

    def __str__(self) -> str:
        return f"{self.cores} cores of {self.cpu}, {self.os}, {self.python}"


@dataclass(frozen=True, slots=True)
class Run:
    """What is told of a run beside its results.

    Attributes:
        started: by the wall clock, in ISO 8601.
        stack: which one was tested, as the suites call it.
    """

    machine: Machine
    started: str
    stack: str
    version: str

    @property
    def told(self) -> list[str]:
        """The run in a line each."""
        stack = f" on stack {self.stack}" if self.stack else ""
        return [f"run of {self.started}{stack}, Wireproof {self.version}", str(self.machine)]


def figures(run: Run, acceptance: Acceptance, trials: Iterable[Trial]) -> str:
    """The document: the run, and all criteria that were measured."""
    counts = Counter(trial.status for trial in trials)
    told = {
        **asdict(run.machine),
        "wireproof": run.version,
        "stack": run.stack,
        "started": run.started,
        "passed": counts["PASS"],
        "failed": counts["FAIL"],
        "skipped": counts["SKIP"],
        "complete": acceptance.is_complete,
    }
    criteria = {
        outcome.criterion.id: _figure(outcome, outcome.judged) for outcome in acceptance.outcomes if outcome.judged
    }
    return json.dumps({"schema": SCHEMA, "run": told, "criteria": criteria}, indent=2, sort_keys=True) + "\n"


def _figure(outcome: Outcome, judged: Judged) -> dict[str, Any]:
    return {
        "metric": judged.metric,
        "statistic": judged.statistic,
        **_numbers(judged),
        "word": outcome.word,
        "rounds": [_numbers(one) | {"word": one.word} for one in outcome.rounds],
    }


def _numbers(judged: Judged) -> dict[str, Any]:
    names = ("value", "unit", "low", "high", "n", "line", "of")
    return {name: getattr(judged, name) for name in names}


def _processor() -> str:
    if _CPUS.exists():
        for line in _CPUS.read_text("utf-8", "replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


def _python() -> str:
    return f"{platform.python_implementation()} {platform.python_version()}"
