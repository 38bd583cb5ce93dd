"""What a stack shows of its addresses, and what it keeps."""

import pytest

from wireproof.stack import Addresses, Stack, StackError, current, running, use
from wireproof.stack.addresses import moved, without_password

FULL = Addresses(
    ws="ws://127.0.0.1:1/",
    http="http://127.0.0.1:2",
    postgres="postgresql://me:pg-secret@127.0.0.1:3/db",
    redis="redis://:redis-secret@127.0.0.1:4/0",
    token_secret="signing-secret",
)


@pytest.fixture
def no_stack():
    before = use(None)
    yield
    use(before)


def test_endpoints_hold_no_password():
    stack = Stack("external", FULL)
    assert stack.endpoint("postgres") == "postgresql://me@127.0.0.1:3/db"
    assert stack.endpoint("redis") == "redis://127.0.0.1:4/0"
    assert stack.endpoint("ws") == FULL.ws


def test_a_host_in_brackets_survives():
    assert without_password("redis://user:x@[::1]:6379/0?protocol=3") == "redis://user@[::1]:6379/0?protocol=3"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "postgresql://me:p%40ss@127.0.0.1:3/db?sslmode=disable",
            "postgresql://me:p%40ss@10.0.0.1:9/db?sslmode=disable",
        ),
        ("redis://:secret@[::1]:4/0", "redis://:secret@10.0.0.1:9/0"),
        ("redis://cache/0", "redis://10.0.0.1:9/0"),
    ],
)
def test_a_url_is_moved_with_its_credentials(url, expected):
    assert moved(url, ("10.0.0.1", 9)) == expected


def test_a_url_is_moved_to_a_host_that_is_written_in_brackets():
    assert moved("redis://:secret@cache:4/0", ("::1", 9)) == "redis://:secret@[::1]:9/0"


def test_credentials_are_given_by_name():
    stack = Stack("external", FULL)
    assert [stack.credential(name) for name in Addresses.CREDENTIALS] == ["pg-secret", "redis-secret", "signing-secret"]


def test_addresses_do_not_show_secrets():
    assert "secret" not in repr(FULL)


def test_what_a_stack_does_not_have_is_said_in_one_line():
    stack = Stack("external", Addresses("ws://example.test/"))
    with pytest.raises(StackError, match=r"^the external stack has no postgres that tests may use$"):
        stack.endpoint("postgres")
    with pytest.raises(StackError, match=r"^no endpoint is called 'mysql'; there are ws, http, postgres, redis$"):
        stack.endpoint("mysql")
    with pytest.raises(StackError, match=r"^no credential is called 'ws'"):
        stack.credential("ws")
    with pytest.raises(StackError, match="has no service 'redis' to control"):
        stack.service("redis")


def test_an_unknown_ability_is_refused_with_those_there_are():
    stack = Stack("external", FULL, abilities=["read cache"])
    assert stack.can("read cache")
    assert not stack.can("be disturbed")
    assert Stack("compose", FULL, disposable=True).can("be disturbed")
    with pytest.raises(StackError, match=r"^no stack has an ability 'fly'; there are start server, kill services, "):
        stack.can("fly")


def test_the_current_stack_is_shared(no_stack):
    assert running() is None
    with pytest.raises(StackError, match=r"^no stack is running: call Ensure Stack first$"):
        current()
    stack = Stack("external", FULL)
    assert use(stack) is None
    assert current() is stack
