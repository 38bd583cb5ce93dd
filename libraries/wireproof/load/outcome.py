"""What a load came to: its measures, what is wrong with them, and every message."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wireproof import dialects
from wireproof.delivery.findings import Guarantee, Rules
from wireproof.load.conservation import Conservation
from wireproof.load.worker.columns import merged
from wireproof.measures.durations import Durations
from wireproof.quantities import Fraction
from wireproof.wiretext import safe

if TYPE_CHECKING:
    from wireproof.delivery.history import History
    from wireproof.delivery.verdict import Verdict
    from wireproof.dialects import Traits
    from wireproof.load.figures import Figures
    from wireproof.load.plan import Plan
    from wireproof.load.talk import ShardResult
    from wireproof.measures.estimate import Measure

ACHIEVED = 0.98
BUSY = 0.85
PARSED = 0.1
"""Where dialects read more of the frames than that, they are what takes a worker's time."""


@dataclass(frozen=True, eq=False, repr=False)
class LoadResult:
    """A load that has ended; `Criterion Should Be Met` and thresholds judge its measures.

    Attributes:
        name: what its author called it.
        measures: by the names of `metrics.METRICS`; what there was nothing of is missing.
        problems: why the generator's own measures cannot be trusted, a line each.
        history: all messages, as a delivery ledger judges them; None if no worker told of any.
        verdict: the ledger's.
        counts: sent, acked, delivered and so on.
        errors: what went wrong, counted by errno, HTTP status or close code.
        live: series by the second, from the start: `second`, `sent`, `acked`, `delivered`, `connections`, `p50_ms`,
            `p95_ms`, `p99_ms`; None where there is no value.
        conservation: where every message is.
        started_ns, ended_ns: when it began, and when it had sent its last message.
        warmup_s: the beginning that was not measured.
        stopped: whether it ended before its time.
        traceback: of the first exception of a dialect or a user class; empty if there was none.
    """

    name: str
    measures: Mapping[str, "Measure"]
    problems: Sequence[str]
    history: "History | None"
    verdict: "Verdict | None"
    counts: Mapping[str, int]
    errors: Mapping[str, int]
    live: Mapping[str, Sequence[float | None]]
    conservation: Conservation
    started_ns: int = 0
    ended_ns: int = 0
    warmup_s: float = 0.0
    stopped: bool = False
    traceback: str = field(default="", repr=False)

    @property
    def delivery(self) -> Durations:
        """How long messages took to their recipients."""
        return self._durations("delivery.time")

    @property
    def ack(self) -> Durations:
        """How long it took until messages were acknowledged."""
        return self._durations("ack.time")

    @property
    def connect(self) -> Durations:
        """How long connections took."""
        return self._durations("connect.time")

    @property
    def query(self) -> Durations:
        """How long queries took."""
        return self._durations("query.time")

    @property
    def flow(self) -> Durations:
        """How long it took until messages were both delivered and a row."""
        return self._durations("flow.time")

    def _durations(self, metric: str) -> Durations:
        found = self.measures.get(metric)
        return found if isinstance(found, Durations) else Durations()

    def __repr__(self) -> str:
        counts = self.counts
        return f"<load {safe(self.name, 40)}: {counts['sent']} sent, {counts['delivered']} delivered>"


def result_of(plan: "Plan", parts: Sequence["ShardResult"], failures: Sequence[str], stopped: bool) -> LoadResult:
    """What a load came to.

    Args:
        plan: what it was to do.
        parts: what those workers measured that ended well; their histories are read now.
        failures: why the others did not.
        stopped: whether somebody stopped it.
    """
    from wireproof.delivery.history import History
    from wireproof.load.figures import Figures

    history = merged([History.load(part.history) for part in parts]) if parts else None
    figures = Figures(plan, parts, history, rules_of(traits_of(plan)))
    problems = [*failures, *(problem for part in parts for problem in _broken(part)), *lagging(figures, plan)]
    if not figures.conservation.holds and not failures:
        problems.append(f"the messages do not add up: {figures.conservation}")
    errors: dict[str, int] = {}
    for part in parts:
        for name, count in part.errors.items():
            errors[safe(name)] = errors.get(safe(name), 0) + count
    return LoadResult(
        name=plan.name,
        measures=figures.measures,
        problems=problems,
        history=history,
        verdict=figures.verdict,
        counts=figures.counts,
        errors=dict(sorted(errors.items(), key=lambda item: -item[1])),
        live=figures.live,
        conservation=figures.conservation,
        started_ns=figures.start_ns,
        ended_ns=max((part.ended_ns for part in parts), default=figures.start_ns),
        warmup_s=plan.pace.warmup_s,
        stopped=stopped,
        traceback=next((part.first_fault for part in parts if part.first_fault), ""),
    )


def traits_of(plan: "Plan") -> "Traits":
    """What the plan's protocol promises."""
    endpoint = plan.endpoint
    if endpoint.definition:
        return dialects.Definition(**endpoint.definition).dialect().traits
    return dialects.create(endpoint.dialect, options=endpoint.dialect_options).traits


def rules_of(traits: "Traits") -> Rules:
    """What such a protocol has to keep: who may repeat a delivery says so, or promises less."""
    guarantee: Guarantee = "exactly once"
    if traits.redelivery_s:
        guarantee = "exactly once after dedupe" if traits.marks_redelivery else "at least once"
    return Rules(guarantee=guarantee)


def _broken(part: "ShardResult") -> list[str]:
    """Why what a worker measured cannot be trusted."""
    problems = []
    if part.faults:
        last = part.first_fault.strip().splitlines()[-1] if part.first_fault else ""
        problems.append(f"the dialect raised {part.faults} times, first {safe(last)}")
    if part.misread:
        problems.append(part.misread)
    return problems


def lagging(figures: "Figures", plan: "Plan") -> list[str]:
    """Why the generator could not do what it was asked for; nothing where it could."""
    problems = []
    if figures.asked and figures.achieved < ACHIEVED * figures.asked:
        share = Fraction(round(figures.achieved / figures.asked, 4))
        problems.append(
            f"{figures.achieved} of {figures.asked} messages were sent in time, {share}: the generator was too slow"
        )
    busiest = max(figures.cpu, default=0.0)
    if busiest > BUSY and not plan.pace.spin:
        problems.append(
            f"a worker used {Fraction(round(busiest, 3))} of a core, more than {Fraction(BUSY)}: "
            f"the generator was the bottleneck; give it more workers, or a lower rate{_reading(figures.counts)}"
        )
    return problems


def _reading(counts: Mapping[str, int]) -> str:
    """That frames were no copies of each other, where that may be why a worker was busy."""
    frames, parsed = counts.get("frames", 0), counts.get("parsed", 0)
    if parsed <= PARSED * frames:
        return ""
    share = Fraction(round(parsed / frames, 3))
    return f"; {share} of {frames} frames had to be read by the dialect, as they differ in more than ids and numbers"
