"""What a child `robot` run has found, read from its output.xml."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from robot.api import ExecutionResult

from tests.prove.words import anomalies


@dataclass(frozen=True, slots=True)
class Outcome:
    """One test's result.

    Attributes:
        suite: the file it stands in, below the folder of all suites, without its ending.
        name: its name.
        tags: its tags, the id of its criterion among them.
        status: PASS, FAIL or SKIP.
        message: what Robot says about it.
    """

    suite: str
    name: str
    tags: frozenset[str]
    status: str
    message: str = ""

    @property
    def words(self) -> list[str]:
        """The anomaly words of its failure."""
        return anomalies(self.message) if self.status == "FAIL" else []

    def __str__(self) -> str:
        return f"{self.suite}: {self.name}"


def read(output: Path, suites: Path) -> list[Outcome]:
    """Every test of a run.

    Args:
        output: the run's output.xml.
        suites: the folder that was run.

    Raises:
        robot.errors.DataError: there is no such file, or it is cut off.
    """
    return list(_tests(ExecutionResult(output).suite, suites.resolve()))


def _tests(suite: Any, root: Path) -> Iterator[Outcome]:
    for test in suite.all_tests:
        path = Path(test.source).resolve()
        place = path.relative_to(root) if path.is_relative_to(root) else path
        yield Outcome(place.with_suffix("").as_posix(), test.name, frozenset(test.tags), test.status, test.message)
