"""Thresholds of a run, read before anything starts: `delivery.p95 < 50 ms`, `delivery.lost == 0`."""

import difflib
from collections.abc import Iterable, Mapping

from wireproof.quantities import Comparison, Count, Duration, Fraction, Quantity, Rate, Size
from wireproof.timing.requirement import Requirement, percentile_share, require_statistic
from wireproof.wiretext import safe

TIME = ".time"
"""A metric of this ending is what its stem means beside a statistic: `delivery.p95` is that of `delivery.time`."""

_OF_TIMES = ("min", "mean", "max")
_BY_STATISTIC: Mapping[str, type[Quantity]] = {"rate": Fraction, "observed": Fraction, "count": Count}
_BY_FIRST_WORD: Mapping[str, type[Quantity]] = {"memory": Size, "cpu": Fraction}
_BY_LAST_WORD: Mapping[str, type[Quantity]] = {
    **dict.fromkeys(("time", "lateness", "lag", "pause", "echo"), Duration),
    "rate": Rate,
    "cpu": Fraction,
    "held": Count,
}
_OF_SHARES = ("rate", "observed", "count")
"""Statistics of how many of how many, and of nothing else; the others are of times and levels."""

_EXAMPLES = {Fraction: "99 %", Count: "0", Duration: "50 ms", Size: "512 MB", Rate: "1000/s"}


def parse(conditions: Iterable[str], known: Mapping[str, str]) -> list[Requirement]:
    """Reads conditions against what a run will measure.

    Args:
        conditions: each a metric, a statistic or none, and a limit.
        known: what will be measured: the statistic that is meant where none is given, by metric.

    Raises:
        ValueError: one is no condition, or speaks of what nobody measures or in the wrong unit; the text says what to
            write.
    """
    return [_read(text, known) for text in conditions]


def _read(text: str, known: Mapping[str, str]) -> Requirement:
    condition = Comparison.parse(text)
    if not condition.subject:
        raise ValueError(f"'{safe(text, 80)}' names no metric: write one before the limit, as in delivery.p95 < 50 ms")
    metric, statistic = resolve(condition.subject, known)
    limit = Comparison("", condition.operator, condition.limit)
    _require_kind(text, metric, statistic, limit.limit)
    return Requirement(metric, "", metric, statistic, limit)


def resolve(subject: str, known: Mapping[str, str]) -> tuple[str, str]:
    """The metric and the statistic that a subject names.

    Raises:
        ValueError: nobody measures that, or it has no such statistic.
    """
    if subject in known:
        return subject, known[subject]
    # The longest first: one metric's name may begin another's.
    for metric in sorted(known, key=len, reverse=True):
        statistic = subject.removeprefix(f"{metric}.")
        if statistic != subject:
            require_statistic(statistic)
            _require_one_of(metric, statistic, known[metric])
            return metric, statistic
        statistic = subject.removeprefix(f"{metric.removesuffix(TIME)}.")
        if statistic != subject and (statistic in _OF_TIMES or percentile_share(statistic) is not None):
            return metric, statistic
    times = [f"{metric.removesuffix(TIME)}.p95" for metric in known if metric.endswith(TIME)]
    near = difflib.get_close_matches(subject, [*known, *times], n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(sorted(known))}"
    raise ValueError(f"unknown metric '{safe(subject, 60)}': {hint}")


def _require_one_of(metric: str, statistic: str, usual: str) -> None:
    """Refuses a statistic that what is measured there cannot have."""
    if (statistic in _OF_SHARES) != (usual in _OF_SHARES):
        has = ", ".join(_OF_SHARES) if usual in _OF_SHARES else f"{usual} and others of its kind"
        raise ValueError(f"{safe(metric, 60)} has no {statistic}: it has {has}")


def _require_kind(text: str, metric: str, statistic: str, limit: Quantity) -> None:
    kind = _kind(metric, statistic)
    if kind is not None and type(limit) is not kind:
        raise ValueError(
            f"'{safe(text, 80)}': the {statistic} of {metric} is a {kind.__name__.lower()}, write one such as "
            f"{_EXAMPLES[kind]}"
        )


def _kind(metric: str, statistic: str) -> type[Quantity] | None:
    """What a statistic comes to, as far as the names tell; what they do not tell is seen when it is judged."""
    first, *_, last = metric.split(".")
    return _BY_STATISTIC.get(statistic) or _BY_FIRST_WORD.get(first) or _BY_LAST_WORD.get(last)
