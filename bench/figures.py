"""Figures and the report that `make bench` leaves: what was measured, against which goal, on which machine."""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from wireproof.quantities import Comparison, parse_quantity


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value.

    Attributes:
        area: the part of the project it belongs to.
        name: what was measured.
        value: the number, in `unit`.
        unit: a unit of wireproof.quantities; empty for a count or a ratio.
        goal: what it has to be, such as `< 2 s`; empty for a figure that only helps to read others.
        how: how it was measured, in one line.
    """

    area: str
    name: str
    value: float
    unit: str
    goal: str
    how: str

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None without a goal."""
        if not self.goal:
            return None
        separator = "" if self.unit.startswith("/") else " "
        return Comparison.parse(self.goal).holds(parse_quantity(f"{self.value:.9f}{separator}{self.unit}".strip()))

    def __str__(self) -> str:
        verdict = {True: "met", False: "MISSED", None: "-"}[self.met]
        return f"{self.area:8} {self.name:52} {self.value:>12,.3f} {self.unit:4} {self.goal:12} {verdict:7} {self.how}"


def machine() -> dict[str, Any]:
    """What the figures were measured on; they mean nothing without it."""
    return {
        "cores": os.cpu_count(),
        "processor": _processor(),
        "system": f"{platform.system()} {platform.release()}",
        "python": sys.version.split()[0],
        "load": os.getloadavg()[0],
    }


def write(path: Path, figures: Sequence[Figure]) -> None:
    """Writes the report, replacing the figures of the same areas and keeping those of others."""
    measured = {figure.area for figure in figures}
    earlier = json.loads(path.read_text()).get("figures", []) if path.exists() else []
    kept = [entry for entry in earlier if entry["area"] not in measured]
    report = {
        "machine": machine(),
        "commit": _commit(),
        "figures": kept + [{**asdict(figure), "met": figure.met} for figure in figures],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=2) + "\n")


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _commit() -> str:
    answer = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    return answer.stdout.strip() or "not a checkout"
