"""Computes a load's measures from its history and from what its workers measured of themselves."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from wireproof.delivery.columns import ABSENT, ACKED, REFUSED, UNKNOWN
from wireproof.delivery.facts import NEVER, Facts, gather
from wireproof.delivery.findings import Rules
from wireproof.delivery.history import Bools, History, Ints
from wireproof.delivery.verdict import Verdict, judge
from wireproof.load import profile
from wireproof.load.conservation import Conservation
from wireproof.load.metrics import METRICS, rate_of
from wireproof.load.plan import Plan
from wireproof.measures.durations import Durations
from wireproof.measures.estimate import Measure
from wireproof.measures.proportion import Proportion
from wireproof.measures.readings import Readings
from wireproof.quantities import Count, Fraction, Rate

if TYPE_CHECKING:
    from wireproof.load.talk import ShardResult

_SECOND = 1_000_000_000
_IN_TIME_NS = 100_000_000
"""What is sent so long after the window's end still counts as sent in it."""

_BEFORE = frozenset({"connect.time", "login.time"})
"""What is measured before the load begins, too."""

_WORDS: Mapping[str, tuple[str, ...]] = {
    "delivery.lost": ("lost", "missing-recipient"),
    "delivery.duplicated": ("duplicated", "retry-duplicated"),
    "delivery.reordered": ("reordered",),
    "delivery.misdelivered": ("misdelivered", "unexpected-recipient"),
    "delivery.corrupted": ("corrupted",),
}
"""The ledger's words behind each metric."""


