"""Why a load fails, in one line."""

from types import SimpleNamespace
from typing import Any

from wireproof.load.metrics import METRICS
from wireproof.load.plan import Endpoint, Member, Plan, Traffic
from wireproof.load.profile import constant_rate
from wireproof.load.telling import Ended, judged
from wireproof.measures.proportion import Proportion
from wireproof.timing.thresholds import parse

PLAN = Plan(
    name="steady",
    endpoint=Endpoint(url="ws://127.0.0.1:1/"),
    members=(Member(name="a"),),
    traffic=Traffic(),
    profile=constant_rate(10, 1, 60),
)


def ended(*thresholds: str, stopped: str = "", harm: bool = False, **result: Any) -> Ended:
    given = {"name": "steady", "measures": {}, "problems": [], "errors": {}, "counts": {}, **result}
    made: Any = SimpleNamespace(**given)
    return Ended(PLAN, made, judged(parse(thresholds, METRICS), made), stopped, harm)


def test_a_load_without_thresholds_does_not_fail() -> None:
    assert ended(errors={"ECONNRESET": 3}, problems=["too slow"]).failure == ""


def test_verdicts_come_first() -> None:
    text = ended(
        "delivery.lost == 0",
        "connect.success > 50 %",
        measures={"delivery.lost": Proportion(2, 100), "connect.success": Proportion(100, 100)},
        stopped="server.errors > 2 was met: it was 3",
        harm=True,
        errors={"ECONNRESET": 7, "close 1011": 5, "EPIPE": 2, "close 1006": 1},
    ).failure
    assert text == (
        "FAIL delivery.lost: count = 2 is not == 0 (n = 100); "
        "the load 'steady' was stopped: server.errors > 2 was met: it was 3; "
        "errors: 7 x ECONNRESET, 5 x close 1011, 2 x EPIPE, …"
    )


def test_a_load_that_its_author_stopped_does_not_fail_for_that() -> None:
    assert ended(stopped="Stop Load was called").failure == ""


def test_what_was_not_measured_is_invalid() -> None:
    assert ended("query.p95 < 1 s").failure == "INVALID query.time: 'steady' observed no query.time"
    died = ended("query.p95 < 1 s", problems=["a worker died with exit code 1"])
    assert died.failure == "INVALID query.time: a worker died with exit code 1; 'steady' observed no query.time"


NOBODY = {"counts": {"tried": 10, "connected": 0}, "errors": {"connect: ECONNREFUSED": 10}}


def test_a_load_that_nobody_was_let_in_to_fails_where_nothing_else_says_so() -> None:
    told = "none of 10 clients of the load 'steady' was let in; errors: 10 x connect: ECONNREFUSED"
    assert ended(**NOBODY).failure == told
    assert ended(stopped="Ctrl-C", **NOBODY).failure == ""
    one = {"counts": {"tried": 10, "connected": 1}, "errors": {"connect: ECONNREFUSED": 9}}
    assert ended(**one).failure == ""


def test_who_asks_for_refusals_is_judged_by_them_alone() -> None:
    assert ended("connect.failed > 50 %", measures={"connect.failed": Proportion(10, 10)}, **NOBODY).failure == ""
