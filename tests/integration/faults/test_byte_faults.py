"""Each fault of bytes on real sockets: on the connections there are and on new ones, in each direction."""

import time

import pytest
from far import ending, is_silent, read

from wireproof import journal
from wireproof.arguments import Names
from wireproof.faults.errors import FaultError
from wireproof.quantities import Bandwidth, Size

DIRECTIONS = ["to server", "to client"]


def pair(far, room, direction):
    """The sending and the receiving end of a direction of a new connection."""
    near = far.near(room)
    end = far.accept()
    return (near, end) if direction == "to server" else (end, near)


@pytest.fixture(params=["existing", "new"])
def connection(request, far, room):
    """Gives the ends of a direction of a connection that was there before the fault, or that comes after it."""
    before = [pair(far, room, direction) for direction in DIRECTIONS] if request.param == "existing" else []

    def ends(direction):
        return before[DIRECTIONS.index(direction)] if before else pair(far, room, direction)

    return ends


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_latency(connection, faults, ms, direction):
    fault = faults.add_latency("room", ms(80), direction=direction)
    sender, receiver = connection(direction)
    start = time.monotonic()
    sender.sendall(b"late")
    assert read(receiver, 4) == b"late"
    assert time.monotonic() - start >= 0.08
    receiver.sendall(b"in time")
    assert read(sender, 7) == b"in time"
    assert fault.effect == {"connections": 1, "bytes": 4}


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_a_black_hole_in_one_direction(connection, faults, direction):
    fault = faults.black_hole_link("room", direction=direction)
    sender, receiver = connection(direction)
    sender.sendall(b"lost")
    assert is_silent(receiver)
    receiver.sendall(b"kept")
    assert read(sender, 4) == b"kept"
    assert faults.heal_fault(fault) == {"connections": 1, "bytes": 4}
    assert (ending(sender), ending(receiver)) == ("rst", "rst")


def test_a_black_hole_lets_no_end_through_and_no_error(connection, faults):
    fault = faults.black_hole_link("room")
    sender, receiver = connection("to server")
    sender.close()
    assert is_silent(receiver)
    receiver.sendall(b"into the void")
    assert is_silent(receiver)
    faults.heal_fault(fault)
    assert ending(receiver) == "rst"


def test_a_black_hole_leaves_connections_alone_that_lost_nothing(connection, faults):
    fault = faults.black_hole_link("room")
    sender, receiver = connection("to server")
    faults.heal_fault(fault)
    sender.sendall(b"goes on")
    assert read(receiver, 7) == b"goes on"


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_a_pause_loses_nothing(connection, faults, direction):
    fault = faults.pause_link("room", direction=direction)
    sender, receiver = connection(direction)
    sender.sendall(b"he")
    sender.sendall(b"ld")
    assert is_silent(receiver)
    faults.heal_fault(fault)
    assert read(receiver, 4) == b"held"
    sender.sendall(b"more")
    assert read(receiver, 4) == b"more"


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_bandwidth(connection, faults, direction):
    faults.limit_bandwidth("room", Bandwidth.parse("10 kB/s"), direction=direction)
    sender, receiver = connection(direction)
    start = time.monotonic()
    sender.sendall(bytes(2000))
    assert len(read(receiver, 2000)) == 2000
    assert time.monotonic() - start >= 0.19


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_slices(connection, faults, ms, direction):
    fault = faults.slice_writes("room", size=2, gap=ms(3_600_000), direction=direction)
    sender, receiver = connection(direction)
    sender.sendall(b"abcde")
    assert receiver.recv(100) == b"ab"
    assert is_silent(receiver)
    faults.heal_fault(fault)
    assert read(receiver, 3) == b"cde"


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_slices_follow_each_other(connection, faults, ms, direction):
    faults.slice_writes("room", size=1, gap=ms(10), direction=direction)
    sender, receiver = connection(direction)
    start = time.monotonic()
    sender.sendall(b"abcde")
    assert read(receiver, 5) == b"abcde"
    assert time.monotonic() - start >= 0.04


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_flipped_bits_repeat_with_their_seed(connection, faults, direction):
    fault = faults.flip_bits("room", every=Size.parse("4 B"), direction=direction, seed=7)
    sender, receiver = connection(direction)
    sender.sendall(bytes(64))
    damaged = read(receiver, 64)
    assert sum(byte.bit_count() for byte in damaged) == 16
    assert fault.name == f"a flipped bit in every 4 B, seed 7 {direction}"
    assert fault.effect == {"connections": 1, "bytes": 16}


def test_a_drawn_seed_is_told(room, faults, ms):
    fault = faults.add_latency("room", ms(1), jitter=ms(1), distribution="normal")
    assert fault.name.startswith("latency of 1 ms, normal jitter 1 ms, seed ")
    assert int(fault.name.rpartition(" ")[2]) >= 0


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_a_slow_close(connection, faults, ms, direction):
    faults.slow_close_link("room", ms(150), direction=direction)
    sender, receiver = connection(direction)
    start = time.monotonic()
    sender.sendall(b"last")
    sender.close()
    assert read(receiver, 4) == b"last"
    assert ending(receiver) == "fin"
    assert time.monotonic() - start >= 0.15


