"""A load and a monitoring as their rooms hand them over, for the tests of reports."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from wireproof.journal import Event
from wireproof.measures.durations import Durations
from wireproof.measures.estimate import Measure, Measured
from wireproof.measures.proportion import Proportion
from wireproof.measures.readings import Readings
from wireproof.quantities import Comparison, Fraction
from wireproof.timing.requirement import Requirement
from wireproof.timing.verdict import Verdict, assess

SECOND_NS = 1_000_000_000
STARTED_NS = 5_000 * SECOND_NS + 250_000_000
HOSTILE = "<script>alert(1)</script> \u202egnp \ud800 \"&' *HTML*"


@dataclass(frozen=True)
class Result:
    """What a report reads of a load."""

    measures: Mapping[str, Measure]
    name: str = "steady"
    problems: Sequence[str] = ()
    started_ns: int = STARTED_NS
    warmup_s: float = 5.0
    sending_s: float = 60.0
    length_s: float = 65.0
    offered: Sequence[float] = (1000.0,) * 60
    live: Mapping[str, Sequence[float | None]] = field(default_factory=dict)
    errors: Mapping[str, int] = field(default_factory=dict)
    summary: Sequence[str] = ("pairs of 100 connections, constant rate 1000/s for 60 s",)


def durations(median_s: float, seconds: Sequence[int] = range(60), each: int = 50) -> Durations:
    """Durations that are spread evenly around a median, in each of these seconds of the load."""
    at = [STARTED_NS + second * SECOND_NS + place * 1_000_000 for second in seconds for place in range(each)]
    took = [round(median_s * 1e9 * (0.5 + place / each)) for _ in seconds for place in range(each)]
    return Durations.of(at, took)


def sample(at_s: float, source: str = "server", **numbers: float) -> Event:
    """What a monitoring notes of a service."""
    return Event(STARTED_NS + round(at_s * SECOND_NS), "sample", source, numbers)


def samples() -> list[Event]:
    """A minute of a server, of which nobody saw six seconds, and of a database."""
    seen = [*range(20), *range(26, 65)]
    server = [sample(second, cpu=0.3, memory=300e6 + 1e6 * second) for second in seen]
    return [*server, *(sample(second, "postgres", memory=120e6) for second in range(65))]


def live(seconds: int = 65, **series: Sequence[float | None]) -> Mapping[str, Sequence[float | None]]:
    """Series by the second, all even but those that are given."""
    even = {"sent": 1000.0, "delivered": 998.0, "connections": 100.0, "p50_ms": 3.0, "p95_ms": 4.5}
    return {name: [value] * seconds for name, value in {**even, "p99_ms": 6.0}.items()} | series


def load(**parts: object) -> Result:
    measures: dict[str, Measure] = {
        "connect.time": durations(0.004, range(2)),
        "delivery.time": durations(0.003),
        "ack.time": durations(0.002),
        "delivery.success": Proportion(3000, 3000),
        "generator.cpu": Readings([0.2, 0.25], Fraction),
        "send.lateness": durations(0.0001),
        "loop.lag": durations(0.0002),
    }
    return Result(**{"measures": measures, "live": live(), **parts})  # type: ignore[arg-type]


def verdicts(of: Measured, *conditions: str) -> list[Verdict]:
    """Verdicts on a load: `delivery.time p95 < 50 ms`."""
    found = []
    for condition in conditions:
        metric, statistic, limit = condition.split(" ", 2)
        requirement = Requirement(metric, "", metric, statistic, Comparison.parse(limit))
        found.append(assess(requirement, of))
    return found


def fault(at_s: float, phase: str, number: int = 1, name: str = "killed", source: str = "redis") -> Event:
    at_ns = STARTED_NS + round(at_s * SECOND_NS)
    return Event(at_ns, "fault", source, {"phase": phase, "name": name, "number": number})
