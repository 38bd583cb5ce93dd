"""What arrives is what was sent (D10)."""

import numpy as np

from wireproof.delivery.facts import Facts, gather
from wireproof.delivery.findings import Finding
from wireproof.delivery.history import Ints
from wireproof.delivery.samples import found_receipts, millis


def corrupted(facts: Facts) -> Finding:
    """D10: the body is the author's."""
    wanted = sent_digests(facts)[facts.receipt_message]
    found = facts.history["received"]["digest"][facts.receipts]
    comparable = (wanted != 0) & (found != 0)
    if not comparable.any():
        return Finding("corrupted", unobservable="digests")
    return found_receipts(
        facts,
        "corrupted",
        comparable & (wanted != found),
        lambda receipt: f"its body differs from what was sent {_since(facts, receipt)} before",
    )


def sent_digests(facts: Facts) -> Ints:
    """The digest of what was sent; 0 where it is unknown or was not the same each time."""
    sent = facts.history["sent"]
    digests = gather(sent["digest"], facts.first_send, 0)
    changed = sent["digest"] != digests[sent["message"]]
    digests[sent["message"][changed]] = 0
    return np.asarray(digests)


def _since(facts: Facts, receipt: int) -> str:
    return millis(int(facts.receipt_at[receipt] - facts.sent_at[facts.receipt_message[receipt]]))
