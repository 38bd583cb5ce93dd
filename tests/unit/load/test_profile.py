"""When what of a load is due: exact counts, in order, without drift; and what no profile can be."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wireproof.load import profile
from wireproof.load.errors import LoadError
from wireproof.load.plan import Stage

RATES = st.one_of(st.just(0.0), st.floats(0.01, 2000))
STAGES = st.lists(
    st.builds(
        Stage,
        duration_s=st.floats(0.01, 20),
        rate=RATES,
        rate_end=RATES,
        connections=st.just(3),
        connections_end=st.just(3),
    ),
    min_size=1,
    max_size=4,
)


def integral(stages: list[Stage], until_s: float) -> float:
    """How many messages are due until then, by the definition."""
    total = 0.0
    for stage in stages:
        t = min(max(until_s, 0.0), stage.duration_s)
        total += stage.rate * t + (stage.rate_end - stage.rate) / stage.duration_s * t * t / 2
        until_s -= stage.duration_s
    return total


@given(STAGES)
def test_the_kth_message_is_due_when_the_integral_of_the_rate_is_k(stages: list[Stage]) -> None:
    made = profile.profile_of(stages)
    due = profile.due_ns(made)
    assert len(due) == profile.messages(made) == math.ceil(integral(stages, math.inf) - 1e-6)
    assert (np.diff(due) >= 0).all()
    assert due.dtype == np.int64
    for number in range(0, len(due), max(1, len(due) // 20)):
        rate = max(max(stage.rate, stage.rate_end) for stage in stages)
        assert integral(stages, due[number] / 1e9) == pytest.approx(number, abs=1e-3 + rate * 3e-9)


def test_an_hour_at_a_thousand_a_second_does_not_drift() -> None:
    due = profile.due_ns(profile.constant_rate(1000, 1, 3600))
    assert len(due) == 3_600_000
    assert (due == np.arange(3_600_000) * 1_000_000).all()


def test_a_ramp_sends_what_its_mean_rate_asks_for() -> None:
    due = profile.due_ns(profile.profile_of([Stage(30, 0, 1000, 1, 1)]))
    assert len(due) == 15_000
    assert due[3750] == pytest.approx(15e9, rel=1e-9)  # half of the time, a quarter of the messages


def test_a_burst_is_due_at_once() -> None:
    due = profile.due_ns(profile.profile_of([profile.hold(0, 2, 5), profile.burst(10_000, 2)]))
    assert len(due) == 10_000
    assert due[0] == 5_000_000_000
    assert due[-1] - due[0] <= 1000


def test_steps_have_their_first_and_last_rate() -> None:
    stages = profile.steps((100, 500), (10, 30), 5, 30)
    assert [stage.rate for stage in stages] == [100, 200, 300, 400, 500]
    assert [stage.connections for stage in stages] == [10, 15, 20, 25, 30]


@given(st.lists(st.integers(0, 40), min_size=2, max_size=5), st.integers(0, 40))
def test_connections_open_as_they_rise_and_close_as_they_fall(rising: list[int], last: int) -> None:
    counts = [*sorted(rising), min(last, max(rising))]
    stages = [Stage(2.0, 0, 0, before, after) for before, after in pairwise(counts)]
    if any(not max(stage.connections, stage.connections_end) for stage in stages):
        return
    made = profile.profile_of(stages)
    opens, closes = profile.open_ns(made), profile.close_ns(made)
    assert len(opens) == len(closes) == made.peak_connections
    for at, count in enumerate(counts):
        now = at * 2_000_000_000
        closed = np.count_nonzero((closes != profile.STAYS) & (closes <= now))
        assert np.count_nonzero(opens <= now) - closed == count
    assert (np.diff(opens) >= 0).all()


def test_the_first_to_leave() -> None:
    assert profile.falls_s(profile.profile_of([Stage(10, 0, 0, 2, 4)])) is None
    assert profile.falls_s(profile.profile_of([Stage(10, 0, 0, 4, 4), Stage(10, 0, 0, 4, 0)])) == 12.5


def test_connections_that_are_there_from_the_start_open_before_it() -> None:
    made = profile.profile_of([Stage(10, 0, 0, 2, 2), Stage(10, 0, 0, 4, 4), Stage(10, 0, 0, 4, 1)])
    assert profile.open_ns(made).tolist() == [0, 0, 10_000_000_000, 10_000_000_000]
    assert profile.close_ns(made).tolist() == [profile.STAYS, 30_000_000_000, 26_666_666_667, 23_333_333_333]


@pytest.mark.parametrize(
    ("stage", "why"),
    [
        (Stage(0, 1, 1, 1, 1), "stage 1 lasts 0 s: give it more than 0 s"),
        (Stage(-2, 1, 1, 1, 1), "stage 1 lasts -2 s: give it more than 0 s"),
        (Stage(math.nan, 1, 1, 1, 1), "stage 1 lasts nan s: give it more than 0 s"),
        (Stage(math.inf, 1, 1, 1, 1), "stage 1 lasts inf s: give it more than 0 s"),
        (Stage(1, -5, 1, 1, 1), "stage 1 has a rate of -5/s: a rate is a number, 0/s or more"),
        (Stage(1, 1, math.nan, 1, 1), "stage 1 has a rate of nan/s: a rate is a number, 0/s or more"),
        (Stage(1, 1, math.inf, 1, 1), "stage 1 has a rate of inf/s: a rate is a number, 0/s or more"),
        (Stage(1, 1, 1, 5, -1), "stage 1 has -1 connections: there are 0 or more"),
        (
            Stage(1, 1, 1, 0, 0),
            "stage 1 has no connections: say how many, with connections=100 or 100 connections for 30s",
        ),
    ],
)
def test_what_no_stage_can_be(stage: Stage, why: str) -> None:
    with pytest.raises(LoadError) as error:
        profile.profile_of([stage])
    assert str(error.value) == why


def test_a_connection_that_is_closed_does_not_come_back() -> None:
    with pytest.raises(LoadError, match="connections rise to 9 after they have fallen to 2: a connection that is clos"):
        profile.profile_of([Stage(1, 0, 0, 5, 2), Stage(1, 0, 0, 2, 9)])


def test_a_profile_has_a_stage() -> None:
    with pytest.raises(LoadError, match="a load has at least one stage, such as 1000/s for 30s"):
        profile.profile_of([])


def test_a_profile_in_words() -> None:
    assert profile.shown(profile.constant_rate(1000, 100, 60)) == "60000 messages, up to 1000/s, 100 connections, 60 s"
    assert profile.shown(profile.constant_rate(0, 100, 60)) == "100 connections, 60 s"
    burst = profile.profile_of([profile.burst(50, 1)])
    assert profile.shown(burst) == "50 messages, many at once, 1 connection, 1 µs"
