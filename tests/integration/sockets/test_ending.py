"""How connections end: by a close frame, a reset, a broken rule; and what every keyword says of a closed client."""

import re
import struct
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from queue import SimpleQueue
from typing import Any

import pytest
from foreign_servers import GENEROUS_S, Loop, Peer, scripted, websockets_server

from wireproof import scopes
from wireproof.sockets.arguments import Clients, Opcode, Payload
from wireproof.sockets.errors import ClosedError, SocketsError

SHORT = timedelta(milliseconds=200)
LONG = timedelta(minutes=5)
"""Longer than any test may take: a wait that does not end early is seen."""
ALICE = Clients(["alice"])


def url_of(port: int) -> str:
    return f"ws://127.0.0.1:{port}/"


class TestBrokenRules:
    """What RFC 6455 forbids a server to send ends the connection with the right code and words."""

    @pytest.mark.parametrize(
        ("act", "code", "told"),
        [
            (lambda peer: peer.send(b"x", masked=True), 1002, "a server's frame is masked"),
            (lambda peer: peer.send(b"x", 0xC1), 1002, "a reserved bit is set, though no extension was agreed on"),
            (lambda peer: peer.send(b"x", 0x83), 1002, "opcode 3 is reserved"),
            (lambda peer: peer.send(b"x", 0x09), 1002, "a control frame is fragmented"),
            (lambda peer: peer.send(b"x" * 126, 0x89), 1002, "a control frame is longer than 125 bytes"),
            (lambda peer: peer.send(b"x", 0x80), 1002, "a continuation of nothing"),
            (lambda peer: (peer.send(b"x", 0x01), peer.send(b"y")), 1002, "a new message inside a fragmented one"),
            (lambda peer: peer.send(b"\x03", 0x88), 1002, "Invalid close frame"),
            (lambda peer: peer.send(struct.pack("!H", 5000), 0x88), 1002, "Invalid close opcode 5000"),
            (lambda peer: peer.send(struct.pack("!H", 1000) + b"\xff", 0x88), 1007, "a close reason that is not UTF-8"),
            (lambda peer: peer.send(b"ok \xff"), 1007, "a text message that is not UTF-8 at byte 3"),
        ],
    )
    def test_the_connection_is_failed(self, sockets: Any, act: Callable[[Peer], object], code: int, told: str) -> None:
        answers: SimpleQueue[tuple[int, bytes]] = SimpleQueue()

        def script(peer: Peer) -> None:
            peer.upgrade()
            act(peer)
            answers.put(peer.read_frame())

        with scripted(script) as port:
            sockets.open_client("alice", url_of(port))
            ending = sockets.wait_for_close("alice", code=code)
            opcode, payload = answers.get(timeout=GENEROUS_S)
        assert (opcode, payload) == (8, struct.pack("!H", code))
        assert ending.by == "client"
        assert told in ending.reason

    def test_a_text_that_is_not_utf8_is_kept_with_its_problem(self, sockets: Any) -> None:
        with scripted(lambda peer: (peer.upgrade(), peer.send(b"half \xf0\x9f"), peer.read_to_end())) as port:
            sockets.open_client("alice", url_of(port))
            sockets.wait_for_close("alice", code=1007)
        (message,) = sockets.get_messages("alice")
        assert message.text is None
        assert message.problem == "not UTF-8: byte 0xf0 at position 5"
        assert sockets.get_messages("alice", raw=True) == [b"half \xf0\x9f"]


