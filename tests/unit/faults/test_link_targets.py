"""Where a link leads is read from URLs, addresses and the running stack's names; passwords are never shown."""

from types import SimpleNamespace

import pytest

from wireproof.faults.errors import FaultError
from wireproof.faults.links import target
from wireproof.faults.links.target import Target

HERE = ("127.0.0.1", 4000)

STACK = SimpleNamespace(
    shown=["ws", "postgres"],
    endpoint={"ws": "ws://127.0.0.1:3001/", "postgres": "postgresql://me@127.0.0.1:5432/wireproof"}.__getitem__,
    services={"server-2": SimpleNamespace(endpoint="ws://127.0.0.1:3002/")},
)


@pytest.mark.parametrize(
    ("text", "address", "protocol", "url"),
    [
        ("ws://host:3001/room?token=abc", ("host", 3001), "websocket", "ws://127.0.0.1:4000/room"),
        ("wss://host/", ("host", 443), "websocket", "wss://127.0.0.1:4000/"),
        ("http://host", ("host", 80), "http", "http://127.0.0.1:4000"),
        ("postgresql://u:secret@host/db?password=p", ("host", 5432), "postgres", "postgresql://127.0.0.1:4000/db"),
        ("redis://:secret@host:6380/0", ("host", 6380), "redis", "redis://127.0.0.1:4000/0"),
        ("host:99", ("host", 99), "tcp", "127.0.0.1:4000"),
        ("[::1]:99", ("::1", 99), "tcp", "127.0.0.1:4000"),
        ("ws", ("127.0.0.1", 3001), "websocket", "ws://127.0.0.1:4000/"),
        ("postgres", ("127.0.0.1", 5432), "postgres", "postgresql://127.0.0.1:4000/wireproof"),
        ("server-2", ("127.0.0.1", 3002), "websocket", "ws://127.0.0.1:4000/"),
    ],
)
def test_a_target_is_found(text, address, protocol, url):
    found = target.find(text, STACK)
    assert (found.address, found.protocol, found.url(HERE)) == (address, protocol, url)
    assert "secret" not in repr(found)


def test_tls_is_known():
    assert target.parse("wss://host/").secure
    assert not target.parse("ws://host/").secure


def test_an_ipv6_address_is_written_in_brackets():
    assert Target(("::1", 1)).url(("::1", 2)) == "[::1]:2"


@pytest.mark.parametrize(
    ("text", "stack", "message"),
    [
        ("room", STACK, r"^'room' is no target: the running stack has ws, postgres, server-2; or write ws://"),
        ("ws", None, r"^'ws' is no target: no stack is running; or write ws://"),
        ("ftp://host/", None, r"^a target of scheme 'ftp' is not known: write ws://"),
        ("ws://:99/", None, r"^the target's address names no host"),
        ("postgresql:///db?host=/tmp", None, r"^the target's address names no host"),
        ("host:port", None, r"^the target's address cannot be read: write"),
        ("host:99999", None, r"^the target's address cannot be read: write"),
        ("user:secret@host:1", None, r"^the target's address is not just host and port: write"),
        ("host:99/path", None, r"^the target's address is not just host and port: write"),
    ],
)
def test_what_is_no_target_is_told_in_one_line(text, stack, message):
    with pytest.raises(FaultError, match=message) as refused:
        target.find(text, stack)
    assert "secret" not in str(refused.value)
