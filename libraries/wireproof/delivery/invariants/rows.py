"""What is acknowledged is stored, once, before the acknowledgement, and nothing else is (D11, D12, D13)."""

import numpy as np

from wireproof.delivery.columns import ACKED, REFUSED, UNKNOWN
from wireproof.delivery.facts import NEVER, Facts, scatter_first
from wireproof.delivery.findings import Finding
from wireproof.delivery.history import Bools, Ints
from wireproof.delivery.invariants.content import sent_digests
from wireproof.delivery.samples import audience, found_messages, found_rows, name, whereabouts

_NO_ROWS = "rows"


def acked_not_persisted(facts: Facts) -> Finding:
    """D11: what is acknowledged is a row."""
    if facts.last_look <= facts.acked_at.min(initial=NEVER):
        return Finding("acked-not-persisted", unobservable=_NO_ROWS)
    return found_messages(
        facts, "acked-not-persisted", facts.is_unpersisted, lambda message: whereabouts(facts, message, ())
    )


def ack_before_durable(facts: Facts) -> Finding:
    """D12: who looks after the acknowledgement sees the row."""
    if not _looked(facts):
        return Finding("ack-before-durable", unobservable=_NO_ROWS)
    is_early = np.zeros(facts.messages, bool)
    for table in facts.message_tables.tolist():
        asked, shown_in = _first_shown(facts, table)
        first_look = np.searchsorted(asked, facts.acked_at, side="right")
        is_early |= (shown_in != NEVER) & (first_look < shown_in) & (facts.outcome == ACKED)
    return found_messages(
        facts,
        "ack-before-durable",
        is_early,
        lambda message: f"{whereabouts(facts, message, ())}, but not yet at a look after the acknowledgement",
    )


def duplicate_row(facts: Facts) -> Finding:
    """D11: a message is one row."""
    rows = facts.history["rows"]
    if not _looked(facts):
        return Finding("duplicate-row", unobservable=_NO_ROWS)
    return found_rows(
        facts,
        "duplicate-row",
        _once(rows["message"], facts.further_rows),
        lambda row: f"more than one row in {name(facts, int(rows['table'][row]))}",
    )


def refused_stored(facts: Facts) -> Finding:
    """D11: what is refused is no row."""
    if not _looked(facts):
        return Finding("refused-stored", unobservable=_NO_ROWS)
    is_case = (facts.outcome == REFUSED) & facts.is_stored
    return found_messages(facts, "refused-stored", is_case, lambda _: "refused to its sender, yet stored")


def corrupted_row(facts: Facts) -> Finding:
    """D11: the row says what was sent."""
    rows = facts.history["rows"]
    wanted = sent_digests(facts)[rows["message"]]
    comparable = (wanted != 0) & (rows["digest"] != 0)
    if not comparable.any():
        return Finding("corrupted-row", unobservable="digests of rows")
    cases = np.flatnonzero(comparable & (wanted != rows["digest"]))
    return found_rows(
        facts, "corrupted-row", _once(rows["message"], cases), lambda _: "its row differs from what was sent"
    )


def wrong_owner(facts: Facts) -> Finding:
    """D11: the row does not belong to a client that has nothing to do with the message.

    Whose identity a table names is the server's choice, so only an owner that is another known client is wrong.
    """
    rows = facts.history["rows"]
    owned = np.flatnonzero((rows["owner"] != 0) & facts.is_known[rows["message"]])
    if not len(owned):
        return Finding("wrong-owner", unobservable="owners of rows")
    cases = [row for row in owned.tolist() if _is_stranger(facts, int(rows["message"][row]), int(rows["owner"][row]))]
    return found_rows(
        facts,
        "wrong-owner",
        _once(rows["message"], np.array(cases, np.int64)),
        lambda row: f"its row belongs to {name(facts, int(rows['owner'][row]))}",
    )


def phantom_row(facts: Facts) -> Finding:
    """D11: no row has the id of a message of this run that nobody sent."""
    rows, run = facts.history["rows"], facts.history.run
    if not _looked(facts) or not run:
        return Finding("phantom-row", unobservable=_NO_ROWS)
    strangers = np.flatnonzero(~facts.is_known[rows["message"]])
    ids = [facts.history.id(message) for message in rows["message"][strangers].tolist()]
    cases = strangers[np.array([id.startswith(f"wp-{run}-") for id in ids], bool)]
    return found_rows(facts, "phantom-row", _once(rows["message"], cases), lambda _: "stored, and nobody sent it")


def unconverged(facts: Facts) -> Finding:
    """D13: once all is quiet, rows and recipients agree also on what was never acknowledged."""
    if not _looked(facts):
        return Finding("unconverged", unobservable=_NO_ROWS)
    has_audience = facts.audience.sizes > 0
    stored_only = (facts.outcome == UNKNOWN) & facts.is_stored & has_audience & ~facts.is_seen
    first_seen = np.full(facts.messages, NEVER)
    scatter_first(first_seen, facts.receipt_message, facts.receipt_at)
    delivered_only = _not_acked(facts) & ~facts.is_stored & (first_seen < facts.last_look)
    return found_messages(
        facts,
        "unconverged",
        stored_only | delivered_only,
        lambda message: (
            whereabouts(facts, message, audience(facts, message) if stored_only[message] else ())
            + ("" if stored_only[message] else ", never stored")
        ),
    )


def _is_stranger(facts: Facts, message: int, owner: int) -> bool:
    """Whether an owner is a known client, or its identity, that neither sent the message nor has to get it."""
    sessions, concerned = facts.sessions, [int(facts.sender[message]), *audience(facts, message)]
    known = set(sessions.holders) | set(facts.history["connections"]["client"].tolist())
    theirs = {int(facts.to[message]), *concerned}.union(*(sessions.identities.get(client, ()) for client in concerned))
    return owner in known and owner not in theirs


def _not_acked(facts: Facts) -> Bools:
    return facts.is_sent & (facts.outcome != ACKED) & (facts.outcome != REFUSED)


def _looked(facts: Facts) -> bool:
    return facts.last_look >= 0


def _first_shown(facts: Facts, table: int) -> tuple[Ints, Ints]:
    """When each look at a table was asked for, in order, and the first of them that showed each message, by place."""
    scans, rows = facts.history["scans"], facts.history["rows"]
    ours = np.flatnonzero(scans["table"] == table)
    ours = ours[np.argsort(scans["asked"][ours], kind="stable")]
    place = dict(zip(scans["scan"][ours].tolist(), range(len(ours)), strict=True))
    shown_in = np.full(facts.messages, NEVER)
    in_table = np.flatnonzero(rows["table"] == table)
    places = np.array([place.get(scan, NEVER) for scan in rows["scan"][in_table].tolist()], np.int64)
    np.minimum.at(shown_in, rows["message"][in_table], places)
    return scans["asked"][ours], shown_in


def _once(message: Ints, rows: Ints) -> Ints:
    """The first of several rows of a message."""
    return rows[np.sort(np.unique(message[rows], return_index=True)[1])]
