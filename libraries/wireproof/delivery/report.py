"""The result of a ledger for tests: counts under plain names."""

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wireproof.delivery.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Report:
    """What a ledger counted: messages by outcome, and the cases of every anomaly, tolerated ones too.

    Attributes:
        ledger: its name.
        result: PASS, FAIL or UNKNOWN.
        line: the verdict in one line.
        p50_ms, p99_ms: from sending to first receipt; None if nothing was delivered.
    """

    ledger: str
    result: str
    line: str
    sent: int = 0
    acked: int = 0
    refused: int = 0
    unknown: int = 0
    due: int = 0
    delivered: int = 0
    recovered: int = 0
    redelivered: int = 0
    p50_ms: float | None = None
    p99_ms: float | None = None
    lost: int = 0
    missing_recipient: int = 0
    misdelivered: int = 0
    unexpected_recipient: int = 0
    phantom: int = 0
    refused_delivered: int = 0
    duplicated: int = 0
    retry_duplicated: int = 0
    reordered: int = 0
    causal_reversed: int = 0
    gap: int = 0
    non_monotonic: int = 0
    corrupted: int = 0
    acked_not_persisted: int = 0
    ack_before_durable: int = 0
    duplicate_row: int = 0
    refused_stored: int = 0
    corrupted_row: int = 0
    wrong_owner: int = 0
    phantom_row: int = 0
    unconverged: int = 0
    stale_session: int = 0
    spoofed_sender: int = 0
    false_recovery: int = 0
    late: int = 0
    no_progress_after_heal: int = 0

    def __repr__(self) -> str:
        return f"<ledger {self.ledger}: {self.line}>"


def report_of(ledger: str, verdict: "Verdict") -> Report:
    """The report that says what a verdict says."""
    words = {word.replace("-", "_"): found.count for word, found in verdict.findings.items()}
    known = {field.name for field in fields(Report)}
    counts = {name: getattr(verdict.counts, name) for name in known & set(verdict.counts.__slots__)}
    return Report(ledger, verdict.result, verdict.line, p50_ms=verdict.p50_ms, p99_ms=verdict.p99_ms, **counts, **words)