def test_two_faults_at_once_are_healed_one_by_one(connection, faults, ms):
    slow = faults.add_latency("room", ms(3_600_000))
    pause = faults.pause_link("room")
    sender, receiver = connection("to server")
    sender.sendall(b"both")
    assert is_silent(receiver)
    faults.heal_fault(slow)
    assert is_silent(receiver)
    faults.heal_fault(pause)
    assert read(receiver, 4) == b"both"


def test_a_duration_heals(connection, faults, ms):
    fault = faults.pause_link("room", duration=ms(200))
    sender, receiver = connection("to server")
    sender.sendall(b"later")
    assert read(receiver, 5) == b"later"
    with fault.healing:  # what was held leaves in the midst of it
        assert faults.get_link_state("room", "faults") == 0


def test_healing_twice_is_fine(room, faults, ms):
    fault = faults.add_latency("room", ms(1))
    assert faults.heal_fault(fault) == faults.heal_fault(fault) == {}
    assert faults.heal_fault() == {}
    faults.heal_all_faults()


def test_the_journal_knows_when_a_fault_was_on(connection, faults):
    fault = faults.pause_link("room", direction="to server")
    sender, _ = connection("to server")
    sender.sendall(b"held")
    while not fault.touched:
        time.sleep(0.001)
    faults.heal_all_faults()
    journal.current().flush()
    on, off = [event for event in journal.current().recent() if event.kind == "fault"][-2:]
    assert (on.source, on.data["phase"], on.data["name"]) == ("room", "on", "pause to server")
    assert (off.data["phase"], off.data["touched"]) == ("off", 1)
    assert off.data["effect"] == {"connections": 1, "bytes": 4}
    assert on.data["number"] == off.data["number"]


def test_what_contradicts_is_refused(room, faults, ms):
    faults.add_latency("room", ms(1), direction="to client")
    faults.add_latency("room", ms(2), direction="to server")
    with pytest.raises(FaultError, match=r"^room has latency of 1 ms to client since .* contradicts latency of 3 ms: "):
        faults.add_latency("room", ms(3))
    faults.black_hole_link("room")
    with pytest.raises(FaultError, match=r"^room has black hole since .*, which contradicts pause to client: heal it"):
        faults.pause_link("room", direction="to client")
    assert faults.get_link_state("room", "faults") == 3


def test_bad_values_are_refused_in_one_line(room, faults, ms):
    for make, message in (
        (lambda: faults.add_latency("room", ms(0)), "delay is 0 s: give more than 0 s"),
        (lambda: faults.add_latency("room", ms(-5)), "delay is -0.005 s: give more than 0 s"),
        (lambda: faults.add_latency("room", ms(5), jitter=ms(-5)), "jitter is -0.005 s: give 0 s or more"),
        (lambda: faults.pause_link("room", duration=ms(0)), "duration is 0 s: give more than 0 s"),
        (lambda: faults.slice_writes("room", size=0), "slices of 0 bytes with a gap of 0 s: give 1 byte or more, and"),
        (lambda: faults.slice_writes("room", gap=ms(-1)), "slices of 1 bytes with a gap of -0.001 s: give 1 byte or"),
        (lambda: faults.flip_bits("room", every=Size(0)), "a flipped bit in every 0 B: give 1 B or more"),
        (lambda: faults.pause_link("nowhere"), "no link 'nowhere' is running; there is room"),
        (lambda: faults.heal_fault(), "no fault was made yet"),
        (lambda: faults.fault_should_have_had_effect(), "no fault was made yet"),
    ):
        with pytest.raises(FaultError) as refused:
            make()
        assert str(refused.value).startswith(message)
    assert faults.get_link_state("room", "faults") == 0


def test_an_effect_is_asked_for(connection, faults, ms):
    faults.add_latency("room", ms(1))
    with pytest.raises(AssertionError, match=r"^so: the fault latency of 1 ms on 'room' has touched nothing so far$"):
        faults.fault_should_have_had_effect(msg="so")
    sender, receiver = connection("to server")
    sender.sendall(b"x")
    read(receiver, 1)
    assert faults.fault_should_have_had_effect() == {"connections": 1, "bytes": 1}


def test_a_fault_of_one_client(faults, sockets, echo_url, ms):
    faults.start_fault_proxy("echo", echo_url)
    for name in ("alice", "bob"):
        sockets.open_client(name, echo_url, via="echo")
    with pytest.raises(FaultError, match=r"^no client carol is on link 'echo'; there is alice, bob$"):
        faults.pause_link("echo", client=Names(["carol"]))
    fault = faults.pause_link("echo", client=Names(["alice"]), direction="to client")
    for name in ("alice", "bob"):
        sockets.send_text(name, "hello")
    sockets.wait_for_message("bob", text="hello")
    sockets.no_message_should_arrive(("alice",), text="hello", within=ms(100))
    faults.heal_fault(fault)
    sockets.wait_for_message("alice", text="hello")
    assert fault.name == "pause to client for alice"


def test_a_fault_of_one_client_is_there_when_it_comes_back(faults, sockets, echo_url, ms):
    faults.start_fault_proxy("echo", echo_url)
    sockets.open_client("alice", echo_url, via="echo")
    fault = faults.slice_writes("echo", client=Names(["alice"]))
    sockets.reconnect_client(("alice",))
    assert fault.effect["connections"] == 2
