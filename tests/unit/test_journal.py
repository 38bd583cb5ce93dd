import functools
import json
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wireproof import journal, wiretext
from wireproof.journal import Event, Journal, Mark, now_ns
from wireproof.journal_file import read


@pytest.fixture
def own():
    own = Journal()
    yield own
    own.close()


def test_an_event_is_reduced_at_the_door(own, monkeypatch):
    monkeypatch.setattr(wiretext, "_secrets", wiretext._Secrets())
    wiretext.hide("top-secret")
    own.record(
        "received", "ali\nce", at_ns=7, payload=b"\xfftop-secret\x00", opcode="text", nested={"a": ["\ud800", 1]}
    )
    assert own.recent() == [
        Event(
            7,
            "received",
            "ali\\nce",
            {
                "opcode": "text",
                "nested": {"a": ["\\ud800", 1]},
                "length": 12,
                "sha256": "dd0dfba40a20a0962aac069ba37a7070633180f31c49b6c32ef200122e74b33a",
                "excerpt": "\\xff<secret>\\x00",
            },
        )
    ]


def test_what_is_recorded_can_be_read_again(own, tmp_path):
    path = tmp_path / "deep" / "journal.jsonl"
    own.record("note", "early", text="é\ud83d")
    own.open(path)
    own.record("received", "alice", at_ns=5, payload=b"{}", seq=None, ok=True, wait_ms=1.5)
    own.record("note", "late", odd=object)
    own.close()
    own.record("note", "after")
    events = list(read(path))
    assert [event.source for event in events] == ["early", "alice", "late"]
    assert events == own.recent()[:3]
    assert json.loads(path.read_text().splitlines()[0])["run"] == own.run


def test_long_ids_that_begin_alike_stay_apart(own):
    for end in ("a", "b", "a"):
        own.record("sent", "alice", id="x" * 300 + end, about="y" * 300 + end)
    first, second, again = (event.data for event in own.recent())
    assert first == again
    assert first["id"] != second["id"]
    assert first["about"] != second["about"]
    assert len(first["id"]) < 200


@given(st.dictionaries(st.text(), st.none() | st.floats() | st.binary() | st.lists(st.text())))
def test_every_event_is_one_readable_line(data):
    event = journal.event(1, "k", "s", {"data": data})
    line = event.to_json()
    assert line.isascii()
    assert "\n" not in line
    json.loads(line)


def test_the_file_is_written_while_the_run_goes_on(own, tmp_path):
    path = tmp_path / "journal.jsonl"
    own.open(path)
    written = threading.Event()
    own._drain = lambda drain=own._drain: (drain(), written.set())
    own.record("note", "alice")
    assert written.wait(10)
    assert [event.source for event in read(path)] == ["alice"]


def test_opening_again_starts_a_new_file(own, tmp_path):
    for name in ("a", "b"):
        own.open(tmp_path / name)
        own.record("note", name)
    own.close()
    assert not own.is_open
    assert [event.source for event in read(tmp_path / "a")] == ["a"]
    assert [event.source for event in read(tmp_path / "b")] == ["b"]
    assert not [thread for thread in threading.enumerate() if thread.name == "wireproof-journal"]


