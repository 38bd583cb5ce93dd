"""Frame faults between real clients and a server that is not ours, the library `websockets`."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from robot.api import SkipExecution
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.sync.server import ServerConnection, serve

import wireproof
from wireproof import journal, scopes
from wireproof.faults.errors import FaultError
from wireproof.quantities import Fraction, Size
from wireproof.sockets.arguments import Payload

SOON = timedelta(milliseconds=50)
LATER = timedelta(seconds=1)
NEVER = timedelta(hours=1)


class Server:
    """Echoes; keeps what it read, and whether compression was agreed on."""

    def __init__(self) -> None:
        self.read: list[str | bytes] = []
        self.extensions: list[str] = []
        self.url = ""

    def handle(self, connection: ServerConnection) -> None:
        self.extensions.append(",".join(extension.name for extension in connection.protocol.extensions))
        with contextlib.suppress(ConnectionClosed):
            for message in connection:
                self.read.append(message)
                connection.send(message)


@contextlib.contextmanager
def serving(**settings: Any) -> Iterator[Server]:
    server = Server()
    with serve(server.handle, "127.0.0.1", 0, max_size=None, **settings) as running:
        server.url = f"ws://127.0.0.1:{running.socket.getsockname()[1]}/"
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield server
        running.shutdown()
        thread.join(30)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as started:
        yield started


@pytest.fixture
def ended() -> list[str]:
    """What the end of the test's scope complained about."""
    return []


@pytest.fixture
def rooms(ended: list[str]) -> Iterator[tuple[Any, Any]]:
    """The libraries Faults and Sockets, in a scope of their own that ends after the test, or in it by `finish`."""
    scope = scopes.enter("test", "the test")
    yield wireproof.Faults(), wireproof.Sockets()
    ended += scopes.leave(scope)


@pytest.fixture
def sockets(rooms: tuple[Any, Any]) -> Any:
    return rooms[1]


@pytest.fixture
def faults(rooms: tuple[Any, Any], server: Server) -> Any:
    """Faults with a link `room` to the server, and alice on it."""
    library, sockets = rooms
    library.start_fault_proxy("room", server.url)
    sockets.open_client("alice", server.url, via="room")
    return library


@pytest.fixture
def numbers(sockets: Any) -> Callable[[], list[int]]:
    """What alice got so far, after she has sent 1 to 4 and read the echo of 99."""

    def exchange() -> list[int]:
        for number in (1, 2, 3, 4, 99):
            sockets.send_json("alice", {"n": number})
        sockets.wait_for_message("alice", json={"n": 99})
        return [message.json["n"] for message in sockets.get_messages("alice")]

    return exchange


class TestMessages:
    def test_a_dropped_one_is_missing(self, faults: Any, numbers: Any) -> None:
        fault = faults.drop_frames("room", json={"n": 2})
        assert numbers() == [1, 3, 4, 99]
        assert fault.effect == {"connections": 1, "frames": 1}

    def test_one_dropped_on_its_way_to_the_server_never_comes_there(
        self, faults: Any, numbers: Any, server: Server
    ) -> None:
        server.read.clear()
        faults.drop_frames("room", skip=2, count=1, direction="to server")
        assert numbers() == [1, 2, 4, 99]
        assert len(server.read) == 4

    def test_a_duplicate_comes_twice(self, faults: Any, numbers: Any) -> None:
        faults.duplicate_frames("room", json={"n": 3})
        assert numbers() == [1, 2, 3, 3, 4, 99]

    def test_neighbours_change_places(self, faults: Any, numbers: Any) -> None:
        faults.swap_frames("room", json={"n": 2})
        assert numbers() == [1, 3, 2, 4, 99]

    def test_a_delayed_one_comes_late_though_nothing_else_is_sent(self, faults: Any, sockets: Any) -> None:
        fault = faults.delay_frames("room", SOON)
        sockets.send_text("alice", "late")
        sockets.wait_for_message("alice", text="late")
        assert fault.effect == {"connections": 1, "frames": 1}

    def test_healing_brings_what_is_late_and_what_waits(self, faults: Any, sockets: Any, numbers: Any) -> None:
        faults.delay_frames("room", NEVER, json={"n": 2})
        assert numbers() == [1, 3, 4, 99]
        faults.heal_all_faults()
        assert sockets.wait_for_message("alice", json={"n": 2}).index == 5

    def test_two_faults_on_one_link(self, faults: Any, numbers: Any) -> None:
        faults.drop_frames("room", json={"n": 2})
        faults.duplicate_frames("room", json={"n": 4})
        faults.add_latency("room", timedelta(milliseconds=1))
        assert numbers() == [1, 3, 4, 4, 99]

    def test_only_one_clients_messages(self, faults: Any, sockets: Any, server: Server, numbers: Any) -> None:
        sockets.open_client("bob", server.url, via="room")
        faults.drop_frames("room", json={"n": 2}, client=("bob",))
        assert numbers() == [1, 2, 3, 4, 99]
        sockets.send_json("bob", {"n": 2})
        sockets.send_json("bob", {"n": 3})
        assert sockets.wait_for_message("bob").json == {"n": 3}

    def test_a_truncated_one_is_short(self, faults: Any, sockets: Any) -> None:
        faults.truncate_frames("room", keep=Size(5))
        sockets.send_text("alice", "hello world")
        sockets.wait_for_message("alice", text="hello")

    def test_the_client_closes_with_1007_for_what_is_no_text(self, faults: Any, sockets: Any) -> None:
        faults.corrupt_frames("room")
        sockets.send_text("alice", "hello")
        sockets.wait_for_close("alice", code=1007)

    def test_the_server_closes_with_1007_for_what_is_no_text(self, faults: Any, sockets: Any) -> None:
        faults.corrupt_frames("room", direction="to server")
        sockets.send_text("alice", "hello")
        assert sockets.wait_for_close("alice", code=1007).by == "server"

    def test_fragments_with_pings_are_the_same_message_to_both_ends(
        self, faults: Any, sockets: Any, server: Server
    ) -> None:
        fault = faults.fragment_frames("room", pieces=5, with_pings=True, direction="both")
        sockets.send_text("alice", "grüße 😀" * 100)
        sockets.wait_for_message("alice", text="grüße 😀" * 100)
        assert fault.effect["frames"] == 2


