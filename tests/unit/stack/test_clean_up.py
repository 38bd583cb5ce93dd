"""Clean-up goes on to its end, whatever a part of it says."""

from types import SimpleNamespace

import pytest

from wireproof import scopes
from wireproof import stack as room
from wireproof.stack import Addresses, Stack, StackError, databases, readiness
from wireproof.stack.added import AddedServers
from wireproof.stack.errors import attempt_all
from wireproof.stack.service_keywords import ServiceKeywords


class Part:
    """Says that it cannot, and remembers that it was asked."""

    def __init__(self, name):
        self.name = name
        self.asked = []

    def __getattr__(self, act):
        def refuse(*_):
            self.asked.append(act)
            raise StackError(f"{self.name} cannot {act}")

        return refuse


@pytest.fixture
def stack():
    own = Stack("compose", Addresses("ws://127.0.0.1:1/"), abilities=["kill services"], disposable=True)
    own.services.update((name, Part(name)) for name in ("postgres", "redis"))
    return own


def test_all_is_attempted_and_every_reason_told():
    done = []
    with pytest.raises(StackError, match=r"^division by zero; one; two$"):
        attempt_all([lambda: 1 / 0, _raises("one"), lambda: done.append(1), _raises("two")])
    assert done == [1]


def _raises(text):
    def act():
        raise StackError(text)

    return act


def test_an_interrupt_is_not_held_back():
    def interrupted():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        attempt_all([interrupted])


def test_every_service_is_left_whole(stack):
    with pytest.raises(StackError, match=r"^postgres cannot leave; redis cannot leave$"):
        stack.stop()


def test_every_service_that_a_test_touched_is_healed(stack, monkeypatch):
    monkeypatch.setattr(scopes, "_stack", [scopes.Scope("run", "")])
    before = room.use(stack)
    try:
        test = scopes.enter("test", "T")
        keywords = ServiceKeywords()
        for name in stack.services:
            keywords._to_be_healed(name)
        assert scopes.leave(test) == ["clean-up at the end of test 'T' failed: postgres cannot heal; redis cannot heal"]
    finally:
        room.use(before)


def test_every_added_server_ends_and_its_database_goes(monkeypatch):
    dropped = []
    monkeypatch.setattr(readiness, "postgres", lambda url: "")
    monkeypatch.setattr(databases, "drop", lambda url, name: dropped.append(name))
    services = {name: Part(name) for name in ("server-2", "server-3")}
    servers = AddedServers(Addresses("ws://127.0.0.1:1/"), services, {})
    servers._databases = {"server-2": "two", "server-3": "three"}
    run = servers._run = SimpleNamespace(removed=False)
    run.remove = lambda: setattr(run, "removed", True)
    with pytest.raises(StackError, match=r"^server-2 cannot end; server-3 cannot end$"):
        servers.close()
    assert dropped == ["two", "three"]
    assert run.removed
    assert services == {}