def test_many_threads_record_and_nothing_is_lost(own, tmp_path):
    own.open(tmp_path / "journal.jsonl")
    threads = [
        threading.Thread(target=lambda n=n: [own.record("sent", f"t{n}", number=i) for i in range(500)])
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    own.close()
    for n in range(8):
        mine = [event.data["number"] for event in read(tmp_path / "journal.jsonl") if event.source == f"t{n}"]
        assert mine == list(range(500))


def test_a_flush_returns_although_as_much_is_recorded_meanwhile_as_it_takes(own):
    """A process that hardly gets any CPU time records as fast as it drains: whoever flushes must not wait for that."""
    taken = []

    def take(event):
        taken.append(event)
        if len(taken) < 1000:
            own.record("note", "busy")

    own.subscribe(take)
    own.record("note", "first")
    own.flush()
    assert [event.source for event in taken] == ["first"]


def test_only_the_last_events_stay_in_memory(own):
    for number in range(3 * journal.RECENT):
        own.record("received", "alice", number=number)
        assert len(own._inbox) <= journal.RECENT
    assert [event.data["number"] for event in own.recent()] == list(range(2 * journal.RECENT, 3 * journal.RECENT))


def test_marks_are_found_by_name_and_the_latest_counts(own):
    first = own.mark("request")
    assert own.mark().name == "mark 1"
    second = own.mark("request")
    assert own.find_mark("request") is second
    assert second.at_ns >= first.at_ns
    assert second.at_ms == second.at_ns / 1e6
    assert own.last_mark(0) is second
    assert own.last_mark(now_ns()) is None
    assert [event.source for event in own.recent()] == ["request", "mark 1", "request"]


def test_an_unknown_mark_is_told_with_the_known_ones(own):
    with pytest.raises(ValueError, match=r"no mark named 'a\\nb' was set; known marks: none"):
        own.find_mark("a\nb")
    own.mark("request")
    with pytest.raises(ValueError, match="known marks: 'request'"):
        own.find_mark("reply")


def test_a_mark_shows_its_name_only():
    assert repr(Mark("request", 1)) == "Mark('request')"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "line 1: not a line of a journal"),
        ("{}\n", "is no journal of version 1"),
        ('{"journal": 2}\n', "is no journal of version 1"),
        ('{"journal": 1}\n{"at_ns": 1', "line 2: not a line of a journal"),
        ('{"journal": 1}\n[]\n', "line 2: not a line of a journal"),
        ('{"journal": 1}\n{"at_ns": 1, "kind": "note"}\n', "line 2: an event without 'source'"),
    ],
)
def test_a_file_that_is_no_journal_is_refused(tmp_path, text, reason):
    path = tmp_path / "journal.jsonl"
    path.write_text(text)
    with pytest.raises(ValueError, match=reason):
        list(read(path))


class TestSubscribing:
    def test_a_subscriber_hears_what_is_recorded_from_then_on_until_it_leaves(self):
        own, heard = Journal(), []
        own.record("note", "before")
        leave = own.subscribe(lambda event: heard.append(event.source))
        own.record("note", "first")
        own.record("note", "second")
        own.flush()
        leave()
        own.record("note", "after")
        own.flush()
        assert heard == ["first", "second"]

    def test_between_what_was_and_what_comes_nothing_is_left_out(self):
        own, heard = Journal(), []

        def take(event):
            if not heard:
                other = threading.Thread(target=own.record, args=("note", "meanwhile"))
                other.start()
                other.join()
            heard.append(event.source)

        own.record("note", "before")
        own.subscribe(take, recent=True)
        own.record("note", "after")
        own.flush()
        assert heard == ["before", "meanwhile", "after"]

    def test_every_subscriber_hears_all_while_a_file_is_written(self, tmp_path):
        own, one, other = Journal(), [], []
        own.open(tmp_path / "journal.jsonl")
        leave, stay = own.subscribe(one.append), own.subscribe(other.append)
        own.record("note", "first")
        own.flush()
        leave()
        own.record("note", "second")
        own.close()
        stay()
        assert [event.source for event in one] == ["first"]
        assert [event.source for event in other] == ["first", "second"]


NESTED = functools.reduce(lambda inner, _: [inner], range(1500), [])


class TestDigest:
    @pytest.mark.parametrize(
        ("one", "other"),
        [({"a": 1, "b": 2}, {"b": 2, "a": 1}), ("\u00e9", "é"), (b"x", bytearray(b"x"))],
    )
    def test_the_way_of_writing_does_not_count(self, one, other):
        assert journal.digest(one) == journal.digest(other)

    @pytest.mark.parametrize(
        ("one", "other"), [("é", "e\u0301"), (1, "1"), (1, True), (1, 1.0), ([], {}), (None, ""), ([1, 2], [2, 1])]
    )
    def test_everything_else_counts(self, one, other):
        assert journal.digest(one) != journal.digest(other)

    def test_an_event_holds_the_digest_and_not_the_body(self):
        own = Journal()
        own.record("received", "alice", body={"password": "x"})
        own.record("received", "alice", body=None)
        first, second = own.recent()
        assert first.data == {"digest": journal.digest({"password": "x"})}
        assert second.data == {"digest": journal.digest(None)}

    @pytest.mark.parametrize("body", [NESTED, {1: 1, "a": 2}, {"of": object, 1: 2}])
    def test_a_body_without_a_text_of_its_own_has_no_digest_and_ends_nothing(self, body, tmp_path):
        with pytest.raises(ValueError, match="it has no canonical JSON text"):
            journal.digest(body)
        own = Journal()
        own.open(tmp_path / "journal.jsonl")
        own.record("received", "mallory", body=body)
        own.record("received", "alice", body={"n": 1})
        own.close()
        first, second = own.recent()
        assert first.data == {}
        assert second.data == {"digest": journal.digest({"n": 1})}