class TestControlFrames:
    def test_a_heartbeat_without_pongs_gives_the_connection_up(self, rooms: tuple[Any, Any]) -> None:
        library, sockets = rooms
        with serving(ping_interval=0.05, ping_timeout=0.5) as strict:
            library.start_fault_proxy("room", strict.url)
            library.swallow_pongs("room", direction="to server")
            sockets.open_client("alice", strict.url, via="room")
            assert "ping" in sockets.wait_for_close("alice", code=1011).reason

    def test_a_heartbeat_without_pings_does_so_too(self, rooms: tuple[Any, Any]) -> None:
        library, sockets = rooms
        with serving(ping_interval=0.05, ping_timeout=0.5) as strict:
            library.start_fault_proxy("room", strict.url)
            library.swallow_pings("room", direction="to client")
            sockets.open_client("alice", strict.url, via="room")
            sockets.wait_for_close("alice", code=1011)

    def test_a_close_comes_in_the_servers_name(self, faults: Any, sockets: Any) -> None:
        fault = faults.inject_close("room", 4001, "gone, he says")
        closed = sockets.wait_for_close("alice", code=4001)
        assert closed.reason == "gone, he says"
        assert fault.effect == {"connections": 1, "frames": 1}

    def test_a_close_comes_behind_the_second_message(self, faults: Any, sockets: Any) -> None:
        faults.inject_close("room", 1013, when="after", skip=1, count=1)
        for number in (1, 2):
            sockets.send_json("alice", {"n": number})
        sockets.wait_for_close("alice", code=1013)
        assert [message.json["n"] for message in sockets.get_messages("alice")] == [1, 2]

    @pytest.mark.parametrize("opcode", [3, 7, 11, 15])
    @pytest.mark.parametrize("direction", ["to client", "to server"])
    def test_junk_is_closed_with_1002(self, faults: Any, sockets: Any, opcode: int, direction: str) -> None:
        faults.inject_frame("room", opcode, "junk", direction=direction)
        closed = sockets.wait_for_close("alice", code=1002)
        assert (closed.by == "server") == (direction == "to server")

    def test_a_frame_can_be_injected_that_looks_like_any_other(self, faults: Any, sockets: Any) -> None:
        faults.inject_frame("room", 1, '{"forged": true}')
        sockets.wait_for_message("alice", json={"forged": True})


