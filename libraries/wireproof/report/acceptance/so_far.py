"""How the tests of a run have ended by now, as a measurement."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from wireproof.measures.estimate import Measure
from wireproof.measures.proportion import Proportion
from wireproof.report.acceptance.record import Trial


@dataclass(frozen=True, slots=True)
class RunSoFar:
    """The tests that have ended.

    Attributes:
        passed, failed, skipped: how many of them.
    """

    passed: int
    failed: int
    skipped: int

    @classmethod
    def of(cls, trials: Iterable[Trial]) -> "RunSoFar":
        counts = Counter(trial.status for trial in trials)
        return cls(counts["PASS"], counts["FAIL"], counts["SKIP"])

    @property
    def name(self) -> str:
        return "this run"

    @property
    def measures(self) -> Mapping[str, Measure]:
        """`tests.passed`: passed of run; a skipped test did not run."""
        return {"tests.passed": Proportion(self.passed, self.passed + self.failed)}

    @property
    def problems(self) -> tuple[str, ...]:
        return ()
