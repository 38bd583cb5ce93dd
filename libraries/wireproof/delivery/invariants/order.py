"""Messages arrive in order and without holes (D6, D7, D8)."""

import numpy as np

from wireproof.delivery.columns import ABSENT, REFUSED
from wireproof.delivery.facts import NEVER, Facts
from wireproof.delivery.findings import SAMPLES, Finding, Sample
from wireproof.delivery.history import Bools, Ints
from wireproof.delivery.numbering import Hole, Numbering
from wireproof.delivery.samples import found_pairs, sample, thousands


def reordered(facts: Facts) -> Finding:
    """D6: what one sender sends arrives first at each recipient in the order in which it was first sent."""
    if facts.rules.order == "none":
        return Finding("reordered")
    pairs, ahead = _overtaken(facts)
    overtaken = np.zeros(len(facts.pair_message), bool)
    overtaken[pairs] = True
    distance = dict(zip(pairs.tolist(), ahead.tolist(), strict=True))
    return found_pairs(
        facts,
        "reordered",
        overtaken,
        lambda pair: f"came after one that was sent {thousands(distance[pair])} messages later",
    )


def _overtaken(facts: Facts) -> tuple[Ints, Ints]:
    """The pairs served after one that was sent later, and by how many messages the farthest was ahead.

    What was sent more than once has no place in the order.
    """
    firsts = facts.pair_first[facts.pair_served]
    receipts = np.sort(firsts)
    receipts = receipts[facts.sends[facts.receipt_message[receipts]] == 1]
    message, client = facts.receipt_message[receipts], facts.receipt_client[receipts]
    flows = facts.sender[message] * facts.clients + client
    by_flow = np.argsort(flows, kind="stable")
    place = facts.first_send[message[by_flow]]
    # Each flow's places are lifted above those of the flows before it, so that one running maximum serves all.
    starts = np.diff(flows[by_flow], prepend=ABSENT) != 0
    lift = (np.cumsum(starts) - 1) * (len(facts.history["sent"]["message"]) + 1)
    highest = np.maximum.accumulate(place + lift) - lift
    late = np.flatnonzero(place < highest)
    pairs = facts.receipt_pair[receipts[by_flow[late]]]
    own = _places(facts)
    return pairs, own[highest[late]] - own[place[late]]


def _places(facts: Facts) -> Ints:
    """For each sending its place among its sender's."""
    client = facts.history["sent"]["client"]
    order = np.argsort(client, kind="stable")
    starts = np.flatnonzero(np.diff(client[order], prepend=ABSENT))
    counts = np.diff(np.append(starts, len(order)))
    places = np.empty(len(order), np.int64)
    places[order] = np.arange(len(order)) - np.repeat(starts, counts)
    return places


def causal_reversed(facts: Facts) -> Finding:
    """D8: who gets both a message and one that its reader sent later gets them in that order.

    Costs one pass over a sender's reading for each recipient that listens to it.
    """
    if facts.rules.order != "causal":
        return Finding("causal-reversed")
    reversed_pairs = np.zeros(len(facts.pair_message), bool)
    at = np.where(facts.pair_served, facts.pair_first_at, NEVER)
    sent_by = facts.sender[facts.pair_message]
    served = np.flatnonzero(facts.pair_served & facts.is_sent[facts.pair_message])
    by_client = served[np.argsort(facts.pair_client[served], kind="stable")]
    clients, starts = np.unique(facts.pair_client[by_client], return_index=True)
    heard_by = dict(zip(clients.tolist(), np.split(by_client, starts[1:]), strict=True)) if len(clients) else {}
    pair_at = np.full(facts.messages, ABSENT)
    for recipient, ours in heard_by.items():
        pair_at[facts.pair_message[ours]] = ours
        for sender in (set(sent_by[ours].tolist()) & heard_by.keys()) - {recipient}:
            theirs = ours[sent_by[ours] == sender]
            read = heard_by[sender][sent_by[heard_by[sender]] != sender]
            read = read[pair_at[facts.pair_message[read]] != ABSENT]
            causes = pair_at[facts.pair_message[read]]
            reversed_pairs[causes[_after_an_effect(facts, at, theirs, read, causes)]] = True
        pair_at[facts.pair_message[ours]] = ABSENT
    return found_pairs(
        facts,
        "causal-reversed",
        reversed_pairs,
        lambda _: "came after a message whose sender had read it",
    )


def _after_an_effect(facts: Facts, at: Ints, effects: Ints, read: Ints, causes: Ints) -> Bools:
    """Which causes came to the recipient after the first of the effects that were sent once the cause had been read."""
    sent_at = facts.sent_at[facts.pair_message[effects]]
    order = np.argsort(sent_at, kind="stable")
    earliest = np.minimum.accumulate(at[effects[order]][::-1])[::-1]
    following = np.searchsorted(sent_at[order], at[read], side="right")
    first_effect = np.append(earliest, NEVER)[following]
    after: Bools = at[causes] > first_effect
    return after


def gap(facts: Facts) -> Finding:
    """D7: a recipient's numbers have no holes but those that were declared or that a missing message leaves."""
    if not _is_numbered(facts):
        return Finding("gap", unobservable="numbers")
    missing = facts.pair_client[~facts.pair_served & (facts.outcome[facts.pair_message] != REFUSED)]
    explained = np.bincount(missing, minlength=facts.clients)
    alias = np.arange(facts.clients) if facts.audience.alias is None else facts.audience.alias
    silent: dict[int, list[Hole]] = {}
    for hole in Numbering(facts).holes():
        if not hole.promised:
            silent.setdefault(int(alias[hole.client]), []).append(hole)
    count = 0
    samples: list[Sample] = []
    for client, holes in silent.items():
        unexplained = sum(hole.size for hole in holes) - int(explained[alias == client].sum())
        if unexplained > 0:
            count += unexplained
            samples += [_hole(facts, hole) for hole in holes]
    return Finding("gap", count, tuple(samples[:SAMPLES]))


def non_monotonic(facts: Facts) -> Finding:
    """D7: a recipient's numbers rise, and no number stands for two messages.

    A message that arrives out of its sender's order is `reordered` and not judged here.
    """
    if not _is_numbered(facts):
        return Finding("non-monotonic", unobservable="numbers")
    if facts.rules.order == "none":
        return Finding("non-monotonic")
    received = facts.history["received"]
    falling = Numbering(facts).falling()
    pairs, _ = _overtaken(facts)
    known = np.zeros(len(received["message"]), bool)
    known[facts.receipts[facts.pair_first[pairs]]] = True
    falling = falling[~known[falling]]
    samples = (
        sample(
            facts,
            int(received["message"][row]),
            int(received["client"][row]),
            int(received["at"][row]),
            f"number {received['seq'][row]} came after a number that is not lower",
        )
        for row in falling[:SAMPLES].tolist()
    )
    return Finding("non-monotonic", len(falling), tuple(samples))


def _is_numbered(facts: Facts) -> bool:
    return bool((facts.history["received"]["seq"] != ABSENT).any())


def _hole(facts: Facts, hole: Hole) -> Sample:
    received = facts.history["received"]
    message, at_ns = int(received["message"][hole.row]), int(received["at"][hole.row])
    span = f"number {hole.first}" if hole.size == 1 else f"numbers {hole.first} to {hole.first + hole.size - 1}"
    return sample(facts, message, hole.client, at_ns, f"{span} before it never came")
