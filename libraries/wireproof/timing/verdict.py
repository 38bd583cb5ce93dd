"""Whether a measurement meets its limit, in four words, and the line that says it."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from wireproof.measures.estimate import Estimate, Measure, Measured
from wireproof.quantities import Comparison, Quantity, magnitude
from wireproof.timing import sample, validity
from wireproof.timing.requirement import Requirement
from wireproof.timing.shown import Scale, count
from wireproof.wiretext import safe

Word = Literal["PASS", "FAIL", "INCONCLUSIVE", "INVALID"]

_AS_OBSERVED = ("==", "!=")
_IS: dict[Word, str] = {"PASS": "is", "FAIL": "is not", "INCONCLUSIVE": "is not proven to be"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found.

    Attributes:
        word: `PASS` (the whole interval meets the limit), `FAIL` (none of it does), `INCONCLUSIVE` (a part does: the
            sample is too small) or `INVALID` (the measurement itself failed).
        line: all of it in one line that begins with the word.
        requirement: what was demanded.
        of: what was measured.
        estimate: what it came to; None where nothing was observed.
        problems: why it is invalid.
        baseline: what it came to when the baseline was accepted; None without one.
    """

    word: Word
    line: str
    requirement: Requirement
    of: str = ""
    estimate: Estimate | None = None
    problems: tuple[str, ...] = ()
    baseline: Quantity | None = None

    def __str__(self) -> str:
        return self.line

    __repr__ = __str__


def assess(
    requirement: Requirement,
    measured: Measured,
    *,
    metric: str = "",
    as_observed: bool = False,
    baseline: Quantity | None = None,
) -> Verdict:
    """Judges one measure of a run.

    Args:
        requirement: what is demanded.
        measured: the run.
        metric: which of its measures to take where that is not the one the requirement names.
        as_observed: whether the value alone is judged, without its bounds.
        baseline: what it came to before.

    Raises:
        ValueError: the measure has no such statistic, or the limit is of another kind.
    """
    metric = metric or requirement.metric
    measure = measured.measures.get(metric)
    if measure is None:
        # A run has no measure of what it saw nothing of, such as a delivery when every connection was refused.
        problems = [*measured.problems, f"'{safe(measured.name, 60)}' observed no {metric}{_hint(measured, metric)}"]
        return judge(requirement, None, of=measured.name, problems=problems, baseline=baseline)
    problems = validity.problems(measured, metric, requirement.limit.limit)
    if not measure.n:
        problems.append(_unobserved(requirement))
        return judge(requirement, None, of=measured.name, problems=problems, baseline=baseline)
    estimate = measure.estimate(requirement.statistic)
    if as_observed:
        estimate = replace(estimate, low=estimate.value, high=estimate.value)
    requirement.limit.holds(estimate.value)  # refuses a limit of another kind before anything else is said
    remarks = validity.remarks(measured, requirement.metric)
    return judge(requirement, estimate, of=measured.name, problems=problems, remarks=remarks, baseline=baseline)


def judge(
    requirement: Requirement,
    estimate: Estimate | None,
    *,
    of: str = "",
    problems: Sequence[str] = (),
    remarks: Sequence[str] = (),
    baseline: Quantity | None = None,
) -> Verdict:
    """Judges an estimate.

    Args:
        requirement: what is demanded.
        estimate: what was measured; None if nothing was observed.
        of: whose measure it is.
        problems: why the measurement itself failed, a line each.
        remarks: what else to tell beside the sample's size.
        baseline: what it came to before.
    """
    if estimate is None and not problems:
        problems = [_unobserved(requirement)]
    word: Word = "INVALID" if problems or estimate is None else decide(requirement.limit, estimate)
    if word == "PASS" and estimate is not None and estimate.n < requirement.at_least:
        word = "INCONCLUSIVE"
    line = f"{word} {requirement.head}: {'; '.join(problems)}"
    if estimate is not None:
        line = _line(word, line, requirement, estimate, remarks, baseline)
    return Verdict(word, line, requirement, of, estimate, tuple(problems), baseline)


def decide(limit: Comparison, estimate: Estimate) -> Word:
    """The word for an estimate: an upper limit needs an upper bound, a lower limit a lower one.

    An equality is judged as observed: no sample could prove one.
    """
    if limit.operator in _AS_OBSERVED:
        return "PASS" if limit.holds(estimate.value) else "FAIL"
    worst, best = estimate.high, estimate.low
    if limit.operator in (">", ">="):
        worst, best = best, worst
    if worst is not None and limit.holds(worst):
        return "PASS"
    if best is not None and not limit.holds(best):
        return "FAIL"
    return "INCONCLUSIVE"


def failure(verdict: Verdict, msg: str) -> AssertionError:
    """The error of a check that is not met: the verdict's word comes first, for reports read it, the author's next."""
    words = safe(msg, 500)
    line = f"{verdict.word} {words}: {verdict.line.removeprefix(verdict.word).lstrip()}" if words else verdict.line
    return AssertionError(line)


def measure_of(measured: Measured, metric: str) -> Measure:
    """One measure of a run.

    Raises:
        ValueError: it has none of that name; the text names those it has.
    """
    if metric in measured.measures:
        return measured.measures[metric]
    known = ", ".join(sorted(measured.measures)) or "nothing"
    raise ValueError(f"'{safe(measured.name, 60)}' observed no {metric}{_hint(measured, metric)}; it observed {known}")


def _unobserved(requirement: Requirement) -> str:
    return f"{requirement.metric} was not observed once"


def _hint(measured: Measured, metric: str) -> str:
    near = difflib.get_close_matches(metric, measured.measures, n=1, cutoff=0.9)
    return f" (did you mean {near[0]}?)" if near else ""


def _line(
    word: Word,
    head: str,
    requirement: Requirement,
    estimate: Estimate,
    remarks: Sequence[str],
    baseline: Quantity | None,
) -> str:
    limit = requirement.limit
    scale = Scale.of(estimate.value, limit.limit)
    value = f"{requirement.statistic} = {scale.text(estimate.value)}{_interval(scale, limit, estimate)}"
    notes = [f"n = {count(estimate.n)}", *remarks]
    if baseline is not None:
        notes.append(_compared(scale, estimate.value, baseline))
    if word == "INVALID":
        return f"{head}; {value} proves nothing ({', '.join(notes)})"
    if word == "INCONCLUSIVE":
        notes[0] = sample.told(requirement, estimate, scale) or notes[0]
    return f"{head}{value} {_IS[word]} {limit} ({', '.join(notes)})"


def _interval(scale: Scale, limit: Comparison, estimate: Estimate) -> str:
    if limit.operator in _AS_OBSERVED or estimate.low == estimate.value == estimate.high:
        return ""
    low, high = (scale.number(bound) if bound is not None else "?" for bound in (estimate.low, estimate.high))
    return f" [{low}, {high}]"


def _compared(scale: Scale, value: Quantity, baseline: Quantity) -> str:
    before = magnitude(baseline)
    change = f", {(magnitude(value) - before) / before:+.0%}".replace("%", " %") if before else ""
    return f"baseline {scale.text(baseline)}{change}"
