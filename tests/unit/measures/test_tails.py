"""Binomial tails and Student's distribution against direct sums and published tables."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wireproof.measures.tails import binomial_at_most, highest_share, lowest_share, percentile_ranks, student


def summed(most: int, tries: int, share: float) -> float:
    return math.fsum(math.comb(tries, k) * share**k * (1 - share) ** (tries - k) for k in range(most + 1))


@given(st.integers(1, 200), st.data(), st.floats(0.001, 0.999))
def test_a_tail_is_the_sum_of_its_terms(tries: int, data: st.DataObject, share: float) -> None:
    most = data.draw(st.integers(-1, tries))
    assert binomial_at_most(most, tries, share) == pytest.approx(summed(most, tries, share), rel=1e-9, abs=1e-12)


def test_a_tail_of_many_tries_is_the_normal_one() -> None:
    assert binomial_at_most(50_000_000, 100_000_000, 0.5) == pytest.approx(0.5, abs=1e-4)
    assert binomial_at_most(99_900_000, 100_000_000, 0.999) == pytest.approx(0.5, abs=1e-3)


@given(st.integers(1, 500), st.data())
def test_with_the_bound_as_the_share_the_tail_is_5_percent(tried: int, data: st.DataObject) -> None:
    good = data.draw(st.integers(0, tried))
    low, high = lowest_share(good, tried), highest_share(good, tried)
    assert 0 <= low <= good / tried <= high <= 1
    if good < tried:
        assert binomial_at_most(good, tried, high) == pytest.approx(0.05, abs=1e-8)
    if good:
        assert 1 - binomial_at_most(good - 1, tried, low) == pytest.approx(0.05, abs=1e-8)


@given(st.integers(1, 3000), st.sampled_from([0.5, 0.9, 0.95, 0.99, 0.999]))
def test_ranks_are_the_narrowest_that_prove_it(n: int, share: float) -> None:
    low, high = percentile_ranks(share, n)
    proves_above = [k for k in (low, (low or 0) + 1) if k and binomial_at_most(k - 1, n, share) <= 0.05]
    assert proves_above == ([low] if low else [])
    if high is None:
        assert share**n > 0.05
    else:
        assert binomial_at_most(high - 1, n, share) >= 0.95
        assert high == 1 or binomial_at_most(high - 2, n, share) < 0.95


@pytest.mark.parametrize(("share", "n"), [(0.95, 59), (0.99, 299), (0.999, 2995)])
def test_an_upper_bound_takes_enough_values(share: float, n: int) -> None:
    assert percentile_ranks(share, n)[1] == n
    assert percentile_ranks(share, n - 1)[1] is None


@pytest.mark.parametrize(
    ("degrees", "t"), [(1, 6.3138), (2, 2.9200), (5, 2.0150), (10, 1.8125), (30, 1.6973), (math.inf, 1.6449)]
)
def test_student_is_that_of_the_tables(degrees: float, t: float) -> None:
    assert student(degrees) == pytest.approx(t, abs=1e-4)
