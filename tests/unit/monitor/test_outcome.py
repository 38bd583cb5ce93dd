"""Which failures are excused, and which restarts somebody asked for."""

import pytest

from wireproof.journal import Event
from wireproof.monitor.looks import Look, Looks
from wireproof.monitor.outcome import judge
from wireproof.monitor.windows import EVERYTHING, NOTHING, REACH, Declared, Window

S = 10**9


def good(at_s: float, identity: str = "") -> Look:
    return Look(int(at_s * S), int((at_s + 0.01) * S), identity=identity)


def bad(at_s: float, took_s: float = 0.01) -> Look:
    return Look(int(at_s * S), int((at_s + took_s) * S), "no answer")


def fault(from_s: float, until_s: float | None, place: str = "postgres") -> Window:
    until_ns = None if until_s is None else int(until_s * S)
    return Window(place, "killed", REACH.get(place, EVERYTHING), int(from_s * S), until_ns)


@pytest.mark.parametrize(
    ("looks", "windows", "failed", "excused"),
    [
        pytest.param([bad(1)], [], 1, 0, id="nothing was done"),
        pytest.param([bad(1)], [fault(0, 2)], 0, 1, id="while it is on"),
        pytest.param([bad(1)], [fault(0, None)], 0, 1, id="while it goes on"),
        pytest.param([bad(1, 2)], [fault(2, 5)], 0, 1, id="a probe under way when it begins"),
        pytest.param([bad(1)], [fault(2, 5)], 1, 0, id="before it"),
        pytest.param([bad(6), bad(7), good(8)], [fault(2, 5)], 0, 2, id="until the first success"),
        pytest.param([good(6), bad(7)], [fault(2, 5)], 1, 0, id="after the first success"),
        pytest.param([good(1), bad(7)], [fault(2, 5)], 0, 1, id="a success before it does not count"),
        pytest.param([good(3), bad(7)], [fault(2, 5)], 0, 1, id="a success while it is on does not count"),
        pytest.param([bad(34.9), bad(35.1)], [fault(2, 5)], 1, 1, id="for 30 s at most"),
        pytest.param([bad(1)], [fault(0, 2, "redis")], 1, 0, id="a fault of somebody else"),
        pytest.param([bad(1)], [fault(0, 2, "rollout")], 0, 1, id="an outage that an author told of"),
        pytest.param([good(4), bad(7)], [fault(2, 3), fault(6, 8)], 0, 1, id="one of several"),
    ],
)
def test_a_failure_is_excused(looks: list[Look], windows: list[Window], failed: int, excused: int) -> None:
    found = judge("postgres", looks, windows)
    assert (len(found.failed), len(found.excused)) == (failed, excused)
    assert found.good == sum(not look.problem for look in looks)
    assert found.tried == found.good + failed


@pytest.mark.parametrize(("before", "failed"), [(None, 0), (good(4), 0), (bad(6), 0), (good(6), 1)])
def test_the_look_before_may_have_been_the_first_success(before: Look | None, failed: int) -> None:
    assert len(judge("postgres", [bad(7)], [fault(2, 5)], before).failed) == failed


@pytest.mark.parametrize(("place", "subject", "may"), [
    ("postgres", "http", True),
    ("redis", "websocket", True),
    ("redis", "postgres", False),
    ("server", "postgres", False),
    ("server", "http", True),
    ("postgres", "process.server", False),
    ("postgres", "process.postgres", True),
])  # fmt: skip
def test_a_fault_excuses_what_it_may_have_caused(place: str, subject: str, may: bool) -> None:
    assert fault(0, 1, place).concerns(subject) is may


def test_a_restart_is_one_when_the_identity_changes() -> None:
    looks = [good(1, "a"), good(2, "a"), bad(3), good(4, "b"), good(5, "b"), good(6)]
    (restart,) = judge("process.redis", looks, []).restarts
    assert (restart.was, restart.became, restart.window) == ("a", "b", None)
    assert (restart.before_ns, restart.at_ns) == (2 * S, looks[3].ended_ns)


def test_a_restart_is_asked_for_when_the_service_was_disturbed_meanwhile() -> None:
    looks = [good(1, "a"), good(4, "b")]
    (restart,) = judge("process.redis", looks, [fault(2, 3, "redis")]).restarts
    assert restart.window == fault(2, 3, "redis")
    (restart,) = judge("process.redis", looks, [fault(5, 6, "redis")]).restarts
    assert restart.window is None


def declared(*events: tuple[float, str, str, dict[str, object]]) -> list[Window]:
    taker = Declared(lambda place: REACH.get(place, NOTHING))
    for at_s, kind, source, data in events:
        taker.take(Event(int(at_s * S), kind, source, data))
    return taker.windows()


def test_faults_are_windows() -> None:
    (window,) = declared(
        (1, "fault", "redis", {"phase": "on", "name": "killed", "number": 3}),
        (2, "fault", "redis", {"phase": "off", "name": "killed", "number": 3, "touched": 1}),
    )
    assert window == Window("redis", "killed", REACH["redis"], S, 2 * S)
    assert window.label == "redis killed"


def test_a_fault_that_is_on_has_no_end() -> None:
    (window,) = declared((1, "fault", "redis", {"phase": "on", "name": "killed", "number": 3}))
    assert window.until_ns is None


def test_a_service_that_was_rerouted_was_away_from_the_order_to_stop_until_it_was_ready() -> None:
    (window,) = declared(
        (5, "service", "server", {"action": "stopped", "took_ms": 1500}),
        (7, "service", "server", {"action": "started"}),
    )
    assert (window.from_ns, window.until_ns) == (3.5 * S, 7 * S)


def test_a_service_that_was_stopped_stays_excused_until_it_is_started() -> None:
    (window,) = declared((5, "service", "server", {"action": "stopped", "took_ms": 0}))
    assert window.until_ns is None


@pytest.mark.parametrize("data", [{}, {"phase": "off", "number": 9}, {"phase": "on", "number": "x"}])
def test_what_is_no_fault_is_passed_over(data: dict[str, object]) -> None:
    assert declared((1, "fault", "redis", data), (1, "sent", "alice", {})) == []


def test_looks_are_found_by_time() -> None:
    looks = Looks()
    for at in range(5):
        looks.add("http", good(at))
    assert [look.began_ns // S for look in looks.between(1 * S, 3 * S)["http"]] == [1, 2]
    assert looks.last("http") == good(4)
    assert looks.last("redis") is None
    assert looks.before(3 * S) == {"http": good(2)}
    assert looks.before(0) == {}
