"""Charts: what is drawn where, what they say to those who do not see them, and that nothing in them acts."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from loads import HOSTILE
from pages import PageReader

from wireproof.report.charts import (
    ConnectsView,
    Curve,
    LatencyView,
    LevelsView,
    Limit,
    SecondsView,
    Spread,
    Window,
    connects,
    latency,
    levels,
    seconds,
    words,
)
from wireproof.report.charts.plot import Plot
from wireproof.report.charts.scales import Linear, Log, Tail, from_zero

FAULT = Window("'redis' killed", 30, 36, "fault")


def spread(name: str = "delivery", n: int = 10_000) -> Spread:
    return Spread(name, n, {0.0: 0.001, 0.5: 0.003, 0.9: 0.006, 0.95: 0.008, 0.99: 0.012, 0.999: 0.05, 1.0: 0.09})


def plot(curve: Curve, **parts: object) -> str:
    identity = Linear(0, 10, str)
    return str(Plot("title", "description", identity, identity, [curve], **parts))  # type: ignore[arg-type]


def lines(svg: str, look: str) -> list[str]:
    return re.findall(rf'<path class="{look}" d="([^"]*)"', svg)


# -- scales --------------------------------------------------------------------------------------------------------


def test_a_linear_axis_names_round_values() -> None:
    assert [label for _, label in Linear(0, 65, words.moment).ticks()] == ["0 s", "20 s", "40 s", "60 s"]


def test_an_axis_from_zero_ends_above_the_greatest_value() -> None:
    axis = from_zero([998.0, 1000.0], words.rate, 3)
    assert axis.share(0) == 0
    assert axis.share(1000) < 1


def test_an_axis_without_values_has_room_all_the_same() -> None:
    assert from_zero([], words.number).high > 0
    assert list(Log.around([], words.duration).ticks())


def test_a_logarithmic_axis_holds_its_values_between_its_ends() -> None:
    axis = Log.around([0.0009, 0.05], words.duration)
    assert 0 < axis.share(0.0009) < axis.share(0.05) < 1
    assert [label for _, label in axis.ticks()][:2] == ["500 µs", "1 ms"]


def test_a_logarithmic_axis_over_many_powers_names_powers_only() -> None:
    assert [label for _, label in Log(0.001, 10, words.duration).ticks()] == ["1 ms", "10 ms", "100 ms", "1 s", "10 s"]


def test_zero_stands_at_the_start_of_a_logarithmic_axis() -> None:
    assert Log(0.001, 1, words.duration).share(0) == 0


def test_the_tail_gives_each_nine_as_much_room() -> None:
    tail = Tail(0.9999)
    distances = [tail.share(0.9), tail.share(0.99) - tail.share(0.9), tail.share(0.999) - tail.share(0.99)]
    assert distances == pytest.approx([0.25] * 3)
    assert tail.share(1) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (words.duration(0.0634), "63.4 ms"),
        (words.duration(0.9996), "1 s"),
        (words.duration(0), "0 s"),
        (words.duration(2e-7), "0.2 µs"),
        (words.size(498e6), "498 MB"),
        (words.share(0.4567), "45.7 %"),
        (words.rate(1000), "1\u202f000/s"),
        (words.number(1.5), "1.5"),
        (words.moment(90), "90 s"),
        (words.moment(150), "2:30"),
        (words.moment(3750), "1:02:30"),
    ],
)
def test_numbers_are_short(text: str, expected: str) -> None:
    assert text == expected


# -- what is drawn -------------------------------------------------------------------------------------------------


def test_a_line_goes_through_its_points_from_bottom_to_top() -> None:
    assert lines(plot(Curve("a", [(0, 0), (5, 10)])), "w-c1") == ["M0 1000h0L500 0"]


def test_a_gap_interrupts_a_line_and_is_no_zero() -> None:
    assert lines(plot(Curve("a", [(0, 5), (1, None), (2, 5)])), "w-c1") == ["M0 500h0M200 500h0"]


def test_a_limit_of_a_percentile_is_a_corner_that_the_curve_has_to_stay_below() -> None:
    svg = plot(Curve("a", [(0, 1)]), limits=[Limit("p95 < 5", 5, at=9), Limit("max < 8", 8)])
    assert lines(svg, "w-limit") == ["M0 500H900V0", "M0 200H1000"]
    assert PageReader(svg).inside("text")[-2:] == ["p95 < 5", "max < 8"]


def test_windows_are_shaded_and_faults_are_named() -> None:
    svg = plot(Curve("a", [(0, 1)]), windows=[Window("warm-up", 0, 2, "warm-up"), Window("'x' killed", 4, 6, "fault")])
    assert [one["class"] for one in PageReader(svg).attributes("rect")] == ["w-warm-up", "w-fault"]
    assert "'x' killed" in PageReader(svg).inside("text")
    assert "warm-up" not in PageReader(svg).inside("text")


def test_names_of_faults_do_not_stand_on_one_another() -> None:
    faults = [Window(f"fault {number}", number / 2, number / 2 + 0.1, "fault") for number in range(10)]
    named = [text for text in PageReader(plot(Curve("a", [(0, 1)]), windows=faults)).inside("text") if "fault" in text]
    assert named == ["fault 0", "fault 4", "fault 8"]


def test_a_curve_ends_where_its_observations_end() -> None:
    few, many = spread("connect", 100), spread("delivery", 10_000)
    html = latency(LatencyView([many, few]))
    ends = [line.split("L")[-1].split()[0] for look in ("w-c1", "w-c2") for line in lines(html, look) if "L" in line]
    assert ends == ["1000", "500"]


def test_a_percentile_beyond_the_observations_is_not_told() -> None:
    reader = PageReader(latency(LatencyView([spread("connect", 100)])))
    row = reader.inside("td")
    assert row == ["100", "3 ms", "6 ms", "8 ms", "12 ms", words.ABSENT, "90 ms"]


def test_every_chart_has_a_title_and_its_numbers_in_words() -> None:
    time = [(float(second), 1.0) for second in range(60)]
    html = "".join(
        [
            latency(LatencyView([spread()], [Limit("p95 < 50 ms", 0.05, 0.95)])),
            seconds(SecondsView(65, [Curve("p95", time)], [Curve("achieved", time)], windows=[FAULT])),
            connects(ConnectsView(65, [Curve("held", time)], {"ECONNREFUSED": 3}, [FAULT])),
            levels(LevelsView(65, [Curve("server", time)], [Curve("memory", time)])),
        ]
    )
    reader = PageReader(html)
    assert [one.get("role") for one in reader.attributes("svg")].count("img") == 6
    assert len(reader.inside("title")) == len(reader.inside("desc")) == 6
    assert "delivery: p50 3 ms, p90 6 ms, p95 8 ms, p99 12 ms, p99.9 50 ms, max 90 ms of 10\u202f000" in reader.inside(
        "desc"
    )
    assert "\n" not in html


def test_a_table_has_a_dash_where_a_curve_has_a_gap() -> None:
    view = LevelsView(3, [Curve("a", [(0, 0.5), (1, None), (2, 0.5)]), Curve("b", [(0, 0.1), (1, 0.1), (2, 0.1)])])
    assert PageReader(levels(view)).inside("td") == ["50 %", "10 %", words.ABSENT, "10 %", "50 %", "10 %"]


def test_reasons_are_shown_most_frequent_first_also_without_a_connection() -> None:
    reader = PageReader(connects(ConnectsView(5, [], {"ECONNRESET": 2, "ECONNREFUSED": 40})))
    assert [text for text in reader.inside("th") if text.startswith("ECONN")] == ["ECONNREFUSED", "ECONNRESET"]


@pytest.mark.parametrize(
    "html",
    [
        latency(LatencyView([])),
        latency(LatencyView([Spread("nothing", 0, {})])),
        seconds(SecondsView(60, [], [])),
        connects(ConnectsView(60, [Curve("held", [(0, None)])])),
        levels(LevelsView(60)),
    ],
)
def test_nothing_to_draw_is_nothing(html: str) -> None:
    assert html == ""


def test_nothing_measured_at_one_moment_only_breaks_a_chart() -> None:
    PageReader(seconds(SecondsView(0, [Curve("p95", [(0, 0.0)])], [Curve("offered", [(0, 0.0)])])))
    PageReader(latency(LatencyView([Spread("one", 1, {0.0: 0.0, 0.5: 0.0, 1.0: 0.0})])))


def test_hostile_names_stay_text() -> None:
    hostile = [Curve(HOSTILE, [(0, 1.0), (1, 2.0)])]
    html = "".join(
        [
            latency(LatencyView([spread(HOSTILE)], [Limit(HOSTILE, 0.01, 0.9)])),
            seconds(SecondsView(2, hostile, hostile, [Limit(HOSTILE, 1)], [Window(HOSTILE, 0, 1, "fault")])),
            connects(ConnectsView(2, hostile, {HOSTILE: 1})),
        ]
    )
    reader = PageReader(html)
    assert "<script" not in html
    assert "\u202e" not in html
    assert "\ud800" not in html
    assert "<script>alert(1)</script>" in reader.text


MEASURED = st.lists(st.floats(0, 1e12, allow_subnormal=False), max_size=20)


@given(MEASURED)
def test_every_value_stands_on_its_axis_and_few_values_are_named(values: list[float]) -> None:
    for axis in (from_zero(values, words.number), Log.around(values, words.duration)):
        places = [axis.share(value) for value in sorted(values)]
        assert all(0 <= place <= 1 for place in places)
        assert places == sorted(places)
        names = list(axis.ticks())
        assert 1 <= len(names) <= 25
        assert all(0 <= axis.share(value) <= 1 for value, _ in names)


@given(MEASURED)
def test_whatever_was_measured_can_be_drawn(values: list[float]) -> None:
    curve = Curve("a", [(float(second), value) for second, value in enumerate(values)])
    PageReader(seconds(SecondsView(float(len(values)), [curve], [curve], [Limit("max", 1.0)])))
