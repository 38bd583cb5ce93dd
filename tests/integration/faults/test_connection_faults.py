"""Connections that are ended, cut or not taken."""

import contextlib
import socket
import threading
import time

import pytest
from far import GENEROUS_S, ending, is_silent, read

from wireproof.arguments import Names
from wireproof.faults.errors import FaultError
from wireproof.quantities import Size
from wireproof.sockets.errors import SocketsError


def test_an_idle_connection_is_reset(room, far, faults):
    near = far.near(room)
    end = far.accept()
    fault = faults.reset_connections("room")
    assert (ending(near), ending(end)) == ("rst", "rst")
    assert fault.effect == {"connections": 1}
    assert faults.get_link_state("room", "faults") == 0
    far.near(room).sendall(b"new")
    assert read(far.accept(), 3) == b"new"


def test_nothing_to_reset_is_told(room, faults):
    for deed in (faults.reset_connections, faults.half_close_link):
        with pytest.raises(FaultError, match=r"^no connection is open on link 'room': nothing to (reset|half close)$"):
            deed("room")


@pytest.mark.parametrize("direction", ["to server", "to client"])
def test_a_reset_after_bytes_of_a_direction(room, far, faults, direction):
    fault = faults.reset_connections("room", after=Size(10), direction=direction)
    near = far.near(room)
    end = far.accept()
    sender, receiver = (near, end) if direction == "to server" else (end, near)
    receiver.sendall(bytes(20))
    assert len(read(sender, 20)) == 20
    sender.sendall(b"123456789")
    assert read(receiver, 9) == b"123456789"
    sender.sendall(b"0ab")
    assert read(receiver, 1) == b"0"
    assert (ending(sender), ending(receiver)) == ("rst", "rst")
    assert fault.effect["connections"] == 1


def test_resets_come_again_and_again(room, far, faults, ms):
    fault = faults.reset_connections("room", every=ms(50))
    for _ in range(3):
        assert ending(far.near(room)) == "rst"
    faults.heal_fault(fault)
    near = far.near(room)
    assert is_silent(near)
    near.sendall(b"on")
    while not heard(far.accept(), b"on"):
        pass  # one that was reset after it had reached the server; others did not
    assert fault.effect["connections"] >= 3


def heard(sock: socket.socket, data: bytes) -> bool:
    """Whether these bytes come, and not a reset."""
    try:
        return read(sock, len(data)) == data
    except ConnectionResetError:
        return False


def test_only_one_clients_connections_are_reset(faults, sockets, echo_url, ms):
    faults.start_fault_proxy("echo", echo_url)
    for name in ("alice", "bob"):
        sockets.open_client(name, echo_url, via="echo")
    faults.reset_connections("echo", client=Names(["alice"]))
    assert sockets.wait_for_close("alice").code == 1006
    assert sockets.get_client_state("bob") == "open"
    with pytest.raises(FaultError, match=r"^no client alice is on link 'echo'; there is bob$"):
        faults.reset_connections("echo", client=Names(["alice"]))


@pytest.mark.parametrize("direction", ["to server", "to client"])
def test_a_half_close_in_one_direction(room, far, faults, direction):
    near = far.near(room)
    end = far.accept()
    sender, receiver = (near, end) if direction == "to server" else (end, near)
    faults.half_close_link("room", direction=direction)
    assert ending(receiver) == "fin"
    sender.sendall(b"not heard")
    receiver.sendall(b"heard")
    assert read(sender, 5) == b"heard"
    receiver.close()
    assert ending(sender) == "fin"


def test_a_connection_that_is_being_closed_can_still_be_reset(room, far, faults):
    near = far.near(room)
    end = far.accept()
    fill(end)
    faults.half_close_link("room", direction="to client")
    near.shutdown(socket.SHUT_WR)
    assert ending(end) == "fin", "both directions have ended, and what near has not read is still to be written"
    faults.reset_connections("room")
    assert ending(near) == "rst"


def fill(sock: socket.socket) -> None:
    """Sends until nobody takes more."""
    sock.settimeout(1)
    with contextlib.suppress(TimeoutError):
        while True:
            sock.send(bytes(65_536))
    sock.settimeout(GENEROUS_S)


