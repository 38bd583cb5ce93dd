"""Judges a history: all invariants, one verdict, one line."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from wireproof.delivery.columns import ABSENT, ACKED, REFUSED, UNKNOWN
from wireproof.delivery.facts import ELSEWHERE, Facts
from wireproof.delivery.findings import Finding, Rules
from wireproof.delivery.history import History
from wireproof.delivery.invariants import INVARIANTS
from wireproof.delivery.invariants.repetition import redelivered
from wireproof.delivery.samples import millis, thousands

Result = Literal["PASS", "FAIL", "UNKNOWN"]

UNDECIDED_WHILE_OPEN = frozenset({"lost", "missing-recipient", "gap", "unconverged", "no-progress-after-heal"})
"""What more events could still mend."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many messages came to what.

    Attributes:
        sent: ids that were sent, or were expected from elsewhere.
        acked, refused, unknown: what the peer said of them; `unknown` where it has to say something and did not.
        unacknowledged: those of which the protocol says nothing.
        due: those that have to arrive.
        delivered: those that somebody in their audience got.
        recovered: those of unknown outcome that were delivered.
        redelivered: repeats that their recipients can recognise.
        unaddressed: due, but none of this run's clients is known to be their audience.
    """

    sent: int
    acked: int
    refused: int
    unknown: int
    unacknowledged: int
    due: int
    delivered: int
    recovered: int
    redelivered: int
    unaddressed: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a ledger has to say.

    Attributes:
        result: PASS, FAIL, or UNKNOWN when too little happened to prove anything.
        counts: of messages.
        findings: of each invariant, by word.
        tolerated: words of anomalies that the guarantee allows.
        reasons: why the result is UNKNOWN.
        p50_ms, p99_ms: from sending to first receipt; None if nothing was delivered.
    """

    result: Result
    counts: Counts
    findings: Mapping[str, Finding]
    tolerated: frozenset[str]
    reasons: tuple[str, ...]
    p50_ms: float | None
    p99_ms: float | None

    @property
    def failing(self) -> list[Finding]:
        """The findings that break the guarantee, the gravest first."""
        return [found for found in self.findings.values() if found.count and found.word not in self.tolerated]

    @property
    def allowed(self) -> list[Finding]:
        """The findings that the guarantee allows."""
        return [found for found in self.findings.values() if found.count and found.word in self.tolerated]

    @property
    def unobservable(self) -> list[str]:
        """What the history cannot tell, each once."""
        return list(dict.fromkeys(found.unobservable for found in self.findings.values() if found.unobservable))

    @property
    def line(self) -> str:
        """The verdict in one line."""
        if self.result == "FAIL":
            return f"FAIL: {self.failure}"
        allowed = "".join(f", {thousands(found.count)} {found.word} (allowed)" for found in self.allowed)
        counted = f"{self._figures}{allowed}"
        if self.result == "UNKNOWN":
            return f"UNKNOWN: {'; '.join(self.reasons)}; {counted}"
        return f"PASS: {counted}{self._latency}{self._blind_spots}"

    @property
    def failure(self) -> str:
        """What broke the guarantee, and the first case of the gravest."""
        words = ", ".join(f"{thousands(found.count)} {found.word}" for found in self.failing)
        first = next(iter(self.failing))
        example = f"; first {first.word} {first.samples[0]}" if first.samples else ""
        return f"{words} of {self._basis}{example}"

    @property
    def _basis(self) -> str:
        acked = f"{thousands(self.counts.acked)} acked"
        if self.counts.acked and not self.counts.unacknowledged:
            return acked
        return f"{thousands(self.counts.due)} due" if self.counts.acked else f"{thousands(self.counts.sent)} sent"

    @property
    def _figures(self) -> str:
        counts = self.counts
        parts = [f"{thousands(counts.sent)} sent"]
        if counts.acked or counts.sent > counts.unacknowledged:
            parts.append(f"{thousands(counts.acked)} acked")
        parts.append(f"{thousands(counts.delivered)} delivered")
        parts += [f"{thousands(counts.refused)} refused"] if counts.refused else []
        recovered = f" ({thousands(counts.recovered)} of them delivered)" if counts.recovered else ""
        parts.append(f"{thousands(counts.unknown)} unknown{recovered}")
        parts += [f"{thousands(counts.redelivered)} recognisably redelivered"] if counts.redelivered else []
        return ", ".join(parts)

    @property
    def _latency(self) -> str:
        if self.p50_ms is None or self.p99_ms is None:
            return ""
        return f"; p50 {millis(int(self.p50_ms * 1e6))}, p99 {millis(int(self.p99_ms * 1e6))}"

    @property
    def _blind_spots(self) -> str:
        blind = list(self.unobservable)
        if self.counts.unaddressed:
            blind.append(f"who should get {thousands(self.counts.unaddressed)} of them")
        return f"; not observable: {', '.join(blind)}" if blind else ""