class TestServerEnds:
    def test_a_reset_is_a_loss(self, sockets: Any) -> None:
        with scripted(lambda peer: (peer.upgrade(), peer.read_frame(), peer.reset())) as port:
            sockets.open_client("alice", url_of(port))
            sockets.send_text("alice", "now")
            ending = sockets.wait_for_close("alice", code=1006)
        assert ending.phrase == "lost its connection (Connection reset by peer)"

    def test_an_end_without_a_close_frame_is_a_loss(self, sockets: Any) -> None:
        with scripted(Peer.upgrade) as port:
            sockets.open_client("alice", url_of(port))
            ending = sockets.wait_for_close("alice", code=1006)
        assert ending.phrase == "lost its connection (the server ended it without a close frame)"

    def test_a_close_without_a_code(self, sockets: Any) -> None:
        with scripted(lambda peer: (peer.upgrade(), peer.send(b"", 0x88), peer.read_to_end())) as port:
            sockets.open_client("alice", url_of(port))
            assert sockets.wait_for_close("alice", code=1005).by == "server"

    def test_the_close_frame_is_answered_with_its_code(self, sockets: Any) -> None:
        answers: SimpleQueue[tuple[int, bytes]] = SimpleQueue()

        def script(peer: Peer) -> None:
            peer.upgrade()
            peer.send(struct.pack("!H", 4401) + b"token expired", 0x88)
            answers.put(peer.read_frame())

        with scripted(script) as port:
            sockets.open_client("alice", url_of(port))
            sockets.wait_for_close("alice", code=4401)
            assert answers.get(timeout=GENEROUS_S) == (8, struct.pack("!H", 4401) + b"token expired")

    def test_a_ping_is_answered_in_the_middle_of_a_message(self, sockets: Any) -> None:
        answers: SimpleQueue[tuple[int, bytes]] = SimpleQueue()

        def script(peer: Peer) -> None:
            peer.upgrade()
            peer.send(b"first, ", 0x01)
            peer.send(b"there?", 0x89)
            answers.put(peer.read_frame())
            peer.send(b"second", 0x80)
            peer.read_to_end()

        with scripted(script) as port:
            sockets.open_client("alice", url_of(port))
            sockets.wait_for_message("alice", text="first, second")
            assert answers.get(timeout=GENEROUS_S) == (10, b"there?")

    @pytest.mark.parametrize(("answer", "first"), [(True, (10, b"there?")), (False, (1, b"still silent"))])
    def test_pings_stay_unanswered_when_asked_for(self, sockets: Any, answer: bool, first: tuple[int, bytes]) -> None:
        frames: SimpleQueue[tuple[int, bytes]] = SimpleQueue()

        def script(peer: Peer) -> None:
            peer.upgrade()
            peer.send(b"there?", 0x89)
            peer.send(b"after the ping")
            frames.put(peer.read_frame())
            peer.read_to_end()

        with scripted(script) as port:
            sockets.open_client("alice", url_of(port), answer_pings=answer)
            sockets.wait_for_message("alice", text="after the ping")
            sockets.send_text("alice", "still silent")
            assert frames.get(timeout=GENEROUS_S) == first


