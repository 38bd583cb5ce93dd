"""What a load shows of the recovery from a fault: the same as tracked traffic of that time would."""

import numpy as np
import pytest

from wireproof.delivery.columns import ACKED, REFUSED, UNKNOWN
from wireproof.delivery.history import History
from wireproof.journal import Event
from wireproof.load import traffic
from wireproof.timing import loads
from wireproof.timing import recorder as recording
from wireproof.timing.errors import TimingError
from wireproof.timing.fault import Fault
from wireproof.timing.recovery import measure

MS = 1_000_000


def history(tables: dict[str, dict[str, list[int]]], messages: int) -> History:
    return History.from_columns(tables, [f"m{n}" for n in range(messages)], ["", "a", "b"])


def sendings(at: list[int], acknowledged: int) -> dict[str, list[int]]:
    count = len(at)
    return {
        "message": list(range(count)),
        "client": [1] * count,
        "connection": [1] * count,
        "at": at,
        "acknowledged": [acknowledged] * count,
    }


def expected(messages: int, *clients: int) -> dict[str, list[int]]:
    pairs = [(message, client) for message in range(messages) for client in clients]
    return {
        "message": [message for message, _ in pairs],
        "client": [client for _, client in pairs],
        "sender": [1] * len(pairs),
        "at": [0] * len(pairs),
    }


def test_a_message_is_done_when_it_is_acked_and_everybody_has_it(tmp_path):
    told = history(
        {
            "sent": sendings([10, 20, 30, 40], acknowledged=1),
            "expected": expected(4, 1, 2),
            "verdicts": {
                "message": [0, 1, 2],
                "client": [1, 1, 1],
                "outcome": [ACKED, REFUSED, UNKNOWN],
                "at": [12, 22, 33],
            },
            "received": {
                "message": [0, 0, 0, 3],
                "client": [1, 2, 2, 1],
                "connection": [1, 1, 1, 1],
                "at": [14, 16, 19, 44],
            },
            "closes": {"client": [1], "connection": [1], "at": [50]},
        },
        4,
    )
    traffic.save(told, tmp_path / "x.npz")
    seen = loads.read(tmp_path / "x.npz")
    assert seen.sent.tolist() == [10, 20, 30, 40]
    assert seen.acked.tolist() == [12, 0, 0, 0]
    assert seen.delivered.tolist() == [16, 0, 0, 0]
    assert {kind: at.tolist() for kind, at in seen.errors.items()} == {
        "refused": [22],
        "unknown": [33],
        "lost connections": [50],
    }


def test_what_a_load_closes_itself_is_no_loss(tmp_path):
    told = history({"closes": {"client": [1, 2], "connection": [1, 1], "at": [50, 80]}}, 0)
    traffic.save(told, tmp_path / "x.npz", 60)
    assert loads.read(tmp_path / "x.npz").errors["lost connections"].tolist() == [50]


def test_what_needs_no_acknowledgement_is_taken_over_when_it_is_sent(tmp_path):
    told = history(
        {
            "sent": sendings([10, 20], acknowledged=0),
            "expected": expected(2, 1),
            "received": {"message": [1], "client": [1], "connection": [1], "at": [25]},
        },
        2,
    )
    traffic.save(told, tmp_path / "x.npz")
    seen = loads.read(tmp_path / "x.npz")
    assert (seen.acked.tolist(), seen.delivered.tolist()) == ([10, 20], [0, 25])


@pytest.fixture
def recorder(tmp_path, monkeypatch):
    """A recorder whose journal lies in the test's folder."""
    journal = recording.journal()
    monkeypatch.setattr(journal, "folder", tmp_path)
    return recording.Recorder()


def load_event(at_ns: int, phase: str, **data: object) -> Event:
    return Event(at_ns, "load", "steady", {"phase": phase, **data})


def test_a_load_counts_as_traffic_once_it_has_ended(tmp_path, recorder):
    # 1000 messages a second; none gets through from 2 s to 3 s, when the fault is on.
    sent = np.arange(0, 5000 * MS, MS) + MS
    delivered = np.where((sent > 2000 * MS) & (sent < 3000 * MS), 0, sent + MS)
    np.savez(tmp_path / "steady.npz", sent=sent, acked=sent, delivered=delivered)
    recorder.take(load_event(1, "on", rate=1000.0))
    assert recorder.running_loads == ["steady"]
    assert not len(recorder.observed().sent)
    recorder.take(load_event(6000 * MS, "off", rate=1000.0, traffic="steady.npz", until_ns=5000 * MS))
    assert recorder.running_loads == []
    fault = Fault(1, "gateway", "outage", "", 2000 * MS, 3000 * MS)
    recovery = measure(fault, [fault], recorder.observed(), 6000 * MS)
    assert recovery.rate_before == pytest.approx(1000, rel=0.01)
    assert recovery.first_success_ms == pytest.approx(1, abs=1.5)
    assert recovery.rate_ms == pytest.approx(450, abs=5)
    assert recovery.traffic_ended_ms == pytest.approx(2000)


def test_a_load_that_left_nothing_changes_nothing(recorder):
    recorder.take(load_event(1, "on", rate=5.0))
    recorder.take(load_event(2, "off", traffic="", until_ns=0))
    assert not len(recorder.observed().sent)
    assert recorder.observed().steady == []


def test_a_file_that_is_gone_is_told(recorder):
    recorder.take(load_event(1, "on", rate=5.0))
    recorder.take(load_event(2, "off", traffic="gone.npz", until_ns=2))
    with pytest.raises(TimingError, match=r"the messages of a load cannot be read from .*gone\.npz: "):
        recorder.observed()
