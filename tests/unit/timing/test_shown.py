"""Numbers in lines: short, and never on the wrong side of a limit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wireproof.quantities import Bandwidth, Count, Duration, Fraction, Quantity, Rate, Size, magnitude
from wireproof.timing.shown import Scale


@pytest.mark.parametrize(
    ("value", "limit", "text"),
    [
        (Duration(0.0631234), Duration(0.05), "63.1 ms"),
        (Duration(0.00004321), Duration(0.05), "43.2 µs"),
        (Duration(12.345), Duration(30), "12.3 s"),
        (Duration(0), Duration(0.05), "0 ms"),
        (Duration(0.0499994), Duration(0.05), "49.999 ms"),
        (Duration(0.05004), Duration(0.05002), "50.04 ms"),
        (Duration(0.04996), Duration(0.04998), "49.96 ms"),
        (Duration(0.029), Duration(0.029), "29.0 ms"),
        (Size(431_234_567), Size(512_000_000), "431 MB"),
        (Size(1_512_000_000), Size(512_000_000), "1.51 GB"),
        (Fraction(1.0), Fraction(0.999), "100 %"),
        (Fraction(0.99987142), Fraction(0.999), "99.9871 %"),
        (Fraction(0.00123), Fraction(0.01), "0.123 %"),
        (Fraction(1.234), Fraction(0.5), "123 %"),
        (Rate(1043.4), Rate(1000), "1 043/s"),
        (Rate(999.7), Rate(1000), "999.7/s"),
        (Bandwidth(64_000), Bandwidth(1), "64.0 kB/s"),
        (Count(0), Count(0), "0"),
        (Count(12_345), Count(0), "12 345"),
    ],
)
def test_three_digits_with_the_unit(value: Quantity, limit: Quantity, text: str) -> None:
    assert Scale.of(value, limit).text(value) == text


@given(st.floats(1e-6, 1e4), st.floats(1e-3, 1e3))
def test_a_number_is_never_on_the_wrong_side_of_its_limit(value: float, limit: float) -> None:
    scale = Scale.of(Duration(value), Duration(limit))
    shown = float(scale.number(Duration(value)).replace(" ", ""))
    edge = limit / scale.factor
    if abs(value - limit) > 1e-6 * limit:
        assert (shown < edge) == (value < limit)
        assert (shown > edge) == (value > limit)


@given(st.floats(0, 1))
def test_all_is_shown_only_when_it_is_all(share: float) -> None:
    if share < 1 - 1e-9:
        assert Scale.of(Fraction(share), Fraction(0.99)).text(Fraction(share)) != "100 %"


@given(st.floats(1e-6, 1e4))
def test_what_is_shown_is_near_what_was_measured(value: float) -> None:
    scale = Scale.of(Duration(value), Duration(1))
    shown = float(scale.number(Duration(value)).replace(" ", "")) * scale.factor
    assert shown == pytest.approx(magnitude(Duration(value)), rel=0.006)
