"""Coming back: by keyword and by itself, after a restart on the same port, with the inbox kept."""

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from queue import SimpleQueue
from typing import Any

import pytest
from foreign_servers import GENEROUS_S, Loop, Peer, echo, scripted, websockets_server

from wireproof import journal
from wireproof.quantities import Backoff
from wireproof.sockets.arguments import Clients
from wireproof.sockets.errors import SocketsError

FAST = Backoff(0.02, 0.1)
ALICE = Clients(["alice"])
GENEROUS = timedelta(seconds=GENEROUS_S)


class Restartable:
    """A server that can be stopped and started again on its port."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self.port = 0
        self.start()

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/"

    def start(self) -> None:
        self._hosted = self._loop.hosting(websockets_server(echo, port=self.port))
        self.port = self._hosted.__enter__()

    def stop(self) -> None:
        self._hosted.__exit__(None, None, None)


@pytest.fixture
def server(loop: Loop) -> Iterator[Restartable]:
    started = Restartable(loop)
    yield started
    started.stop()


def wait_until(sockets: Any, state: str) -> None:
    patience = threading.Event()
    for _ in range(int(GENEROUS_S / 0.01)):
        if sockets.get_client_state("alice") == state:
            return
        patience.wait(0.01)
    raise AssertionError(f"alice never became {state}")


def since(at_ns: int) -> list[journal.Event]:
    return [event for event in journal.current().recent() if event.at_ns >= at_ns]


class TestByKeyword:
    def test_the_inbox_and_its_numbers_go_on(self, sockets: Any, server: Restartable) -> None:
        sockets.open_client("alice", server.url)
        sockets.send_text("alice", "before")
        sockets.wait_for_message("alice", text="before")
        server.stop()
        sockets.wait_for_close("alice", code=1001)
        server.start()
        sockets.reconnect_client(ALICE, backoff=FAST, timeout=GENEROUS)
        sockets.send_text("alice", "after")
        assert sockets.wait_for_message("alice", text="after").index == 2
        assert [message.text for message in sockets.get_messages("alice")] == ["before", "after"]

    def test_it_tries_until_the_server_is_back(self, sockets: Any, server: Restartable) -> None:
        began = journal.now_ns()

        def come_back_after_an_attempt() -> None:
            while not any(event.kind == "reconnect" and event.data["attempt"] > 1 for event in since(began)):
                time.sleep(0.01)
            server.start()

        sockets.open_client("alice", server.url)
        server.stop()
        back = threading.Thread(target=come_back_after_an_attempt, daemon=True)
        back.start()
        sockets.reconnect_client(ALICE, backoff=FAST, timeout=GENEROUS)
        back.join()
        assert sockets.get_client_state("alice") == "open"

    def test_an_open_client_is_closed_first_and_gets_new_headers(self, sockets: Any) -> None:
        heads: SimpleQueue[str] = SimpleQueue()

        def script(peer: Peer) -> None:
            peer.upgrade()
            heads.put(peer.header("Authorization"))
            peer.send(peer.read_frame()[1], 0x88)

        with scripted(script) as port:
            sockets.open_client("alice", f"ws://127.0.0.1:{port}/", headers={"Authorization": "one"})
            sockets.reconnect_client(ALICE, headers={"Authorization": "two"})
            assert sockets.get_client_state("alice") == "open"
            assert [heads.get(timeout=GENEROUS_S) for _ in range(2)] == ["one", "two"]

    def test_time_runs_out(self, sockets: Any, server: Restartable) -> None:
        sockets.open_client("alice", server.url)
        server.stop()
        with pytest.raises(SocketsError) as failure:
            sockets.reconnect_client(ALICE, backoff=FAST, timeout=timedelta(seconds=1))
        server.start()
        assert str(failure.value) == (
            f"alice could not open again: refused at stage tcp: 127.0.0.1:{server.port} refused the connection: "
            "is the server running there?"
        )
        assert sockets.get_client_state("alice") == "closed"

    def test_a_final_no_is_not_asked_again(self, sockets: Any) -> None:
        asked: SimpleQueue[None] = SimpleQueue()

        def script(peer: Peer) -> None:
            if asked.empty():
                asked.put(None)
                peer.upgrade()
                peer.reset()
            else:
                asked.put(None)
                peer.read_head()
                peer.say(401)

        with scripted(script) as port:
            sockets.open_client("alice", f"ws://127.0.0.1:{port}/")
            with pytest.raises(SocketsError, match="refused at stage http: the server answered 401"):
                sockets.reconnect_client(ALICE, backoff=FAST, timeout=GENEROUS)
            assert asked.qsize() == 2

    def test_an_attempt_that_hangs_is_not_the_last(self, sockets: Any) -> None:
        visits: SimpleQueue[None] = SimpleQueue()

        def script(peer: Peer) -> None:
            visits.put(None)
            if visits.qsize() == 2:
                peer.read_to_end()
            peer.upgrade()
            peer.read_to_end()

        with scripted(script) as port:
            sockets.open_client("alice", f"ws://127.0.0.1:{port}/", timeout=timedelta(seconds=2))
            sockets.abort_client(ALICE)
            sockets.reconnect_client(ALICE, backoff=FAST, timeout=GENEROUS)
            assert visits.qsize() == 3

    def test_an_attempt_cut_short_does_not_hide_why_the_one_before_failed(self, sockets: Any) -> None:
        visits: SimpleQueue[None] = SimpleQueue()

        def script(peer: Peer) -> None:
            visits.put(None)
            if visits.qsize() == 1:
                peer.upgrade()
                peer.reset()
            elif visits.qsize() == 2:
                peer.read_head()
                peer.say(503)
            else:
                peer.read_to_end()

        with scripted(script) as port:
            sockets.open_client("alice", f"ws://127.0.0.1:{port}/")
            with pytest.raises(SocketsError, match="the server answered 503"):
                sockets.reconnect_client(ALICE, backoff=FAST, timeout=timedelta(seconds=3))
            assert visits.qsize() == 3


class TestByItself:
    def test_after_a_restart(self, sockets: Any, server: Restartable) -> None:
        sockets.open_client("alice", server.url, reconnect=FAST)
        sockets.send_text("alice", "before")
        sockets.wait_for_message("alice", text="before")
        server.stop()
        wait_until(sockets, "opening")
        server.start()
        wait_until(sockets, "open")
        sockets.send_text("alice", "after")
        sockets.wait_for_message("alice", text="after")
        assert sockets.wait_for_close("alice").code == 1001
        assert sockets.get_messages("alice")[0].text == "before"

    def test_silence_meanwhile_proves_nothing(self, sockets: Any, server: Restartable) -> None:
        sockets.open_client("alice", server.url, reconnect=FAST)
        server.stop()
        wait_until(sockets, "opening")
        with pytest.raises(AssertionError, match=r"alice was closed by the server \(1001.* proves nothing"):
            sockets.no_message_should_arrive(ALICE, within=timedelta(milliseconds=20))
        server.start()
        wait_until(sockets, "open")
        sockets.no_message_should_arrive(ALICE, within=timedelta(milliseconds=20))

    def test_a_wait_goes_on_meanwhile(self, sockets: Any) -> None:
        visits: SimpleQueue[None] = SimpleQueue()

        def script(peer: Peer) -> None:
            peer.upgrade()
            visits.put(None)
            if visits.qsize() < 3:
                peer.reset()
            peer.send(b"at last")
            peer.read_to_end()

        with scripted(script) as port:
            sockets.open_client("alice", f"ws://127.0.0.1:{port}/", reconnect=FAST)
            sockets.wait_for_message("alice", text="at last", timeout=GENEROUS)
            assert visits.qsize() == 3

    def test_the_servers_decision_is_final(self, sockets: Any) -> None:
        def script(peer: Peer) -> None:
            peer.upgrade()
            peer.send(b"\x11\x31", 0x88)
            peer.read_to_end()

        with scripted(script) as port:
            sockets.open_client("alice", f"ws://127.0.0.1:{port}/", reconnect=FAST)
            assert sockets.wait_for_close("alice", code=4401)
            wait_until(sockets, "closed")

    def test_it_gives_up_when_the_server_says_no_for_good(self, sockets: Any) -> None:
        visits: SimpleQueue[None] = SimpleQueue()

        def script(peer: Peer) -> None:
            visits.put(None)
            if visits.qsize() > 1:
                peer.read_head()
                peer.say(403)
                return
            peer.upgrade()
            peer.reset()

        with scripted(script) as port:
            sockets.open_client("alice", f"ws://127.0.0.1:{port}/", reconnect=FAST)
            with pytest.raises(
                AssertionError, match="gave up reconnecting: refused at stage http: the server answered"
            ):
                sockets.wait_for_message("alice", text="never", timeout=GENEROUS)

    def test_closing_stops_it(self, sockets: Any, server: Restartable) -> None:
        sockets.open_client("alice", server.url, reconnect=Backoff(10, 10))
        server.stop()
        wait_until(sockets, "opening")
        sockets.close_client(ALICE)
        assert sockets.get_client_state("alice") == "closed"
        server.start()

    def test_nothing_can_be_sent_meanwhile(self, sockets: Any, server: Restartable) -> None:
        sockets.open_client("alice", server.url, reconnect=Backoff(10, 10))
        server.stop()
        wait_until(sockets, "opening")
        with pytest.raises(SocketsError, match="alice cannot send: it is opening"):
            sockets.send_text("alice", "x")
        server.start()
