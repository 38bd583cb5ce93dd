"""From events to columns: which messages are done when, what is an error, whose faults there were."""

from dataclasses import replace
from typing import Any

import pytest

from wireproof.journal import Event
from wireproof.timing.errors import TimingError
from wireproof.timing.fault import choose
from wireproof.timing.figures import Recovery
from wireproof.timing.recorder import Recorder


class Told:
    """Events told one after the other, each a nanosecond later unless `at` says otherwise."""

    def __init__(self) -> None:
        self.recorder = Recorder()
        self.now = 0

    def tell(self, kind: str, source: str, at: int | None = None, **data: Any) -> "Told":
        self.now = self.now + 1 if at is None else at
        self.recorder.take(Event(self.now, kind, source, data))
        return self

    def message(self, *audience: str, id: str = "m") -> "Told":
        return self.tell("expect", "alice", 10, id=id, audience=list(audience)).tell("sent", "alice", 20, id=id)

    @property
    def columns(self) -> list[list[int]]:
        seen = self.recorder.observed()
        return [column.tolist() for column in (seen.sent, seen.acked, seen.delivered)]

    @property
    def errors(self) -> dict[str, list[int]]:
        return {kind: at.tolist() for kind, at in self.recorder.observed().errors.items()}


def speaking(**traits: Any) -> Told:
    return Told().tell("connected", "alice", 1, connection=0, acknowledges=True, **traits)


def test_a_message_is_done_when_it_is_acked_and_everybody_has_it() -> None:
    told = speaking().message("bob", "carol")
    told.tell("received", "bob", 30, id="m")
    assert told.columns == [[20], [0], [0]]
    told.tell("received", "bob", 31, id="m").tell("received", "carol", 32, id="m")
    told.tell("received", "alice", 40, id="answer", reply_to="m", outcome="acked")
    told.tell("received", "alice", 50, id="answer", reply_to="m", outcome="acked")
    assert told.columns == [[20], [40], [32]]


def test_a_message_that_is_sent_again_was_sent_the_first_time() -> None:
    told = speaking().message("bob").tell("sent", "alice", 99, id="m")
    assert told.columns == [[20], [0], [0]]


def test_only_the_senders_acknowledgement_counts() -> None:
    told = speaking().message("bob").tell("received", "bob", 30, reply_to="m", outcome="acked")
    assert told.columns == [[20], [0], [0]]


def test_an_answer_that_bears_the_messages_id_is_no_delivery() -> None:
    told = speaking().message("alice").tell("received", "alice", 30, id="m", reply_to="m", outcome="acked")
    assert told.columns == [[20], [30], [0]]


def test_where_nobody_acknowledges_sending_takes_its_place() -> None:
    told = Told().tell("connected", "alice", 1, connection=0, acknowledges=False).message("bob")
    assert told.columns == [[20], [20], [0]]
    told = speaking().tell("expect", "alice", id="m", audience=["bob"]).tell("sent", "alice", 20, id="m", no_ack=True)
    assert told.columns == [[20], [20], [0]]


def test_a_sending_that_is_noted_after_the_end_of_its_connection_is_no_acknowledgement() -> None:
    told = speaking().tell("close", "alice", 30, connection=0, by="server").message("bob")
    assert told.columns == [[20], [0], [0]]


def test_a_receipt_that_is_noted_before_the_sending_counts() -> None:
    told = speaking().tell("expect", "alice", id="m", audience=["bob"])
    told.tell("received", "bob", 30, id="m").tell("received", "alice", 31, reply_to="m", outcome="acked")
    told.tell("sent", "alice", 20, id="m")
    assert told.columns[1:] == [[31], [30]]


def test_what_nobody_declared_is_not_tracked() -> None:
    told = speaking().tell("sent", "alice", id="x").tell("received", "bob", id="x")
    told.tell("expect", "shop", id="y", audience=["bob"], elsewhere=True)
    assert told.columns == [[], [], []]


def test_errors_are_what_a_client_did_not_do_itself() -> None:
    told = Told().tell("close", "a", 1, by="client", code=1000).tell("close", "a", 2, by="server", code=1012)
    told.tell("close", "a", 3, by="network", code=1006).tell("close", "a", 4, by="client", code=1007)
    told.tell("refused", "a", 5, stage="tcp").tell("unsent", "a", 6, id="m", reason="it is closed")
    told.tell("received", "a", 7, reply_to="m", outcome="refused")
    told.tell("received", "a", 8, reply_to="m", outcome="unknown").tell("received", "a", 9, id="m")
    assert told.errors == {
        "lost connections": [2, 3, 4],
        "refused connections": [5],
        "unsent": [6],
        "refused": [7],
        "unknown": [8],
    }


