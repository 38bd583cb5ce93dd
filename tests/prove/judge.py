"""Whether a run has caught a defect: red for the right reason, and nothing else red. Pure, no I/O."""

from collections.abc import Sequence
from dataclasses import dataclass

from reference_server.defects import Defect
from tests.prove.outcomes import Outcome


@dataclass(frozen=True, slots=True)
class Judgement:
    """One run of suites against one defect.

    Attributes:
        seed: where the chances of the defect started.
        words: what the failures of tests that may be red begin with, each once.
        red: the failed tests that may be red.
        stray: the tests that ought to be green and are not.
        problem: why nothing can be said, empty when something can.
        caught: whether the expected word was there and none that is not a consequence.
    """

    seed: int
    words: tuple[str, ...] = ()
    red: tuple[Outcome, ...] = ()
    stray: tuple[Outcome, ...] = ()
    problem: str = ""
    caught: bool = False

    @property
    def specific(self) -> bool:
        """Whether all that has nothing to do with the defect is green."""
        return not self.problem and not self.stray


def judge(defect: Defect, seed: int, outcomes: Sequence[Outcome], healthy: frozenset[str]) -> Judgement:
    """Judges a run against a defect.

    Args:
        defect: which one.
        seed: where its chances started.
        outcomes: the tests of the run.
        healthy: the tests that pass on a clean server; what is skipped there may be skipped here.
    """
    if not any(test.status != "SKIP" for test in outcomes):
        return Judgement(seed, problem="no test ran")
    concerned = [test for test in outcomes if test.tags & defect.criteria]
    red = [test for test in concerned if test.status == "FAIL"]
    stray = [
        test
        for test in outcomes
        if test.status != "PASS" and test not in red and (test.status == "FAIL" or str(test) in healthy)
    ]
    words = tuple(dict.fromkeys(test.words[0] for test in red if test.words))
    caught = defect.expected in words and {defect.expected, *defect.also}.issuperset(words)
    return Judgement(seed, words, tuple(red), tuple(stray), caught=caught)
