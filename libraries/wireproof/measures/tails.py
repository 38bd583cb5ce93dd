"""Exact tails of the binomial and of Student's distribution: what bounds are made of, at any sample size."""

import math
from collections.abc import Callable
from statistics import NormalDist

CONFIDENCE = 0.95
"""Of every bound, one-sided: the truth lies beyond it in one of twenty measurements."""

_TINY = 1e-300
_PRECISION = 1e-15


def binomial_at_most(most: int, tries: int, share: float) -> float:
    """How probable it is that at most so many of the tries succeed, when each does with that share."""
    if most >= tries:
        return 1.0
    return _beta(tries - most, most + 1, 1 - share) if most >= 0 else 0.0


def lowest_share(good: int, tried: int) -> float:
    """The Clopper-Pearson lower bound: with a smaller share so many successes are less probable than 5 %."""
    return 1 - highest_share(tried - good, tried)


def highest_share(good: int, tried: int) -> float:
    """The Clopper-Pearson upper bound: with a larger share so few successes are less probable than 5 %."""
    if not good:
        return -math.expm1(math.log(1 - CONFIDENCE) / tried)
    return _root(lambda share: binomial_at_most(good, tried, share) - (1 - CONFIDENCE), good / tried, 1.0)


def percentile_ranks(share: float, n: int) -> tuple[int | None, int | None]:
    """The ranks, from 1, of the values that bound a percentile from below and above, whatever the distribution.

    None where n values are too few: an upper bound of p99 takes 299.
    """
    # the k-th value is below the percentile unless fewer than k values are: a binomial tail
    low = _first(n, lambda k: binomial_at_most(k - 1, n, share) > 1 - CONFIDENCE) - 1
    high = _first(n, lambda k: binomial_at_most(k - 1, n, share) >= CONFIDENCE)
    return low or None, high if high <= n else None


def student(degrees: float) -> float:
    """How many standard errors a one-sided bound is away, with so many degrees of freedom; infinity is the normal."""
    if math.isinf(degrees):
        return NormalDist().inv_cdf(CONFIDENCE)
    return _root(
        lambda t: _beta(degrees / 2, 0.5, degrees / (degrees + t * t)) / 2 - (1 - CONFIDENCE),
        0.0,
        1e6,
    )


def _first(n: int, holds: Callable[[int], bool]) -> int:
    """The smallest of 1..n for which a condition holds that stays true from then on; n + 1 if there is none."""
    low, high = 1, n + 1
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low


def _root(falling: Callable[[float], float], low: float, high: float) -> float:
    """Where a function that falls from above to below 0 crosses it, by bisection to the last digit that matters."""
    while high - low > 1e-12 * max(abs(low), abs(high)):
        middle = (low + high) / 2
        if falling(middle) > 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _beta(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function I_x(a, b), by its continued fraction (Lentz's method)."""
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    if x > (a + 1) / (a + b + 2):  # where the fraction converges fast for the other tail
        return 1 - _beta(b, a, 1 - x)
    logarithm = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    c, d = 1.0, 1 / _away_from_zero(1 - (a + b) * x / (a + 1))
    fraction = d
    step = 1
    while True:
        even = step * (b - step) * x / ((a + 2 * step - 1) * (a + 2 * step))
        odd = -(a + step) * (a + b + step) * x / ((a + 2 * step) * (a + 2 * step + 1))
        for term in (even, odd):
            d = 1 / _away_from_zero(1 + term * d)
            c = _away_from_zero(1 + term / c)
            fraction *= c * d
        if abs(c * d - 1) < _PRECISION:
            return math.exp(logarithm) * fraction / a
        step += 1


def _away_from_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
