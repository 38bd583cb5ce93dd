"""Keywords that judge a measurement by the catalogue of criteria."""

from pathlib import Path
from typing import Any, Literal

from robot.api import logger
from robot.api.deco import keyword
from robot.libraries.BuiltIn import BuiltIn

from wireproof import stack
from wireproof.journal import current as journal
from wireproof.timing import baseline, notes
from wireproof.timing.arguments import to_latency
from wireproof.timing.baseline import Baseline
from wireproof.timing.criteria import Catalogue, load, locate
from wireproof.timing.series import SeriesBook, measured_of, metric_of
from wireproof.timing.verdict import Verdict, assess, failure

Inconclusive = Literal["fail", "warn"]


class CriterionKeywords:
    """Criteria and verdicts.

    Args:
        book: the series of the run.
        criteria: the file of the criteria; where the author names none it is looked for.
        accepted: the file of the baseline; where the author names none it is that of the running stack, if any.
    """

    def __init__(self, book: SeriesBook, criteria: str, accepted: str) -> None:
        self._book = book
        self._path = criteria
        self._accepted = accepted
        self._catalogues: dict[Path, Catalogue] = {}

    @keyword(tags=["Criterion", "Assertion"])
    def criterion_should_be_met(
        self, id: str, *, of: Any, inconclusive: Inconclusive = "fail", msg: str = ""
    ) -> Verdict:
        """Judges a measurement by a criterion; only the verdict PASS passes.

        A failure's text begins with the verdict: `FAIL PERF-02 message delivery latency: p95 = 63.1 ms [61.0, 65.2] is
        not < 50 ms (n = 60 000, 0 lost)`. See [Verdicts].

        Args:
            id: the criterion's id; see [Criteria].
            of: what was measured: the result of a load or of monitoring, a recovery, a series' name, a list of
                latencies, or a number that was counted.
            inconclusive: `warn` lets a sample that was too small pass with a warning. It is for short runs, which
                prove nothing: leave a full run at `fail`.
            msg: words to put into a failure's text, after the verdict's word.

        Returns:
            The verdict, as `Get Criterion Verdict` does.

        ```robotframework
        FOR    ${_}    IN RANGE    60
            Record Latency    trigger to start    12 ms
        END
        Criterion Should Be Met    SCHED-07    of=trigger to start
        ```
        """
        verdict = self._judge(id, of)
        if verdict.word == "INCONCLUSIVE" and inconclusive == "warn":
            logger.warn(verdict.line)
        elif verdict.word != "PASS":
            raise failure(verdict, msg)
        return verdict

    @keyword(tags=["Criterion", "Getter"])
    def get_criterion_verdict(self, id: str, *, of: Any) -> Verdict:
        """Judges a measurement by a criterion and fails for no verdict: to enlarge a sample, or to measure anew, once.

        Args:
            id: the criterion's id; see [Criteria].
            of: what was measured, as for `Criterion Should Be Met`.

        Returns:
            An object with `word` (`PASS`, `FAIL`, `INCONCLUSIVE` or `INVALID`), `line` and `problems` (why it is
            invalid).

        ```robotframework
        Record Latency    first triggers    12 ms
        ${verdict}    Get Criterion Verdict    SCHED-07    of=first triggers
        Should Be Equal    ${verdict.word}    INCONCLUSIVE
        ```
        """
        return self._judge(id, of)

    def _judge(self, id: str, of: Any) -> Verdict:
        requirement = self._catalogue().required(id)
        measured = measured_of(of, self._book, to_latency)
        before = self._baseline().value(requirement)
        verdict = assess(requirement, measured, metric=metric_of(measured, requirement.metric), baseline=before)
        notes.verdict(verdict)
        logger.info(verdict.line)
        return verdict

    def _catalogue(self) -> Catalogue:
        """The criteria of the running suite; a run may have several catalogues."""
        path = Path(self._path) if self._path else locate(_places())
        if path not in self._catalogues:
            self._catalogues[path] = load(path)
            journal().record("criteria", str(path))
        return self._catalogues[path]

    def _baseline(self) -> Baseline:
        if self._accepted:
            return baseline.load(Path(self._accepted))
        running = stack.running()
        path = baseline.path_of(Path("results"), running.mode) if running else None
        return baseline.load(path) if path and path.exists() else Baseline()


def _places() -> list[Path]:
    source = BuiltIn().get_variable_value("${SUITE SOURCE}")
    return [*([Path(source).parent] if source else []), Path.cwd()]
