"""What keyword arguments become, and what is said of those that cannot."""

from typing import Any

import pytest
from robot.running.arguments.customconverters import CustomArgumentConverters

from wireproof.arguments import to_json, to_names
from wireproof.dialects import Message
from wireproof.journal import Mark
from wireproof.sockets.arguments import (
    CONVERTERS,
    Clients,
    Since,
    to_backoff,
    to_clients,
    to_payload,
    to_rate,
    to_since,
)


def test_json() -> None:
    assert to_json('{"a": true}') == {"a": True}
    assert to_json({"a": 1}) == {"a": 1}
    with pytest.raises(ValueError, match=r'not JSON: .* as in "hello"'):
        to_json("hello")


def test_clients() -> None:
    assert to_clients("member") == Clients(["member"])
    assert to_clients(["a", "b"]) == ("a", "b")
    for wrong in ([], [1], 5, None):
        with pytest.raises(ValueError, match="write a client's name"):
            to_clients(wrong)


def test_names() -> None:
    assert to_names("a, b") == ("a", "b")
    assert to_names(["a", "b"]) == ("a", "b")
    with pytest.raises(ValueError, match="write names as a, b, c"):
        to_names([1])


def test_since() -> None:
    assert to_since("request") == Since(name="request")
    assert to_since(Mark("m", 5)) == Since(at_ns=5, words="mark 'm'")
    assert to_since(Message(at_ns=7, client="alice", index=3, kind="paid")).words == "<alice #3 paid, 0 bytes>"
    assert to_since(Since(at_ns=6)) == Since(at_ns=6)
    with pytest.raises(ValueError, match="write a mark's name"):
        to_since(1.5)


@pytest.mark.parametrize(("given", "bytes_"), [("hi", b"hi"), ("hex:ff 00", b"\xff\x00"), (b"x", b"x"), ("hex:", b"")])
def test_payload(given: Any, bytes_: bytes) -> None:
    assert to_payload(given) == bytes_


@pytest.mark.parametrize("given", ["hex:f", "hex:zz", "\ud83d"])
def test_payloads_that_are_none(given: str) -> None:
    with pytest.raises(ValueError, match="hex:"):
        to_payload(given)


def test_rate_and_backoff_tell_how_to_write_them() -> None:
    with pytest.raises(ValueError, match="for example 1000/s"):
        to_rate("1000")
    with pytest.raises(ValueError, match=r"for example 100ms\.\.5s"):
        to_backoff("5s")


def test_robot_takes_the_converters() -> None:
    infos = CustomArgumentConverters.from_dict(CONVERTERS)
    assert {info.type for info in infos} == set(CONVERTERS)
    assert all(info.doc and info.value_types == () for info in infos)
