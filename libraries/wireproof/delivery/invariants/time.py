"""Everything arrives in time, and goes on after a fault (D15, D16)."""

import numpy as np

from wireproof.delivery.columns import ACKED
from wireproof.delivery.facts import NEVER, Facts
from wireproof.delivery.findings import Finding
from wireproof.delivery.samples import found_messages, found_pairs, millis


def late(facts: Facts) -> Finding:
    """D15: nothing arrives after a drain gave it up."""
    deadlines = np.sort(facts.history["overdue"]["at"])
    if not len(deadlines):
        return Finding("late")
    following = np.searchsorted(deadlines, facts.sent_at[facts.pair_message])
    given_up = np.append(deadlines, NEVER)[following]
    is_late = facts.pair_served & (facts.pair_first_at > given_up)
    return found_pairs(
        facts,
        "late",
        is_late,
        lambda pair: f"received {millis(int(facts.pair_first_at[pair] - given_up[pair]))} after the deadline",
    )


def no_progress_after_heal(facts: Facts) -> Finding:
    """D16: of what is sent after the last fault was healed something is taken over and something arrives."""
    healed = stalled_since(facts)
    if not len(facts.history["faults"]["at"]):
        return Finding("no-progress-after-heal", unobservable="faults")
    is_stuck = facts.is_known & (facts.sent_at >= healed) & (facts.sent_at != NEVER)
    return found_messages(
        facts, "no-progress-after-heal", is_stuck, lambda _: "sent after the last fault, as all that got nowhere"
    )


def stalled_since(facts: Facts) -> int:
    """When the last fault was healed, if nothing that was sent afterwards got anywhere; else NEVER."""
    faults = facts.history["faults"]
    healed = int(faults["at"][faults["on"] == 0].max(initial=-1))
    if healed < 0 or int(faults["at"][faults["on"] == 1].max(initial=-1)) > healed:
        return NEVER
    afterwards = facts.is_known & (facts.sent_at >= healed) & (facts.sent_at != NEVER)
    arrived = afterwards & facts.is_seen
    # Where nobody acknowledges, what arrives was taken over; another may be under way, and its outcome unknown.
    taken_over = afterwards & (facts.outcome == ACKED) | arrived & facts.is_due
    return NEVER if (arrived.any() and taken_over.any()) or not afterwards.any() else healed