def test_a_fault_knows_its_test_and_when_that_ended() -> None:
    told = Told().tell("scope", "suite", 3, phase="start", name="S").tell("scope", "test", 4, phase="start", name="S.T")
    told.tell("fault", "redis", 10, phase="on", name="killed", number=7).tell(
        "fault", "redis", 20, phase="off", number=7
    )
    told.tell("scope", "test", 30, phase="end", name="S.T")
    told.tell("fault", "db", 40, phase="on", name="frozen", number=8)
    first, second = told.recorder.faults
    assert (first.scope, first.on_ns, first.off_ns, first.since_ns, first.until_ns) == ("S.T", 10, 20, 4, 30)
    assert (second.scope, second.off_ns, second.since_ns, second.until_ns) == ("S", None, 3, None)


def test_a_fault_that_ends_by_itself_is_waited_for_until_then() -> None:
    told = Told().tell("fault", "room", 10, phase="on", name="black hole", number=7, duration_s=20.0)
    told.tell("fault", "redis", 10, phase="on", name="killed", number=8)
    lasting, killed = told.recorder.faults
    assert (lasting.due_off_ns, killed.due_off_ns) == (lasting.on_ns + 20 * 10**9, 0)
    begin_ns, limit_s = lasting.on_ns + 10**9, 5.0
    waiting = Recovery(lasting, still_on=lasting)
    assert waiting.deadline_ns(begin_ns, limit_s) == lasting.on_ns + 25 * 10**9
    assert replace(waiting, still_on=killed).deadline_ns(begin_ns, limit_s) == begin_ns + 5 * 10**9
    healed_ns = begin_ns + 1
    assert replace(waiting, still_on=None, healed_ns=healed_ns).deadline_ns(begin_ns, limit_s) == healed_ns + 5 * 10**9


def test_what_was_lost_is_forgotten_but_keeps_its_place() -> None:
    told = speaking().message("bob", id="lost").message("bob", id="later")
    told.tell("scope", "test", phase="start", name="T").tell("scope", "test", 10**12, phase="end", name="T")
    told.tell("received", "bob", 10**12 + 1, id="lost")
    assert told.columns == [[20, 20], [0, 0], [0, 0]]


def test_while_a_fault_of_a_suite_is_of_interest_nothing_is_forgotten() -> None:
    told = speaking().tell("scope", "suite", 3, phase="start", name="S")
    told.tell("fault", "redis", 4, phase="on", name="killed", number=1)
    told.message("bob", id="late").tell("scope", "test", 30, phase="start", name="S.T")
    told.tell("scope", "test", 10**12, phase="end", name="S.T")
    told.tell("received", "bob", 10**12 + 1, id="late")
    assert told.columns[2] == [10**12 + 1]


def test_steady_traffic_is_from_when_to_when() -> None:
    told = Told().tell("traffic", "a", 1, phase="on", rate=5).tell("traffic", "b", 2, phase="on", rate=5)
    told.tell("traffic", "a", 9, phase="off", sent=1, unsent=0)
    assert told.recorder.observed().steady == [(1, 9, 5), (2, 0, 5)]


def test_what_checks_counted_is_kept_with_where_they_were() -> None:
    told = Told().tell("scope", "test", phase="start", name="T")
    told.tell("verdict", "PERF-02", 4, criterion="PERF-02", word="FAIL")  # no ledger's
    told.tell("verdict", "default", 5, result="FAIL", anomalies={"lost": 3}).tell("leaks", "", 6, rows=1, keys=0)
    assert [(one.source, one.scope, one.counts) for one in told.recorder.verdicts] == [("default", "T", {"lost": 3})]
    assert [one.counts for one in told.recorder.leaks] == [{"rows": 1, "keys": 0}]


def test_an_event_that_cannot_be_read_is_counted_and_changes_nothing() -> None:
    told = Told().tell("fault", "redis", phase="on", name="killed").tell("expect", "alice", id="m")
    told.tell("traffic", "a").tell("verdict", "default", anomalies={"lost": "many"})
    assert told.recorder.damaged == 4
    assert (told.columns, told.recorder.faults, told.recorder.verdicts) == ([[], [], []], [], [])


def test_the_last_fault_of_a_name_is_meant() -> None:
    told = Told()
    for number, place in ((1, "redis"), (2, "redis"), (3, "Postgres")):
        told.tell("fault", place, 10 * number, phase="on", name="killed", number=number)
        told.tell("fault", place, 10 * number + 5, phase="off", name="killed", number=number)
    faults = told.recorder.faults
    assert choose(faults, "", 0).number == 3
    assert choose(faults, "redis", 0).number == 2
    assert choose(faults, "postgres KILLED", 0).number == 3
    assert choose(faults, "killed", 0).number == 3
    with pytest.raises(
        TimingError, match=r"^there was no fault 'frozen'; there were: 'redis killed', 'Postgres killed'$"
    ):
        choose(faults, "frozen", 0)
    with pytest.raises(TimingError, match=r"^there was no fault 'redis'; there were: 'Postgres killed'$"):
        choose(faults, "redis", 30)
    with pytest.raises(TimingError, match=r"^there was no fault to recover from: bring one about first"):
        choose(faults, "", 40)
