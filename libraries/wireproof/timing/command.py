"""The commands `python -m wireproof baseline accept` and `baseline show`."""

import getpass
import subprocess
import sys
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path

from wireproof.timing.baseline import DEFAULT_PROFILE, Baseline, Figure, figures_of, load, path_of
from wireproof.timing.errors import TimingError
from wireproof.timing.shown import Scale, count

FIGURES = Path("wireproof", "figures.json")
"""What a run leaves, below its output directory."""


def accept(results: Path, profile: str, reason: str) -> int:
    """Makes the figures of the last run the baseline of a profile, and prints what changed.

    Returns:
        0 when that was done, 1 when the run cannot be one.

    Raises:
        TimingError: there is no run, no reason, or no such profile.
    """
    reason = " ".join(reason.split())
    if not reason:
        raise TimingError('a baseline needs a reason: --reason "first figures of the new server"')
    figures = figures_of(results / FIGURES)
    path = path_of(results, profile or figures.machine["stack"] or DEFAULT_PROFILE)
    if obstacles := figures.obstacles:
        print(f"the run of {figures.started} can be no baseline: {', '.join(obstacles)}", file=sys.stderr)
        return 1
    before = load(path) if path.exists() else Baseline()
    after = before.accept(figures, _who(), datetime.now(UTC).isoformat(timespec="seconds"), reason)
    _write(path, after.to_json())
    for id in sorted({*before.criteria, *after.criteria}):
        print(_changed(id, before.criteria.get(id), after.criteria.get(id)))
    print(f"{path} holds {_criteria(after.criteria)}: keep it with the code")
    return 0


def show(results: Path, profile: str) -> int:
    """Prints a baseline.

    Raises:
        TimingError: there is none.
    """
    path = path_of(results, profile or DEFAULT_PROFILE)
    baseline = load(path)
    machine = baseline.machine
    print(f"{path}: {machine.get('cores')} cores of {machine.get('cpu')}, {machine.get('os')}, {machine.get('python')}")
    for id, figure in sorted(baseline.criteria.items()):
        rounds = f", {len(figure.rounds)} rounds" if len(figure.rounds) > 1 else ""
        print(f"{id:10}{figure.metric} {figure.statistic} = {_shown(figure)} (n = {count(figure.n)}{rounds})")
    for one in baseline.accepted:
        print(f"accepted {one.when} by {one.who}: {one.reason} ({_criteria(one.criteria)} of the run of {one.run})")
    return 0


def _changed(id: str, before: Figure | None, after: Figure | None) -> str:
    if after is None:
        return f"{id:10}dropped: it was measured on another machine"
    if before is None:
        return f"{id:10}{_shown(after)}, new"
    if before == after:
        return f"{id:10}{_shown(after)}, as before"
    return f"{id:10}{_shown(before)} -> {_shown(after)}{_change(before, after)}"


def _change(before: Figure, after: Figure) -> str:
    """By how much, where that can be told: the criterion is still on the same number, and it was not 0."""
    is_alike = (before.metric, before.statistic, before.unit) == (after.metric, after.statistic, after.unit)
    if not is_alike or not before.value:
        return ""
    return f" ({(after.value - before.value) / before.value:+.1%})".replace("%", " %")


def _shown(figure: Figure) -> str:
    value, nothing = figure.quantity(figure.value), figure.quantity(0.0)
    scale = Scale.of(value, nothing)
    if figure.low == figure.value == figure.high:
        return scale.text(value)
    bounds = (figure.low, figure.high)
    low, high = ("?" if bound is None else scale.number(figure.quantity(bound)) for bound in bounds)
    return f"{scale.text(value)} [{low}, {high}]"


def _criteria(ids: Collection[str]) -> str:
    return "1 criterion" if len(ids) == 1 else f"{len(ids)} criteria"


def _who() -> str:
    """Who accepts: as git calls them, else as the system does."""
    try:
        done = subprocess.run(["git", "config", "user.name"], capture_output=True, text=True, check=False)
    except OSError:
        return getpass.getuser()
    return done.stdout.strip() or getpass.getuser()


def _write(path: Path, text: str) -> None:
    """Writes all or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.new")
    new.write_text(text, "utf-8")
    new.replace(path)
