"""Finding in a journal what happened to some messages, also while it is written."""

from pathlib import Path

import pytest

from wireproof import journal_file
from wireproof.journal import Journal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    journal = Journal()
    journal.open(tmp_path / "journal.jsonl")
    for number in range(20):
        journal.record("sent", "alice", id=f"m-{number}", to="m-7")
    journal.record("received", "alice", id="a-1", reply_to="m-7")
    journal.record("sent", "bob", id="ok-1", about="m-7")
    journal.record("sent", "bob", id='quoted "ö"')
    journal.close()
    return tmp_path / "journal.jsonl"


def test_it_finds_a_message_and_what_is_about_it(path: Path) -> None:
    found = [event.data["id"] for event in journal_file.about(path, {"m-7", "nothing"}, 10)]
    assert found == ["m-7", "a-1", "ok-1"]


def test_of_many_events_it_gives_the_last(path: Path) -> None:
    assert [event.data["id"] for event in journal_file.about(path, {"m-7"}, 2)] == ["a-1", "ok-1"]


def test_an_event_that_says_it_twice_is_one(path: Path) -> None:
    assert len(journal_file.about(path, {"m-7", "a-1"}, 10)) == 3


def test_ids_are_found_as_journals_write_them(path: Path) -> None:
    (found,) = journal_file.about(path, {'quoted "ö"'}, 10)
    assert found.source == "bob"


def test_a_line_that_is_being_written_is_left_out(path: Path) -> None:
    path.write_text(path.read_text() + '{"at_ns": 1, "kind": "sent", "source": "alice", "id": "m-7"')
    assert len(journal_file.about(path, {"m-7"}, 10)) == 3


def test_of_nothing_nothing_is_found(path: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").touch()
    assert journal_file.about(path, (), 10) == journal_file.about(tmp_path / "empty.jsonl", {"m-7"}, 10) == []
