"""The files that a run leaves of its criteria."""

import os
from collections.abc import Iterable
from pathlib import Path

from wireproof.report.acceptance.figures import Run, figures
from wireproof.report.acceptance.junit import junit
from wireproof.report.acceptance.outcomes import Acceptance
from wireproof.report.acceptance.page import acceptance_page
from wireproof.report.acceptance.record import Evidence
from wireproof.report.acceptance.summary import markdown
from wireproof.timing.criteria import Criterion, load, locate
from wireproof.timing.errors import TimingError

PAGE, JUNIT, FIGURES = "acceptance.html", "criteria.junit.xml", "figures.json"

_CI_SUMMARY = "GITHUB_STEP_SUMMARY"
"""The environment variable that names the file a CI job shows."""


def accept(evidence: Evidence, starts: Iterable[Path]) -> Acceptance | None:
    """Judges a run by the criteria it used, else by those near its suites; None if it has to do with none.

    Args:
        evidence: what the run gave.
        starts: folders to look in, and in those around them.

    Raises:
        TimingError: the criteria cannot be read; the text says why.
    """
    criteria = _criteria(evidence.catalogues or _near(starts))
    judged = {judged.name for judged in evidence.judged}
    shown = (one.id for one in criteria if one.id in judged or any(trial.shows(one.id) for trial in evidence.trials))
    if next(shown, None) is None:
        criteria = []
    return Acceptance.of(criteria, evidence) if criteria or judged else None


def remove(directory: Path) -> None:
    """Removes what an earlier run left there: it would be taken for this one's."""
    for name in (PAGE, JUNIT, FIGURES):
        (directory / name).unlink(missing_ok=True)


def write(directory: Path, acceptance: Acceptance, evidence: Evidence, run: Run) -> None:
    """Writes all of them."""
    directory.mkdir(parents=True, exist_ok=True)
    _replace(directory / FIGURES, figures(run, acceptance, evidence.trials))
    _replace(directory / JUNIT, junit(acceptance))
    _replace(directory / PAGE, acceptance_page(acceptance, run.told))
    if summary := os.environ.get(_CI_SUMMARY):
        with Path(summary).open("a", encoding="utf-8") as file:
            file.write(markdown(acceptance))


def _near(starts: Iterable[Path]) -> list[Path]:
    try:
        return [locate(starts)]
    except TimingError:
        return []


def _criteria(catalogues: Iterable[Path]) -> list[Criterion]:
    """The criteria of all catalogues; what two of them have is that of the first."""
    found: dict[str, Criterion] = {}
    for path in catalogues:
        for criterion in load(path).criteria:
            found.setdefault(criterion.id, criterion)
    return list(found.values())


def _replace(path: Path, text: str) -> None:
    """Whoever reads the file sees the old one or the new one whole."""
    new = path.with_suffix(".new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)
