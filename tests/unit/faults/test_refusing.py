"""What may be asked of `Refuse Connections`, and on which links; whom a fault reaches."""

import pytest

from wireproof.faults.errors import FaultError
from wireproof.faults.links import target
from wireproof.faults.links.passage import Passage
from wireproof.faults.links.reach import Reach
from wireproof.faults.streams.gates import Turns
from wireproof.faults.streams.refusal import Refusal

WS = target.parse("ws://host/")


@pytest.mark.parametrize(
    ("refusal", "to", "message"),
    [
        (Refusal("close", status=503), "ws://h/", "status is for mode=status, not for mode=close: leave it out"),
        (Refusal("close", retry_after_s=1), "ws://h/", "retry_after is for mode=status, not for mode=close"),
        (Refusal("silence", delay_s=1), "ws://h/", "delay is for mode=slow, not for mode=silence"),
        (Refusal("slow"), "ws://h/", "mode=slow needs a delay, such as delay=500ms"),
        (Refusal("status"), "ws://h/", "mode=status needs the status of an error, from 400 to 599"),
        (Refusal("status", status=200), "ws://h/", "mode=status needs the status of an error, from 400 to 599"),
        (Refusal("status", status=599), "ws://h/", "mode=status needs the status of an error, from 400 to 599"),
        (Refusal("close", except_every=-1), "ws://h/", "except_every is -1: 3 lets every third connection through"),
        (Refusal("close", except_every=1), "ws://h/", "except_every is 1: 3 lets every third connection through"),
        (Refusal("refuse", except_every=2), "ws://h/", "while nobody listens no connection comes through"),
        (Refusal("status", status=503), "h:1", "mode=status needs a link to ws:// or http://, and 'room' carries tcp"),
        (Refusal("wrong accept"), "wss://h/", "and 'room' carries websocket inside TLS"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(refusal, to, message):
    with pytest.raises(FaultError) as refused:
        refusal.check("room", target.parse(to))
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("refusal", "name"),
    [
        (Refusal("refuse"), "connections refused"),
        (Refusal("slow", delay_s=0.5), "connecting 500 ms slower"),
        (Refusal("status", status=503, retry_after_s=2), "upgrade answered with 503"),
        (Refusal("reset", except_every=3), "connections reset at once, but for one in 3"),
    ],
)
def test_what_can_be_done_has_a_name(refusal, name):
    refusal.check("room", WS)
    assert refusal.name == name


def test_every_third_connection_passes():
    turns = Turns(3)
    assert [turns.passes() for _ in range(7)] == [False, False, True, False, False, True, False]
    assert not any(Turns(0).passes() for _ in range(5))


def test_a_fault_reaches_its_directions_and_clients():
    to_client = Passage(1, "127.0.0.1:1", "alice", "to client")
    assert Reach().covers(to_client)
    assert not Reach("to server").covers(to_client)
    assert Reach(clients=("alice", "bob")).covers(to_client)
    assert not Reach(clients=("bob",)).covers(to_client)
    assert Reach("to client", ("alice", "bob")).words == " to client for alice, bob"


def test_a_client_that_is_not_there_is_told_with_those_that_are():
    with pytest.raises(FaultError, match=r"^no client carol is on link 'room'; there is alice, bob$"):
        Reach(clients=("carol", "bob")).require_known("room", ["bob", "alice", "bob"])
    with pytest.raises(FaultError, match=r"there is none, open one with via=room$"):
        Reach(clients=("carol",)).require_known("room", [])