def judge(history: History, rules: Rules, *, still_open: bool = False, damaged: int = 0) -> Verdict:
    """Holds a history against what was promised.

    Args:
        history: what happened.
        rules: what was promised.
        still_open: the history ends before its ledger did, so that what is missing in it may have come.
        damaged: how many events could not be read into it.
    """
    facts = Facts(history, rules)
    findings = {word: invariant(facts) for word, invariant in INVARIANTS.items()}
    if still_open:
        open_end = {word: Finding(word, unobservable="the end") for word in UNDECIDED_WHILE_OPEN}
        findings = {word: open_end.get(word, found) for word, found in findings.items()}
    tolerated = frozenset(word for word in findings if rules.tolerates(word))
    counts = _counts(facts)
    reasons = _reasons(facts, counts)
    if still_open:
        reasons = (*reasons, "the journal ends before the ledger does")
    if damaged:
        reasons = (*reasons, f"{thousands(damaged)} events could not be read")
    failed = any(found.count and word not in tolerated for word, found in findings.items())
    result: Result = "FAIL" if failed else "UNKNOWN" if reasons else "PASS"
    return Verdict(result, counts, findings, tolerated, reasons, *_latencies(facts))


def _counts(facts: Facts) -> Counts:
    outcome = facts.outcome
    served = facts.is_served
    unknown = outcome == UNKNOWN
    return Counts(
        sent=_count(facts.is_sent | (outcome == ELSEWHERE)),
        acked=_count(outcome == ACKED),
        refused=_count(outcome == REFUSED),
        unknown=_count(unknown),
        unacknowledged=_count((outcome == 0) | (outcome == ELSEWHERE)),
        due=_count(facts.is_due),
        delivered=_count(served & facts.is_known),
        recovered=_count(served & unknown),
        redelivered=redelivered(facts) if facts.rules.guarantee == "exactly once after dedupe" else 0,
        unaddressed=_count(facts.is_due & (facts.audience.sizes == 0)),
    )


def _reasons(facts: Facts, counts: Counts) -> tuple[str, ...]:
    """D16: why the history proves nothing, if it does not."""
    reasons = []
    if counts.due < facts.rules.min_acked:
        needed = thousands(facts.rules.min_acked)
        reasons.append(f"only {thousands(counts.due)} messages were taken over, {needed} are needed")
    if not len(facts.receipts):
        reasons.append("nothing was received")
    faults = facts.history["faults"]
    touched: dict[int, int] = {}
    for fault, count in zip(faults["name"].tolist(), faults["touched"].tolist(), strict=True):
        if count != ABSENT:
            touched[fault] = max(touched.get(fault, 0), count)
    reasons += [f"the fault '{facts.history.names[fault]}' touched nothing" for fault, n in touched.items() if not n]
    return tuple(reasons)


def _latencies(facts: Facts) -> tuple[float | None, float | None]:
    served = np.flatnonzero(facts.pair_served & facts.is_sent[facts.pair_message])
    if not len(served):
        return None, None
    took = facts.pair_first_at[served] - facts.sent_at[facts.pair_message[served]]
    p50, p99 = np.percentile(took, [50, 99])
    return float(p50) / 1e6, float(p99) / 1e6


def _count(flags: object) -> int:
    return int(np.count_nonzero(flags))  # type: ignore[call-overload]
