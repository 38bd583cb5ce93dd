"""Saved journals are judged again as far as they go, and say how far that is."""

import json
from pathlib import Path
from typing import Any

import pytest
from story import RUN, Story, chat, tracked

from wireproof import __main__ as command_line
from wireproof.delivery.saved import Rechecked, recheck
from wireproof.journal import VERSION, Event

RULES = {"guarantee": "exactly once", "order": "per sender", "redelivery_s": None}
START = Event(0, "ledger", "default", {"phase": "start", **RULES})


def saved(path: Path, *events: Event, version: int = VERSION, tail: str = "") -> Path:
    header = json.dumps({"journal": version, "run": RUN})
    path.write_text("\n".join([header, *(event.to_json() for event in events)]) + "\n" + tail)
    return path


def later(story: Story, kind: str, **data: Any) -> Event:
    return Event(story.events[-1].at_ns + 1, kind, "default", data)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.jsonl"


def judged(path: Path) -> tuple[str, str, list[str]]:
    checked: Rechecked = recheck(path)
    ((name, verdict),) = checked.verdicts
    return name, verdict.line, checked.notes


def test_a_whole_journal_is_judged_as_it_was(path: Path) -> None:
    story = chat().expect("alice", tracked(2), "bob").send("alice", tracked(2)).answer("alice", tracked(2))
    saved(path, START, *story.events, later(story, "ledger", phase="end"))
    assert judged(path) == ("default", story.verdict().line, [])
    assert story.verdict().result == "FAIL"


def test_what_was_before_the_ledger_is_known_and_not_judged(path: Path) -> None:
    story = chat()
    before = len(story.events)
    story.send("alice", tracked(2), to="b").answer("alice", tracked(2)).receive("bob", tracked(1), at=99)
    early, late = story.events[:before], story.events[before:]
    saved(path, *early, START, *late, later(story, "ledger", phase="end"))
    _, line, notes = judged(path)
    assert line.startswith(f"FAIL: 1 lost of 1 acked; first lost {tracked(2)} (alice→bob, message 1 of 1): ")
    assert notes == []


def test_the_last_verdict_counts(path: Path) -> None:
    story = chat()
    verdict = later(story, "verdict", result="UNKNOWN", min_acked=2)
    lost = chat().send("alice", tracked(2), to="b").answer("alice", tracked(2))
    rest = lost.events[len(story.events) :]
    saved(path, START, *story.events, verdict, *rest, later(lost, "ledger", phase="end"))
    _, line, _ = judged(path)
    assert line.startswith("UNKNOWN: only 1 messages were taken over, 2 are needed; 1 sent")


def test_a_journal_without_the_end_of_its_ledger_knows_no_losses(path: Path) -> None:
    story = chat().send("alice", tracked(2), to="b").answer("alice", tracked(2))
    saved(path, START, *story.events, tail='{"at_ns": 17, "ki')
    name, line, notes = judged(path)
    assert (name, line.partition(";")[0]) == ("default", "UNKNOWN: the journal ends before the ledger does")
    last = len(story.events) + 2
    assert notes == [f"judged up to line {last}: line {last + 1} is cut off or damaged"]


def test_what_a_cut_journal_does_show_counts(path: Path) -> None:
    story = chat().receive("bob", tracked(1))
    saved(path, START, *story.events)
    _, line, notes = judged(path)
    assert line.startswith("FAIL: 1 duplicated of 1 acked")
    assert notes == []


def test_a_ledger_that_starts_again_is_another(path: Path) -> None:
    story = chat()
    saved(path, START, *story.events, START, *story.events, later(story, "ledger", phase="end"))
    verdicts = recheck(path).verdicts
    assert [verdict.result for _, verdict in verdicts] == ["UNKNOWN", "PASS"]


def test_a_clock_that_goes_back_ends_what_can_be_judged(path: Path) -> None:
    story = chat().deliver(tracked(2), "bob", at=5_000)
    story.receive("bob", tracked(1), at=2_500)
    saved(path, START, *story.events, later(story, "ledger", phase="end"))
    _, line, notes = judged(path)
    assert notes == [f"judged up to line {len(story.events) + 1}: there the clock goes back by 2.5 s"]
    assert line.startswith("UNKNOWN: the journal ends before the ledger does")


def test_threads_may_note_their_events_a_moment_apart(path: Path) -> None:
    story = chat().deliver(tracked(2), "bob", at=5_000).deliver(tracked(3), "bob", at=4_000)
    saved(path, START, *story.events, later(story, "ledger", phase="end"))
    assert judged(path)[2] == []


@pytest.mark.parametrize("version", [0, 2])
def test_another_version_is_read_and_named(path: Path, version: int) -> None:
    story = chat()
    saved(path, START, *story.events, later(story, "ledger", phase="end"), version=version)
    _, line, notes = judged(path)
    assert line.startswith("PASS: 1 sent")
    assert notes == [f"written by version {version}, read as version {VERSION}"]


def test_a_damaged_event_is_left_out_and_named(path: Path) -> None:
    story = chat()
    damaged = Event(99, "received", "bob", {"id": tracked(1), "seq": "seven", "connection": 1})
    saved(path, START, *story.events, damaged, later(story, "ledger", phase="end"))
    _, line, notes = judged(path)
    assert line.startswith("PASS")
    assert len(notes) == 1
    assert notes[0].startswith(f"line {len(story.events) + 3} is damaged and left out: ")


@pytest.mark.parametrize(
    "rules",
    [{"guarantee": "sometimes", "order": "none"}, {"guarantee": "exactly once", "order": "upside down"}, {}],
)
def test_a_ledger_without_rules_is_not_judged(path: Path, rules: dict[str, str]) -> None:
    saved(path, Event(0, "ledger", "default", {"phase": "start", **rules}), Event(1, "ledger", "x", {"phase": "end"}))
    checked = recheck(path)
    assert checked.verdicts == []
    assert checked.notes == ["line 2 is damaged and left out: a ledger without a known guarantee and order"]


def test_ends_and_verdicts_of_nobody_are_nothing(path: Path) -> None:
    saved(path, Event(1, "ledger", "x", {"phase": "end"}), Event(2, "verdict", "x", {"min_acked": 1}))
    assert recheck(path) == Rechecked()


@pytest.mark.parametrize("text", ["", "{", "[]", '"journal"', '{"at_ns": 1}'])
def test_what_is_no_journal_is_refused(path: Path, text: str) -> None:
    path.write_text(text)
    with pytest.raises(ValueError, match=r"journal\.jsonl is no journal: its first line has no such header"):
        recheck(path)


def test_the_command_says_it_by_its_exit_code(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    story = chat()
    good = saved(path, START, *story.events, later(story, "ledger", phase="end"))
    assert command_line.main(["recheck", str(good)]) == 0
    assert capsys.readouterr().out.startswith("default: PASS: 1 sent, 1 acked")
    bad = saved(tmp_path / "bad.jsonl", START, *story.events, tail="{")
    assert command_line.main(["recheck", str(good), str(bad)]) == 1
    told = capsys.readouterr()
    assert len(told.out.splitlines()) == 2
    assert "is cut off or damaged" in told.err
    assert command_line.main(["recheck", str(bad), str(good)]) == 1
    assert command_line.main(["recheck", str(tmp_path / "none.jsonl")]) == 2
    idle = saved(tmp_path / "idle.jsonl")
    assert command_line.main(["recheck", str(idle)]) == 2
    assert "no ledger was started in it; nothing to judge" in capsys.readouterr().err
