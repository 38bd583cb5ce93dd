"""Levels as observed, and slopes whose bounds hold when readings depend on each other."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest

from wireproof.measures.readings import Readings
from wireproof.measures.trend import Trend
from wireproof.quantities import Count, Duration, Fraction, Quantity, Rate, Size

Floats = npt.NDArray[np.float64]


@pytest.mark.parametrize(
    ("statistic", "value"),
    [("max", 40.0), ("min", 10.0), ("mean", 25.0), ("p50", 20.0), ("p95", 40.0), ("p25", 10.0), ("last", 20.0)],
)
def test_statistics_are_as_observed(statistic: str, value: float) -> None:
    estimate = Readings([10.0, 40.0, 30.0, 20.0], Rate).estimate(statistic)
    assert (estimate.value, estimate.low, estimate.high, estimate.n) == (Rate(value), Rate(value), Rate(value), 4)


def test_sizes_are_whole_bytes() -> None:
    assert Readings([1.0, 2.0, 2.0], Size).estimate("mean").value == Size(2)


def test_says_how_many_there_are() -> None:
    assert repr(Readings([5e6, 6e6], Size, gaps=1)) == "<2 readings, 5 MB to 6 MB, 1 missing>"
    assert repr(Readings([0.5], Fraction)) == "<1 readings, 50 % to 50 %>"
    assert repr(Readings([], Size)) == "<no readings>"


def test_refuses_what_has_no_answer() -> None:
    with pytest.raises(ValueError, match="there is no reading, so no max"):
        Readings([], Size).estimate("max")
    with pytest.raises(ValueError, match="no statistic 'rate': they have max, min"):
        Readings([1.0], Size).estimate("rate")
    with pytest.raises(ValueError, match="no statistic 'count': they have max, min"):
        Readings([1.0], Size).estimate("count")
    with pytest.raises(ValueError, match="have no moments, so no slope"):
        Readings([1.0, 2.0], Size).estimate("slope")
    with pytest.raises(ValueError, match="2 readings at 1 moments"):
        Readings([1.0, 2.0], Size, [5])
    with pytest.raises(ValueError, match="2 readings at 3 places"):
        Trend([1.0, 2.0], [1, 2, 3], Size)
    with pytest.raises(ValueError, match="no statistic 'p95': it has slope"):
        Trend([1.0, 2.0], [1, 2], Size).estimate("p95")


@pytest.mark.parametrize("at", [[3.0], [3.0, 3.0, 3.0], [1.0, 0.5, 2.0]])
def test_a_slope_takes_extent(at: Sequence[float]) -> None:
    with pytest.raises(ValueError, match="have no slope: take at least two"):
        Trend([1.0] * len(at), at, Duration).estimate("slope")


def test_a_straight_line_has_its_slope() -> None:
    moments = [int(second * 1e9) for second in range(60)]
    estimate = Readings([1e6 + 500.0 * second for second in range(60)], Size, moments).estimate("slope")
    assert estimate.value == Size(500)
    assert Size(499) <= (estimate.low or Size(0)) <= Size(500) <= (estimate.high or Size(0)) <= Size(501)


def test_a_slope_is_told_for_what_was_asked() -> None:
    messages = np.arange(60) * 1000.0
    trend = Readings((messages * 5).tolist(), Size).against(messages.tolist(), per=100_000)
    assert (trend.n, trend.estimate("slope").value) == (60, Size(500_000))


def test_a_slope_knows_of_the_readings_that_are_missing() -> None:
    assert Readings([1.0, 2.0], Size, gaps=3).against([0, 1]).gaps == 3


def test_few_readings_that_wander_have_no_bounds() -> None:
    estimate = Trend([0.0, 1.0, 2.0, 5.0], [0, 1, 2, 3], Count).estimate("slope")
    assert (estimate.low, estimate.high) == (None, None)
    assert isinstance(estimate.value, Count)
    assert estimate.value.value == pytest.approx(5 / 3)


def test_what_wanders_is_bounded_by_its_steps() -> None:
    estimate = Trend([*range(0, 18, 3), *range(18, -1, -3)], list(range(13)), Count).estimate("slope")
    assert magnitude(estimate.high) == -magnitude(estimate.low) == pytest.approx(1.624, abs=1e-3)


def test_memory_that_stays_flat_has_slope_0() -> None:
    estimate = Trend([7.0] * 30, list(range(30)), Size).estimate("slope")
    assert (estimate.value, estimate.low, estimate.high) == (Size(0), Size(0), Size(0))


def correlated(chance: np.random.Generator, n: int, alike: float) -> Floats:
    values = chance.normal(0, 1, n)
    for place in range(1, n):
        values[place] += alike * values[place - 1]
    return values


def magnitude(bound: Quantity | None) -> float:
    assert isinstance(bound, Count)
    return bound.value


@pytest.mark.parametrize("alike", [0.0, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("growth", [0.0, 0.3])
def test_the_bounds_of_a_slope_hold_however_much_readings_depend(alike: float, growth: float) -> None:
    chance = np.random.default_rng(11)
    rounds, at = 400, np.arange(120.0)
    wrong_low = wrong_high = 0
    for _ in range(rounds):
        values = growth * at + correlated(chance, len(at), alike)
        estimate = Trend(values.tolist(), at.tolist(), Count).estimate("slope")
        wrong_low += magnitude(estimate.low) > growth
        wrong_high += magnitude(estimate.high) < growth
    assert max(wrong_low, wrong_high) / rounds <= (0.06 if not alike else 0.09)


def test_growth_that_is_there_is_seen() -> None:
    chance = np.random.default_rng(3)
    values = 0.5 * np.arange(300) + correlated(chance, 300, 0.8)
    estimate = Trend(values.tolist(), list(range(300)), Count).estimate("slope")
    assert 0.4 < magnitude(estimate.low) < 0.5 < magnitude(estimate.high) < 0.6