def test_a_cut_leaves_a_part_of_a_message(room, far, faults):
    near = far.near(room)
    end = far.accept()
    fault = faults.cut_mid_frame("room")
    end.sendall(b"12345678")
    assert read(near, 4) == b"1234"
    assert (ending(near), ending(end)) == ("rst", "rst")
    assert fault.effect["connections"] == 1


@pytest.mark.parametrize(
    ("options", "stage", "says"),
    [
        ({}, "tcp", "refused the connection"),
        ({"mode": "reset"}, None, "reset by peer"),
        ({"mode": "close"}, "http", "the server closed it"),
        ({"mode": "silence"}, "http", "the server did not answer the upgrade in time"),
        ({"mode": "status", "status": 503}, "http", "503"),
        ({"mode": "status", "status": 429}, "http", "429"),
        ({"mode": "wrong accept"}, "http", "Sec-WebSocket-Accept"),
    ],
    ids=["refuse", "reset", "close", "silence", "503", "429", "wrong accept"],
)
def test_new_connections_are_refused_and_open_ones_go_on(faults, sockets, echo_url, ms, options, stage, says):
    faults.start_fault_proxy("echo", echo_url)
    sockets.open_client("before", echo_url, via="echo")
    fault = faults.refuse_connections("echo", **options)
    within = ms(500) if options.get("mode") == "silence" else ms(GENEROUS_S * 1000)
    sockets.connection_should_be_refused(echo_url, via="echo", stage=stage, reason=says, within=within)
    assert fault.effect["connections"] >= 1
    sockets.send_text("before", "still here")
    sockets.wait_for_message("before", text="still here")
    faults.heal_fault(fault)
    sockets.open_client("after", echo_url, via="echo")
    sockets.send_text("after", "hello")
    sockets.wait_for_message("after", text="hello")


