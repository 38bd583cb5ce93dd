"""What a run gives as evidence, for the tests of acceptance reports."""

from collections.abc import Sequence
from typing import Any

from wireproof.journal import Event
from wireproof.quantities import Comparison
from wireproof.report.acceptance.record import Evidence, Judged, Observation, Trial
from wireproof.timing.criteria import Criterion
from wireproof.timing.requirement import Requirement


def criterion(
    id: str = "PERF-02",
    metric: str = "delivery.time",
    statistic: str = "p95",
    limit: str = "< 50 ms",
    *,
    title: str = "message delivery latency",
    area: str = "performance",
    tags: Sequence[str] = (),
) -> Criterion:
    requirement = Requirement(id, title, metric, statistic, Comparison.parse(limit))
    return Criterion(id, title, area, requirement, "ms", "under load", "seed document", tuple(tags))


def behaviour(id: str = "CONN-01", title: str = "a device opens", area: str = "connection") -> Criterion:
    return Criterion(id, title, area, None, "tests", "one device", "protocol")


def verdict(word: str = "PASS", at_ns: int = 50, name: str = "PERF-02", **data: Any) -> Judged:
    return Judged.of_event(verdict_event(word, at_ns, name, **data))


def verdict_event(word: str = "PASS", at_ns: int = 50, name: str = "PERF-02", **data: Any) -> Event:
    told = {
        "scope": "Suite.Test",
        "criterion": name,
        "word": word,
        "line": f"{word} {name}: p95 = 31.4 ms",
        "title": "message delivery latency",
        "metric": "delivery.time",
        "statistic": "p95",
        "limit": "< 50 ms",
        "of": "steady",
        "unit": "Duration",
        "value": 0.0314,
        "low": 0.0308,
        "high": 0.0321,
        "n": 60_000,
        "baseline": None,
    }
    return Event(at_ns, "verdict", name, told | data)


def trial(*tags: str, status: str = "PASS", message: str = "", started_ns: int = 0, name: str = "Suite.Test") -> Trial:
    return Trial(name, frozenset(tag.casefold() for tag in tags), status, message, started_ns, started_ns + 99)


def evidence(*judged: Judged, trials: Sequence[Trial] = (), observed: Sequence[Observation] = ()) -> Evidence:
    return Evidence(judged, observed, trials)
