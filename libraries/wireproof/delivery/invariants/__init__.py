"""Every invariant of delivery, each a pure function from facts to one finding.

A fault is reported under one word, the most specific: a message that was acknowledged and never stored is
`acked-not-persisted` and not `lost`, too; one that was stored twice is not `duplicated` when both rows are delivered;
the hole that a lost message leaves in its recipient's numbers is no `gap`.
"""

from collections.abc import Callable, Mapping

from wireproof.delivery.facts import Facts
from wireproof.delivery.findings import Finding
from wireproof.delivery.invariants import arrival, content, order, repetition, rows, session, time

Invariant = Callable[[Facts], Finding]

INVARIANTS: Mapping[str, Invariant] = {
    "lost": arrival.lost,
    "missing-recipient": arrival.missing_recipient,
    "misdelivered": arrival.misdelivered,
    "unexpected-recipient": arrival.unexpected_recipient,
    "phantom": arrival.phantom,
    "refused-delivered": arrival.refused_delivered,
    "duplicated": repetition.duplicated,
    "retry-duplicated": repetition.retry_duplicated,
    "reordered": order.reordered,
    "causal-reversed": order.causal_reversed,
    "gap": order.gap,
    "non-monotonic": order.non_monotonic,
    "corrupted": content.corrupted,
    "acked-not-persisted": rows.acked_not_persisted,
    "ack-before-durable": rows.ack_before_durable,
    "duplicate-row": rows.duplicate_row,
    "refused-stored": rows.refused_stored,
    "corrupted-row": rows.corrupted_row,
    "wrong-owner": rows.wrong_owner,
    "phantom-row": rows.phantom_row,
    "unconverged": rows.unconverged,
    "stale-session": session.stale_session,
    "spoofed-sender": session.spoofed_sender,
    "false-recovery": session.false_recovery,
    "late": time.late,
    "no-progress-after-heal": time.no_progress_after_heal,
}
"""By the word of the anomaly, the gravest first."""
