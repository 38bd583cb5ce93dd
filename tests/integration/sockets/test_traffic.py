"""Steady tracked traffic: on time whatever happens, honest about what could not be sent, and stopped with its scope."""

import threading
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from foreign_servers import GENEROUS_S

from wireproof import scopes, stack
from wireproof.history import SLICE_S
from wireproof.journal import Event, now_ns
from wireproof.journal import current as journal
from wireproof.quantities import Backoff, Rate
from wireproof.sockets import traffic as room
from wireproof.sockets.arguments import Clients
from wireproof.sockets.errors import ClosedError, SocketsError
from wireproof.stack import Addresses, Guards, Stack

ALICE, BOTH = Clients(["alice"]), Clients(["alice", "bob"])
FAST = Rate.parse("500/s")


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a slow machine nothing is too late to be sent either."""
    monkeypatch.setattr(room, "LATEST_S", GENEROUS_S)


@pytest.fixture
def pair(sockets: Any, echo_url: str) -> Any:
    for name in ("alice", "bob"):
        sockets.open_client(name, echo_url, dialect="echo", reconnect=Backoff(0.01, 0.05))
    return sockets


def noted(kind: str, since_ns: int, source: str = "") -> list[Event]:
    events = journal().recent()
    return [
        event for event in events if event.kind == kind and event.at_ns >= since_ns and source in ("", event.source)
    ]


def wait_until(happened: Callable[[], object]) -> None:
    deadline = now_ns() + GENEROUS_S * 10**9
    while not happened():
        assert now_ns() < deadline, "it did not happen"
        threading.Event().wait(SLICE_S / 10)


def start(sockets: Any, client: Clients = ALICE, **options: Any) -> int:
    began = now_ns()
    sockets.start_tracked_traffic(client, **({"audience": client, "rate": FAST, "echo": True} | options))
    return began


def test_messages_are_sent_when_they_are_due(pair: Any) -> None:
    began = start(pair, rate=Rate.parse("250/s"))
    wait_until(lambda: len(noted("received", began, "alice")) >= 50)
    report = pair.stop_tracked_traffic()
    sent = noted("sent", began, "alice")
    assert report.sent == len(sent) >= 50
    assert report.unsent == 0
    assert report.by_client == {"alice": len(sent)}
    intended = [event.data["intended_ns"] for event in sent]
    assert {later - earlier for earlier, later in pairwise(intended)} == {4_000_000}
    assert all(event.at_ns >= event.data["intended_ns"] for event in sent)
    assert {event.data["id"] for event in sent} == {event.data["id"] for event in noted("expect", began)}


def test_several_senders_take_turns_and_hear_each_other(pair: Any) -> None:
    began = start(pair, BOTH, rate=FAST)
    wait_until(lambda: len(noted("sent", began)) >= 20)
    report = pair.stop_tracked_traffic()
    assert set(report.by_client) == {"alice", "bob"}
    assert abs(report.by_client["alice"] - report.by_client["bob"]) <= 1
    assert all(event.data["audience"] == ["alice", "bob"] for event in noted("expect", began))


def test_it_is_told_when_it_begins_and_ends(pair: Any) -> None:
    began = start(pair, name="steady")
    report = pair.stop_tracked_traffic("steady")
    on, off = noted("traffic", began)
    assert (on.source, on.data["phase"], on.data["rate"]) == ("steady", "on", 500)
    assert (off.data["phase"], off.data["sent"], off.data["unsent"]) == ("off", report.sent, report.unsent)
    assert pair.stop_tracked_traffic("steady") == report
    assert len(noted("traffic", began)) == 2


def test_what_is_due_while_its_client_is_away_is_unsent_and_not_made_up_for(pair: Any) -> None:
    began = start(pair)
    wait_until(lambda: noted("sent", began))
    pair.close_client(ALICE)
    closed = now_ns()
    wait_until(lambda: len(noted("unsent", closed, "alice")) >= 10)
    unsent = noted("unsent", closed, "alice")
    assert all("alice cannot send" in event.data["reason"] for event in unsent)
    expected = {event.data["id"] for event in noted("expect", began)}
    assert not expected & {event.data["id"] for event in unsent}
    pair.reconnect_client(ALICE)
    reopened = now_ns()
    wait_until(lambda: len(noted("sent", reopened)) >= 10)
    report = pair.stop_tracked_traffic()
    assert report.unsent == len(noted("unsent", began))
    late = [event for event in noted("sent", reopened) if event.data["intended_ns"] < closed]
    assert not late


def test_traffic_goes_on_after_the_client_came_back_by_itself(pair: Any) -> None:
    began = start(pair)
    wait_until(lambda: noted("sent", began))
    pair.clients.find("alice")._session.connection.wire.reset()  # as a network that breaks
    wait_until(lambda: noted("connected", began, "alice"))
    back = noted("connected", began, "alice")[0].at_ns
    wait_until(lambda: len(noted("received", back, "alice")) >= 10)
    pair.stop_tracked_traffic()


def test_a_client_whose_socket_takes_no_bytes_delays_nobody_else(pair: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "LATEST_S", 2)
    blocked, release = threading.Event(), threading.Event()
    alice = pair.clients.find("alice")
    send = alice.send

    def stuck(outgoing: Any, **options: Any) -> Any:
        blocked.set()
        release.wait(GENEROUS_S)
        return send(outgoing, **options)

    monkeypatch.setattr(alice, "send", stuck)
    began = start(pair, BOTH, rate=Rate.parse("100/s"))
    assert blocked.wait(GENEROUS_S)
    wait_until(lambda: len(noted("sent", began, "bob")) >= 150)  # takes him three seconds
    monkeypatch.setattr(alice, "send", send)
    release.set()
    wait_until(lambda: len(noted("sent", began, "alice")) >= 2)
    report = pair.stop_tracked_traffic()
    skipped = noted("unsent", began, "alice")
    assert report.unsent == len(skipped) > 0
    assert all("alice was still sending" in event.data["reason"] for event in skipped)
    assert all(event.at_ns - event.data["intended_ns"] > 2_000_000_000 for event in skipped)
    assert not noted("unsent", began, "bob")


def test_a_send_that_breaks_half_way_leaves_an_expectation(pair: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise ClosedError("alice could not send: broken pipe")

    monkeypatch.setattr(pair.clients.find("alice"), "send", broken)
    began = start(pair)
    wait_until(lambda: noted("unsent", began))
    pair.stop_tracked_traffic()
    (first, *_) = noted("unsent", began)
    assert first.data["reason"] == "alice could not send: broken pipe"
    assert first.data["id"] in {event.data["id"] for event in noted("expect", 0)}


def test_it_ends_with_the_scope_that_started_it(sockets: Any, echo_url: str) -> None:
    sockets.open_client("alice", echo_url, dialect="echo")
    test = scopes.enter("test", "inner")
    began = start(sockets)
    wait_until(lambda: noted("sent", began))
    assert scopes.leave(test) == []
    assert noted("traffic", began)[-1].data["phase"] == "off"
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("wireproof-traffic")]
    with pytest.raises(SocketsError, match="no tracked traffic named 'traffic'; there are: none, call Start Tracked"):
        sockets.stop_tracked_traffic()


def test_an_interrupted_stop_is_finished_with_its_scope(
    sockets: Any, echo_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sockets.open_client("alice", echo_url, dialect="echo")
    blocked, release = threading.Event(), threading.Event()
    alice = sockets.clients.find("alice")
    send = alice.send

    def stuck(outgoing: Any, **options: Any) -> Any:
        blocked.set()
        release.wait(GENEROUS_S)
        return send(outgoing, **options)

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(alice, "send", stuck)
    test = scopes.enter("test", "inner")
    began = start(sockets)
    assert blocked.wait(GENEROUS_S)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "join", interrupt)
        with pytest.raises(KeyboardInterrupt):
            sockets.stop_tracked_traffic()
    assert [event.data["phase"] for event in noted("traffic", began)] == ["on"]
    release.set()
    assert scopes.leave(test) == []
    assert [event.data["phase"] for event in noted("traffic", began)] == ["on", "off"]


def test_its_end_is_told_after_its_last_message(pair: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was due before the end is still sent; else it would be taken for other traffic, after this one."""
    blocked, release = threading.Event(), threading.Event()
    alice, join = pair.clients.find("alice"), threading.Thread.join
    send = alice.send

    def stuck(outgoing: Any, **options: Any) -> Any:
        blocked.set()
        release.wait(GENEROUS_S)
        return send(outgoing, **options)

    def let_go(thread: threading.Thread, timeout: float | None = None) -> None:
        release.set()
        join(thread, timeout)

    monkeypatch.setattr(alice, "send", stuck)
    began = start(pair)
    assert blocked.wait(GENEROUS_S)
    wait_until(lambda: now_ns() > began + 100_000_000)  # fifty are due
    monkeypatch.setattr(threading.Thread, "join", let_go)
    pair.stop_tracked_traffic()
    sent = noted("sent", began, "alice")
    assert len(sent) >= 50
    assert noted("traffic", began)[-1].at_ns >= sent[-1].at_ns