class Figures:
    """What a load came to, in numbers.

    Args:
        plan: what it was to do.
        parts: what its workers measured.
        history: what they saw of messages; None if none told.
        rules: what the protocol has to keep.
    """

    def __init__(self, plan: Plan, parts: Sequence["ShardResult"], history: History | None, rules: Rules) -> None:
        self._plan, self._parts = plan, parts
        self._history = history or History.from_columns({}, [], [""])
        self._facts = Facts(self._history, rules)
        self._rules = rules
        self.start_ns = min((part.start_ns for part in parts), default=0)
        self._from_ns = self.start_ns + int(plan.pace.warmup_s * _SECOND)
        planned = self.start_ns + int(plan.profile.duration_s * _SECOND)
        self._to_ns = min((part.ended_ns for part in parts), default=planned)
        # A stop reaches workers one after another, and who is late then sends what was due before all the same.
        self._last_ns = max((part.ended_ns for part in parts), default=planned)
        self.cpu = [part.cpu for part in parts]

    # -- messages ----------------------------------------------------------------------------------------------------

    @cached_property
    def verdict(self) -> Verdict | None:
        """What the ledger says of all messages."""
        return judge(self._history, self._rules) if len(self._history["sent"]["at"]) else None

    @cached_property
    def _due(self) -> Ints:
        """When each message was due, ABSENT for those that this load did not send."""
        return gather(self._history["sent"]["due"], self._facts.first_send, ABSENT)

    @cached_property
    def _measured(self) -> Bools:
        """Messages that were due after the warm-up, until the end."""
        return (self._due >= self._from_ns) & (self._due < self._to_ns)

    @cached_property
    def _pair_took(self) -> tuple[Ints, Ints]:
        """When each measured pair that was served was due, and how long it took."""
        facts = self._facts
        served = facts.pair_served & self._measured[facts.pair_message]
        due = self._due[facts.pair_message[served]]
        return due, facts.pair_first_at[served] - due

    @cached_property
    def _ack_took(self) -> tuple[Ints, Ints]:
        acked = self._measured & (self._facts.acked_at != NEVER)
        return self._due[acked], self._facts.acked_at[acked] - self._due[acked]

    @cached_property
    def _completed_at(self) -> Ints:
        """When each message had arrived everywhere and was acknowledged where it has to be; NEVER otherwise."""
        facts = self._facts
        at = np.where(facts.is_sent & (facts.audience.sizes > 0), 0, NEVER)
        np.maximum.at(at, facts.pair_message, facts.pair_first_at)
        needs_ack = facts.is_sent & (facts.outcome > 0)
        at[needs_ack] = np.maximum(at, facts.acked_at)[needs_ack]
        return at

    @cached_property
    def asked(self) -> int:
        """Messages that were due in the measured time, where a schedule says so."""
        if self._plan.traffic.model == "closed" or self._plan.traffic.scenario == "user":
            return 0
        due = self.start_ns + profile.due_ns(self._plan.profile)
        return int(((due >= self._from_ns) & (due < self._to_ns)).sum()) if self._sends else 0

    @cached_property
    def achieved(self) -> int:
        """Those of them that were sent before it ended, or that nobody could have sent."""
        sent = self._history["sent"]
        in_time = (
            (sent["due"] >= self._from_ns) & (sent["due"] < self._to_ns) & (sent["at"] < self._last_ns + _IN_TIME_NS)
        )
        return min(self.asked, int(in_time.sum()) + self._count("unsent"))

    @property
    def _sends(self) -> bool:
        return self._count("due") > 0

    def _count(self, name: str) -> int:
        return sum(part.counts.get(name, 0) for part in self._parts)

    @cached_property
    def conservation(self) -> Conservation:
        """Where every message is."""
        facts, history = self._facts, self._history
        absent = ~facts.pair_served
        outcome = facts.outcome[facts.pair_message]
        is_refused, is_unknown = absent & (outcome == REFUSED), absent & (outcome == UNKNOWN)
        receipt_message = history["received"]["message"]
        phantoms = int((receipt_message != ABSENT).sum()) - len(facts.receipts)
        return Conservation(
            due=self._count("due"),
            sent=len(history["sent"]["at"]),
            unsent=self._count("unsent"),
            pairs=len(facts.pair_message),
            delivered=int(facts.pair_served.sum()),
            lost=int(facts.pair_outstanding.sum()),
            refused=int(is_refused.sum()),
            in_flight=int(is_unknown.sum()),
            receipts=int((receipt_message != ABSENT).sum()),
            repeated=int(facts.is_repeat.sum()),
            astray=int((facts.receipt_pair == ABSENT).sum()) + phantoms,
        )

    @cached_property
    def counts(self) -> dict[str, int]:
        """What is counted, by name."""
        kept = self.conservation
        names = dict.fromkeys(name for part in self._parts for name in part.counts)
        outcome = self._facts.outcome
        return {
            **{name: self._count(name) for name in names},
            "tried": self._count("tried"),
            "connected": self._count("connected"),
            "due": kept.due,
            "sent": kept.sent,
            "unsent": kept.unsent,
            "acked": int((outcome == ACKED).sum()),
            "refused": int((outcome == REFUSED).sum()),
            "unknown": int((outcome == UNKNOWN).sum()),
            "delivered": kept.delivered,
            "lost": kept.lost,
            "in flight": kept.in_flight,
            "repeated": kept.repeated,
        }

    # -- measures ----------------------------------------------------------------------------------------------------

    @cached_property
    def measures(self) -> dict[str, Measure]:
        """What was measured, by metric; what there was nothing of is missing."""
        found: dict[str, Measure] = {
            name: Durations.of(at, took) for name, (at, took) in self._times.items() if len(at)
        }
        return {**found, **self._proportions(), **self._levels()}

    @cached_property
    def _times(self) -> dict[str, tuple[Ints, Ints]]:
        """Moments and durations, by metric."""
        sent = self._history["sent"]
        measured = (sent["due"] >= self._from_ns) & (sent["due"] < self._to_ns)
        times: dict[str, tuple[Ints, Ints]] = {
            "ack.time": self._ack_took,
            "delivery.time": self._pair_took,
            "send.lateness": (sent["due"][measured], np.maximum(sent["at"] - sent["due"], 0)[measured]),
        }
        for metric in dict.fromkeys(metric for part in self._parts for metric in part.times):
            pairs = [part.times[metric] for part in self._parts if metric in part.times]
            at, took = (np.concatenate([np.array(pair[side], np.int64) for pair in pairs]) for side in (0, 1))
            kept = (at >= self._from_ns) | (metric in _BEFORE)
            times[metric] = at[kept], took[kept]
        return times

    def _proportions(self) -> dict[str, Measure]:
        counts, found = self.counts, {}
        if counts["tried"]:
            found["connect.success"] = Proportion(counts["connected"], counts["tried"])
            found["connect.failed"] = Proportion(counts["tried"] - counts["connected"], counts["tried"])
        if self.verdict is None:
            return dict(found)
        taken = int(self._facts.is_due[self._facts.pair_message].sum())
        lost = self.conservation.lost
        found["delivery.success"] = Proportion(taken - lost, taken)
        found["send.failed"] = Proportion(counts["unsent"], counts["due"])
        if "flow.time" in self._times:
            looked = self._count("acked-not-persisted")
            found["flow.missing"] = Proportion(looked, looked + len(self._times["flow.time"][0]))
        failed = counts["unsent"] + counts["refused"] + counts["unknown"] + self._words("delivery.lost")
        found["error.rate"] = Proportion(min(failed, counts["due"]), counts["due"])
        for metric in _WORDS:
            cases = self._words(metric)
            found[metric] = Proportion(cases, max(cases, len(self._facts.pair_message)))
        return dict(found)

    def _words(self, metric: str) -> int:
        findings = self.verdict.findings if self.verdict else {}
        return sum(findings[word].count for word in _WORDS[metric] if word in findings)

    def _levels(self) -> dict[str, Measure]:
        found: dict[str, Measure] = {}
        if self.cpu:
            found["generator.cpu"] = Readings([round(share, 4) for share in self.cpu], Fraction)
        first, last = int(self._plan.pace.warmup_s), int((self._to_ns - self.start_ns) / _SECOND)
        if last <= first:
            return found
        seconds = slice(first, last)
        moments = [self.start_ns + second * _SECOND for second in range(first, last)]
        found["connections.held"] = Readings(list(self._by_second["connections"][seconds]), Count, moments)
        if self._sends:
            found["send.rate"] = Readings(list(self._by_second["sent"][seconds]), Rate, moments)
        if len(self._history["received"]["at"]):
            found["delivery.rate"] = Readings(list(self._by_second["completed in time"][seconds]), Rate, moments)
        for metric in (one for part in self._parts for one in part.times):
            if metric not in METRICS or rate_of(metric) in METRICS:
                at, took = self._times[metric]
                found[rate_of(metric)] = Readings(self._each_second(at + took, last)[seconds], Rate, moments)
        return found

    # -- by the second -----------------------------------------------------------------------------------------------

    @cached_property
    def _by_second(self) -> dict[str, list[float]]:
        """What happened in each second from the start, the drain included."""
        history = self._history
        completed = self._completed_at[self._completed_at != NEVER]
        # What the warm-up has left behind is no throughput of the time after it.
        completed_in_time = self._completed_at[self._measured & (self._completed_at != NEVER)]
        if not self._sends:  # nothing of ours arrives: what the server pushes does
            completed = completed_in_time = history["received"]["at"]
        verdicts = history["verdicts"]
        latest = max((int(at.max()) for at in (history["sent"]["at"], completed) if len(at)), default=self._to_ns)
        count = max(1, -(-(max(latest, self._to_ns) - self.start_ns) // _SECOND))

        def each(at: Ints) -> list[float]:
            return self._each_second(at, count)

        opened, closed = (np.sort(history[table]["at"][self._is_live(table)]) for table in ("logins", "closes"))
        edges = self.start_ns + np.arange(1, count + 1) * _SECOND
        held = np.searchsorted(opened, edges) - np.searchsorted(closed, np.minimum(edges, self._to_ns))
        return {
            "sent": each(history["sent"]["at"]),
            "acked": each(verdicts["at"][verdicts["outcome"] == ACKED]),
            "completed": each(completed),
            "completed in time": each(completed_in_time),
            "connections": [float(n) for n in held],
        }

    def _each_second(self, at: Ints, count: int) -> list[float]:
        """How many of the moments are in each of the first seconds."""
        second = (at - self.start_ns) // _SECOND
        return [float(n) for n in np.bincount(second[(second >= 0) & (second < count)], minlength=count)]

    def _is_live(self, table: str) -> Bools:
        """Rows of clients that are proven to be there: they got a message or an acknowledgement in the measured time.

        Where they send nothing that could come back there is no such proof.
        """
        clients = self._history[table]["client"]
        if not self._sends or self._plan.traffic.scenario == "push only":
            return np.ones(len(clients), bool)
        heard = [self._history["received"], self._history["verdicts"]]
        live = [rows["client"][(rows["at"] >= self._from_ns) & (rows["at"] < self._to_ns)] for rows in heard]
        return np.isin(clients, np.concatenate(live))

    @cached_property
    def live(self) -> dict[str, list[float | None]]:
        """Series for a chart."""
        by_second = self._by_second
        count = len(by_second["sent"])
        series: dict[str, list[float | None]] = {
            "second": [float(second) for second in range(count)],
            "sent": [*by_second["sent"]],
            "acked": [*by_second["acked"]],
            "delivered": [*by_second["completed"]],
            "connections": [*by_second["connections"]],
        }
        facts = self._facts
        served = facts.pair_served & (self._due[facts.pair_message] != ABSENT)
        due = self._due[facts.pair_message[served]]
        took = (facts.pair_first_at[served] - due) / 1e6
        second = (due - self.start_ns) // _SECOND
        order = np.argsort(second, kind="stable")
        places = np.searchsorted(second[order], np.arange(count + 1))
        shares = {"p50_ms": 50, "p95_ms": 95, "p99_ms": 99}
        for name, share in shares.items():
            parts = (took[order[begin:end]] for begin, end in pairwise(places))
            series[name] = [float(np.percentile(part, share)) if len(part) else None for part in parts]
        return series
