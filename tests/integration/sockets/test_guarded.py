"""Keywords keep to the limits of a stack that others use too."""

from collections.abc import Iterator
from typing import Any

import pytest

from wireproof import stack
from wireproof.journal import now_ns
from wireproof.quantities import Rate
from wireproof.sockets.errors import SocketsError
from wireproof.stack import Addresses, Guards, Stack


@pytest.fixture(autouse=True)
def guarded() -> Iterator[None]:
    guards = Guards("keep", max_rate=Rate.parse("50/s"), max_connections=2)
    before = stack.use(Stack("external", Addresses("ws://127.0.0.1:1/"), guards=guards))
    yield
    stack.use(before)


def test_a_client_too_many_is_refused_until_one_is_closed(sockets: Any, echo_url: str) -> None:
    sockets.open_client("alice", echo_url)
    with pytest.raises(SocketsError, match="1 are open, 2 more were asked for"):
        sockets.open_clients("member", 2, echo_url)
    sockets.open_client("bob", echo_url)
    with pytest.raises(SocketsError, match="2 are open, 1 more were asked for"):
        sockets.open_client("carol", echo_url)
    sockets.close_client(["bob"])
    sockets.open_client("carol", echo_url)


def test_messages_are_spread_and_a_higher_rate_is_refused(sockets: Any, echo_url: str) -> None:
    sockets.open_client("alice", echo_url)
    started = now_ns()
    sockets.send_message("alice", {"text": "line"}, count=4)
    assert now_ns() - started >= 3 * 20_000_000
    with pytest.raises(SocketsError, match="the stack allows 50/s"):
        sockets.send_message("alice", {"text": "line"}, count=4, rate=Rate.parse("60/s"))
