"""How a client drives its dialect: login, answers, heartbeat, hidden messages, and a dialect that fails."""

from collections.abc import Callable
from datetime import timedelta
from queue import SimpleQueue
from typing import Any

import pytest
from foreign_servers import GENEROUS_S, Peer, scripted
from robot.api.types import Secret

from wireproof import journal
from wireproof.dialects import TEXT
from wireproof.sockets.arguments import Clients
from wireproof.sockets.errors import SocketsError

TICKING = "ticking.Ticking"
TOKEN = "s3cr3t-of-the-ticking-client"


class Clock:
    """A server of the protocol: it welcomes, then does what the test wants; it keeps what it was told."""

    def __init__(self, welcome: str = "WELCOME s-1", then: Callable[[Peer], object] = lambda _peer: None) -> None:
        self.told: SimpleQueue[str] = SimpleQueue()
        self._welcome = welcome
        self._then = then

    def __call__(self, peer: Peer) -> None:
        peer.upgrade("Sec-WebSocket-Protocol: ticking\r\n")
        self.told.put(peer.read_frame()[1].decode())
        peer.send(self._welcome.encode())
        self._then(peer)
        while (frame := peer.read_frame())[0] == TEXT:
            self.told.put(frame[1].decode())

    def next(self) -> str:
        return self.told.get(timeout=GENEROUS_S)

    def said(self) -> str:
        """The next that is no heartbeat."""
        while (told := self.next()) == "TICK":
            pass
        return told


def test_the_login_is_confidential_and_its_grant_is_returned(sockets: Any) -> None:
    began = journal.now_ns()
    clock = Clock()
    with scripted(clock) as port:
        opened = sockets.open_client(
            "alice", f"ws://127.0.0.1:{port}/", dialect=TICKING, login={"token": Secret(TOKEN)}
        )
        assert clock.next() == f"HELLO {TOKEN}"
    assert opened.granted == {"session": "s-1"}
    assert opened.subprotocol == "ticking"
    events = [event for event in journal.current().recent() if event.at_ns >= began]
    sent = next(event for event in events if event.kind == "sent")
    received = next(event for event in events if event.kind == "received")
    assert "excerpt" not in sent.data
    assert "excerpt" not in received.data
    assert received.data["length"] == len("WELCOME s-1")
    assert TOKEN not in "".join(event.to_json() for event in events)


def test_a_login_that_is_refused(sockets: Any) -> None:
    def close(peer: Peer) -> None:
        peer.send(b"\x03\xf0token expired", 0x88)

    with scripted(Clock("NO bad token", close)) as port:
        url = f"ws://127.0.0.1:{port}/"
        sockets.connection_should_be_refused(url, stage="login", code=1008, reason="token expired", dialect=TICKING)
        with pytest.raises(SocketsError) as failure:
            sockets.open_client("alice", url, dialect=TICKING)
    assert str(failure.value) == (
        f"alice could not open {url}: refused at stage login: bad token; closed with 1008 'token expired'"
    )


def test_the_login_can_be_left_out(sockets: Any) -> None:
    clock = Clock()
    with scripted(clock) as port:
        sockets.open_client("alice", f"ws://127.0.0.1:{port}/", dialect=TICKING, log_in=False)
        sockets.send_message("alice", "hello")
        assert clock.said() == "SAY hello"


def test_an_idle_client_beats_and_answers(sockets: Any) -> None:
    clock = Clock(then=lambda peer: peer.send(b"ASK what"))
    with scripted(clock) as port:
        sockets.open_client("alice", f"ws://127.0.0.1:{port}/", dialect=TICKING)
        assert [clock.said() for _ in range(2)] == ["HELLO ", "ANSWER"]
        assert [clock.next() for _ in range(2)] == ["TICK", "TICK"]


def test_messages_of_the_protocol_are_hidden_from_waits(sockets: Any) -> None:
    with scripted(Clock(then=lambda peer: (peer.send(b"TICK"), peer.send(b"SAID x")))) as port:
        sockets.open_client("alice", f"ws://127.0.0.1:{port}/", dialect=TICKING)
        assert sockets.wait_for_message("alice").kind == "SAID"
        sockets.no_message_should_arrive(Clients(["alice"]), kind="TICK", within=timedelta(milliseconds=20))
        assert [message.kind for message in sockets.get_messages("alice")] == ["SAID"]


def test_a_reply_by_the_dialects_rules(sockets: Any) -> None:
    def script(peer: Peer) -> None:
        while not peer.read_frame()[1].startswith(b"SAY"):
            pass
        peer.send(b"HEARD you")

    with scripted(Clock(then=script)) as port:
        sockets.open_client("alice", f"ws://127.0.0.1:{port}/", dialect=TICKING)
        assert sockets.send_message_and_wait_for_reply("alice", "hello").body == "you"


def test_a_dialect_that_fails_is_told(sockets: Any) -> None:
    with scripted(Clock(then=lambda peer: peer.send(b"BOOM"))) as port:
        sockets.open_client("alice", f"ws://127.0.0.1:{port}/", dialect=TICKING)
        with pytest.raises(AssertionError) as failure:
            sockets.wait_for_message("alice")
    assert (
        "alice was closed from this side (1011: the dialect 'ticking' failed: KeyError: 'what the author forgot')"
        in str(failure.value)
    )


def test_a_dialect_that_cannot_read_what_breaks_the_rules_anyway(sockets: Any) -> None:
    with scripted(Clock(then=lambda peer: peer.send(b"SAID \xff"))) as port:
        sockets.open_client("alice", f"ws://127.0.0.1:{port}/", dialect=TICKING)
        assert sockets.wait_for_close("alice", code=1007).by == "client"


def test_a_login_that_fails_in_the_dialect(sockets: Any) -> None:
    with scripted(Clock(welcome="BOOM")) as port, pytest.raises(SocketsError) as failure:
        sockets.open_client("alice", f"ws://127.0.0.1:{port}/", dialect=TICKING)
    assert "stage login: it was closed from this side (1011: the dialect 'ticking' failed: KeyError" in str(
        failure.value
    )
    with scripted(Clock(welcome="OOPS")) as port, pytest.raises(SocketsError) as failure:
        sockets.open_client("alice", f"ws://127.0.0.1:{port}/", dialect=TICKING)
    assert str(failure.value).endswith("stage login: the dialect 'ticking' failed: ZeroDivisionError: division by zero")


def test_a_dialect_made_of_paths(sockets: Any, echo_url: str) -> None:
    sockets.define_dialect("orders", kind="$.header.event", control={"header": {"event": "ping"}})
    sockets.open_client("alice", echo_url, dialect="orders")
    sockets.send_message("alice", {"order": 17}, kind="ping")
    sockets.send_message("alice", {"order": 17}, kind="paid")
    assert sockets.wait_for_message("alice", json={"order": 17}).kind == "paid"


@pytest.mark.parametrize(
    ("dialect", "told"),
    [("morse", "no dialect named 'morse'; there are"), ("no.such.Module", "cannot be imported: No module named 'no'")],
)
def test_an_unknown_dialect(sockets: Any, dialect: str, told: str) -> None:
    with pytest.raises(SocketsError, match=told):
        sockets.open_client("alice", "ws://127.0.0.1:1/", dialect=dialect)