class TestMeaning:
    @pytest.fixture
    def acks(self, sockets: Any) -> Callable[[], list[str]]:
        """Ids of the acknowledgements and deliveries that alice gets, of 3 each, when all is said."""

        def exchange() -> list[str]:
            for number in (1, 2, 3):
                sockets.send_json("alice", {"id": f"m{number}", "type": "user_message", "seq": number})
                sockets.send_json("alice", _ack(number))
            sockets.send_json("alice", {"id": "end", "type": "notification"})
            sockets.wait_for_message("alice", json={"id": "end"})
            return [message.json["id"] for message in sockets.get_messages("alice")]

        return exchange

    def test_only_the_acknowledgement_is_lost(self, faults: Any, acks: Any) -> None:
        faults.drop_acknowledgements("room", of="m2", dialect="cloudmessage")
        assert acks() == ["m1", "a1", "m2", "m3", "a3", "end"]

    def test_what_a_recipient_confirms_is_lost_on_its_way_to_the_server(
        self, faults: Any, acks: Any, server: Server
    ) -> None:
        server.read.clear()
        faults.drop_acknowledgements("room", direction="to server", dialect="cloudmessage")
        assert acks() == ["m1", "m2", "m3", "end"]
        assert len(server.read) == 4

    def test_only_the_acknowledgement_is_late(self, faults: Any, acks: Any, sockets: Any) -> None:
        faults.delay_acknowledgements("room", NEVER, skip=1, count=1, dialect="cloudmessage")
        assert acks() == ["m1", "a1", "m2", "m3", "a3", "end"]
        faults.heal_all_faults()
        assert sockets.wait_for_message("alice", json={"id": "a2"}).index == 7

    def test_only_deliveries_are_lost(self, faults: Any, acks: Any) -> None:
        faults.drop_deliveries("room", dialect="cloudmessage")
        assert acks() == ["a1", "a2", "a3", "end"]

    def test_the_clients_own_dialect_reads(self, rooms: tuple[Any, Any], server: Server) -> None:
        library, sockets = rooms
        library.start_fault_proxy("room", server.url)
        sockets.open_client("alice", server.url, via="room", dialect="json")
        library.drop_frames("room", kind="paid")
        for kind in ("paid", "open"):
            sockets.send_json("alice", {"type": kind})
        assert sockets.wait_for_message("alice").kind == "open"

    def test_the_journal_hears_what_went_through(self, faults: Any, sockets: Any, acks: Any) -> None:
        begin = journal.now_ns()
        faults.drop_deliveries("room", json={"id": "m2"}, dialect="cloudmessage")
        acks()
        seen: dict[str, list[str]] = {"to server": [], "to client": []}
        for event in journal.current().recent():
            if event.kind == "wire" and event.source == "room" and event.at_ns >= begin:
                seen[event.data["direction"]].append(event.data["id"])
        assert seen["to server"] == ["m1", "a1", "m2", "a2", "m3", "a3", "end"]
        assert seen["to client"] == ["m1", "a1", "a2", "m3", "a3", "end"]

    def test_an_old_message_comes_again_on_a_later_connection(self, faults: Any, sockets: Any, server: Server) -> None:
        recording = faults.record_messages("room", json={"n": 1})
        sockets.send_json("alice", {"n": 1})
        sockets.send_json("alice", {"n": 2})
        sockets.wait_for_message("alice", json={"n": 2})
        sockets.close_client(("alice",))
        sockets.open_client("bob", server.url, via="room")
        fault = faults.replay_message(recording, client=("bob",))
        sockets.wait_for_message("bob", json={"n": 1})
        assert fault.effect == {"connections": 1, "frames": 1}

    def test_an_old_message_comes_to_the_server_again(self, faults: Any, sockets: Any) -> None:
        recording = faults.record_messages("room", direction="to server", keep=1)
        sockets.send_text("alice", "order one")
        sockets.wait_for_message("alice", text="order one")
        faults.replay_message(recording)
        sockets.wait_for_messages("alice", 2, text="order one")


class TestCompression:
    def test_it_is_agreed_on_without_a_link_and_not_through_one(self, rooms: tuple[Any, Any], server: Server) -> None:
        library, _ = rooms
        link = library.start_fault_proxy("room", server.url)
        server.extensions.clear()
        for url in (server.url, link.url):
            with connect(url) as client:
                client.send("x" * 1000)
                assert client.recv() == "x" * 1000
        assert server.extensions == ["permessage-deflate", ""]


