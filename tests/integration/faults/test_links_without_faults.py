"""A link without a fault is as if it was not there."""

import errno
import hashlib
import os
import random
import socket
import struct
import threading
from contextlib import suppress

import pytest
from assertionengine import AssertionOperator
from far import ending, is_silent, read
from robot.api import logger

from wireproof import journal, links
from wireproof.faults.errors import FaultError
from wireproof.faults.fault import Fault


def reset(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def test_bytes_go_both_ways(room, far, faults):
    near = far.near(room)
    end = far.accept()
    near.sendall(b"ping")
    assert read(end, 4) == b"ping"
    end.sendall(b"pong!")
    assert read(near, 5) == b"pong!"
    assert faults.get_link_state("room") == 1
    assert faults.get_link_state("room", "accepted") == 1
    assert faults.get_link_state("room", "bytes to server") == 4
    assert faults.get_link_state("room", "bytes to client") == 5


def test_a_server_may_speak_first(room, far):
    near = far.near(room)
    far.accept().sendall(b"hello")
    assert read(near, 5) == b"hello"


def test_a_half_close_stays_one(room, far, faults):
    near = far.near(room)
    end = far.accept()
    near.sendall(b"last")
    near.shutdown(socket.SHUT_WR)
    assert read(end, 5) == b"last"
    assert is_silent(near)
    end.sendall(b"answer")
    end.close()
    assert read(near, 7) == b"answer"


@pytest.mark.parametrize("by", ["client", "server"])
def test_a_reset_stays_one(room, far, by):
    near = far.near(room)
    end = far.accept()
    ends, other = (near, end) if by == "client" else (end, near)
    reset(ends)
    assert ending(other) == "rst"


def test_a_peer_that_does_not_read_is_felt_by_the_sender(room, far):
    near = far.near(room)
    end = far.accept()
    chunk = bytes(range(256)) * 256
    near.settimeout(0.5)
    sent = 0
    with suppress(TimeoutError):
        while sent < 1 << 28:
            sent += near.send(chunk[sent % len(chunk) :])
    assert sent < 1 << 26
    whole = chunk * (sent // len(chunk) + 1)
    assert read(end, sent) == whole[:sent]


def test_many_bytes_arrive_as_they_were(room, far):
    data = random.Random(4).randbytes(8_000_000)
    near = far.near(room)
    end = far.accept()
    sender = threading.Thread(target=near.sendall, args=(data,))
    sender.start()
    arrived = read(end, len(data))
    sender.join()
    assert hashlib.sha256(arrived).digest() == hashlib.sha256(data).digest()


def test_a_target_that_is_away_is_told(faults, far):
    far.close()
    info = faults.start_fault_proxy("gone", f"127.0.0.1:{far.port}")
    with pytest.raises(ConnectionResetError):
        far.near((info.host, info.port)).recv(1)
    trouble = f"nobody listens at 127.0.0.1:{far.port}"
    assert links.find("gone").trouble() == trouble
    assert faults.get_link_state("gone") == 0
    journal.current().flush()
    notes = [event.data["text"] for event in journal.current().recent() if event.kind == "note"]
    assert f"link 'gone': {trouble}" in notes


def test_a_stopped_link_resets_its_connections(room, far, faults):
    near = far.near(room)
    end = far.accept()
    end.sendall(b"x")
    assert read(near, 1) == b"x"
    faults.stop_fault_proxy("room")
    assert (ending(near), ending(end)) == ("rst", "rst")
    with pytest.raises(ConnectionRefusedError):
        far.near(room)


def test_a_name_is_taken_once(room, faults):
    with pytest.raises(FaultError, match=r"^a link 'room' is running, test 'the test' started it: stop it first with"):
        faults.start_fault_proxy("room", "127.0.0.1:1")
    with pytest.raises(FaultError, match=r"^a link needs a name$"):
        faults.start_fault_proxy(" ", "127.0.0.1:1")


def test_an_unknown_link_is_told_with_those_that_run(faults):
    with pytest.raises(FaultError, match=r"^no link 'x' is running; there is none, call Start Fault Proxy first$"):
        faults.stop_fault_proxy("x")
    faults.start_fault_proxy("room", "127.0.0.1:1")
    with pytest.raises(FaultError, match=r"^no link 'x' is running; there is room$"):
        faults.get_link_state("x")


def test_a_wrong_number_is_told(room, faults):
    with pytest.raises(AssertionError, match=r"^so: link 'room': connections '0' .* should be '1'"):
        faults.get_link_state("room", "connections", AssertionOperator["=="], 1, msg="so")


def test_what_fails_in_the_loop_is_shown_by_the_next_keyword(faults, far, room, monkeypatch):
    warned: list[str] = []
    monkeypatch.setattr(logger, "warn", warned.append)
    faults._links._thread.loop.call_soon_threadsafe(lambda: 1 / 0)
    far.near(room)
    far.accept()
    faults.run_keyword("get_link_state", ["room"])
    assert len(warned) == 1
    assert warned[0].startswith("in a link: ZeroDivisionError: division by zero; Exception in callback")


def test_a_link_without_descriptors_takes_who_waits_when_there_are_some_again(room, far, faults, monkeypatch):
    accept, tries = socket.socket.accept, iter([errno.EMFILE, errno.EMFILE])

    def accept_later(listening: socket.socket) -> tuple[socket.socket, object]:
        if threading.current_thread().name == "wireproof-links" and (problem := next(tries, None)):
            raise OSError(problem, os.strerror(problem))
        return accept(listening)

    monkeypatch.setattr(socket.socket, "accept", accept_later)
    near = far.near(room)
    near.sendall(b"hello")
    assert read(far.accept(), 5) == b"hello"
    assert next(tries, None) is None


def test_faults_come_and_go_while_the_target_is_not_connected_yet(room, far, faults, ms):
    silence = faults.refuse_connections("room", mode="silence")
    slow = faults.add_latency("room", ms(1))
    near = far.near(room)
    near.sendall(b"hello")
    faults.wait_until_fault_has_effect(silence)
    pause = faults.pause_link("room", direction="to server")
    faults.heal_fault(slow)
    faults.heal_fault(silence)
    end = far.accept()
    assert is_silent(end)
    faults.heal_fault(pause)
    assert read(end, 5) == b"hello"
    assert slow.touched == 0


def test_a_link_and_a_database_may_have_the_same_name(far, faults):
    faults.start_fault_proxy("postgres", f"127.0.0.1:{far.port}")
    of_link = faults.pause_link("postgres")
    of_database = Fault("postgres", "lock", lambda: None)
    active = faults._links._active
    active.begin(of_database)
    faults.get_link_state("postgres", "faults", AssertionOperator["=="], 1)
    faults.stop_fault_proxy("postgres")
    assert active.on == [of_database]
    assert not active.heal(of_link)
