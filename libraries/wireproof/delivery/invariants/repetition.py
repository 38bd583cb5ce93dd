"""Nothing arrives twice, or only so that its recipient can tell (D3, D5)."""

import numpy as np

from wireproof.delivery.columns import ABSENT
from wireproof.delivery.facts import Facts, gather, scatter_first
from wireproof.delivery.findings import Finding
from wireproof.delivery.history import Bools, Columns, Ints
from wireproof.delivery.samples import found_receipts, millis
from wireproof.delivery.sessions import last_about, sockets


def duplicated(facts: Facts) -> Finding:
    """D3: what was sent once arrives at most once."""
    once = facts.sends[facts.receipt_message] <= 1
    return found_receipts(facts, "duplicated", _repeats(facts) & once, lambda receipt: _again(facts, receipt))


def retry_duplicated(facts: Facts) -> Finding:
    """D5: what its sender sent again under the same id, not knowing its outcome, is still one message."""
    retried = facts.sends[facts.receipt_message] > 1
    return found_receipts(facts, "retry-duplicated", _repeats(facts) & retried, lambda receipt: _again(facts, receipt))


def redelivered(facts: Facts) -> int:
    """How many repeats their recipients can recognise."""
    return int(np.count_nonzero(facts.is_repeat & ~_unrecognisable(facts)))


def _repeats(facts: Facts) -> Bools:
    """Repeats that count: not those that the recipient can tell, nor those of a message that was stored twice."""
    repeats = facts.is_repeat.copy()
    stored_twice = facts.history["rows"]["message"][facts.further_rows]
    repeats &= ~np.isin(facts.receipt_message, stored_twice)
    if facts.rules.guarantee == "exactly once after dedupe":
        repeats &= _unrecognisable(facts)
    return repeats


def _unrecognisable(facts: Facts) -> Bools:
    """Receipts that, as repeats, break the rules of redelivery.

    A redelivery is marked where the protocol marks them, and does not come once its recipient has confirmed. On one
    connection it comes no sooner than the protocol's time after the first delivery, which was made neither before the
    message was sent nor before the connection was. How late the network brought the first one does not matter.
    """
    received = {name: column[facts.receipts] for name, column in facts.history["received"].items()}
    marks, redelivery_ns, opened_at = _connections(facts, received)
    unmarked = marks & (received["retry"] == 0)
    confirmed_at, confirmed_on = _confirmations(facts)
    same_as_confirmed = confirmed_on == received["connection"]
    # The confirmation may still be under way when the redelivery leaves.
    confirmed = same_as_confirmed & (received["at"] > confirmed_at + redelivery_ns // 2)
    same_connection = _follows_on_connection(facts, received["connection"])
    begin = np.maximum(facts.sent_at[facts.receipt_message], opened_at)
    hasty = same_connection & (received["at"] < begin + redelivery_ns)
    silent = same_connection & ~marks & (redelivery_ns == 0)
    unrecognisable: Bools = unmarked | confirmed | hasty | silent
    return unrecognisable


def _connections(facts: Facts, received: Columns) -> tuple[Bools, Ints, Ints]:
    """For each receipt whether its connection marks redeliveries, after what time it makes them, when it was opened."""
    opened = facts.history["connections"]
    row = last_about(opened, sockets(received))
    marks = gather(opened["marks_redelivery"], row, 0) == 1
    redelivery_ns = gather(opened["redelivery_ns"], row, 0)
    if facts.rules.redelivery_s is not None:
        redelivery_ns = np.full(len(row), int(facts.rules.redelivery_s * 1e9))
    return marks, redelivery_ns, gather(opened["at"], row, 0)


def _confirmations(facts: Facts) -> tuple[Ints, Ints]:
    """For each receipt when, and on which connection, its recipient first confirmed the message."""
    confirmed = facts.history["confirmed"]
    pair = facts.audience.find(confirmed["message"], confirmed["client"])
    first = np.full(len(facts.pair_message), ABSENT)
    serving = np.flatnonzero(pair != ABSENT)
    scatter_first(first, pair[serving], serving)
    row = gather(first, facts.receipt_pair, ABSENT)
    return gather(confirmed["at"], row, 0), gather(confirmed["connection"], row, ABSENT)


def _follows_on_connection(facts: Facts, connection: Ints) -> Bools:
    """Repeats that an earlier receipt of the same pair came before on the same connection."""
    follows = np.zeros(len(connection), bool)
    involved = np.zeros(len(facts.pair_message), bool)
    involved[facts.receipt_pair[facts.is_repeat]] = True
    rows = np.flatnonzero(gather(involved.astype(np.int64), facts.receipt_pair, 0) == 1)
    order = rows[np.lexsort((rows, connection[rows], facts.receipt_pair[rows]))]
    pair, on = facts.receipt_pair[order], connection[order]
    follows[order[1:]] = (pair[1:] == pair[:-1]) & (on[1:] == on[:-1])
    return follows


def _again(facts: Facts, receipt: int) -> str:
    first = int(facts.pair_first[facts.receipt_pair[receipt]])
    received = facts.history["received"]
    row, first_row = int(facts.receipts[receipt]), int(facts.receipts[first])
    after = millis(int(received["at"][row] - received["at"][first_row]))
    same = received["connection"][row] == received["connection"][first_row]
    where = "on the same connection" if same else "on a later connection"
    mark = "marked as a repetition" if received["retry"][row] else "not marked as a repetition"
    return f"it came again {after} later {where}, {mark}"
