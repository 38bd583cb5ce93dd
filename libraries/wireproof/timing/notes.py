"""What the journal holds of measurements and verdicts: the contract with reports.

`measurement`: the source is the series or the run. `metric`, `statistic`; `value`, `low`, `high` in the base unit
(seconds, per second, bytes, a ratio, a number), a bound None where there is none; `unit`, the name of the quantity
(`Duration`, `Rate`, `Size`, `Bandwidth`, `Fraction`, `Count`); `n`.

`verdict`: the source is the criterion's id, or the metric of a threshold. `criterion` (the same; ledgers' verdicts
have no such key), `scope` (the full name of the test or suite in which it was judged), `word`, `line`, `title`,
`metric`, `statistic`, `limit` (text), `of` (what was judged), `shown` (the value as people read it); `value`, `low`,
`high`, `unit`, `n` as above, all None when nothing was observed; `baseline`, a number as `value`.

`criteria`: the source is the file of the catalogue by which the run judges.
"""

from typing import Any

from wireproof import scopes
from wireproof.journal import current as journal
from wireproof.measures.estimate import Estimate
from wireproof.quantities import Quantity, magnitude
from wireproof.timing.shown import Scale
from wireproof.timing.verdict import Verdict


def measurement(source: str, metric: str, estimate: Estimate) -> None:
    """Notes what a measure came to."""
    journal().record("measurement", source, metric=metric, **numbers(estimate))


def verdict(verdict: Verdict) -> None:
    """Notes whether a limit was met, and what was measured."""
    requirement, estimate = verdict.requirement, verdict.estimate
    shown = Scale.of(estimate.value, requirement.limit.limit).text(estimate.value) if estimate else None
    data = {
        **numbers(estimate),
        "criterion": requirement.name,
        "word": verdict.word,
        "line": verdict.line,
        "title": requirement.title,
        "metric": requirement.metric,
        "statistic": requirement.statistic,
        "limit": str(requirement.limit),
        "of": verdict.of,
        "scope": scopes.current().name,
        "shown": shown,
        "baseline": _base(verdict.baseline),
    }
    journal().record("verdict", requirement.name, **data)


def numbers(estimate: Estimate | None) -> dict[str, Any]:
    """An estimate as JSON values."""
    if estimate is None:
        return dict.fromkeys(("statistic", "value", "low", "high", "unit", "n"))
    return {
        "statistic": estimate.statistic,
        "value": magnitude(estimate.value),
        "low": _base(estimate.low),
        "high": _base(estimate.high),
        "unit": type(estimate.value).__name__,
        "n": estimate.n,
    }


def _base(quantity: Quantity | None) -> float | None:
    return None if quantity is None else magnitude(quantity)
