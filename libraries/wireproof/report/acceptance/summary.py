"""What is said at the end of a run: on the console, and in the summary of a CI job."""

import re
from collections.abc import Iterable, Sequence
from html import escape

from wireproof.report.acceptance.outcomes import NOT_RUN, Acceptance, Outcome, counted
from wireproof.report.acceptance.record import Trial
from wireproof.wiretext import safe

_TITLE = 34
_FAILURES = 10
_MARKED = re.compile(r"([\\`*_{}\[\]()#+!|~-])")


def console(targets: Sequence[Outcome], trials: Sequence[Trial] = ()) -> str:
    """A line for each target, in columns, and the tests that failed; empty unless one of the targets was judged.

    Robot has told of the failed tests before, but a CI job often shows the last lines alone.
    """
    if all(outcome.judged is None for outcome in targets):
        return ""
    rows = [_columns(outcome) for outcome in targets]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([f"{len(targets)} targets: {counted(targets)}", *lines, *_failures(trials)])


def _failures(trials: Sequence[Trial]) -> list[str]:
    """A line for each of the first tests that failed, and how many more there are."""
    failed = [trial for trial in trials if trial.status == "FAIL"]
    lines = [f"FAIL  {safe(trial.name)}: {safe(trial.message, 300)}" for trial in failed[:_FAILURES]]
    more = len(failed) - len(lines)
    return [*lines, *([f"FAIL  {more} more, see the log"] if more else [])]


def _columns(outcome: Outcome) -> tuple[str, ...]:
    criterion, judged = outcome.criterion, outcome.judged
    limit = criterion.requirement.limit if criterion.requirement else outcome.limit
    told = f"{judged.statistic} = {judged.shown}" if judged and judged.shown else ""
    return outcome.word, criterion.id, safe(criterion.title, _TITLE), told, f"{limit}", _why(outcome)


def _why(outcome: Outcome) -> str:
    """The reason, where the number beside its limit does not say it."""
    judged, criterion = outcome.judged, outcome.criterion
    if outcome.word == "PASS" or (judged and judged.shown and outcome.word == judged.word == "FAIL"):
        return ""
    return safe(outcome.why.removeprefix(f"{outcome.word} {criterion.id} {criterion.title}: "), 120)


def markdown(acceptance: Acceptance) -> str:
    """The targets, and what else did not pass, as a table of GitHub's Markdown."""
    others = [outcome for outcome in acceptance.others if outcome.word not in ("PASS", NOT_RUN)]
    lines = [
        "## Acceptance",
        "",
        f"{len(acceptance.outcomes)} criteria: {counted(acceptance.outcomes)}",
        "",
        "| Verdict | Criterion | | Limit | Measured | Bounds | n |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        *(_line(_cells(outcome)) for outcome in [*acceptance.targets, *others]),
        *(
            _line([one.word, one.name, one.of, f"{one.statistic} {one.limit}", one.shown, one.bounds, f"{one.n or ''}"])
            for one in acceptance.thresholds
        ),
    ]
    return "\n".join(lines) + "\n"


def _cells(outcome: Outcome) -> list[str]:
    criterion, judged = outcome.criterion, outcome.judged
    measured = outcome.shown or (outcome.why if outcome.word != "PASS" else "")
    bounds = judged.bounds if judged else ""
    return [outcome.word, criterion.id, criterion.title, outcome.limit, measured, bounds, f"{outcome.n or ''}"]


def _line(cells: Iterable[str]) -> str:
    texts = (_MARKED.sub(r"\\\1", escape(safe(cell, 300), quote=False)) for cell in cells)
    return f"| {' | '.join(texts)} |"
