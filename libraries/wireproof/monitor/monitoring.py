"""What a monitoring came to: measures, whether the stack answered, and what excuses that it did not."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from wireproof.measures.estimate import Measure
from wireproof.measures.proportion import Proportion
from wireproof.measures.readings import Readings
from wireproof.measures.trend import Trend
from wireproof.monitor.errors import MonitorError
from wireproof.monitor.looks import USED, Look
from wireproof.monitor.outcome import Outcome, Restart, judge
from wireproof.monitor.units import kind, spans
from wireproof.monitor.windows import Window

GROWTH_PER = 100_000
"""Messages: what memory grows by is told for so many."""

_SEEN = 0.9
"""The share of the time that has to be looked at, or what happened in the rest is anybody's guess."""

_LATE_S = 0.5
"""How late a look may be."""


@dataclass(frozen=True)
class Monitoring:
    """What was seen from one moment to another. It is a `Measured`.

    Attributes:
        name: what its author calls it.
        began_ns, ended_ns: from when to when.
        every_s: how often was looked.
        looks: by subject, in the order of time.
        windows: what was done on purpose.
        before: by subject the last look before.
        unseen: what was not looked at, and why.
        complaints: why the monitor itself failed.
        overhead: what the monitor itself used of one core.
        messages: how many messages went through the server meanwhile; 0 where nobody says.
    """

    name: str
    began_ns: int
    ended_ns: int
    every_s: float
    looks: Mapping[str, Sequence[Look]]
    windows: Sequence[Window]
    before: Mapping[str, Look] = field(default_factory=dict)
    unseen: Mapping[str, str] = field(default_factory=dict)
    complaints: Sequence[str] = ()
    overhead: float = 0.0
    messages: int = 0

    @cached_property
    def outcomes(self) -> Mapping[str, Outcome]:
        """What the looks at each subject came to."""
        return {
            subject: judge(subject, looks, self.windows, self.before.get(subject))
            for subject, looks in self.looks.items()
        }

    @property
    def probes(self) -> Mapping[str, Outcome]:
        """What the probes came to, by what they asked."""
        return {subject: outcome for subject, outcome in self.outcomes.items() if not subject.startswith(USED)}

    @cached_property
    def restarts(self) -> Mapping[str, Sequence[Restart]]:
        """By service, how often it became another one; its process tells, or it does so itself."""
        told = {subject: outcome.restarts for subject, outcome in self.outcomes.items() if outcome.restarts}
        return {
            subject.removeprefix(USED): told[subject] for subject in sorted(told, key=lambda one: one.startswith(USED))
        }

    @property
    def unasked(self) -> list[Restart]:
        """The restarts that no test asked for."""
        return [one for restarts in self.restarts.values() for one in restarts if one.window is None]

    @cached_property
    def measures(self) -> Mapping[str, Measure]:
        """By metric: what services used, what they said of themselves, and how often they answered.

        `probe.success`, also called `uptime`, counts all probes; a restart that nobody asked for counts as one that
        failed.
        """
        found: dict[str, Measure] = {}
        for subject, looks in self.looks.items():
            found |= _readings(looks, gaps=len(self.outcomes[subject].failed))
        tried = {subject: outcome for subject, outcome in self.probes.items() if outcome.tried}
        if tried:
            found |= {f"probe.{subject}": Proportion(one.good, one.tried) for subject, one in tried.items()}
            good = sum(one.good for one in tried.values())
            failed = sum(len(one.failed) for one in tried.values())
            found["probe.success"] = found["uptime"] = Proportion(good, good + failed + len(self.unasked))
        memory = found.get("memory.server")
        if self.messages and isinstance(memory, Readings) and memory.n:
            found["memory.growth"] = self._trend(memory)
        return found

    @cached_property
    def problems(self) -> Sequence[str]:
        """Why nothing of it can be judged."""
        return [*self.complaints, *self._unseen()]

    def _unseen(self) -> Iterator[str]:
        if not any(self.looks.values()):
            yield "nothing was looked at: monitor for longer than one interval"
        for subject, looks in self.looks.items():
            share = self._seen(looks)
            if share < _SEEN:
                yield f"the monitor was late: {subject} was looked at in {share * 100:.0f} % of the time"

    def _seen(self, looks: Sequence[Look]) -> float:
        """The share of the time that lies within one interval after a look, or little more."""
        reach_ns = int((self.every_s + _LATE_S) * 1e9)
        unseen, until = 0, self.began_ns
        for look in looks:
            unseen += max(0, look.began_ns - until - reach_ns)
            until = max(look.ended_ns, look.began_ns)
        unseen += max(0, self.ended_ns - until - reach_ns)
        return 1 - unseen / max(1, self.ended_ns - self.began_ns)

    def readings(self, metric: str) -> Readings:
        """The readings of a metric, each with its moment.

        Raises:
            MonitorError: there are none; the text says why and lists those there are.
        """
        found = self.measures.get(metric)
        if isinstance(found, Readings) and found.n:
            return found
        known = ", ".join(name for name, one in self.measures.items() if isinstance(one, Readings) and one.n)
        reason = self._reason(metric)
        raise MonitorError(f"there is no reading of {metric}{reason}; there are {known or 'none at all'}")

    def _reason(self, metric: str) -> str:
        service = metric.partition(".")[2]
        subjects = (service, f"{USED}{service}")
        problem = next(
            (look.problem for subject in subjects for look in self.looks.get(subject, ()) if look.problem), ""
        )
        reason = problem or self.unseen.get(service, "")
        return f" ({reason})" if reason else ""

    def growth(self, service: str) -> Trend:
        """How the memory of a service grows: against the messages so far where their number is known, else by minute.

        Messages are taken to have come evenly.

        Raises:
            MonitorError: there are no readings of it.
        """
        return self._trend(self.readings(f"memory.{service}"))

    def _trend(self, memory: Readings) -> Trend:
        if not self.messages:
            return memory.against([at_ns / 60e9 for at_ns in memory.at_ns])
        lasted_ns = self.ended_ns - self.began_ns
        so_far = [(at_ns - self.began_ns) / lasted_ns * self.messages for at_ns in memory.at_ns]
        return memory.against(so_far, per=GROWTH_PER)

    def __repr__(self) -> str:
        lasted_s = (self.ended_ns - self.began_ns) / 1e9
        return f"<monitoring '{self.name}', {lasted_s:.0f} s, {len(self.measures)} metrics>"


def _readings(looks: Sequence[Look], gaps: int) -> dict[str, Readings]:
    """The numbers of one subject by metric; what tells of the time before the first look is left out."""
    values: dict[str, list[float]] = {}
    at_ns: dict[str, list[int]] = {}
    for place, look in enumerate(looks):
        for metric, value in look.values.items():
            values.setdefault(metric, [])
            at_ns.setdefault(metric, [])
            if place or not spans(metric):
                values[metric].append(value)
                at_ns[metric].append(look.began_ns)
    return {metric: Readings(values[metric], kind(metric), at_ns[metric], gaps) for metric in values}
