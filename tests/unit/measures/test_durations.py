"""Durations by the second: parts add up, percentiles are close, bounds hold and widen with dependence."""

import math
import pickle
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wireproof.measures.dependence import Spread, effective_size, worth
from wireproof.measures.durations import Durations
from wireproof.measures.estimate import Estimate, Measure
from wireproof.quantities import Duration, Quantity

SECOND_NS = 10**9
OBSERVED = st.lists(st.tuples(st.integers(0, 20 * SECOND_NS), st.integers(0, 10 * SECOND_NS)), max_size=50)


def columns(observed: list[tuple[int, int]]) -> Durations:
    return Durations.of([at for at, _ in observed], [took for _, took in observed])


def seconds(bound: Quantity | None) -> float:
    assert isinstance(bound, Duration)
    return bound.seconds


@given(OBSERVED)
def test_columns_are_the_same_as_one_by_one(observed: list[tuple[int, int]]) -> None:
    single = Durations()
    for at_ns, took_ns in observed:
        single.record(at_ns, took_ns)
    assert single == columns(observed)


@given(OBSERVED, OBSERVED)
def test_those_of_two_processes_add_up(here: list[tuple[int, int]], there: list[tuple[int, int]]) -> None:
    both = columns(here)
    assert both.n == len(here)
    both.add(columns(there))
    assert both == columns(here + there)
    assert both.n == sum(part.count for part in both.intervals.values()) == len(here + there)
    assert list(both.intervals) == sorted({at // SECOND_NS for at, _ in here + there})


@given(OBSERVED.filter(bool), st.sampled_from(["p50", "p95", "p99.9"]))
def test_a_percentile_is_within_1_percent(observed: list[tuple[int, int]], statistic: str) -> None:
    took = sorted(took for _, took in observed)
    exact_us = took[max(1, math.ceil(round(float(statistic[1:]) / 100 * len(took), 6))) - 1] / 1000
    assert seconds(columns(observed).estimate(statistic).value) * 1e6 == pytest.approx(exact_us, rel=0.01, abs=0.5)


@given(OBSERVED.filter(bool), st.sampled_from(["p50", "p95", "p99.9", "mean", "max", "min"]))
def test_a_value_is_between_its_bounds(observed: list[tuple[int, int]], statistic: str) -> None:
    estimate = columns(observed).estimate(statistic)
    value = seconds(estimate.value)
    assert estimate.n == len(observed)
    assert estimate.low is None or seconds(estimate.low) <= value
    assert estimate.high is None or value <= seconds(estimate.high)


def test_goes_to_another_process() -> None:
    durations = Durations.from_seconds([0.1, 0.2])
    measure: Measure = pickle.loads(pickle.dumps(durations))
    assert measure == durations


@pytest.mark.parametrize(("statistic", "n"), [("p95", 59), ("p99", 299), ("p99.9", 2995)])
def test_an_upper_bound_takes_enough_durations(statistic: str, n: int) -> None:
    assert Durations.from_seconds([0.01] * n).estimate(statistic).high == Duration(0.01)
    assert Durations.from_seconds([0.01] * (n - 1)).estimate(statistic).high is None


def test_one_duration_has_a_value_and_no_bounds() -> None:
    estimate = Durations.from_seconds([0.25]).estimate("p50")
    assert estimate == Estimate("p50", Duration(0.25), None, None, 1)


def test_bounds_reach_to_the_ends_of_their_buckets() -> None:
    estimate = Durations.from_seconds([0.05, *[0.1003] * 100, 0.2]).estimate("p50")
    assert (estimate.low, estimate.value, estimate.high) == (Duration(0.09984), Duration(0.100351), Duration(0.100351))


def test_extremes_are_as_observed() -> None:
    durations = Durations.from_seconds([0.1, 0.3])
    assert durations.estimate("max") == Estimate("max", Duration(0.3), Duration(0.3), Duration(0.3), 2)
    assert durations.estimate("min").low == Duration(0.1)


def test_a_mean_of_less_than_ten_seconds_has_no_bounds() -> None:
    moments = np.arange(100) % 9 * SECOND_NS
    estimate = Durations.of(moments, np.full(100, 2_000_000)).estimate("mean")
    assert (estimate.value, estimate.low, estimate.high) == (Duration(0.002), None, None)


def test_authors_read_milliseconds() -> None:
    durations = Durations.from_seconds([number / 1000 for number in range(1, 101)])
    read = (durations.p50_ms, durations.p95_ms, durations.p99_ms, durations.p999_ms, durations.max_ms)
    assert read == pytest.approx((50, 95, 99, 100, 100), rel=0.008)
    assert (durations.mean_ms, durations.n) == (50.5, 100)
    assert repr(durations) == "<100 durations: p50 50.2 ms, p95 95.2 ms, max 100 ms>"
    assert repr(Durations()) == "<no durations>"


def test_what_is_recorded_later_counts() -> None:
    durations = Durations.from_seconds([0.1])
    assert durations.max_ms == 100
    durations.record(0, 200_000_000)
    assert durations.max_ms == 200


def test_refuses_what_cannot_be() -> None:
    with pytest.raises(ValueError, match="are start and end swapped"):
        Durations.of([0, 1], [5, -2_000_000])
    with pytest.raises(ValueError, match="are start and end swapped"):
        Durations.from_seconds([-0.1])
    with pytest.raises(ValueError, match="2 moments and 1 durations"):
        Durations.of([0, 1], [5])
    with pytest.raises(ValueError, match="no statistic 'rate': they have p50"):
        Durations.from_seconds([0.1]).estimate("rate")
    for statistic in ("p95", "mean", "max"):
        with pytest.raises(ValueError, match="nothing was recorded"):
            Durations().estimate(statistic)


def measured(chance: np.random.Generator, levels: npt.NDArray[np.float64], rate: int) -> Durations:
    """So many a second for each level, log-normal around it."""
    took_us = np.exp(9 + np.repeat(levels, rate) + chance.normal(0, 0.5, len(levels) * rate))
    return Durations.of(np.repeat(np.arange(len(levels)), rate) * SECOND_NS, (took_us * 1000).astype(np.int64))


def misses(levels_sd: float, alike: float, statistic: str) -> tuple[float, float]:
    """How often the lower and the upper bound are beyond the truth."""
    chance = np.random.default_rng(17)
    sd = math.hypot(0.5, levels_sd)
    truth = math.exp(9 + sd**2 / 2)
    if statistic != "mean":
        truth = math.exp(9 + sd * NormalDist().inv_cdf(float(statistic[1:]) / 100))
    rounds, below, above = 200, 0, 0
    for _ in range(rounds):
        levels = chance.normal(0, levels_sd, 40)
        for place in range(1, len(levels)):
            levels[place] = alike * levels[place - 1] + math.sqrt(1 - alike**2) * levels[place]
        estimate = measured(chance, levels, 25).estimate(statistic)
        below += seconds(estimate.low) * 1e6 > truth
        above += estimate.high is not None and seconds(estimate.high) * 1e6 < truth
    return below / rounds, above / rounds


@pytest.mark.parametrize("statistic", ["p50", "p95", "mean"])
def test_bounds_of_independent_durations_hold_in_95_of_100_measurements(statistic: str) -> None:
    assert max(misses(0, 0, statistic)) <= 0.06


@pytest.mark.parametrize("statistic", ["p50", "p95", "mean"])
def test_bounds_hold_when_seconds_differ_and_resemble_their_neighbours(statistic: str) -> None:
    assert max(misses(0.2, 0, statistic)) <= 0.09
    assert max(misses(0.2, 0.6, statistic)) <= 0.13  # were all to count, 2 to 4 of 10 would be wrong


def test_dependence_widens_the_bounds() -> None:
    chance = np.random.default_rng(2)
    steady = measured(chance, np.zeros(60), 100).estimate("p95")
    waves = measured(chance, np.repeat(chance.normal(0, 0.2, 12), 5), 100).estimate("p95")
    assert seconds(waves.high) - seconds(waves.low) > 3 * (seconds(steady.high) - seconds(steady.low))


def test_the_same_durations_give_the_same_bounds() -> None:
    one, two = (measured(np.random.default_rng(4), np.zeros(20), 100).estimate("p95") for _ in range(2))
    assert one == two


def test_a_stall_in_a_minute_leaves_p99_open() -> None:
    took = np.random.default_rng(8).integers(4_000_000, 6_000_000, 60_000)
    took[30_000:31_000] = np.linspace(1e9, 0, 1000).astype(np.int64) + 6_000_000
    durations = Durations.of(np.arange(60_000) * 1_000_000, took)
    assert durations.estimate("p99").high is None
    assert seconds(durations.estimate("p95").high) > 0.1
    assert seconds(durations.estimate("p50").high) < 0.006


@given(st.lists(st.tuples(st.integers(1, 50), st.floats(0, 1)), min_size=1, max_size=300))
def test_no_sample_is_worth_more_than_it_has(parts: list[tuple[int, float]]) -> None:
    counts = [count for count, _ in parts]
    late = [round(count * share) for count, share in parts]
    assert 1 <= effective_size(late, counts) <= sum(counts)


def test_seconds_that_differ_by_more_than_chance_are_worth_less() -> None:
    assert effective_size([0, 20] * 5, [100] * 10) == 50  # 66 if ten blocks told their own spread exactly
    assert effective_size([5] * 20, [100] * 20) == 2000
    assert effective_size([0] * 20, [100] * 20) == 2000


def test_a_long_series_is_taken_in_blocks() -> None:
    deviations = np.tile([1.0, 1.0, -1.0, -1.0], 300)
    spread = Spread.of(deviations.tolist())
    assert spread is not None
    assert spread.variance < 120 * 4 * 1.5
    assert Spread.of([1.0, -1.0] * 4) is None


def test_what_resembles_its_neighbours_is_worth_less() -> None:
    assert worth(np.zeros(5), 1) == 5
    assert worth(np.tile([1.0, -1.0], 50), 1) == pytest.approx(98, abs=1)
    assert worth(np.repeat([1.0, -1.0], 50), 1) < 3
