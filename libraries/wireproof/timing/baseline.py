"""The baseline: what the figures were when somebody accepted them, from whom, when, why, and on which machine."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from wireproof.quantities import KINDS, Quantity, of_kind
from wireproof.timing.errors import TimingError
from wireproof.timing.requirement import Requirement
from wireproof.wiretext import safe

SCHEMA = 1
FOLDER = "baselines"
DEFAULT_PROFILE = "embedded"

_DIGITS = 6
_MACHINE = ("cpu", "cores", "os", "python", "stack", "wireproof")
_SAME = ("cpu", "cores", "stack")
"""What has to be equal for figures of two runs to stand beside each other."""

_PROFILE = re.compile(r"\w[\w.-]{0,60}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Figure:
    """What one criterion came to.

    Attributes:
        value, low, high: in the base unit; a bound None where there was none.
        unit: the quantity's name.
        n: how many observations it stands on.
        rounds: the value of every round that passed.
    """

    metric: str
    statistic: str
    unit: str
    value: float
    low: float | None
    high: float | None
    n: int
    rounds: tuple[float, ...]

    def quantity(self, number: float) -> Quantity:
        """One of its numbers with its unit."""
        return of_kind(KINDS[self.unit], number)


@dataclass(frozen=True, slots=True)
class Acceptance:
    """One time at which figures were accepted: by whom, when, why; of which run, and for which criteria."""

    who: str
    when: str
    reason: str
    run: str
    criteria: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """What a run left: its machine, its tests, its criteria."""

    machine: Mapping[str, Any]
    started: str
    failed: int
    passed: int
    words: Mapping[str, str]
    criteria: Mapping[str, Figure]

    @property
    def obstacles(self) -> list[str]:
        """Why a run can be no baseline, a plain line each."""
        found = []
        if self.failed:
            found.append(f"{self.failed} {'test' if self.failed == 1 else 'tests'} failed")
        if not self.passed:
            found.append("no test passed")
        if not self.words:
            found.append("no criterion was measured")
        return found + [f"{id} is {word}" for id, word in self.words.items() if word != "PASS"]


@dataclass(frozen=True, slots=True)
class Baseline:
    """Accepted figures of one profile: one environment on one kind of machine."""

    machine: Mapping[str, Any] = field(default_factory=dict)
    criteria: Mapping[str, Figure] = field(default_factory=dict)
    accepted: tuple[Acceptance, ...] = ()

    def accept(self, figures: Figures, who: str, when: str, reason: str) -> "Baseline":
        """What it becomes with the figures of a run.

        Criteria that the run did not measure keep theirs, unless they were measured on another machine.
        """
        kept = self.criteria if all(self.machine.get(key) == figures.machine.get(key) for key in _SAME) else {}
        acceptance = Acceptance(who, when, reason, figures.started, tuple(sorted(figures.criteria)))
        return Baseline(figures.machine, {**kept, **figures.criteria}, (*self.accepted, acceptance))

    def value(self, requirement: Requirement) -> Quantity | None:
        """What a requirement came to; None where it is not known, or was another one."""
        figure = self.criteria.get(requirement.name)
        if figure is None or (figure.metric, figure.statistic) != (requirement.metric, requirement.statistic):
            return None
        return figure.quantity(figure.value) if KINDS[figure.unit] is type(requirement.limit.limit) else None

    def to_json(self) -> str:
        """Its text: sorted, a value to a line, so that a change is a small difference."""
        data = {
            "schema": SCHEMA,
            "machine": dict(self.machine),
            "accepted": [asdict(acceptance) for acceptance in self.accepted],
            "criteria": {id: asdict(figure) for id, figure in self.criteria.items()},
        }
        return json.dumps(data, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def path_of(results: Path, profile: str) -> Path:
    """The file of a profile.

    Raises:
        TimingError: it is no name.
    """
    if not _PROFILE.fullmatch(profile):
        raise TimingError(f"'{safe(profile, 80)}' is no profile: write letters, digits, dots and hyphens")
    return results / FOLDER / f"{profile}.json"


def load(path: Path) -> Baseline:
    """Reads a baseline.

    Raises:
        TimingError: it is not there, or is no baseline.
    """
    data = _json(path, "accept one with python -m wireproof baseline accept")
    try:
        accepted = [Acceptance(**{**one, "criteria": tuple(one["criteria"])}) for one in data["accepted"]]
        figures = {id: _figure(one, one["rounds"]) for id, one in data["criteria"].items()}
        return Baseline(dict(data["machine"]), figures, tuple(accepted))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise TimingError(f"{path} is no baseline: {_reason(error)}") from None


def figures_of(path: Path) -> Figures:
    """Reads what a run left.

    Raises:
        TimingError: it is not there, or cannot be read.
    """
    data = _json(path, "run the suites first")
    try:
        run = data["run"]
        rounds = {id: _passed(one) for id, one in data["criteria"].items()}
        return Figures(
            machine={key: run[key] for key in _MACHINE},
            started=str(run["started"]),
            failed=int(run["failed"]),
            passed=int(run["passed"]),
            words={id: str(one["word"]) for id, one in data["criteria"].items()},
            criteria={id: _figure(one, rounds[id]) for id, one in data["criteria"].items() if one["value"] is not None},
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise TimingError(f"{path} has no figures of a run: {_reason(error)}") from None


def _passed(criterion: Mapping[str, Any]) -> list[float]:
    return [one["value"] for one in criterion["rounds"] if one["word"] == "PASS"]


def _figure(data: Mapping[str, Any], rounds: list[float]) -> Figure:
    if data["unit"] not in KINDS:
        raise ValueError(f"unknown unit {safe(data['unit'], 40)}")
    value, low, high = (_rounded(data[key]) for key in ("value", "low", "high"))
    if value is None:
        raise ValueError("a value is missing")
    known = tuple(float(f"{one:.{_DIGITS}g}") for one in rounds)
    return Figure(str(data["metric"]), str(data["statistic"]), data["unit"], value, low, high, int(data["n"]), known)


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.{_DIGITS}g}")


def _reason(error: Exception) -> str:
    return f"{error} is missing" if isinstance(error, KeyError) else safe(error, 200)


def _json(path: Path, advice: str) -> Mapping[str, Any]:
    try:
        data = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise TimingError(f"there is no {path}: {advice}") from None
    except OSError as error:
        raise TimingError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError:
        raise TimingError(f"{path} is no JSON") from None
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        raise TimingError(f"{path} is not of schema {SCHEMA}: another version of Wireproof wrote it")
    return data
