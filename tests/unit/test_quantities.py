import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wireproof.quantities import (
    Backoff,
    Bandwidth,
    Comparison,
    Count,
    Duration,
    Fraction,
    Quantity,
    Rate,
    Size,
    parse_names,
    parse_quantity,
)

# what people write has a size that people know: from a nanosecond's part to a petabyte
POSITIVE = st.floats(min_value=1e-9, max_value=1e15)
QUANTITIES = st.one_of(
    st.floats(min_value=0, max_value=1e12).filter(lambda s: s == 0 or s >= 1e-9).map(Duration),
    POSITIVE.map(Rate),
    st.integers(0, 10**18).map(Size),
    st.floats(min_value=1e-3, max_value=1e15).map(Bandwidth),
    POSITIVE.map(Fraction),
    POSITIVE.map(Count),
)


@pytest.mark.parametrize(
    ("text", "quantity"),
    [
        ("50 ms", Duration(0.05)),
        ("50ms", Duration(0.05)),
        ("2s", Duration(2)),
        ("10 min", Duration(600)),
        ("1.5 h", Duration(5400)),
        ("20 µs", Duration(0.00002)),
        ("20 us", Duration(0.00002)),
        ("1000/s", Rate(1000)),
        ("90/min", Rate(1.5)),
        ("512 MB", Size(512_000_000)),
        ("512 MiB", Size(536_870_912)),
        ("0.5 kB", Size(500)),
        ("64 kB/s", Bandwidth(64_000)),
        ("1 MiB/s", Bandwidth(1_048_576)),
        ("99.9 %", Fraction(0.999)),
        ("10000", Count(10_000)),
        (" 0 ", Count(0)),
    ],
)
def test_the_unit_says_the_kind(text: str, quantity: Quantity) -> None:
    assert parse_quantity(text) == quantity
    assert type(quantity).parse(text) == quantity


@given(QUANTITIES)
def test_text_of_a_quantity_parses_back_to_it(quantity: Quantity) -> None:
    assert parse_quantity(str(quantity)) == quantity


@given(st.text())
def test_any_text_is_a_quantity_or_one_plain_line(text: str) -> None:
    assert len(outcome(text).splitlines()) == 1


def outcome(text: str) -> str:
    try:
        return str(parse_quantity(text))
    except ValueError as error:
        return str(error)


@pytest.mark.parametrize(
    ("quantity", "text"),
    [
        (Duration(0), "0 s"),
        (Duration(0.00002), "20 µs"),
        (Duration(0.0312), "31.2 ms"),
        (Duration(90), "90 s"),
        (Size(0), "0 B"),
        (Size(1_048_576), "1 MiB"),
        (Size(2_000_000), "2 MB"),
        (Size(1_500), "1.5 kB"),
        (Size(128_000), "128 kB"),
        (Fraction(0.999), "99.9 %"),
        (Rate(1000), "1000/s"),
    ],
)
def test_shown_in_the_unit_people_use(quantity: Quantity, text: str) -> None:
    assert str(quantity) == text


def test_the_interval_of_a_rate() -> None:
    assert Rate(50).interval_s == 0.02


@pytest.mark.parametrize(
    ("kind", "text", "error"),
    [
        (
            Rate,
            "1000",
            "'1000' is not a rate: write a rate as count/unit with unit s, min or h, for example 1000/s",
        ),
        (
            Rate,
            "1000/sec",
            "'1000/sec' is not a rate: write a rate as count/unit with unit s, min or h, for example 1000/s",
        ),
        (Rate, "0/s", "'0/s' is not a rate: a rate is more than 0, for example 1000/s"),
        (
            Rate,
            "many/s",
            "'many/s' is not a number with a unit: write a rate as count/unit with unit s, min or h, for example",
        ),
        (Duration, "50", "'50' is not a duration: write 50 ms, 2 s or 10 min"),
        (Duration, "-1 s", "'-1 s' is not a number with a unit: write a duration as 50 ms, 2 s or 10 min"),
        (Size, "512 KB", "'512 KB' is not a size: write 512 MB, 64 kB (1000 bytes) or 64 KiB (1024 bytes)"),
        (Size, "0.5 B", "'0.5 B' is not a size: it comes to 0.5 bytes, no whole number"),
        (Bandwidth, "8 Mbit/s", "'8 Mbit/s' is not a bandwidth: write 64 kB/s (1000 bytes) or 1 MiB/s"),
        (Bandwidth, "0 kB/s", "'0 kB/s' is not a bandwidth: it is more than 0, for example 64 kB/s"),
        (Fraction, "0.999", "'0.999' is not a share: write 99.9 %"),
        (Count, "3 messages", "'3 messages' is not a count: write 10000"),
        (Backoff, "5s", "'5s' is not a backoff: write a backoff as first..limit, for example 100ms..5s"),
        (Backoff, "5s..1s", "'5s..1s' is not a backoff: the first wait is more than 0 and at most the limit; write"),
        (Backoff, "0s..1s", "'0s..1s' is not a backoff: the first wait is more than 0"),
        (Comparison, "p95 = 5 ms", "'p95 = 5 ms' is not a comparison: write one of <= >= == != < > and a quantity"),
    ],
)
def test_error_says_what_to_write(kind: type[Quantity], text: str, error: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(error)}"):
        kind.parse(text)


def test_an_unknown_unit_is_named() -> None:
    with pytest.raises(
        ValueError, match=r"^'3 parsecs' has an unknown unit 'parsecs': write a number with a unit: 50 ms"
    ):
        parse_quantity("3 parsecs")


def test_backoff_doubles_up_to_its_limit() -> None:
    backoff = Backoff.parse("100ms..1s")
    assert [backoff.delay_s(attempt) for attempt in (1, 2, 3, 4, 5, 10_000)] == [0.1, 0.2, 0.4, 0.8, 1.0, 1.0]
    assert Backoff.parse(str(backoff)) == backoff


@pytest.mark.parametrize(
    ("text", "observed", "holds"),
    [
        ("< 50 ms", Duration(0.049), True),
        ("< 50 ms", Duration(0.05), False),
        ("<= 50 ms", Duration(0.05), True),
        ("> 99 %", Fraction(0.991), True),
        (">= 1000/s", Rate(999.9), False),
        ("== 0", Count(0), True),
        ("!= 0", Count(0), False),
        ("< 512 MB", Size(511_999_999), True),
    ],
)
def test_comparison_holds(text: str, observed: Quantity, holds: bool) -> None:
    assert Comparison.parse(text).holds(observed) is holds


@pytest.mark.parametrize("text", ["p95 < 50 ms", "delivery.lost == 0", "> 99 %"])
def test_comparison_keeps_its_subject(text: str) -> None:
    comparison = Comparison.parse(text.replace(" ", ""))
    assert str(comparison) == text
    assert comparison.subject == text.split(comparison.operator)[0].strip()


def test_comparison_refuses_another_kind() -> None:
    with pytest.raises(ValueError, match=r"^0.05 \(count\) cannot be compared with 50 ms \(duration\): give both in"):
        Comparison.parse("< 50 ms").holds(Count(0.05))


def test_names() -> None:
    assert parse_names("rows, keys ,locks") == ("rows", "keys", "locks")
    assert parse_names(" ") == ()
    with pytest.raises(ValueError, match=r"^'a,,b' has an empty name at position 2: write names as a, b, c$"):
        parse_names("a,,b")
