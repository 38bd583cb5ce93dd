"""The acceptance report of the run that goes on in this process."""

from collections.abc import Sequence
from pathlib import Path

from wireproof import journal
from wireproof.report.acceptance import files
from wireproof.report.acceptance.figures import Run
from wireproof.report.acceptance.outcomes import Acceptance
from wireproof.report.acceptance.record import Record, Result
from wireproof.report.acceptance.so_far import RunSoFar
from wireproof.report.acceptance.summary import console


class RunReport:
    """Follows a run from its first suite to its end, and leaves its files beside the journal.

    Args:
        directory: where they go.
        starts: folders in which, and around which, criteria are looked for.
        run: what is told of it.
    """

    def __init__(self, directory: Path, starts: Sequence[Path], run: Run) -> None:
        self._directory = directory
        self._starts = starts
        self._run = run
        self._record = Record()
        files.remove(directory)
        self._unsubscribe = journal.current().subscribe(self._record.take)

    def start_test(self) -> None:
        self._record.start_test()

    def end_test(self, result: Result) -> None:
        self._record.end_test(result)

    def acceptance(self) -> Acceptance | None:
        """What was found by now; None if the run has to do with no criterion.

        Raises:
            TimingError: the criteria cannot be read; the text says why.
        """
        journal.current().flush()
        return files.accept(self._record.evidence(), self._starts)

    def so_far(self) -> RunSoFar:
        """How the tests that have ended came out; a suite's tear-down may still change those of that suite."""
        return RunSoFar.of(self._record.evidence().trials)

    def write(self) -> str:
        """Writes the files at the run's end, and returns what to say on the console, nothing if no target was judged.

        Raises:
            TimingError: the criteria cannot be read; the text says why.
        """
        acceptance = self.acceptance()
        self._unsubscribe()
        if acceptance is None:
            return ""
        evidence = self._record.evidence()
        files.write(self._directory, acceptance, evidence, self._run)
        return console(acceptance.targets, evidence.trials)


_followed: RunReport | None = None


def follow(report: RunReport) -> RunReport:
    """Makes it the report of this process's run."""
    global _followed  # noqa: PLW0603 - a process runs one run
    _followed = report
    return report


def followed() -> RunReport | None:
    """The report of this process's run; None before its first test or suite has begun."""
    return _followed
