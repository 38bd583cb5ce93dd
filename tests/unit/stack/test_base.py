"""What a stack cannot do it says with the reason, whoever asks."""

import pytest

from wireproof.stack import Addresses, Stack, StackError

NOWHERE = Addresses("ws://127.0.0.1:9/")


@pytest.fixture
def compose() -> Stack:
    lacks = {"kill services": "its own are containers", "start server": "missing: asyncpg; pip install it"}
    return Stack("compose", NOWHERE, abilities=["mint tokens"], lacks=lacks)


def test_a_reason_is_told_where_one_is_known(compose):
    assert compose.lack("start server") == "start server (missing: asyncpg; pip install it)"
    assert compose.lack("read cache") == "read cache"


def test_a_stack_that_lacks_it_starts_no_server(compose):
    expected = r"^the compose stack cannot start server \(missing: asyncpg; .*\): call Skip Unless Stack Can    start"
    with pytest.raises(StackError, match=expected):
        compose.start_server({})


def test_a_service_that_cannot_be_controlled_is_refused_with_the_reason(compose):
    with pytest.raises(StackError) as refused:
        compose.service("postgres")
    assert str(refused.value) == (
        "the compose stack has no service 'postgres' to control: it cannot kill services (its own are containers), "
        "only servers that tests started (now none); call Skip Unless Stack Can    kill services"
    )


def test_ending_a_server_that_nobody_started_is_nothing(compose):
    compose.end_server("server-2")
    compose.stop()
