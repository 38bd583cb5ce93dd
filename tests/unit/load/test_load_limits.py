"""What the machine can take."""

import resource

import pytest

from wireproof.load import limits
from wireproof.load.errors import LoadError
from wireproof.load.limits import Needs

MANY = Needs(connections=10_000, messages=1_000_000, processes=2, address="10.0.0.1:3001")


@pytest.fixture
def descriptors(monkeypatch):
    """The limits of open files, and what they were set to."""
    state = {"limits": (1024, 4096), "set": []}
    monkeypatch.setattr(resource, "getrlimit", lambda kind: state["limits"])
    monkeypatch.setattr(resource, "setrlimit", lambda kind, limits: state["set"].append(limits))
    return state


def test_the_soft_limit_is_raised_as_far_as_needed(descriptors):
    descriptors["limits"] = (1024, 1_048_576)
    limits.raise_descriptors(MANY)
    assert descriptors["set"] == [(5200, 1_048_576)]


def test_a_limit_that_is_high_enough_stays(descriptors):
    descriptors["limits"] = (65_536, 65_536)
    limits.raise_descriptors(MANY)
    descriptors["limits"] = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    limits.raise_descriptors(MANY)
    assert descriptors["set"] == []


def test_a_hard_limit_is_told_with_what_to_do(descriptors):
    with pytest.raises(LoadError) as error:
        limits.raise_descriptors(MANY)
    assert str(error.value) == (
        "10000 connections need 5200 open files in each of 2 processes, this user may have 4096: run `ulimit -n 5200` "
        "as root in the shell that starts this run, raise nofile in /etc/security/limits.conf, or take more workers"
    )
    assert descriptors["set"] == []


def test_ports_are_counted_for_each_address():
    limits.require_ports(MANY, 28_232)
    limits.require_ports(MANY, None)
    with pytest.raises(LoadError) as error:
        limits.require_ports(MANY, 9_000)
    assert str(error.value) == (
        "10000 connections to 10.0.0.1:3001 need as many local ports, this machine gives 9000: widen the range, with "
        '`sysctl -w net.ipv4.ip_local_port_range="1024 65535"`, or share the load between machines'
    )


def test_memory_has_to_hold_every_message():
    limits.require_memory(MANY, 2_000_000_000)
    limits.require_memory(MANY, None)
    with pytest.raises(LoadError) as error:
        limits.require_memory(MANY, 123_456_789)
    assert str(error.value) == (
        "1000000 messages and 10000 connections need about 800 MB of memory, 120 MB is free: make the load shorter, or "
        "lower its rate"
    )


def test_this_machine_says_what_it_has(tmp_path, monkeypatch):
    ports, memory = tmp_path / "ports", tmp_path / "memory"
    monkeypatch.setattr(limits, "_PORTS", ports)
    monkeypatch.setattr(limits, "_MEMORY", memory)
    assert (limits.local_ports(), limits.free_bytes()) == (None, None)
    ports.write_text("32768\t60999\n")
    memory.write_text("MemTotal:  4000 kB\nMemAvailable:   1000 kB\n")
    assert (limits.local_ports(), limits.free_bytes()) == (28_232, 1_024_000)
    memory.write_text("MemTotal:  4000 kB\n")
    assert limits.free_bytes() is None