def test_several_traffics_run_at_once_each_under_its_name(pair: Any) -> None:
    start(pair, name="one")
    start(pair, name="two")
    with pytest.raises(SocketsError, match="the tracked traffic 'one' is running already: give this one another name"):
        start(pair, name="one")
    with pytest.raises(SocketsError, match="no tracked traffic named 'three'; there are: one, two"):
        pair.stop_tracked_traffic("three")
    pair.stop_tracked_traffic("one")
    start(pair, name="one")


def test_what_cannot_be_sent_at_all_is_told_at_once(pair: Any) -> None:
    with pytest.raises(SocketsError, match="no client named 'carol'"):
        start(pair, Clients(["carol"]))
    with pytest.raises(SocketsError, match="nobody would get what alice sends"):
        start(pair, echo=False)
    with pytest.raises(SocketsError, match="a tracked traffic needs a name"):
        start(pair, name=" ")
    with pytest.raises(ValueError, match="<secret>"):
        start(pair, body={"token": "<secret>"})
    pair.close_client(ALICE)
    with pytest.raises(ClosedError, match="alice cannot send: it was closed"):
        start(pair)


def test_it_keeps_to_the_rate_that_a_stack_allows(pair: Any) -> None:
    guards = Guards("keep", max_rate=Rate.parse("600/s"))
    before = stack.use(Stack("external", Addresses("ws://127.0.0.1:1/"), guards=guards))
    try:
        start(pair)
        with pytest.raises(SocketsError, match="500/s was asked for, and 500/s are being sent already"):
            start(pair, name="second")
        pair.stop_tracked_traffic()
        start(pair, name="second")
    finally:
        stack.use(before)
