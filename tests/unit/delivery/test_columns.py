"""Columns: from events, from arrays, to a file and back."""

from pathlib import Path

import numpy as np
import pytest
from story import RUN, Story, chat, tracked

from wireproof.delivery.columns import TABLES
from wireproof.delivery.findings import Rules
from wireproof.delivery.history import History
from wireproof.delivery.verdict import judge

NAMES = ["", "alice", "bob", "say"]


def columns(count: int) -> dict[str, dict[str, object]]:
    """`count` messages from alice to bob, acked and received."""
    messages = np.arange(count)
    return {
        "sent": {"message": messages, "client": np.full(count, 1), "at": messages, "acknowledged": np.ones(count, int)},
        "verdicts": {"message": messages, "client": np.full(count, 1), "outcome": np.full(count, 1), "at": messages},
        "received": {"message": messages, "client": np.full(count, 2), "at": messages + 5},
        "expected": {"message": messages, "client": np.full(count, 2), "sender": np.full(count, 1)},
    }


def ids(count: int) -> list[str]:
    return [tracked(number) for number in range(count)]


def test_events_and_arrays_are_judged_alike() -> None:
    story = Story()
    story.connect("alice").connect("bob")
    for number in range(3):
        story.deliver(tracked(number), "bob")
    by_events = story.verdict()
    by_arrays = judge(History.from_columns(columns(3), ids(3), NAMES, RUN), Rules())
    assert by_arrays.result == by_events.result == "PASS"
    assert by_arrays.counts == by_events.counts


@pytest.mark.parametrize("encoded", [False, True])
def test_a_loss_in_arrays_is_named(encoded: bool) -> None:
    tables = columns(5)
    tables["received"] = {name: np.delete(column, 3) for name, column in tables["received"].items()}
    texts = np.array(ids(5), "S") if encoded else ids(5)
    line = judge(History.from_columns(tables, texts, NAMES, RUN), Rules()).line
    assert line == f"FAIL: 1 lost of 5 acked; first lost {tracked(3)} (alice→bob, message 4 of 5): " \
        "acked 0.0 ms after it was sent"  # fmt: skip


@pytest.mark.parametrize("encoded", [False, True])
def test_what_is_saved_is_loaded(tmp_path: Path, encoded: bool) -> None:
    path = tmp_path / "worker-1.npz"
    tables = columns(300)
    tables["received"]["digest"] = np.full(300, 2**62)
    texts = np.array(ids(300), "S") if encoded else ids(300)
    history = History.from_columns(tables, texts, NAMES, RUN)
    history.save(path)
    loaded = History.load(path)
    assert [loaded.id(number) for number in range(300)] == ids(300)
    assert (list(loaded.names), loaded.run) == (NAMES, RUN)
    for table in TABLES:
        for name, column in history[table].items():
            np.testing.assert_array_equal(loaded[table][name], column)
            assert loaded[table][name].dtype == np.int64


def test_a_history_of_events_survives_its_file(tmp_path: Path) -> None:
    story = chat().send("alice", tracked(2), to="b", digest="ffffffffffffffff").answer("alice", tracked(2))
    history = story.recorder.history()
    history.save(tmp_path / "events.npz")
    assert judge(History.load(tmp_path / "events.npz"), story.rules).line == story.verdict().line


def test_what_is_no_history_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "other.npz", ids=np.array(["a"]))
    with pytest.raises(ValueError, match=r"other\.npz is no delivery history: it has no names, run"):
        History.load(tmp_path / "other.npz")


@pytest.mark.parametrize(
    ("tables", "names", "reason"),
    [
        ({"snet": {}}, NAMES, "no table named snet; there are sent, verdicts, "),
        ({"sent": {"massage": [1]}}, NAMES, "table sent has no column massage; it has message, "),
        ({"sent": {"message": [1], "at": [1, 2]}}, NAMES, "the columns of table sent differ in length: 1, 2"),
        ({}, ["alice"], "name number 0 has to be the empty one"),
        ({}, [], "name number 0 has to be the empty one"),
    ],
)
def test_wrong_columns_are_refused(tables: dict[str, dict[str, list[int]]], names: list[str], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        History.from_columns(tables, [], names)


def test_nothing_proves_nothing() -> None:
    verdict = judge(History.from_columns({}, [], [""]), Rules())
    assert verdict.result == "UNKNOWN"
    assert verdict.line.startswith("UNKNOWN: only 0 messages were taken over, 1 are needed; nothing was received; ")
