"""The ledger: a million messages recorded and judged, and what an event costs."""

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.figures import Figure

AREA = "ledger"
MESSAGES, FLOWS = 1_000_000, 10_000
EVENTS = 200_000
BURST = 5_000
"""Events that the journal's writer finds each time: 25 000 a second, far above what clients in Python receive."""
MEGABYTE = 1_000_000


def measure() -> Iterator[Figure]:
    bulk = _child("bulk")
    how = f"{MESSAGES:,} messages in {FLOWS:,} flows, columns of sent, acked, received; one lost, one doubled"
    yield Figure(AREA, "a million messages recorded and judged", bulk["seconds"], "s", "< 3 s", how)
    yield Figure(AREA, "peak memory of that", bulk["peak_mb"], "MB", "< 500 MB", "ru_maxrss of a process of its own")
    how = "processor time; the time above holds what else the machine does"
    yield Figure(AREA, "processor time of that", bulk["processor_s"], "s", "", how)
    yield Figure(AREA, "of that: judging", bulk["judging_s"], "s", "", "all invariants")
    yield Figure(AREA, "saving as .npz and loading again", bulk["file_s"], "s", "", "what load workers hand over")
    events = _child("events")
    how = f"{EVENTS:,} events, a third each sent, acked, received; processor time"
    yield Figure(AREA, "one event taken by a ledger", events["take_us"], "us", "", how)
    how = f"a received message, {BURST:,} at a time with a file open; processor time of the recording thread"
    yield Figure(AREA, "one event recorded in the journal", _child("recording")["record_us"], "us", "< 2 us", how)


def _child(part: str) -> dict[str, float]:
    done = subprocess.run([sys.executable, "-m", "bench.ledger", part], stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def bulk() -> dict[str, float]:
    """What load workers do: they fill columns, and the ledger judges them."""
    import numpy as np

    from wireproof.delivery.findings import Rules
    from wireproof.delivery.history import History
    from wireproof.delivery.verdict import judge

    begin, begin_processor = time.perf_counter(), time.process_time()
    message = np.arange(MESSAGES)
    sender = 1 + message % FLOWS
    recipient = sender + FLOWS
    at = message * 1000
    ones = np.broadcast_to(np.int64(1), MESSAGES)
    receipts = np.delete(np.arange(MESSAGES), MESSAGES // 2)
    receipts = np.append(receipts, receipts[-1])
    tables: dict[str, dict[str, Any]] = {
        "sent": {"message": message, "client": sender, "to": recipient, "at": at, "acknowledged": ones},
        "verdicts": {"message": message, "client": sender, "outcome": ones, "at": at + 500},
        "received": {"message": receipts, "client": recipient[receipts], "at": at[receipts] + 900},
    }
    ids = np.char.add(b"wp-0123456789ab-", message.astype("S7"))
    names = ["", *(f"client-{number}" for number in range(2 * FLOWS))]
    history = History.from_columns(tables, ids, names, "0123456789ab")
    recorded = time.perf_counter()
    verdict = judge(history, Rules())
    judged, processor_s = time.perf_counter(), time.process_time() - begin_processor
    if not verdict.line.startswith("FAIL: 1 lost, 1 duplicated of 1 000 000 acked"):
        sys.exit(f"judged wrongly: {verdict.line}")
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MEGABYTE
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "worker.npz"
        saving = time.perf_counter()
        history.save(path)
        History.load(path)
        file_s = time.perf_counter() - saving
    seconds = {"seconds": judged - begin, "judging_s": judged - recorded, "file_s": file_s}
    return {**seconds, "processor_s": processor_s, "peak_mb": peak_mb}


def events() -> dict[str, float]:
    """What one event costs the ledger."""
    from wireproof.delivery.recorder import Recorder
    from wireproof.journal import Event

    recorder = Recorder("default", "0123456789ab")
    third = EVENTS // 3
    happened = []
    for number in range(third):
        id, at = f"wp-0123456789ab-{number}", number * 1000
        happened += [
            Event(at, "sent", "alice", {"id": id, "connection": 1, "to": "bob", "message_kind": "say"}),
            Event(at + 1, "received", "alice", {"id": f"a{number}", "reply_to": id, "outcome": "acked"}),
            Event(at + 2, "received", "bob", {"id": id, "connection": 1, "message_kind": "say", "seq": number}),
        ]
    begin_ns = time.thread_time_ns()
    for event in happened:
        recorder.take(event)
    take_us = (time.thread_time_ns() - begin_ns) / len(happened) / 1e3
    return {"take_us": take_us}


def recording() -> dict[str, float]:
    """What one event costs the thread that it happens to: in a process of its own, for garbage has to be collected."""
    from wireproof.dialects import Message, Traits
    from wireproof.journal import current
    from wireproof.sockets.record import ConnectionRecord

    connection = ConnectionRecord("bob", 1, Traits(acknowledges=True, marks_redelivery=True, keeps_body=True))
    body = {"text": "x" * 150}
    messages = [
        Message(
            number, number, "bob", raw=b"x" * 200, kind="say", id=f"wp-0123456789ab-{number}", seq=number, body=body
        )
        for number in range(BURST)
    ]
    taken_ns = 0
    with tempfile.TemporaryDirectory() as directory:
        current().open(Path(directory) / "journal.jsonl")
        for _ in range(EVENTS // BURST):
            begin_ns = time.thread_time_ns()
            for message in messages:
                connection.received(message, "", confidential=False)
            taken_ns += time.thread_time_ns() - begin_ns
            current().flush()
        current().close()
    return {"record_us": taken_ns / EVENTS / 1e3}


if __name__ == "__main__":
    print(json.dumps({"bulk": bulk, "events": events, "recording": recording}[sys.argv[1]]()))
