"""Rates and windows, with the time given."""

from reference_server.limits import InFlight, TokenBucket, Window


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


def test_what_is_full_has_room_again_when_half_is_done():
    in_flight = InFlight(messages=4, size=1_000)
    assert [in_flight.add(1) for _ in range(5)] == [False, False, False, True, False]
    assert in_flight.full
    assert [in_flight.remove(1) for _ in range(5)] == [False, False, True, False, False]
    assert not in_flight.full


def test_few_but_large_ones_are_too_much_as_well():
    in_flight = InFlight(messages=100, size=1_000)
    assert [in_flight.add(600), in_flight.add(600)] == [False, True]
    assert [in_flight.remove(600), in_flight.remove(600)] == [False, True]
