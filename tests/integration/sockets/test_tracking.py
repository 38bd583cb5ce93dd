"""Tracked messages: what is sent, and what the journal knows of it before it is."""

from typing import Any

import pytest

from wireproof.journal import current as journal
from wireproof.journal import digest
from wireproof.quantities import Rate
from wireproof.sockets.arguments import Clients
from wireproof.sockets.errors import ClosedError, SocketsError

ALICE = Clients(["alice"])


@pytest.fixture
def pair(sockets: Any, echo_url: str) -> Any:
    for name in ("alice", "bob"):
        sockets.open_client(name, echo_url, dialect="echo")
    return sockets


def noted(*kinds: str, about: str) -> list[Any]:
    """What is known of a message, as it happened: an echo may be recorded before its sending is."""
    found = [event for event in journal().recent() if event.kind in kinds and event.data.get("id") == about]
    return sorted(found, key=lambda event: event.at_ns)


def test_the_audience_is_known_before_the_message_is_sent(pair: Any) -> None:
    (sent,) = pair.send_tracked_messages(ALICE, audience=Clients(["bob"]), body={"text": "x"}, kind="say")
    pair.wait_for_message("alice", kind="say")
    expected, message, echoed = noted("expect", "sent", "received", about=sent.id)
    assert (expected.kind, expected.source, expected.data["audience"]) == ("expect", "alice", ["bob"])
    assert (message.kind, message.data["message_kind"], message.data["connection"]) == ("sent", "say", 1)
    assert message.data["digest"] == echoed.data["digest"]
    number = int(sent.id.rpartition("-")[2])
    assert sent.id == f"wp-{journal().run}-{number}"
    body = {"text": "x", "number": number, "type": "say", "id": sent.id}
    assert message.data["digest"] == digest(body)


def test_senders_take_turns_and_do_not_hear_themselves(pair: Any) -> None:
    both = Clients(["alice", "bob"])
    sent = pair.send_tracked_messages(both, 2, audience=both)
    assert [one.client for one in sent] == ["alice", "bob", "alice", "bob"]
    audiences = [noted("expect", about=one.id)[0].data["audience"] for one in sent]
    assert audiences == [["bob"], ["alice"], ["bob"], ["alice"]]
    (echoed,) = pair.send_tracked_messages(ALICE, audience=both, echo=True, rate=Rate(1000))
    assert noted("expect", about=echoed.id)[0].data["audience"] == ["alice", "bob"]


def test_who_is_closed_sends_nothing(pair: Any) -> None:
    pair.close_client(ALICE)
    with pytest.raises(ClosedError, match="alice cannot send: it was closed from this side"):
        pair.send_tracked_messages(ALICE, audience=Clients(["bob"]))


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"count": 0, "audience": Clients(["bob"])}, "count is 1 or more, not 0"),
        ({"audience": ALICE}, "nobody would get what alice sends: name other clients as audience, or give echo=yes"),
        ({"audience": Clients(["carol"])}, "no client named 'carol'; there are alice, bob"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_sent(pair: Any, wrong: dict[str, Any], reason: str) -> None:
    before = len([event for event in journal().recent() if event.kind == "sent"])
    with pytest.raises(SocketsError) as refusal:
        pair.send_tracked_messages(ALICE, **wrong)
    assert str(refusal.value) == reason
    assert len([event for event in journal().recent() if event.kind == "sent"]) == before
