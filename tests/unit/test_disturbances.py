"""A disturbance is two events of one number, whoever ends it and how often."""

import threading

import pytest

from wireproof import disturbances, journal
from wireproof.journal import Journal


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch):
    """The events of a journal of its own."""
    own = Journal()
    monkeypatch.setattr(journal, "_current", own)
    return own.recent


def test_it_is_on_and_then_off(events):
    disturbance = disturbances.begin("db", "black hole")
    assert disturbance.is_on
    disturbance.end(touched=2, effect={"bytes": 17})
    assert not disturbance.is_on
    on, off = events()
    common = {"name": "black hole", "number": disturbance.number}
    assert (on.kind, on.source, on.data) == ("fault", "db", {"phase": "on", **common})
    assert (off.kind, off.source) == ("fault", "db")
    assert off.data == {"phase": "off", **common, "touched": 2, "effect": {"bytes": 17}}
    assert on.at_ns <= off.at_ns


def test_it_ends_when_its_healing_was_ordered(events):
    began, ordered = journal.now_ns() - 2_000, journal.now_ns() - 1_000
    disturbances.begin("redis", "killed", at_ns=began).end(touched=1, at_ns=ordered)
    assert [event.at_ns for event in events()] == [began, ordered]
    assert events()[1].data["effect"] == {}


def test_it_tells_how_long_it_is_going_to_last(events):
    disturbances.begin("db", "black hole", duration_s=20)
    assert events()[0].data["duration_s"] == 20


def test_what_had_no_effect_says_so(events):
    disturbances.begin("wire", "frames dropped").end(touched=0)
    assert events()[1].data["touched"] == 0


def test_ending_it_twice_records_one_end(events):
    disturbance = disturbances.begin("db", "black hole")
    disturbance.end(touched=1)
    disturbance.end(touched=5)
    assert [event.data["phase"] for event in events()] == ["on", "off"]


def test_many_that_end_it_at_the_same_time_record_one_end(events):
    disturbance = disturbances.begin("db", "black hole")
    together = threading.Barrier(8)

    def end() -> None:
        together.wait()
        disturbance.end(touched=1)

    threads = [threading.Thread(target=end) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(events()) == 2


def test_numbers_are_unique_whoever_takes_them(events):
    taken: list[int] = []
    threads = [
        threading.Thread(target=lambda: taken.extend(disturbances.number() for _ in range(500))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken.append(disturbances.begin("db", "black hole").number)
    assert len(set(taken)) == len(taken) == 2001
