"""A load under way: watched, stopped, ended for sure, whatever ends it."""

import threading
from typing import Any

from wireproof.load.conditions import Condition
from wireproof.load.outlook import Progress
from wireproof.load.plan import Endpoint, Member, Plan, Traffic
from wireproof.load.profile import constant_rate
from wireproof.load.progress import Paper, ProgressLine
from wireproof.load.running import Running

PLAN = Plan(
    name="steady",
    endpoint=Endpoint(url="ws://127.0.0.1:1/"),
    members=(Member(name="a"),),
    traffic=Traffic(),
    profile=constant_rate(10, 1, 60),
)
PATIENCE_S = 30


class Engine:
    """A load that goes as the test says."""

    def __init__(self) -> None:
        self.told = Progress(phase="connecting")
        self.calls: list[str] = []
        self.over = threading.Event()

    def progress(self) -> Progress:
        return self.told

    def stop(self) -> None:
        self.calls.append("stop")
        self.over.set()

    def abort(self) -> None:
        self.calls.append("abort")
        self.over.set()

    def wait(self, timeout_s: float) -> bool:
        return self.over.wait(min(timeout_s, 0.01))

    def result(self) -> Any:
        assert self.over.is_set()
        return "result"


def running(engine: Engine, *conditions: str) -> Running:
    shown = ProgressLine(Paper([].append), "x", 60)
    return Running(PLAN, engine, shown, [Condition.parse(one) for one in conditions])


def test_a_load_ends_by_itself() -> None:
    engine = Engine()
    load = running(engine)
    assert not load.is_over
    engine.over.set()
    assert load.wait(PATIENCE_S)
    assert load.end("why") == "result"
    assert (engine.calls, load.stopped, load.harm) == ([], "", False)


def test_it_begins_when_its_clients_are_connected() -> None:
    engine = Engine()
    load = running(engine)
    engine.told = Progress(phase="running")
    load.await_begin()
    assert load.end("enough") == "result"


def test_it_begins_nothing_that_is_over() -> None:
    engine = Engine()
    load = running(engine)
    engine.over.set()
    load.await_begin()
    assert load.is_over


def test_waiting_has_an_end() -> None:
    load = running(Engine())
    assert not load.wait(0.01)
    load.end("enough")


def test_what_still_runs_is_ended() -> None:
    engine = Engine()
    load = running(engine)
    assert load.end("the wait was interrupted") == "result"
    assert engine.calls == ["abort"]
    assert (load.stopped, load.harm) == ("the wait was interrupted", False)


def test_a_condition_stops_it() -> None:
    engine = Engine()
    load = running(engine, "delivery.p95 > 50 ms")
    engine.told = Progress(phase="running", elapsed_s=1, p95_ms=60)
    assert load.wait(PATIENCE_S)
    load.end("")
    assert engine.calls == ["stop"]
    assert (load.stopped, load.harm) == ("delivery.p95 > 50 ms was met: it was 60 ms", True)


def test_a_condition_may_come_later() -> None:
    engine = Engine()
    load = running(engine)
    engine.told = Progress(phase="running", elapsed_s=1, failed=3)
    load.watch_for(Condition.parse("server.errors > 2"))
    assert load.wait(PATIENCE_S)
    assert load.stopped == "server.errors > 2 was met: it was 3"
    load.end("")
