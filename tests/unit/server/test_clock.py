"""A clock that a test moves."""

import time

import pytest

from reference_server.clock import FARTHEST, Clock, iso


def test_both_kinds_of_time_move_on():
    clock = Clock()
    wall, monotonic = clock.wall(), clock.monotonic()
    clock.advance(100)
    clock.advance(0.5)
    assert clock.ahead == 100.5
    assert clock.wall() >= wall + 100.5
    assert clock.monotonic() >= monotonic + 100.5
    assert clock.now().timestamp() >= wall + 100.5


def test_put_back_it_shows_the_real_time_and_nobody_waits_again():
    clock = Clock()
    clock.advance(1000)
    monotonic = clock.monotonic()
    clock.put_back()
    assert clock.wall() <= time.time()
    assert clock.monotonic() >= monotonic
    clock.advance(1)
    assert clock.ahead == 1


@pytest.mark.parametrize("seconds", [-0.001, float("nan"), float("inf"), FARTHEST + 1])
def test_a_step_that_is_none_moves_nothing(seconds: float):
    clock = Clock()
    with pytest.raises(ValueError, match="moves forward"):
        clock.advance(seconds)
    assert clock.ahead == 0
    assert clock.monotonic() <= time.monotonic()


def test_many_steps_get_no_farther_than_one():
    clock = Clock()
    clock.advance(FARTHEST)
    with pytest.raises(ValueError, match="at most"):
        clock.advance(1)
    assert clock.now().year > 2030


def test_a_stamp_is_the_time_as_messages_carry_it():
    clock = Clock()
    before, stamp, after = clock.now(), clock.stamp(), clock.now()
    assert iso(before) <= stamp.decode() <= iso(after)
    clock.advance(3600)
    assert iso(clock.now())[:16] == clock.stamp().decode()[:16] != stamp.decode()[:16]
