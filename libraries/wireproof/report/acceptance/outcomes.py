"""What became of every criterion of a catalogue in one run. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from wireproof.quantities import Count, Duration, Quantity
from wireproof.report.acceptance.record import WORDS, Evidence, Judged, Observation, Trial
from wireproof.timing.criteria import Criterion
from wireproof.timing.shown import Scale

Word = Literal["PASS", "FAIL", "INCONCLUSIVE", "INVALID", "not run"]

NOT_RUN: Word = "not run"

TARGETS = ("performance", "reliability", "scale", "zz_run")
"""The areas of the targets that a run tells of at its end."""

STRETCH = "stretch"

_ORDER: tuple[Word, ...] = ("PASS", "FAIL", "INVALID", "INCONCLUSIVE", NOT_RUN)

_NUMBERS_OF_CHECKS: Mapping[str, type[Duration] | type[Count]] = {
    "recovery.time": Duration,
    "delivery.anomalies": Count,
}
"""What checks of other rooms measure and judge themselves, with the test."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a criterion.

    Attributes:
        word: PASS only if everything that carries its id passed.
        why: in a line.
        judged: the verdict that decided; None where tests did.
        rounds: all verdicts of it, in order.
        trials: the tests that carry its id.
        shown: what it came to, as people read it.
        n: how many observations that stands on.
    """

    criterion: Criterion
    word: Word
    why: str
    judged: Judged | None = None
    rounds: Sequence[Judged] = ()
    trials: Sequence[Trial] = ()
    shown: str = ""
    n: int | None = None

    @property
    def is_target(self) -> bool:
        """Whether it is one of those that a run tells of at its end."""
        return self.criterion.area in TARGETS and STRETCH not in self.criterion.tags

    @property
    def limit(self) -> str:
        requirement, goal = self.criterion.requirement, self.criterion.goal
        if requirement is None:
            return "all tests pass"
        return f"{requirement.statistic} {requirement.limit}{f', goal {goal}' if goal else ''}"


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What a run found.

    Attributes:
        outcomes: of all criteria, in the order of their catalogue.
        thresholds: verdicts of no criterion, on limits that a load set itself.
    """

    outcomes: Sequence[Outcome]
    thresholds: Sequence[Judged] = ()

    @classmethod
    def of(cls, criteria: Sequence[Criterion], evidence: Evidence) -> "Acceptance":
        """Judges a run by its catalogue."""
        known = {criterion.id for criterion in criteria}
        thresholds = [judged for judged in evidence.judged if judged.name not in known]
        return cls([_outcome(criterion, evidence) for criterion in criteria], thresholds)

    @property
    def targets(self) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.is_target]

    @property
    def others(self) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if not outcome.is_target]

    @property
    def is_complete(self) -> bool:
        """Whether all was run that belongs to a full run: every criterion but the stretch ones."""
        return all(outcome.word != NOT_RUN for outcome in self.outcomes if STRETCH not in outcome.criterion.tags)


def counted(outcomes: Iterable[Outcome]) -> str:
    """How many have which word: 10 PASS, 1 FAIL, 1 not run."""
    counts = Counter(outcome.word for outcome in outcomes)
    return ", ".join(f"{counts[word]} {word}" for word in _ORDER if counts[word])


def _outcome(criterion: Criterion, evidence: Evidence) -> Outcome:
    trials = tuple(trial for trial in evidence.trials if trial.shows(criterion.id))
    rounds = _rounds(criterion.id, evidence.judged)
    if rounds:
        return _by_verdicts(criterion, rounds, trials)
    if not any(trial.status != "SKIP" for trial in trials):
        why = f"skipped: {trials[0].message}" if trials else "no test of it was selected"
        return Outcome(criterion, NOT_RUN, why, trials=trials)
    observed = [one for one in evidence.observed if any(trial.held(one.at_ns) for trial in trials)]
    return _by_tests(criterion, trials, observed)


def _rounds(id: str, judged: Sequence[Judged]) -> tuple[Judged, ...]:
    """The verdicts of a criterion; what a test looks at first and fails by then is judged twice, and is one round."""
    found = {(one.scope, one.line, one.value, one.low, one.high): one for one in judged if one.name == id}
    return tuple(found.values())


def _by_verdicts(criterion: Criterion, rounds: tuple[Judged, ...], trials: tuple[Trial, ...]) -> Outcome:
    """The worst verdict decides; and a test that failed in spite of its verdicts proves nothing."""
    judged = min(_standing(rounds, trials), key=lambda one: _badness(one.word))
    word, why = _word(judged.word), judged.line
    failed = next((trial for trial in trials if trial.status == "FAIL"), None)
    if word == "PASS" and failed is not None:
        word, why = "FAIL", f"{failed.name}: {failed.message}"
    return Outcome(criterion, word, why, judged, rounds, trials, judged.shown, judged.n)


def _standing(rounds: Sequence[Judged], trials: Sequence[Trial]) -> Sequence[Judged]:
    """The verdicts that count: one that is INVALID or INCONCLUSIVE may be measured once more in its test.

    A short test that passes with an INCONCLUSIVE has only warned of it: what longer tests find counts.
    """
    last = {one.scope: one for one in rounds}
    standing = [one for one in rounds if one.word in ("PASS", "FAIL") or one is last[one.scope]]
    passed = {trial.name for trial in trials if trial.status == "PASS"}
    return [one for one in standing if one.word != "INCONCLUSIVE" or one.scope not in passed] or standing


def _by_tests(criterion: Criterion, trials: tuple[Trial, ...], observed: Sequence[Observation]) -> Outcome:
    failed = next((trial for trial in trials if trial.status == "FAIL"), None)
    passed = sum(trial.status == "PASS" for trial in trials)
    shown, n, meets = _number(criterion, observed)
    if failed is not None:
        why = f"{failed.name}: {failed.message}"
        return Outcome(criterion, _leading(failed.message), why, trials=trials, shown=shown, n=n)
    tests = "1 test" if passed == 1 else f"{passed} tests"
    requirement = criterion.requirement
    if requirement is not None and requirement.metric not in _NUMBERS_OF_CHECKS:
        return Outcome(criterion, NOT_RUN, f"{tests} passed, and judged no measurement", trials=trials)
    if requirement is not None and not meets:
        why = f"{tests} passed, and the worst that was measured, {shown}, is not {requirement.limit}"
        return Outcome(criterion, "FAIL", why, trials=trials, shown=shown, n=n)
    return Outcome(criterion, "PASS", f"{tests} passed", trials=trials, shown=shown, n=n)


def _number(criterion: Criterion, observed: Sequence[Observation]) -> tuple[str, int | None, bool]:
    """The worst that checks of other rooms have measured, how often they did, and whether that meets the limit."""
    requirement = criterion.requirement
    values = [one.value for one in observed if requirement is not None and one.metric == requirement.metric]
    if requirement is None or not values:
        return "", None, True
    worst: Quantity = _NUMBERS_OF_CHECKS[requirement.metric](max(values))
    shown = Scale.of(worst, requirement.limit.limit).text(worst)
    return shown, len(values), requirement.limit.holds(worst)


def _leading(message: str) -> Word:
    """The word with which a test says what it failed with; FAIL if it says nothing."""
    return next((_word(word) for word in WORDS if word != "PASS" and message.startswith(word)), "FAIL")


def _word(text: str) -> Word:
    """One of the four words; what is none of them proves nothing."""
    words: tuple[Word, ...] = ("PASS", "FAIL", "INCONCLUSIVE")
    return next((word for word in words if word == text), "INVALID")


def _badness(word: str) -> int:
    return WORDS.index(_word(word))
