"""Everything arrives, where it has to, and nothing else does (D1, D2, D4, D9)."""

import numpy as np

from wireproof.delivery.columns import ABSENT, REFUSED
from wireproof.delivery.facts import Facts
from wireproof.delivery.findings import SAMPLES, Finding
from wireproof.delivery.history import Bools, Ints
from wireproof.delivery.invariants.time import stalled_since
from wireproof.delivery.samples import (
    audience,
    found_messages,
    found_pairs,
    found_receipts,
    millis,
    name,
    names,
    whereabouts,
)
from wireproof.delivery.samples import sample as sample_of


def lost(facts: Facts) -> Finding:
    """D1: what the peer took over reaches somebody of its audience."""
    has_audience = facts.audience.sizes > 0
    is_lost = facts.is_due & has_audience & ~facts.is_seen & ~facts.is_unpersisted
    is_lost &= facts.sent_at < stalled_since(facts)
    return found_messages(facts, "lost", is_lost, lambda message: whereabouts(facts, message, audience(facts, message)))


def missing_recipient(facts: Facts) -> Finding:
    """D9: what one of an audience gets, all of it get."""
    is_missing = facts.pair_outstanding & facts.is_served[facts.pair_message]
    is_missing &= ~_has_stray(facts)[facts.pair_message]
    return found_pairs(
        facts,
        "missing-recipient",
        is_missing,
        lambda pair: whereabouts(facts, int(facts.pair_message[pair]), [int(facts.pair_client[pair])]),
    )


def misdelivered(facts: Facts) -> Finding:
    """D9: what is meant for one client reaches no other, and nobody gets it in another's place."""
    is_case = facts.is_stray & (_is_unicast(facts) | _misses_somebody(facts))[facts.receipt_message]
    return found_receipts(facts, "misdelivered", is_case, lambda receipt: _elsewhere(facts, receipt))


def unexpected_recipient(facts: Facts) -> Finding:
    """D9: what is meant for several, who all get it, reaches nobody else."""
    is_case = facts.is_stray & ~(_is_unicast(facts) | _misses_somebody(facts))[facts.receipt_message]
    return found_receipts(facts, "unexpected-recipient", is_case, lambda receipt: _elsewhere(facts, receipt))


def phantom(facts: Facts) -> Finding:
    """D2: nothing arrives that nobody sent."""
    received, sent, expected = facts.history["received"], facts.history["sent"], facts.history["expected"]
    is_unknown = (received["message"] != ABSENT) & ~facts.is_known[received["message"]] & (received["reply"] == 0)
    listens = np.zeros(facts.clients, bool)
    listens[expected["client"]] = True
    tracked_kinds = np.unique(sent["kind"][facts.is_expected[sent["message"]] & (sent["kind"] != 0)])
    is_like_ours = listens[received["client"]] & np.isin(received["kind"], tracked_kinds)
    candidates = np.flatnonzero(is_unknown)
    ids = [facts.history.id(int(received["message"][row])) for row in candidates]
    cases = [row for row, id in zip(candidates, ids, strict=True) if is_like_ours[row] or id.startswith("wp-")]
    samples = []
    for row in cases[:SAMPLES]:
        message, client = int(received["message"][row]), int(received["client"][row])
        ours = facts.history.id(message).startswith(f"wp-{facts.history.run}-")
        detail = "nobody sent it in this run" if ours or not _is_tracked(facts, message) else "it is another run's"
        samples.append(sample_of(facts, message, client, int(received["at"][row]), detail))
    return Finding("phantom", len(cases), tuple(samples))


def refused_delivered(facts: Facts) -> Finding:
    """D4: what the peer refused reaches nobody."""
    is_refused = (facts.outcome == REFUSED) & facts.is_seen
    return found_messages(facts, "refused-delivered", is_refused, lambda message: _readers(facts, message))


def _is_tracked(facts: Facts, message: int) -> bool:
    return facts.history.id(message).startswith("wp-")


def _is_unicast(facts: Facts) -> Bools:
    return facts.audience.sizes == 1


def _misses_somebody(facts: Facts) -> Bools:
    misses = np.zeros(facts.messages, bool)
    misses[facts.pair_message[~facts.pair_served]] = True
    return misses


def _has_stray(facts: Facts) -> Bools:
    strayed = np.zeros(facts.messages, bool)
    strayed[facts.receipt_message[facts.is_stray]] = True
    return strayed


def _elsewhere(facts: Facts, receipt: int) -> str:
    message: int = int(facts.receipt_message[receipt])
    meant = names(facts, audience(facts, message))
    after = millis(int(facts.receipt_at[receipt] - facts.sent_at[message]))
    return f"meant for {meant}, it came to {name(facts, int(facts.receipt_client[receipt]))} {after} after it was sent"


def _readers(facts: Facts, message: int) -> str:
    readers: Ints = np.unique(facts.receipt_client[facts.receipt_message == message])
    return f"refused to its sender, read by {names(facts, readers.tolist())}"
