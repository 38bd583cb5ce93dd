"""Rates and windows, with the time given."""

from reference_server.limits import TokenBucket, Window


def test_the_burst_is_free_and_then_the_rate_rules():
    bucket = TokenBucket(rate=10, burst=2, now=0.0)
    assert [bucket.take(0.0) for _ in range(20)] == [0.0] * 20
    assert bucket.take(0.0) == 0.1
    assert bucket.take(0.05) == 0.05
    assert bucket.take(0.1) == 0.0


def test_saving_up_ends_at_the_burst():
    bucket = TokenBucket(rate=10, burst=2, now=0.0)
    assert sum(bucket.take(1_000.0) == 0.0 for _ in range(30)) == 20


def test_a_slow_rate_still_lets_one_through():
    bucket = TokenBucket(rate=0.1, burst=2, now=0.0)
    assert bucket.take(0.0) == 0.0
    assert bucket.take(5.0) > 0.0
    assert bucket.take(10.0) == 0.0


def test_a_window_counts_and_starts_over():
    window = Window(limit=2, seconds=10, now=0.0)
    assert [window.exceeded(at) for at in (1.0, 2.0, 3.0)] == [False, False, True]
    assert not window.exceeded(10.1)
