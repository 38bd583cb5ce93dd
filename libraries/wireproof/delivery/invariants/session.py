"""Sockets are who they say they are, and a recovery keeps its promise (D14)."""

import numpy as np

from wireproof.delivery.columns import ABSENT
from wireproof.delivery.facts import Facts
from wireproof.delivery.findings import SAMPLES, Finding, Sample
from wireproof.delivery.numbering import Hole, Numbering
from wireproof.delivery.samples import found_receipts, millis, name, sample


def stale_session(facts: Facts) -> Finding:
    """D14: a socket that was replaced gets nothing that was sent afterwards."""
    if not len(facts.history["logins"]["at"]):
        return Finding("stale-session", unobservable="logins")
    superseded, _ = facts.sessions.superseded(facts.history["received"], facts.receipts)

    def detail(receipt: int) -> str:
        after = millis(int(facts.sent_at[facts.receipt_message[receipt]] - superseded[receipt]))
        return f"it came on a socket that had been replaced {after} before it was sent"

    return found_receipts(facts, "stale-session", facts.is_stale, detail)


def spoofed_sender(facts: Facts) -> Finding:
    """D14: a message does not come in the name of another client than the one that sent it."""
    received, names, identities = facts.history["received"], facts.history.names, facts.sessions.identities
    known = {names[identity] for found in identities.values() for identity in found}
    flow, sender = received["flow"][facts.receipts], facts.sender[facts.receipt_message]
    if not known or not (flow != 0).any():
        return Finding("spoofed-sender", unobservable="names of senders")
    named, first = np.unique(flow * facts.clients + sender, return_inverse=True)
    wrong = np.zeros(len(named), bool)
    for at, key in enumerate(named.tolist()):
        said, actual = names[key // facts.clients].partition("→")[0], key % facts.clients
        own = {names[identity] for identity in identities.get(actual, ())}
        wrong[at] = bool(own) and said in known and said not in own
    return found_receipts(
        facts,
        "spoofed-sender",
        wrong[first] & facts.is_sent[facts.receipt_message],
        lambda receipt: f"it came as {name(facts, int(flow[receipt]))}",
    )


def false_recovery(facts: Facts) -> Finding:
    """D14: who is told at a login that nothing was missed has missed nothing."""
    numbered = bool((facts.history["received"]["seq"] != ABSENT).any())
    if not numbered or not (facts.history["logins"]["recovered"] != ABSENT).any():
        return Finding("false-recovery", unobservable="recoveries")
    promised = [hole for hole in Numbering(facts).holes() if hole.promised]
    samples = tuple(_broken(facts, hole) for hole in promised[:SAMPLES])
    return Finding("false-recovery", len(promised), samples)


def _broken(facts: Facts, hole: Hole) -> Sample:
    received = facts.history["received"]
    message, at_ns = int(received["message"][hole.row]), int(received["at"][hole.row])
    detail = f"recovered, it was said, but {hole.size} before it never came, from number {hole.first} on"
    return sample(facts, message, hole.client, at_ns, detail)
