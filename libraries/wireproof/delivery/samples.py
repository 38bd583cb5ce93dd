"""Cases of an anomaly in words: which message, from whom to whom, and where it was seen last."""

from collections.abc import Callable, Iterable

import numpy as np

from wireproof.delivery.columns import ABSENT, ACKED, REFUSED, UNKNOWN
from wireproof.delivery.facts import ELSEWHERE, NEVER, Facts
from wireproof.delivery.findings import SAMPLES, Finding, Sample
from wireproof.delivery.history import Bools, Ints
from wireproof.wiretext import safe

_NAMES = 3


def found_messages(facts: Facts, word: str, is_case: Bools, detail: Callable[[int], str]) -> Finding:
    """A finding whose cases are messages; `detail` says what is known of one."""
    cases = np.flatnonzero(is_case)
    first = cases[np.argsort(facts.sent_at[cases], kind="stable")[:SAMPLES]].tolist()
    samples = (sample(facts, message, ABSENT, int(facts.sent_at[message]), detail(message)) for message in first)
    return Finding(word, len(cases), tuple(samples))


def found_pairs(facts: Facts, word: str, is_case: Bools, detail: Callable[[int], str]) -> Finding:
    """A finding whose cases are pairs; `detail` says what is known of one."""
    cases = np.flatnonzero(is_case)
    sent_at = facts.sent_at[facts.pair_message[cases]]
    samples = []
    for pair in cases[np.argsort(sent_at, kind="stable")[:SAMPLES]].tolist():
        message, client = int(facts.pair_message[pair]), int(facts.pair_client[pair])
        samples.append(sample(facts, message, client, int(facts.sent_at[message]), detail(pair)))
    return Finding(word, len(cases), tuple(samples))


def found_receipts(facts: Facts, word: str, is_case: Bools, detail: Callable[[int], str]) -> Finding:
    """A finding whose cases are receipts of known messages; `detail` says what is known of one."""
    cases = np.flatnonzero(is_case)
    samples = []
    for receipt in cases[:SAMPLES].tolist():
        message, client = int(facts.receipt_message[receipt]), int(facts.receipt_client[receipt])
        samples.append(sample(facts, message, client, int(facts.receipt_at[receipt]), detail(receipt)))
    return Finding(word, len(cases), tuple(samples))


def found_rows(facts: Facts, word: str, rows: Ints, detail: Callable[[int], str]) -> Finding:
    """A finding whose cases are rows of a database; `detail` says what is known of one."""
    seen = facts.history["rows"]
    samples = (
        sample(facts, int(seen["message"][row]), ABSENT, int(seen["at"][row]), detail(row))
        for row in rows[:SAMPLES].tolist()
    )
    return Finding(word, len(rows), tuple(samples))


def sample(facts: Facts, message: int, client: int, at_ns: int, detail: str) -> Sample:
    """One case: a message, and the client it concerns where there is one."""
    return Sample(safe(facts.history.id(message), 100), flow(facts, message, client), at_ns, detail)


def name(facts: Facts, number: int) -> str:
    """A client, recipient, table or the like as it is shown."""
    return safe(facts.history.names[number], 60)


def flow(facts: Facts, message: int, client: int = ABSENT) -> str:
    """From whom to whom, and the place of the message in it."""
    if not facts.is_known[message]:
        return f"to {name(facts, client)}" if client != ABSENT else "from nobody known"
    recipient = name(facts, client) if client != ABSENT else _recipients(facts, message)
    direction = f"{name(facts, int(facts.sender[message])) or '?'}→{recipient}"
    if not facts.is_sent[message]:
        return direction
    likes = (facts.sender == facts.sender[message]) & (facts.to == facts.to[message]) & facts.is_sent
    sent = np.sort(facts.first_send[likes])
    place = int(np.searchsorted(sent, facts.first_send[message])) + 1
    return f"{direction}, message {thousands(place)} of {thousands(len(sent))}"