class TestWaitsOfAClosedClient:
    @pytest.fixture
    def expiring(self, sockets: Any, loop: Loop) -> Any:
        """A client whose server says one thing and closes on the first message."""

        async def handler(connection: Any) -> None:
            await connection.send('{"order": 16}')
            await connection.recv()
            await connection.close(4401, "token expired")

        with loop.hosting(websockets_server(handler)) as port:
            sockets.open_client("alice", url_of(port))
            sockets.wait_for_message("alice", json={"order": 16})
            yield sockets

    @pytest.fixture
    def during_a_wait(self, expiring: Any) -> Iterator[Callable[[str, Callable[[], object]], None]]:
        """Does something as soon as somebody waits for messages of a client."""
        threads: list[threading.Thread] = []

        def act(inbox: Any, do: Callable[[], object]) -> None:
            while not inbox._waiters:
                time.sleep(0.001)
            do()

        def begin(name: str, do: Callable[[], object]) -> None:
            threads.append(threading.Thread(target=act, args=(expiring.clients.find(name).inbox, do)))
            threads[-1].start()

        yield begin
        for thread in threads:
            thread.join()

    @pytest.mark.parametrize(
        ("wait", "told"),
        [
            (
                lambda lib: lib.wait_for_message("alice", json={"order": 17}, timeout=LONG),
                ' into a wait of 300 s for {"order":17}; 1 came, nearest #1 differs: order expected 17 (number)',
            ),
            (
                lambda lib: lib.wait_for_messages("alice", 2, timeout=LONG),
                " into a wait of 300 s for a message (1 of 2 had come); 1 came",
            ),
            (
                lambda lib: lib.message_should_arrive_once("alice", kind="paid", timeout=LONG),
                " into a wait of 300 s for kind=paid; 1 came",
            ),
            (
                lambda lib: lib.no_message_should_arrive(ALICE, json={"order": 17}, within=LONG),
                ' into a wait of 300 s for no message {"order":17}: a closed client proves nothing',
            ),
            (
                lambda lib: lib.all_clients_should_receive(ALICE, json={"order": 17}, timeout=LONG),
                ' into a wait of 300 s for {"order":17}',
            ),
        ],
    )
    def test_the_wait_ends_at_once(
        self, expiring: Any, during_a_wait: Any, wait: Callable[[Any], object], told: str
    ) -> None:
        during_a_wait("alice", lambda: expiring.send_text("alice", "close, please"))
        with pytest.raises(AssertionError) as failure:
            wait(expiring)
        closed = re.escape("alice was closed by the server (4401 'token expired') ") + r"\d+\.\d\d s"
        assert re.search(closed + re.escape(told), str(failure.value))

    def test_who_was_cut_off_meanwhile_does_not_count_as_silent(
        self, expiring: Any, during_a_wait: Any, echo_url: str
    ) -> None:
        def cut_alice_off_and_let_bob_hear() -> None:
            expiring.send_text("alice", "close, please")
            expiring.wait_for_close("alice")
            expiring.send_text("bob", "hello")

        expiring.open_client("bob", echo_url)
        during_a_wait("bob", cut_alice_off_and_let_bob_hear)
        with pytest.raises(AssertionError, match=r"alice was closed by the server .* proves nothing"):
            expiring.only_these_clients_should_receive(Clients(["bob"]), text="hello", timeout=LONG, settle=SHORT)
        expiring.only_these_clients_should_receive(Clients(["bob"]), text="hello", settle=SHORT)

    def test_a_reply_will_not_come(self, expiring: Any) -> None:
        with pytest.raises(AssertionError) as failure:
            expiring.send_message_and_wait_for_reply("alice", {"ask": 1}, timeout=LONG)
        assert "closed by the server (4401 'token expired')" in str(failure.value)
        assert "for a reply to message " in str(failure.value)

    def test_a_wait_that_begins_later_says_before(self, expiring: Any) -> None:
        expiring.send_text("alice", "close, please")
        expiring.wait_for_close("alice", code=4401)
        with pytest.raises(AssertionError, match=r"\d+\.\d\d s before a wait of 300 s for kind=paid"):
            expiring.wait_for_message("alice", kind="paid", timeout=LONG)

    def test_what_came_before_still_counts(self, expiring: Any) -> None:
        expiring.send_text("alice", "close, please")
        expiring.wait_for_close("alice")
        assert expiring.message_should_arrive_once("alice", json={"order": 16}, settle=LONG).index == 1

    @pytest.mark.parametrize(
        "send",
        [
            lambda lib: lib.send_text("alice", "x"),
            lambda lib: lib.send_json("alice", {}),
            lambda lib: lib.send_message("alice", {}),
            lambda lib: lib.send_binary("alice", Payload(b"x")),
            lambda lib: lib.send_ping("alice"),
            lambda lib: lib.send_frame("alice", Opcode(1)),
            lambda lib: lib.send_raw_bytes("alice", Payload(b"x")),
        ],
    )
    def test_nothing_can_be_sent(self, expiring: Any, send: Callable[[Any], object]) -> None:
        expiring.send_text("alice", "close, please")
        expiring.wait_for_close("alice")
        with pytest.raises(ClosedError) as failure:
            send(expiring)
        told = str(failure.value)
        closed = "alice cannot send: it was closed by the server (4401 'token expired')"
        assert re.fullmatch(re.escape(closed) + r" \d+\.\d\d s ago; open it again", told)


class TestStates:
    def test_an_open_client_does_not_end(self, sockets: Any, echo_url: str) -> None:
        sockets.open_client("alice", echo_url)
        with pytest.raises(AssertionError) as failure:
            sockets.wait_for_close("alice", timeout=SHORT)
        assert str(failure.value) == "alice: still open after a wait of 0.2 s for its end"

    @pytest.mark.parametrize(
        ("send", "told"),
        [
            (lambda lib: lib.send_frame("alice", Opcode(1), rsv=8), "rsv is a number from 0 to 7"),
            (lambda lib: lib.send_ping("alice", Payload(bytes(126))), "a ping has at most 125 bytes, this one has 126"),
        ],
    )
    def test_frames_that_cannot_be(self, sockets: Any, echo_url: str, send: Callable[[Any], object], told: str) -> None:
        sockets.open_client("alice", echo_url)
        with pytest.raises(SocketsError, match=told):
            send(sockets)

    def test_defaults_need_their_scope(self, sockets: Any) -> None:
        with pytest.raises(SocketsError, match="scope=suite needs a running suite"):
            sockets.set_client_defaults(url="ws://127.0.0.1:1/")


