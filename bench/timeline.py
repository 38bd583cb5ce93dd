"""Area `timeline`: what a failure costs: the page of 2 000 events among 10 000, and what the log shows of them."""

import json
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from bench.figures import Figure
from wireproof.journal import RECENT, Event, Journal
from wireproof.report.evidence import IN_THE_LOG, ON_THE_PAGE
from wireproof.report.timeline import Failure, Links, fragment, lay_out, page

ROUNDS = 5
STEP_NS = 500_000
TEXT = "x" * 150


def measure() -> Iterator[Figure]:
    for clients in (10, 200):
        events = _events(clients)
        failure = _failure(events[-1].at_ns)
        how = f"median of {ROUNDS}; {len(events)} events of {clients} clients, messages of 240 bytes, ids as UUIDs"
        yield from _figures(
            f"page of {ON_THE_PAGE} events, {clients} clients",
            lambda events=events, failure=failure: page(lay_out(events, failure, ON_THE_PAGE), Links()),
            ("< 0.5 s", "< 300 kB"),
            how,
        )
        yield from _figures(
            f"{IN_THE_LOG} events in the log, {clients} clients",
            lambda events=events, failure=failure: fragment(lay_out(events, failure, IN_THE_LOG), Links()),
            ("", ""),
            how,
        )


def _figures(name: str, draw: Callable[[], str], goals: tuple[str, str], how: str) -> Iterator[Figure]:
    durations, size = [], 0
    for _ in range(ROUNDS):
        started = time.perf_counter()
        size = len(draw().encode())
        durations.append(time.perf_counter() - started)
    yield Figure("timeline", f"{name}: time", statistics.median(durations), "s", goals[0], how)
    yield Figure("timeline", f"{name}: size", size / 1000, "kB", goals[1], how)


def _events(clients: int) -> list[Event]:
    """Messages that go round, so that each client sends and receives."""
    journal = Journal()
    for number in range(RECENT // 2):
        identity = f"{number:08}-0000-4000-8000-000000000000"
        payload = json.dumps({"id": identity, "type": "user_message", "payload": {"text": TEXT}}).encode()
        for kind, shift in (("sent", 0), ("received", 1)):
            at_ns = (2 * number + shift) * STEP_NS
            client = f"client-{(number + shift) % clients}"
            journal.record(kind, client, at_ns=at_ns, payload=payload, id=identity, message_kind="user_message")
    return journal.recent()


def _failure(at_ns: int) -> Failure:
    return Failure(
        keyword="Messages Should Be Delivered",
        message=f"lost: 1 of {RECENT // 2} messages, {', '.join(f'client-{number}' for number in range(10))} missed it",
        arguments=(),
        where="test 'Nothing Is Lost'",
        zero_ns=0,
        began_ns=at_ns - 100 * STEP_NS,
        at_ns=at_ns,
        at=datetime.now(UTC),
    )
