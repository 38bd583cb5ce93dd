"""What a connection tells the journal."""

from collections.abc import Iterator
from typing import Any

import pytest

from wireproof.dialects import Message, Outgoing, Recovery, Traits
from wireproof.journal import Event, Journal, digest
from wireproof.sockets import record
from wireproof.sockets.record import ConnectionRecord

TRAITS = Traits(acknowledges=True, marks_redelivery=True, keeps_body=True, redelivery_s=2.0)


@pytest.fixture
def journal(monkeypatch: Any) -> Iterator[Journal]:
    own = Journal()
    monkeypatch.setattr(record, "journal", lambda: own)
    return own


def only(journal: Journal) -> Event:
    (event,) = journal.recent()
    return event


def test_a_connection_tells_what_its_protocol_promises(journal: Journal) -> None:
    ConnectionRecord("alice", 2, TRAITS).connected(7, "cloudmessage", subprotocol="")
    event = only(journal)
    assert (event.at_ns, event.kind, event.source) == (7, "connected", "alice")
    assert event.data == {
        "connection": 2,
        "dialect": "cloudmessage",
        "acknowledges": True,
        "marks_redelivery": True,
        "keeps_body": True,
        "counts_flows": False,
        "redelivery_s": 2.0,
        "subprotocol": "",
    }


def test_what_is_sent_names_its_recipient_and_digests_its_body(journal: Journal) -> None:
    outgoing = Outgoing(b'{"n": 1}', id="m-1", kind="say", to="bob", body={"n": 1})
    ConnectionRecord("alice", 1, TRAITS).sent(outgoing, 7, control=False)
    said = dict(only(journal).data)
    assert said.pop("sha256")
    assert said == {
        "connection": 1,
        "id": "m-1",
        "message_kind": "say",
        "to": "bob",
        "length": 8,
        "excerpt": '{"n": 1}',
        "digest": digest({"n": 1}),
    }


def test_a_confirmation_names_what_it_confirms(journal: Journal) -> None:
    outgoing = Outgoing(b"{}", id="a-1", kind="ack", about="m-1", acknowledged=False)
    ConnectionRecord("bob", 1, TRAITS).sent(outgoing, 7, control=True)
    assert only(journal).data.items() >= {"about": "m-1", "control": True, "no_ack": True}.items()


def test_only_a_protocol_that_acknowledges_can_be_asked_not_to(journal: Journal) -> None:
    ConnectionRecord("bob", 1, Traits()).sent(Outgoing(b"{}", acknowledged=False, body={}), 7, control=False)
    assert only(journal).data.keys().isdisjoint({"no_ack", "digest", "control"})


def test_nothing_of_a_confidential_message_is_told(journal: Journal) -> None:
    talk = ConnectionRecord("alice", 1, TRAITS)
    talk.sent(Outgoing(b"secret", body="secret", confidential=True), 7, control=False)
    talk.received(Message(8, raw=b"secret", body="secret"), "", confidential=True)
    for event in journal.recent():
        assert event.data["length"] == 6
        assert event.data.keys().isdisjoint({"digest", "excerpt", "sha256"})


def test_what_is_received_carries_all_that_a_ledger_judges_by(journal: Journal) -> None:
    message = Message(
        9,
        index=3,
        raw=b"{}",
        id="broker-5",
        sent_id="m-1",
        kind="said",
        seq=0,
        retry=2,
        flow="alice→bob",
        reply_to="r",
        body=[1],
    )
    ConnectionRecord("bob", 4, TRAITS).received(message, "acked", confidential=False)
    expected = {
        "connection": 4,
        "id": "m-1",
        "message_kind": "said",
        "seq": 0,
        "retry": 2,
        "flow": "alice→bob",
        "reply_to": "r",
        "outcome": "acked",
        "index": 3,
        "digest": digest([1]),
    }
    assert only(journal).data.items() >= expected.items()


def test_what_a_message_does_not_say_is_left_out(journal: Journal) -> None:
    ConnectionRecord("bob", 1, Traits()).received(Message(9, 1, raw=b"x", body="x"), "", confidential=False)
    assert set(only(journal).data) == {"connection", "index", "length", "excerpt", "sha256"}


def test_a_login_tells_what_the_server_granted(journal: Journal) -> None:
    connection = ConnectionRecord("bob", 2, TRAITS)
    connection.logged_in(9, "b", Recovery(epoch="e", resumed=False, last_seq=0, recovered=False))
    connection.logged_in(9, "b", Recovery())
    said = {"connection": 2, "identity": "b"}
    granted = {"epoch": "e", "resumed": False, "last_seq": 0, "recovered": False}
    assert [event.data for event in journal.recent()] == [said | granted, said]


def test_a_gap_that_the_server_declares_is_told(journal: Journal) -> None:
    ConnectionRecord("bob", 1, TRAITS).received(Message(9, gap=(3, 5)), "", confidential=False)
    assert only(journal).data["gap"] == [3, 5]


def test_what_a_reader_changes_afterwards_is_not_what_came(journal: Journal) -> None:
    message = Message(9, body={"n": 1})
    ConnectionRecord("bob", 1, TRAITS).received(message, "", confidential=False)
    message.body["n"] = 2
    assert only(journal).data["digest"] == digest({"n": 1})