class TestClientEnds:
    def test_an_abort_is_a_reset(self, sockets: Any) -> None:
        seen: SimpleQueue[bytes | None] = SimpleQueue()
        with scripted(lambda peer: (peer.upgrade(), seen.put(peer.read_to_end()))) as port:
            sockets.open_client("alice", url_of(port))
            sockets.abort_client(ALICE)
            assert seen.get(timeout=GENEROUS_S) is None
        assert sockets.wait_for_close("alice", code=1006).by == "client"

    def test_a_server_that_does_not_answer_the_close_frame(self, sockets: Any) -> None:
        with scripted(lambda peer: (peer.upgrade(), peer.read_to_end())) as port:
            sockets.open_client("alice", url_of(port))
            with pytest.raises(SocketsError) as failure:
                sockets.close_client(ALICE, timeout=SHORT)
        assert str(failure.value) == "alice: the server did not answer the close frame within 0.2 s; it was reset"
        assert sockets.get_client_state("alice") == "closed"

    def test_closing_twice_is_nothing(self, sockets: Any, echo_url: str) -> None:
        sockets.open_client("alice", echo_url)
        sockets.close_client(ALICE)
        sockets.close_client(ALICE)

    @pytest.mark.parametrize(
        ("close", "told"),
        [
            ({"code": 1005}, "1005 may not be sent as close code"),
            ({"reason": "ü" * 62}, "a close reason has at most 123 bytes, this one has 124"),
        ],
    )
    def test_what_may_not_be_sent(self, sockets: Any, echo_url: str, close: dict[str, Any], told: str) -> None:
        sockets.open_client("alice", echo_url)
        with pytest.raises((SocketsError, ValueError), match=told):
            sockets.close_client(ALICE, **close)
        assert sockets.get_client_state("alice") == "open"

    def test_a_server_that_does_not_read(self, sockets: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("wireproof.sockets.connection.SEND_TIMEOUT_S", 0.3)
        hold = threading.Event()
        with scripted(lambda peer: (peer.upgrade(), hold.wait(GENEROUS_S))) as port:
            sockets.open_client("alice", url_of(port))
            with pytest.raises(ClosedError, match="alice: the server did not read 20000000 bytes within"):
                sockets.send_binary("alice", Payload(bytes(20_000_000)))
            ending = sockets.wait_for_close("alice")
            hold.set()
        assert ending.code == 1006


class TestOwners:
    def test_what_a_test_opened_is_closed_with_it_and_the_suites_stays(self, sockets: Any, echo_url: str) -> None:
        sockets.open_client("alice", echo_url)
        inner = scopes.enter("test", "Pay")
        sockets.open_client("bob", echo_url)
        with pytest.raises(SocketsError) as failure:
            sockets.open_client("bob", echo_url)
        assert str(failure.value) == (
            "bob is already open, test 'Pay' opened it: close it first, or choose another name"
        )
        scopes.leave(inner)
        assert sockets.get_client_state("alice") == "open"
        with pytest.raises(SocketsError) as failure:
            sockets.get_client_state("bob")
        assert str(failure.value) == "no client named 'bob'; there are alice"

    def test_defaults_end_with_their_scope(self, sockets: Any, echo_url: str) -> None:
        sockets.set_client_defaults(url=echo_url, scope="test")
        inner = scopes.enter("test", "Pay")
        before = sockets.set_client_defaults(url="ws://127.0.0.1:1/", timeout=LONG, scope="test")
        assert before == {"url": echo_url}
        with pytest.raises(SocketsError, match=r"127\.0\.0\.1:1 refused"):
            sockets.open_client("alice")
        scopes.leave(inner)
        sockets.open_client("alice")

    def test_a_closed_name_may_be_used_again(self, sockets: Any, echo_url: str) -> None:
        sockets.open_client("alice", echo_url)
        sockets.send_text("alice", "old")
        sockets.wait_for_message("alice", text="old")
        sockets.close_client(ALICE)
        sockets.open_client("alice", echo_url)
        assert sockets.get_messages("alice") == []

    def test_closing_all_forgets_all(self, sockets: Any, echo_url: str) -> None:
        sockets.open_clients("member", 3, echo_url)
        sockets.close_all_clients()
        sockets.open_clients("member", 3, echo_url)
        with pytest.raises(SocketsError, match="'member' is a group of 3 clients; one client is needed"):
            sockets.send_text("member", "x")
        with pytest.raises(SocketsError, match="'member' is taken"):
            sockets.open_clients("member", 3, echo_url)
