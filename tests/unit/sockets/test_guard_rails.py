"""The limits of a stack that others use too."""

from collections.abc import Iterator

import pytest

from wireproof import stack
from wireproof.journal import now_ns
from wireproof.quantities import Rate
from wireproof.sockets.errors import SocketsError
from wireproof.sockets.guard_rails import GuardRails
from wireproof.stack import Addresses, Guards, Stack


@pytest.fixture
def rails() -> Iterator[GuardRails]:
    guards = Guards("keep", max_rate=Rate.parse("20/s"), max_connections=3)
    before = stack.use(Stack("external", Addresses("ws://127.0.0.1:1/"), guards=guards))
    yield GuardRails()
    stack.use(before)


def test_as_many_connections_as_allowed_and_no_more(rails: GuardRails) -> None:
    rails.allow_connections(1, 2)
    with pytest.raises(SocketsError, match=r"^the stack allows 3 connections .*: 1 are open, 3 more were asked for$"):
        rails.allow_connections(1, 3)


def test_a_rate_up_to_the_limit(rails: GuardRails) -> None:
    rails.allow_rate(Rate.parse("20/s"))
    with pytest.raises(SocketsError, match=r"^the stack allows 20/s .*, 21/s was asked for$"):
        rails.allow_rate(Rate.parse("21/s"))


def test_messages_wait_for_their_turn(rails: GuardRails) -> None:
    started = now_ns()
    for _ in range(4):
        rails.wait_to_send()
    assert now_ns() - started >= 3 * 50_000_000


def test_without_a_stack_everything_is_allowed() -> None:
    before = stack.use(None)
    rails = GuardRails()
    rails.allow_connections(10_000, 10_000)
    rails.allow_rate(Rate.parse("1000000/s"))
    rails.wait_to_send()
    stack.use(before)
