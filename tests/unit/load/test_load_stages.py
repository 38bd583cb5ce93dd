"""Profiles as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wireproof.load import stages
from wireproof.load.errors import LoadError
from wireproof.load.plan import Stage


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1000/s for 2min", [Stage(120, 1000, 1000, 7, 7)]),
        ("90/min for 1h", [Stage(3600, 1.5, 1.5, 7, 7)]),
        ("0/s..1000/s over 30s", [Stage(30, 0, 1000, 7, 7)]),
        ("1000/s..0/s over 500 ms", [Stage(0.5, 1000, 0, 7, 7)]),
        ("100 connections for 1min", [Stage(60, 0, 0, 100, 100)]),
        ("0..100 connections over 10s", [Stage(10, 0, 0, 0, 100)]),
        ("1 connection for 1s", [Stage(1, 0, 0, 1, 1)]),
        ("200/s with 100 connections for 1min", [Stage(60, 200, 200, 100, 100)]),
        ("100/s..200/s with 1..2 connections over 1s", [Stage(1, 100, 200, 1, 2)]),
        ("100/s..300/s in 3 steps of 5s", [Stage(5, rate, rate, 7, 7) for rate in (100, 200, 300)]),
        ("burst of 1000 within 2s", [Stage(2, 500, 500, 7, 7)]),
        ("burst of 10 messages", [Stage(1e-6, 1e7, 1e7, 7, 7)]),
    ],
)
def test_a_stage(text: str, expected: list[Stage]) -> None:
    assert stages.parse(text, connections=7).stages == tuple(expected)


def test_what_a_stage_does_not_say_stays() -> None:
    text = "10 connections for 1s, 50/s for 2s, 10..20 connections over 3s, burst of 5, 20..0 connections over 1s"
    assert stages.parse(text).stages == (
        Stage(1, 0, 0, 10, 10),
        Stage(2, 50, 50, 10, 10),
        Stage(3, 50, 50, 10, 20),
        Stage(1e-6, 5e6, 5e6, 20, 20),
        Stage(1, 50, 50, 20, 0),
    )


def test_options_say_how_it_begins() -> None:
    assert stages.parse("5..9 connections over 1s", connections=3, rate=4).stages == (Stage(1, 4, 4, 5, 9),)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("-5/s for 3s", "stage 1 '-5/s for 3s': it cannot be read: write 1000/s for 2min, 0/s..1000/s over 30s, "),
        ("10/s for 1s, fast", "stage 2 'fast': it cannot be read: write 1000/s for 2min, "),
        ("10/s for 1s,", "stage 2 '': it cannot be read: "),
        ("", "stage 1 '': it cannot be read: "),
        ("for 3s", "stage 1 'for 3s': it cannot be read: "),
        ("nan/s for 3s", "stage 1 'nan/s for 3s': it cannot be read: "),
        ("1000/sec for 3s", "'1000/sec' is not a rate: write a rate as count/unit with unit s, min or h"),
        ("10/s for 3", "'3' is not a duration: write 50 ms, 2 s or 10 min"),
        ("10/s for -3s", "'-3s' is not a number with a unit"),
        ("10/s for 0s", "stage 1 '10/s for 0s': it lasts no time: give it more than 0 s"),
        ("5/s..5/s over 3s", "a ramp to nowhere: it ends where it begins; write for in place of over, and one value"),
        ("5..5 connections over 3s", "a ramp to nowhere"),
        ("5/s over 3s", "nothing in it changes: write for, or from where to where, such as 0/s..1000/s"),
        ("5/s in 3 steps of 1s", "nothing in it changes: write for, or from where to where, such as 0/s..1000/s"),
        ("5/s..9/s for 3s", "it changes: write over in place of for"),
        ("5/s..9/s in 1 steps of 3s", "1 is no number of steps: there are 2 or more"),
        ("burst of 0", "stage 1 'burst of 0': a burst of 0 messages is none: it has 1 or more"),
        ("burst of 5 within 0s", "a burst takes more than 0 s, not 0 s; leave the time out for all at once"),
        ("0 connections for 3s", "stage 1 has no connections: say how many, with connections=100 or"),
    ],
)
def test_what_cannot_be_read(text: str, why: str) -> None:
    with pytest.raises(LoadError) as error:
        stages.parse(text, connections=7)
    assert why in str(error.value)
    assert "\n" not in str(error.value)


@given(st.text(alphabet="0123456789/.s,for burstcnieowthvp", max_size=60))
def test_any_text_is_read_or_refused_in_one_line(text: str) -> None:
    try:
        stages.parse(text, connections=1)
    except ValueError as error:
        assert "\n" not in str(error)  # noqa: PT017