def test_a_refusal_says_when_to_come_back(faults, far, ms):
    info = faults.start_fault_proxy("room", f"ws://127.0.0.1:{far.port}/")
    faults.refuse_connections("room", mode="status", status=503, retry_after=ms(1500))
    near = far.near((info.host, info.port))
    near.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
    assert is_silent(near)
    near.sendall(b"\r\n")
    answer = read(near, 1000)
    assert answer.startswith(b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\nContent-Length: 0\r\n")
    assert answer.endswith(b"\r\n\r\n")


def test_a_slow_connection_comes_about(room, far, faults, ms):
    fault = faults.refuse_connections("room", mode="slow", delay=ms(150))
    start = time.monotonic()
    near = far.near(room)
    near.sendall(b"hello")
    assert read(far.accept(), 5) == b"hello"
    assert time.monotonic() - start >= 0.15
    assert fault.effect == {"connections": 1}


def test_who_met_silence_goes_on_when_it_is_healed(room, far, faults):
    faults.refuse_connections("room", mode="silence")
    near = far.near(room)
    near.sendall(b"hello")
    assert is_silent(near)
    faults.heal_all_faults()
    end = far.accept()
    assert read(end, 5) == b"hello"
    end.sendall(b"at last")
    assert read(near, 7) == b"at last"


def test_a_stopped_link_ends_who_waits_at_it(room, far, faults):
    faults.refuse_connections("room", mode="silence")
    near = far.near(room)
    assert is_silent(near)
    faults.stop_fault_proxy("room")
    assert ending(near) in ("rst", "fin")


def test_a_stopped_link_ends_whom_it_would_have_answered(faults, far):
    info = faults.start_fault_proxy("room", f"ws://127.0.0.1:{far.port}/")
    faults.refuse_connections("room", mode="wrong accept")
    near = far.near((info.host, info.port))
    assert is_silent(near)
    faults.stop_fault_proxy("room")
    assert ending(near) in ("rst", "fin")


@pytest.mark.parametrize(
    ("options", "answer"),
    [({"mode": "close"}, b""), ({"mode": "status", "status": 503}, b"HTTP/1.1 503 Service Unavailable\r\n")],
    ids=["close", "status"],
)
def test_who_has_said_something_before_it_is_closed_sees_the_end_and_no_reset(far, faults, options, answer):
    info = faults.start_fault_proxy("web", f"http://127.0.0.1:{far.port}")
    faults.refuse_connections("web", **options)
    may_go_on = threading.Event()
    faults._links._thread.loop.call_soon_threadsafe(may_go_on.wait, 30)
    near = far.near((info.host, info.port))
    near.sendall(b"GET / HTTP/1.1\r\n\r\nand more than was answered")
    may_go_on.set()
    assert read(near, len(answer)) == answer
    assert ending(near) == "fin"


def test_who_was_reset_before_the_server_was_dialled_is_not_dialled_for(room, far, faults):
    silence = faults.refuse_connections("room", mode="silence")
    gone = far.near(room)
    faults.wait_until_fault_has_effect(silence)
    faults.reset_connections("room")
    assert ending(gone) == "rst"
    faults.heal_fault(silence)
    near = far.near(room)
    near.sendall(b"next")
    assert read(far.accept(), 4) == b"next"


def test_every_third_connection_comes_through(room, far, faults):
    fault = faults.refuse_connections("room", mode="close", except_every=3)
    ends = []
    for number in range(1, 7):
        near = far.near(room)
        if number % 3:
            ends.append(ending(near))
        else:
            near.sendall(b"x")
            assert read(far.accept(), 1) == b"x"
    assert ends == ["fin"] * 4
    assert fault.effect == {"connections": 4}


def test_refusals_contradict_each_other(room, faults, ms):
    faults.refuse_connections("room")
    with pytest.raises(FaultError, match=r"^room has connections refused since .* contradicts connections closed at"):
        faults.refuse_connections("room", mode="close")


@pytest.mark.parametrize(
    ("deed", "options", "message"),
    [
        ("reset_connections", {"after": Size(0)}, "a reset after 0 B: give 1 B or more"),
        ("reset_connections", {"after": Size(9), "every": 1}, "resets happen after so many bytes or at an interval"),
        ("reset_connections", {"duration": 1}, "a reset now has no duration: leave it out, or give after or every"),
        ("reset_connections", {"every": -1}, "every is -1 s: give more than 0 s"),
        ("refuse_connections", {"mode": "slow", "delay": -1}, "delay is -1 s: give more than 0 s"),
        ("refuse_connections", {"mode": "status", "status": 503}, "mode=status needs a link to ws:// or http://, and"),
        ("refuse_connections", {"duration": -1}, "duration is -1 s: give more than 0 s"),
    ],
)
def test_bad_values_are_refused_in_one_line(room, faults, ms, deed, options, message):
    times = {"every", "delay", "duration"}
    given = {name: ms(value * 1000) if name in times else value for name, value in options.items()}
    with pytest.raises(FaultError) as refused:
        getattr(faults, deed)("room", **given)
    assert str(refused.value).startswith(message)


def test_a_link_that_was_shut_ends_with_its_test(scope, faults, far):
    info = faults.start_fault_proxy("room", f"127.0.0.1:{far.port}")
    faults.refuse_connections("room")
    with pytest.raises(ConnectionRefusedError):
        far.near((info.host, info.port))
    faults.stop_fault_proxy("room")
    with pytest.raises(ConnectionRefusedError):
        far.near((info.host, info.port))


def test_a_client_reconnects_through_its_link(faults, sockets, echo_url, ms):
    faults.start_fault_proxy("echo", echo_url)
    sockets.open_client("alice", echo_url, via="echo")
    faults.stop_fault_proxy("echo")
    sockets.wait_for_close("alice", code=1006)
    with pytest.raises(SocketsError, match=r"alice could not open again: .* via=echo: no link 'echo' is running: call"):
        sockets.reconnect_client(("alice",), timeout=ms(300))
    faults.start_fault_proxy("echo", echo_url)
    sockets.reconnect_client(("alice",))
    sockets.send_text("alice", "back")
    sockets.wait_for_message("alice", text="back")
    assert faults.get_link_state("echo") == 1
