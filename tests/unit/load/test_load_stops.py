"""When a generator was too slow: one that was stopped was not asked for what was due later."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from wireproof.delivery.history import History
from wireproof.dialects import Traits
from wireproof.load.figures import Figures
from wireproof.load.outcome import lagging, rules_of
from wireproof.load.plan import Endpoint, Member, Pace, Plan, Traffic
from wireproof.load.profile import constant_rate
from wireproof.load.talk import ShardResult

SECOND = 1_000_000_000
PLAN = Plan(
    name="stopped",
    endpoint=Endpoint(url="ws://nowhere/"),
    members=(Member(name="a"),),
    traffic=Traffic(),
    profile=constant_rate(100, 1, 60),
)


def figures(sent_s: list[float], *ended_s: float, cpu: float = 0.1, **counts: int) -> Figures:
    """Of messages that were due each 10 ms and sent at these moments."""
    due = np.arange(len(sent_s)) * SECOND // 100
    columns = {
        "message": np.arange(len(due)),
        "client": np.ones(len(due), np.int64),
        "at": np.array([at * SECOND for at in sent_s], np.int64),
        "due": due,
    }
    parts = [
        ShardResult(
            history=Path(),
            start_ns=0,
            ended_ns=int(end * SECOND),
            times={},
            errors={},
            cpu=cpu,
            counts={"due": len(due), "unsent": 0, **counts} if at == 0 else {},
        )
        for at, end in enumerate(ended_s)
    ]
    history = History.from_columns({"sent": columns}, np.array([b"%03d" % at for at in range(len(due))]), ["", "a"])
    return Figures(PLAN, parts, history, rules_of(Traits()))


def test_what_was_due_until_the_stop_was_asked_for() -> None:
    found = figures([at / 100 for at in range(150)], 1.5)
    assert (found.asked, found.achieved) == (150, 150)


def test_a_worker_that_heard_of_the_stop_later_was_not_too_slow() -> None:
    late = [at / 100 if at < 140 else 1.8 for at in range(181)]
    found = figures(late, 1.5, 1.81)
    assert (found.asked, found.achieved) == (150, 150)


def test_what_is_sent_after_the_end_was_too_late() -> None:
    found = figures([at / 100 if at < 140 else 61.0 for at in range(6000)], 60)
    assert (found.asked, found.achieved) == (6000, 140)
    told = "140 of 6000 messages were sent in time, 2.33 %: the generator was too slow"
    assert lagging(found, PLAN) == [told]


ON_TIME = [at / 100 for at in range(6000)]


@pytest.mark.parametrize(
    ("counts", "more"),
    [
        ({}, ""),
        ({"frames": 100, "parsed": 10}, ""),
        (
            {"frames": 200, "parsed": 150},
            "; 75 % of 200 frames had to be read by the dialect, as they differ in more than ids and numbers",
        ),
    ],
)
def test_a_worker_without_spare_time_was_the_bottleneck(counts: dict[str, int], more: str) -> None:
    told = "a worker used 86 % of a core, more than 85 %: the generator was the bottleneck; give it more workers, "
    assert lagging(figures(ON_TIME, 60, cpu=0.86, **counts), PLAN) == [f"{told}or a lower rate{more}"]


def test_a_worker_with_spare_time_and_one_that_spins_were_quick_enough() -> None:
    assert lagging(figures(ON_TIME, 60, cpu=0.85), PLAN) == []
    assert lagging(figures(ON_TIME, 60, cpu=1.0), replace(PLAN, pace=Pace(spin=True))) == []
