"""The histogram: every value within 0.8 %, parts that add up to the whole, nothing that cannot be."""

import math
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wireproof.measures.histogram import HIGHEST_US, Histogram, bucket_of, bucket_range, rank

VALUES = st.one_of(st.integers(0, 1000), st.integers(0, HIGHEST_US))
COLUMNS = st.lists(VALUES, min_size=1, max_size=60)


def recorded(values: list[int]) -> Histogram:
    histogram = Histogram()
    for value in values:
        histogram.record(value)
    return histogram


@given(VALUES)
def test_a_bucket_holds_its_value_and_is_narrow(us: int) -> None:
    low, high = bucket_range(bucket_of(us))
    assert low <= us <= high
    assert high - low <= us * 0.008


@given(st.integers(0, bucket_of(HIGHEST_US) - 1))
def test_buckets_leave_no_gap(bucket: int) -> None:
    low, high = bucket_range(bucket)
    assert bucket_of(low) == bucket_of(high) == bucket
    assert bucket_range(bucket + 1)[0] == high + 1


@given(COLUMNS)
def test_many_at_once_are_the_same_as_one_by_one(values: list[int]) -> None:
    many = Histogram()
    many.record_many(np.array(values))
    assert many == recorded(values)


@given(st.lists(COLUMNS, min_size=1, max_size=5))
def test_parts_add_up_to_the_whole(parts: list[list[int]]) -> None:
    assert Histogram.merged(recorded(part) for part in parts) == recorded([value for part in parts for value in part])


@given(COLUMNS)
def test_count_sum_and_extremes_are_exact(values: list[int]) -> None:
    histogram = recorded(values)
    assert (histogram.count, histogram.sum) == (len(values), sum(values))
    assert (histogram.min, histogram.max) == (min(values), max(values))
    assert histogram.mean == sum(values) / len(values)


@given(COLUMNS, st.sampled_from([0.0, 0.01, 0.07, 0.5, 0.9, 0.95, 0.99, 0.999, 1.0]))
def test_a_percentile_is_the_nearest_rank_or_up_to_0_8_percent_more(values: list[int], share: float) -> None:
    exact = sorted(values)[max(1, math.ceil(round(share * len(values), 6))) - 1]
    assert exact <= recorded(values).percentile(share) <= min(max(values), exact * 1.008)


@given(COLUMNS, st.data())
def test_a_rank_lies_between_two_values(values: list[int], data: st.DataObject) -> None:
    place = data.draw(st.integers(1, len(values)))
    low, high = recorded(values).value_range(place)
    assert min(values) <= low <= sorted(values)[place - 1] <= high <= max(values)


@given(COLUMNS, VALUES)
def test_counts_what_is_in_higher_buckets(values: list[int], us: int) -> None:
    assert recorded(values).count_above(us) == sum(value > bucket_range(bucket_of(us))[1] for value in values)


@given(st.lists(VALUES, max_size=20))
def test_goes_through_pickle(values: list[int]) -> None:
    histogram = recorded(values)
    assert pickle.loads(pickle.dumps(histogram)) == histogram


@pytest.mark.parametrize(("us", "why"), [(-1, "swapped"), (HIGHEST_US + 1, "50 days")])
def test_refuses_what_cannot_be_and_counts_nothing_of_it(us: int, why: str) -> None:
    histogram = Histogram()
    with pytest.raises(ValueError, match=why):
        histogram.record(us)
    with pytest.raises(ValueError, match=why):
        histogram.record_many([1, us, 2])
    assert histogram == Histogram()


@pytest.mark.parametrize("ask", ["min", "max", "mean"])
def test_nothing_has_no_values(ask: str) -> None:
    with pytest.raises(ValueError, match="nothing was recorded"):
        getattr(Histogram(), ask)
    with pytest.raises(ValueError, match="nothing was recorded"):
        Histogram().percentile(0.5)
    with pytest.raises(ValueError, match="no rank 2 among 1"):
        recorded([1]).value_range(2)


def test_recording_nothing_changes_nothing() -> None:
    histogram = recorded([3])
    histogram.record_many([])
    assert histogram == recorded([3])


@pytest.mark.parametrize(("share", "count", "place"), [(0.07, 100, 7), (0.95, 100, 95), (0.951, 100, 96), (0, 9, 1)])
def test_rounding_errors_move_no_rank(share: float, count: int, place: int) -> None:
    assert rank(share, count) == place


def test_says_what_it_holds() -> None:
    assert repr(recorded([3, 9])) == "<histogram of 2 values, 3 to 9 µs>"
    assert repr(Histogram()) == "<histogram of nothing>"
