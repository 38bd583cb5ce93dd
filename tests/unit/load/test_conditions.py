"""When a load is stopped early."""

from typing import Any

import pytest

from wireproof.load.conditions import Condition, Watch
from wireproof.load.errors import LoadError
from wireproof.load.live import FIGURES, Lately, Live
from wireproof.load.outlook import Progress
from wireproof.load.profile import constant_rate
from wireproof.quantities import Comparison


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("server.error_rate > 5 % for 10s", Condition(Comparison.parse("server.error_rate > 5 %"), 10.0)),
        ("delivery.p95 >= 50 ms", Condition(Comparison.parse("delivery.p95 >= 50 ms"))),
        ("send.rate<900/s for 500 ms", Condition(Comparison.parse("send.rate < 900/s"), 0.5)),
    ],
)
def test_a_condition(text: str, condition: Condition) -> None:
    assert Condition.parse(text) == condition
    assert Condition.parse(str(condition)) == condition


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            "server.error_rat > 5 %",
            "unknown figure 'server.error_rat' of a running load: did you mean server.err",
        ),
        ("mood > 5 %", "unknown figure 'mood' of a running load: there are connections.held, delivery.outstanding, "),
        ("> 5 %", "unknown figure '' of a running load: there are "),
        ("server.error_rate > 5 ms", "server.error_rate is a fraction, write one such as 5 %"),
        ("delivery.p95 > 50", "delivery.p95 is a duration, write one such as 50 ms"),
        ("send.rate < 900", "send.rate is a rate, write one such as 900/s"),
        ("server.errors > 5 %", "server.errors is a count, write one such as 100"),
        ("server.error_rate is high", "is not a comparison: write one of"),
        ("server.error_rate > 5 % for 10", "'10' is not a duration: write 50 ms, 2 s or 10 min"),
        ("server.error_rate > 5 % for ever", "'ever' is not a number with a unit"),
    ],
)
def test_what_is_no_condition(text: str, why: str) -> None:
    with pytest.raises(LoadError) as error:
        Condition.parse(text)
    assert why in str(error.value)


def at(seconds: float, **figures: Any) -> Live:
    return Live(elapsed_s=seconds, **figures)


def test_it_has_to_be_met_all_the_time() -> None:
    watch = Watch([Condition.parse("server.error_rate > 5 % for 10s")])
    assert not watch.look(at(1, error_rate=0.2))
    assert not watch.look(at(10.9, error_rate=0.2))
    assert not watch.look(at(10.95, error_rate=0.05))
    assert not watch.look(at(11, error_rate=0.06))
    assert not watch.look(at(20.9, error_rate=0.06))
    told = "server.error_rate > 5 % for 10 s was met: it was 6 %"
    assert watch.look(at(21, error_rate=0.06)) == told


def test_without_a_time_it_counts_at_once() -> None:
    watch = Watch()
    assert not watch.look(at(1, p95_s=9.0))
    watch.add(Condition.parse("delivery.p95 > 50 ms"))
    assert watch.look(at(1, p95_s=0.06)) == "delivery.p95 > 50 ms was met: it was 60 ms"


def test_what_is_not_known_changes_nothing() -> None:
    watch = Watch([Condition.parse("delivery.p95 > 50 ms for 2s")])
    assert not watch.look(at(1, p95_s=0.06))
    assert not watch.look(at(2, p95_s=None))
    assert watch.look(at(3, p95_s=0.06))


def test_a_load_that_connects_has_no_figures() -> None:
    watch = Watch([Condition.parse("send.rate < 10/s")])
    assert not watch.look(at(0, is_connecting=True))
    assert watch.look(at(0))


def test_every_figure_can_be_looked_at() -> None:
    live = at(1, p95_s=0.5)
    for name, (kind, value_of) in FIGURES.items():
        assert isinstance(value_of(live), kind), name


def test_figures_are_those_of_the_last_second() -> None:
    lately = Lately(constant_rate(100, 3, 60))
    connecting = lately.look(Progress(phase="connecting", connected=2, refused=1))
    assert connecting == Live(is_connecting=True, connections=2, errors=1, error_rate=1 / 3, asked_rate=100)
    for quarter in range(8):
        lately.look(Progress("running", quarter / 4, 3, 1, sent=quarter * 25, delivered=quarter * 25))
    live = lately.look(Progress("running", 2.0, 2, 1, sent=200, delivered=150, failed=10, p95_ms=20.0, lag_ms=3.0))
    assert live.send_rate == pytest.approx(100)
    assert live.delivery_rate == pytest.approx(50)
    assert live.error_rate == pytest.approx(10 / (10 + 100))
    assert (live.outstanding, live.errors, live.connections) == (50, 11, 2)
    assert (live.p95_s, live.lag_s, live.asked_rate) == (0.02, 0.003, 100)
