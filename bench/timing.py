"""Area `timing`: what it costs to be ready to measure a recovery, and to look at one."""

import statistics
import time
from collections.abc import Iterator

from bench.figures import Figure
from wireproof.journal import Event
from wireproof.timing.fault import Fault
from wireproof.timing.recorder import Recorder
from wireproof.timing.recovery import measure as measure_recovery

MESSAGES = 50_000
ROUNDS = 5
STEP_NS = 100_000


def measure() -> Iterator[Figure]:
    events = _events()
    took, looked = [], []
    for _ in range(ROUNDS):
        recorder = Recorder()
        started = time.thread_time()
        for event in events:
            recorder.take(event)
        taken = time.thread_time()
        fault = Fault(1, "redis", "killed", "", MESSAGES * STEP_NS // 2, MESSAGES * STEP_NS // 2)
        measure_recovery(fault, [fault], recorder.observed(), MESSAGES * STEP_NS)
        took.append((taken - started) / len(events))
        looked.append(time.thread_time() - taken)
    how = f"processor time, median of {ROUNDS}; {MESSAGES} messages: expected, sent, received, acknowledged"
    yield Figure("timing", "recorder: one event", statistics.median(took) * 1e6, "us", "< 2 us", how)
    yield Figure("timing", f"a look at {MESSAGES} messages", statistics.median(looked) * 1e3, "ms", "< 50 ms", how)


def _events() -> list[Event]:
    events = [Event(1, "connected", "alice", {"connection": 1, "acknowledges": True})]
    for number in range(MESSAGES):
        id = f"wp-0123456789ab-{number}"
        told = (
            ("expect", "alice", {"id": id, "audience": ["bob"]}),
            ("sent", "alice", {"id": id, "connection": 1}),
            ("received", "bob", {"id": id, "connection": 1}),
            ("received", "alice", {"id": f"ack {id}", "reply_to": id, "outcome": "acked", "connection": 1}),
        )
        at_ns = (number + 1) * STEP_NS
        events += [Event(at_ns + place, kind, source, data) for place, (kind, source, data) in enumerate(told)]
    return events