def audience(facts: Facts, message: int) -> list[int]:
    """The clients that have to get a message."""
    pairs: list[int] = facts.pair_client[_pairs(facts, message)].tolist()
    return pairs


def _pairs(facts: Facts, message: int) -> slice:
    start = int(np.searchsorted(facts.pair_message, message))
    return slice(start, start + int(facts.audience.sizes[message]))


def _recipients(facts: Facts, message: int) -> str:
    clients = audience(facts, message)
    if not clients:
        return name(facts, int(facts.to[message])) or "?"
    return names(facts, clients)


def names(facts: Facts, clients: Iterable[int]) -> str:
    """Some of the clients' names and how many more there are."""
    found = [name(facts, client) for client in clients]
    more = f" and {len(found) - _NAMES} more" if len(found) > _NAMES else ""
    return ", ".join(found[:_NAMES]) + more


def whereabouts(facts: Facts, message: int, missing: Iterable[int]) -> str:
    """The places where a message was seen, the last of which is where it was lost."""
    history, sent_at = facts.history, int(facts.sent_at[message])
    seen = [_outcome(facts, message)]
    links = history["wire"]["link"][history["wire"]["message"] == message]
    if len(links):
        seen.append(f"on the wire at {names(facts, np.unique(links).tolist())}")
    if facts.is_stored[message]:
        seen.append("stored")
    elif facts.is_unpersisted[message]:
        seen.append("never stored")
    readers = np.unique(facts.receipt_client[facts.receipt_message == message])
    if len(readers):
        seen.append(f"read by {names(facts, readers.tolist())}")
    connected = set(history["connections"]["client"].tolist())
    sockets = [f"never on {name(facts, client)}'s socket" for client in missing if client in connected]
    absent = [f"{name(facts, client)} was not connected" for client in missing if client not in connected]
    seen += sockets[:_NAMES] + (absent[:_NAMES] if connected else [])
    if sent_at == NEVER or (facts.outcome[message] == ELSEWHERE and len(seen) == 1):
        seen.append("where it was lost is not observable")
    return ", ".join(seen)


def _outcome(facts: Facts, message: int) -> str:
    outcome = int(facts.outcome[message])
    if outcome == ELSEWHERE:
        return "expected from elsewhere"
    if not facts.is_sent[message] and outcome == UNKNOWN:
        return "it never left the sender"
    if outcome == ACKED:
        if not facts.is_sent[message]:
            return "acked"
        return f"acked {millis(int(facts.acked_at[message] - facts.sent_at[message]))} after it was sent"
    return {REFUSED: "refused", UNKNOWN: "sent, outcome unknown"}.get(outcome, "sent")


def outstanding(facts: Facts) -> str:
    """What has to come yet, in words, and the first of it; empty if nothing has to."""
    pairs, verdicts = np.flatnonzero(facts.pair_outstanding), facts.verdict_pending
    parts = [f"{thousands(len(pairs))} to be delivered"] if len(pairs) else []
    parts += [f"{thousands(len(verdicts))} to be acknowledged"] if len(verdicts) else []
    if not parts:
        return ""
    message = int(facts.pair_message[pairs[0]] if len(pairs) else verdicts[0])
    client = int(facts.pair_client[pairs[0]]) if len(pairs) else ABSENT
    missing = [client] if len(pairs) else []
    case = sample(facts, message, client, int(facts.sent_at[message]), whereabouts(facts, message, missing))
    return f"{' and '.join(parts)} (first {case.id})"


def millis(duration_ns: int) -> str:
    """A duration as people read it."""
    milliseconds = duration_ns / 1e6
    if abs(milliseconds) >= 10_000:
        return f"{milliseconds / 1000:.1f} s"
    return f"{milliseconds:.0f} ms" if abs(milliseconds) >= 10 else f"{milliseconds:.1f} ms"


def thousands(number: int) -> str:
    """A count with a blank between thousands."""
    return f"{number:,}".replace(",", " ")
