"""What a run gave as evidence for its criteria: verdicts, what other checks counted, tests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from wireproof import quantities
from wireproof.journal import Event, now_ns
from wireproof.quantities import Quantity
from wireproof.timing.shown import Scale
from wireproof.wiretext import safe

WORDS = ("FAIL", "INVALID", "INCONCLUSIVE", "PASS")
"""What a verdict can say, the worst first."""

_KINDS: Mapping[str, type[Quantity]] = {
    kind.__name__: kind
    for kind in (
        quantities.Duration,
        quantities.Rate,
        quantities.Size,
        quantities.Bandwidth,
        quantities.Fraction,
        quantities.Count,
    )
}
_LONGEST_LINE = 600
_STOPPED = "robot:exit"
"""Tag of tests that Robot fails without running them, because the run was stopped."""


class Result(Protocol):
    """What is read of a test's result, which may still change: a suite's tear-down fails its tests."""

    full_name: str
    tags: Any
    status: str
    message: str


@dataclass(frozen=True, slots=True)
class Trial:
    """A test that has run, or was skipped.

    Attributes:
        tags: in small letters: Robot does not tell them apart either.
    """

    name: str
    tags: frozenset[str]
    status: str
    message: str
    started_ns: int = 0
    ended_ns: int = 0

    def shows(self, id: str) -> bool:
        """Whether it carries that criterion's id."""
        return id.casefold() in self.tags

    def held(self, at_ns: int) -> bool:
        """Whether that moment was in the test."""
        return self.started_ns <= at_ns <= self.ended_ns


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict, as the journal has it.

    Attributes:
        name: a criterion's id, or the metric of a threshold.
        scope: the full name of the test or suite in which it was judged.
        word: one of `WORDS`.
        line: all of it in one line.
        of: what was judged.
        unit: the name of the quantity that `value`, `low`, `high` and `baseline` are the bare numbers of; they are None
            when nothing was observed, a bound when there is none.
    """

    at_ns: int
    name: str
    word: str
    line: str
    scope: str = ""
    title: str = ""
    metric: str = ""
    statistic: str = ""
    limit: str = ""
    of: str = ""
    unit: str = ""
    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    baseline: float | None = None

    @classmethod
    def of_event(cls, event: Event) -> "Judged":
        data = event.data
        n = _number(data, "n")
        return cls(
            event.at_ns,
            event.source,
            _text(data, "word"),
            _text(data, "line"),
            scope=f"{data.get('scope', '')}",
            title=_text(data, "title"),
            metric=_text(data, "metric"),
            statistic=_text(data, "statistic"),
            limit=_text(data, "limit"),
            of=_text(data, "of"),
            unit=_text(data, "unit"),
            value=_number(data, "value"),
            low=_number(data, "low"),
            high=_number(data, "high"),
            n=None if n is None else int(n),
            baseline=_number(data, "baseline"),
        )

    def text(self, number: float | None) -> str:
        """One of its numbers in words, in the unit of its value; empty where there is none."""
        kind = _KINDS.get(self.unit)
        if number is None or self.value is None or kind is None:
            return ""
        return Scale.of(_quantity(kind, self.value), self._limit(kind)).text(_quantity(kind, number))

    @property
    def shown(self) -> str:
        return self.text(self.value)

    @property
    def bounds(self) -> str:
        """The confidence bounds; empty where a value was judged as observed."""
        if self.low == self.value == self.high:
            return ""
        return f"{self.text(self.low) or '?'} … {self.text(self.high) or '?'}"

    @property
    def compared(self) -> str:
        """The baseline and the change since; empty without one."""
        before = self.text(self.baseline)
        if not before or not self.baseline or self.value is None:
            return before
        return f"{before}, {(self.value - self.baseline) / self.baseline:+.0%}".replace("%", " %")

    def _limit(self, kind: type[Quantity]) -> Quantity:
        try:
            limit = quantities.Comparison.parse(self.limit).limit
        except ValueError:
            limit = _quantity(kind, self.value or 0.0)
        return limit


@dataclass(frozen=True, slots=True)
class Observation:
    """What a check of another room counted: a recovery's seconds, a ledger's anomalies."""

    at_ns: int
    metric: str
    value: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything a run gave, at one moment of it."""

    judged: Sequence[Judged] = ()
    observed: Sequence[Observation] = ()
    trials: Sequence[Trial] = ()
    catalogues: Sequence[Path] = ()


@dataclass
class Record:
    """Collects the evidence of one run."""

    _judged: list[Judged] = field(default_factory=list)
    _observed: list[Observation] = field(default_factory=list)
    _tests: list[tuple[Result, int, int]] = field(default_factory=list)
    _catalogues: dict[Path, None] = field(default_factory=dict)
    _started_ns: int = 0

    def take(self, event: Event) -> None:
        """Takes an event of the journal; all but a few kinds mean nothing here."""
        if event.kind == "verdict" and "criterion" in event.data:
            self._judged.append(Judged.of_event(event))
        elif event.kind == "verdict" and isinstance(event.data.get("anomalies"), Mapping):
            counts = [count for count in event.data["anomalies"].values() if isinstance(count, int)]
            self._observed.append(Observation(event.at_ns, "delivery.anomalies", sum(counts)))
        elif event.kind == "measurement" and event.data.get("what") == "recovery":
            until = f"{event.data.get('until', '')}".replace(" ", "_")
            if (reached_ms := _number(event.data, f"{until}_ms")) is not None:
                self._observed.append(Observation(event.at_ns, "recovery.time", reached_ms / 1000))
        elif event.kind == "criteria":
            self._catalogues[Path(event.source)] = None

    def start_test(self) -> None:
        self._started_ns = now_ns()

    def end_test(self, result: Result) -> None:
        self._tests.append((result, self._started_ns, now_ns()))

    def evidence(self) -> Evidence:
        """What there is by now."""
        trials = [_trial(result, started_ns, ended_ns) for result, started_ns, ended_ns in self._tests]
        return Evidence(tuple(self._judged), tuple(self._observed), tuple(trials), tuple(self._catalogues))


def _trial(result: Result, started_ns: int, ended_ns: int) -> Trial:
    tags = frozenset(str(tag).casefold() for tag in result.tags)
    status = "SKIP" if _STOPPED in tags else result.status
    return Trial(result.full_name, tags, status, result.message, started_ns, ended_ns)


def _text(data: Mapping[str, Any], key: str) -> str:
    value = data.get(key)
    return "" if value is None else safe(value, _LONGEST_LINE)


def _number(data: Mapping[str, Any], key: str) -> float | None:
    value = data.get(key)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _quantity(kind: type[Quantity], number: float) -> Quantity:
    return kind(int(number)) if kind is quantities.Size else kind(number)  # type: ignore[arg-type]
