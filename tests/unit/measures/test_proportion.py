"""Shares: what clean tries prove, and what they do not."""

import math
import random
from collections import Counter

import pytest

from wireproof.measures.estimate import Estimate
from wireproof.measures.proportion import Proportion
from wireproof.measures.sample_size import clean_needed
from wireproof.quantities import Comparison, Count, Fraction


def low(good: int, tried: int) -> Fraction:
    bound = Proportion(good, tried).estimate("rate").low
    assert isinstance(bound, Fraction)
    return bound


def high(good: int, tried: int) -> Fraction:
    bound = Proportion(good, tried).estimate("rate").high
    assert isinstance(bound, Fraction)
    return bound


@pytest.mark.parametrize(("limit", "n"), [("> 99 %", 299), ("> 99.9 %", 2995), ("> 95 %", 59)])
def test_so_many_clean_tries_prove_it_and_one_less_does_not(limit: str, n: int) -> None:
    claim = Comparison.parse(limit)
    assert claim.holds(low(n, n))
    assert not claim.holds(low(n - 1, n - 1))
    assert clean_needed(claim.limit.ratio) == n  # type: ignore[union-attr]


@pytest.mark.parametrize(("lost", "word"), [(47, "proved"), (48, "open"), (73, "open"), (74, "disproved")])
def test_losses_of_60_000_messages(lost: int, word: str) -> None:
    good = 60_000 - lost
    claim = Comparison.parse("> 99.9 %")
    meets = claim.holds(low(good, 60_000)), claim.holds(high(good, 60_000))
    assert meets == {"proved": (True, True), "open": (False, True), "disproved": (False, False)}[word]


@pytest.mark.parametrize("good", [0, 1, 5_000_000, 9_999_999, 10_000_000])
def test_ten_million_tries_have_bounds_close_by(good: int) -> None:
    share = good / 10_000_000
    reach = 4 * math.sqrt(max(share * (1 - share), 1e-6) / 1e7)
    assert share - reach <= low(good, 10_000_000).ratio <= share <= high(good, 10_000_000).ratio <= share + reach


def test_the_bounds_hold_in_95_of_100_measurements() -> None:
    chance = random.Random(5)
    truth, rounds = 0.97, 2000
    seen = Counter(sum(chance.random() < truth for _ in range(150)) for _ in range(rounds))
    wrong_low = sum(times for good, times in seen.items() if low(good, 150).ratio > truth)
    wrong_high = sum(times for good, times in seen.items() if high(good, 150).ratio < truth)
    assert wrong_low / rounds < 0.06
    assert wrong_high / rounds < 0.06


def test_judged_as_observed_the_bounds_are_the_value() -> None:
    share = Fraction(0.75)
    assert Proportion(3, 4).estimate("observed") == Estimate("observed", share, share, share, 4)
    assert Proportion(0, 0).estimate("count") == Estimate("count", Count(0), Count(0), Count(0), 0)
    assert (Proportion(3, 4).n, Proportion(3, 4).failed, repr(Proportion(3, 4))) == (4, 1, "<3 of 4>")


def test_refuses_what_has_no_answer() -> None:
    with pytest.raises(ValueError, match="no statistic 'p95': it has rate, observed and count"):
        Proportion(1, 2).estimate("p95")
    for statistic in ("rate", "observed"):
        with pytest.raises(ValueError, match="nothing was tried"):
            Proportion(0, 0).estimate(statistic)
    for good, tried in ((3, 2), (-1, 2), (0, -1)):
        with pytest.raises(ValueError, match="is no proportion"):
            Proportion(good, tried)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_no_number_of_tries_proves_all_or_nothing(share: float) -> None:
    with pytest.raises(ValueError, match="below 100 %"):
        clean_needed(share)
