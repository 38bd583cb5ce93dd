"""What tests and suites ask of their loads, and how long that holds; a load that cannot start leaves nothing."""

from collections.abc import Iterator
from typing import Any

import pytest

from wireproof import scopes
from wireproof.load import local
from wireproof.load.conditions import Condition
from wireproof.load.loads import Loads
from wireproof.load.metrics import METRICS
from wireproof.load.order import Order
from wireproof.timing.thresholds import parse

NO_LOSS = parse(["delivery.lost == 0"], METRICS)
FAST = parse(["delivery.p95 < 50 ms"], METRICS)
ORDER = Order(url="ws://127.0.0.1:1/", connections=1, duration_s=1, dialect="echo")


def broken(plan: object) -> Any:
    raise RuntimeError("no console")


@pytest.fixture
def suite() -> Iterator[scopes.Scope]:
    scope = scopes.enter("suite", "s")
    yield scope
    scopes.leave(scope)


def test_a_test_may_ask_for_more_than_its_suite_or_for_nothing(suite: scopes.Scope) -> None:
    loads = Loads(broken)
    assert loads.require(NO_LOSS) == []
    test = scopes.enter("test", "t")
    assert loads.requirements == NO_LOSS
    loads.stop_when(Condition.parse("server.errors > 9"))
    assert loads.requirements == NO_LOSS
    assert loads.require(FAST) == NO_LOSS
    assert loads.require([]) == FAST
    assert loads.requirements == []
    scopes.leave(test)
    assert loads.requirements == NO_LOSS
    scopes.leave(suite)
    assert loads.requirements == []


def test_a_load_that_cannot_be_watched_is_ended(suite: scopes.Scope, monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[str] = []

    class Engine:
        def abort(self) -> None:
            ended.append("abort")

    monkeypatch.setattr(local, "start", lambda plan: Engine())
    with pytest.raises(RuntimeError, match="no console"):
        Loads(broken).start("x", ORDER)
    assert ended == ["abort"]