class TestRefusals:
    @pytest.mark.parametrize(
        ("call", "line"),
        [
            (lambda faults: faults.drop_frames("hall"), "no link 'hall' is running"),
            (lambda faults: faults.drop_frames("room", client=("bob",)), "no client bob is on link 'room'"),
            (lambda faults: faults.drop_frames("room", every=0), "every is 1 or more, not 0"),
            (lambda faults: faults.drop_frames("room", share=Fraction(2.0)), "share is more than 0 %"),
            (lambda faults: faults.drop_frames("room", dialect="klingon"), "no dialect named 'klingon'"),
            (lambda faults: faults.drop_frames("room", regex="("), "regex '(' is no regular expression"),
            (lambda faults: faults.drop_frames("room", duration=timedelta(0)), "duration is 0 s"),
            (lambda faults: faults.duplicate_frames("room", times=1), "times is 2 or more, not 1"),
            (lambda faults: faults.fragment_frames("room", pieces=1), "pieces is 2 or more, not 1"),
            (lambda faults: faults.delay_frames("room", timedelta(seconds=-1)), "delay is -1 s"),
            (lambda faults: faults.inject_close("room", 65536), "a close code is a number from 0 to 65535"),
            (lambda faults: faults.inject_close("room", 1000, "x" * 124), "a close reason has at most 123 bytes"),
            (lambda faults: faults.inject_close("room", count=1), "skip, count and duration are for when=before"),
            (lambda faults: faults.inject_frame("room", 16), "an opcode is a number from 0 to 15, not 16"),
            (lambda faults: faults.record_messages("room", keep=0), "keep is 1 or more, not 0"),
            (
                lambda faults: faults.replay_message(faults.record_messages("room")),
                "0 messages to client were recorded on link 'room'",
            ),
        ],
    )
    def test_one_plain_line(self, faults: Any, ended: list[str], call: Any, line: str) -> None:
        before = faults.get_link_state("room", "faults")
        with pytest.raises((FaultError, ValueError)) as raised:
            call(faults)
        assert str(raised.value).startswith(line)
        assert "\n" not in str(raised.value)
        assert faults.get_link_state("room", "faults") == before == 0

    def test_two_faults_that_contradict_each_other(self, faults: Any, sockets: Any) -> None:
        faults.drop_acknowledgements("room", dialect="cloudmessage")
        with pytest.raises(FaultError, match="which contradicts acknowledgements late by 1 s to client"):
            faults.delay_acknowledgements("room", timedelta(seconds=1), dialect="cloudmessage")
        sockets.send_json("alice", _ack(1))
        sockets.send_text("alice", "end")
        sockets.wait_for_message("alice", text="end")

    def test_a_link_without_frames(self, faults: Any) -> None:
        faults.start_fault_proxy("tcp", "127.0.0.1:9")
        with pytest.raises(FaultError, match="link 'tcp' leads to tcp, which has no frames"):
            faults.swap_frames("tcp")

    def test_frames_inside_tls_cannot_be_seen_so_the_test_is_skipped(self, faults: Any) -> None:
        faults.start_fault_proxy("safe", "wss://127.0.0.1:9/")
        with pytest.raises(SkipExecution, match="frame faults need TLS ended at the proxy; link 'safe'"):
            faults.run_keyword("swap_frames", ["safe"])

    def test_nobody_is_there_to_get_a_frame(self, faults: Any, server: Server) -> None:
        faults.start_fault_proxy("empty", server.url)
        with pytest.raises(FaultError, match="link 'empty' has no connection: open a client with via=empty first"):
            faults.inject_close("empty")

    def test_a_fault_that_touched_nothing_fails_the_test(self, server: Server) -> None:
        scope = scopes.enter("test", "another test")
        library, sockets = wireproof.Faults(), wireproof.Sockets()
        library.start_fault_proxy("hall", server.url)
        sockets.open_client("alice", server.url, via="hall")
        library.drop_frames("hall", json={"n": 2})
        sockets.send_json("alice", {"n": 1})
        sockets.wait_for_message("alice")
        [problem] = scopes.leave(scope)
        assert "the fault messages dropped to client on 'hall' touched nothing" in problem


def test_chance_has_its_seed_in_the_name(faults: Any, sockets: Any) -> None:
    fault = faults.duplicate_frames("room", share=Fraction(0.5), seed=7)
    assert fault.name == "messages sent 2 times (50 % of them, seed 7) to client"
    for number in range(20):
        sockets.send_json("alice", {"n": number})
    sockets.send_json("alice", {"n": "end"})
    sockets.wait_for_message("alice", json={"n": "end"})
    assert 0 < fault.effect["frames"] < 21


def test_a_duration_heals(faults: Any, sockets: Any) -> None:
    fault = faults.delay_frames("room", NEVER, duration=LATER)
    sockets.send_text("alice", "late")
    sockets.wait_for_message("alice", text="late")
    with fault.healing:  # what was late leaves in the midst of it
        assert faults.get_link_state("room", "faults") == 0
    assert fault.effect["frames"] == 1


def test_what_an_author_wrote_raw_goes_through(faults: Any, sockets: Any) -> None:
    faults.drop_frames("room", json={"n": 2})
    sockets.send_json("alice", {"n": 2})
    sockets.send_raw_bytes("alice", Payload(b"\xff\x80masktext"))
    sockets.wait_for_close("alice", code=1002)


def _ack(number: int) -> dict[str, Any]:
    return {"id": f"a{number}", "type": "ack", "payload": {"originalMessageId": f"m{number}"}}
