"""Confirmations against a plain set of numbers."""

import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from reference_server.confirmations import Confirmations

NUMBERS = st.lists(st.integers(1, 30), max_size=40)


@given(NUMBERS)
def test_it_knows_what_a_set_knows(numbers: list[int]):
    confirmed, expected = Confirmations(), set[int]()
    for seq in numbers:
        assert confirmed.add(seq) is (seq not in expected)
        expected.add(seq)
        assert {n for n in range(1, 32) if n in confirmed} == expected
    assert confirmed.watermark + 1 not in expected
    assert set(range(1, confirmed.watermark + 1)) <= expected


@given(NUMBERS)
def test_it_survives_being_stored(numbers: list[int]):
    confirmed = Confirmations()
    for seq in numbers:
        confirmed.add(seq)
    again = Confirmations(confirmed.watermark, confirmed.exceptions())
    assert (again.watermark, again.above) == (confirmed.watermark, confirmed.above)
    assert re.fullmatch(r"\{(\[\d+,\d+\)(,(?!\})|(?=\})))*\}", confirmed.exceptions())


@given(NUMBERS, st.integers(1, 30), st.integers(1, 30))
def test_what_is_missing_are_the_ranges_of_the_rest(numbers: list[int], first: int, last: int):
    confirmed = Confirmations()
    for seq in numbers:
        confirmed.add(seq)
    ranges = confirmed.missing(first, last)
    assert [n for low, high in ranges for n in range(low, high + 1)] == [
        n for n in range(first, last + 1) if n not in numbers
    ]
    assert all(before[1] + 1 < after[0] for before, after in pairwise(ranges))
