"""The report of a load: from measures to views, and the page that shows them."""

from dataclasses import replace

import pytest
from loads import (
    HOSTILE,
    SECOND_NS,
    STARTED_NS,
    fault,
    live,
    load,
    sample,
    samples,
    verdicts,
)
from pages import PageReader

from wireproof.measures.durations import Durations
from wireproof.report.charts import Curve, Limit, Window
from wireproof.report.load_report import load_fragment, load_page
from wireproof.report.load_views import LoadViews

CONDITIONS = ("delivery.time p95 < 50 ms", "delivery.time p99 < 4 ms", "delivery.success rate > 99.9 %")


def named(curves: object, name: str) -> Curve:
    return next(curve for curve in curves if curve.name == name)  # type: ignore[attr-defined]


# -- views ---------------------------------------------------------------------------------------------------------


def test_latencies_are_those_of_the_system_and_not_of_the_generator() -> None:
    views = LoadViews(load())
    assert [spread.name for spread in views.latency().spreads] == ["connect", "delivery", "ack"]
    assert [name for name, _ in views.harness()] == ["send.lateness", "loop.lag"]


def test_a_spread_holds_the_percentiles_of_its_durations() -> None:
    spread = LoadViews(load()).latency().spreads[1]
    assert spread.n == 3000
    assert spread.quantiles[0.5] == pytest.approx(0.003, rel=0.03)
    assert spread.quantiles[1.0] == pytest.approx(0.00444, rel=0.01)


def test_limits_on_times_are_drawn_where_their_percentile_is() -> None:
    result = load()
    views = LoadViews(result, verdicts(result, *CONDITIONS))
    assert list(views.latency().limits) == [
        Limit("delivery p95 < 50 ms", 0.05, 0.95),
        Limit("delivery p99 < 4 ms", 0.004, 0.99),
    ]
    assert list(views.seconds().limits) == [Limit("delivery p95 < 50 ms", 0.05), Limit("delivery p99 < 4 ms", 0.004)]


def test_seconds_are_drawn_with_warm_up_and_drain() -> None:
    seconds = LoadViews(load()).seconds()
    assert [curve.name for curve in seconds.latencies] == ["delivery p50", "delivery p95", "delivery p99"]
    assert seconds.latencies[1].points[:2] == [(0.0, 0.0045), (1.0, 0.0045)]
    assert len(seconds.latencies[1].points) == 65


def test_a_second_without_a_message_is_a_gap() -> None:
    result = load(live=live(3, p95_ms=[4.0, None, 5.0]))
    assert LoadViews(result).seconds().latencies[1].points == [(0.0, 0.004), (1.0, None), (2.0, 0.005)]


def test_what_was_offered_stands_beside_what_was_achieved() -> None:
    rates = LoadViews(load()).seconds().rates
    assert [curve.name for curve in rates] == ["offered", "sent", "delivered"]
    assert named(rates, "delivered").points[3] == (3.0, 998.0)


def test_a_long_load_is_drawn_in_steps() -> None:
    peak = [4.0] * 3600
    peak[1777] = 900.0
    dip = [1000.0] * 3600
    dip[1777] = 0.0
    hour = live(3600, p99_ms=peak, delivered=dip)
    seconds = LoadViews(load(live=hour, length_s=3600.0, offered=[1000.0] * 3600)).seconds()
    assert [len(curve.points) for curve in (*seconds.latencies, *seconds.rates)] == [300] * 6
    assert max(seconds.latencies[2].values) == 0.9
    assert min(named(seconds.rates, "delivered").values) == pytest.approx(1000 * 11 / 12)


def test_thinning_keeps_the_peak_of_a_level() -> None:
    seen = [sample(second, memory=600e6 if second == 777 else 100e6) for second in range(1000)]
    levels = LoadViews(load(length_s=1000.0), events=seen).levels()
    assert len(levels.memory[0].points) == 250
    assert max(levels.memory[0].values) == 600e6


def test_a_missing_reading_is_a_gap() -> None:
    levels = LoadViews(load(), events=samples()).levels()
    assert [at for at, value in named(levels.memory, "server memory").points if value is None] == [20.0]
    assert [curve.name for curve in levels.processor] == ["server cpu"]
    assert [curve.name for curve in levels.memory] == ["server memory", "postgres memory"]


def test_what_was_seen_before_and_after_the_load_is_left_out() -> None:
    outside = [sample(-10, memory=5.0), sample(3, memory=6.0), sample(700, memory=7.0)]
    assert LoadViews(load(), events=outside).levels().memory[0].points == [(3.0, 6.0)]


def test_a_look_that_failed_is_no_zero() -> None:
    failed = [sample(1, cpu=0.1), sample(2, cpu=0.1), sample(3), sample(4, cpu=0.1), sample(5, cpu=0.1)]
    assert [value for _, value in LoadViews(load(), events=failed).levels().processor[0].points] == [
        0.1,
        0.1,
        None,
        0.1,
        0.1,
    ]


def test_warm_up_and_drain_are_shaded_when_there_are_any() -> None:
    assert LoadViews(load()).windows() == [Window("warm-up", 0, 5, "warm-up"), Window("drain", 60, 65, "drain")]
    assert LoadViews(load(warmup_s=0.0, length_s=60.0)).windows() == []


def test_faults_of_the_loads_time_are_shaded() -> None:
    events = [
        fault(-20, "on", 1),
        fault(-10, "off", 1),
        fault(-5, "on", 2),
        fault(3, "off", 2),
        fault(30, "on", 3),
        fault(36, "off", 3),
        fault(50, "on", 4, "black hole", "link"),
        fault(90, "on", 5),
    ]
    result = load(warmup_s=0.0, length_s=60.0)
    assert LoadViews(result, events=events).windows() == [
        Window("'redis' killed", 0, 3, "fault"),
        Window("'redis' killed", 30, 36, "fault"),
        Window("'link' black hole", 50, 60, "fault"),
    ]


# -- markup --------------------------------------------------------------------------------------------------------


def test_a_page_needs_nothing_and_runs_nothing() -> None:
    result = load()
    page = load_page(result, verdicts(result, *CONDITIONS), [*samples(), fault(30, "on")], "2 cores")
    reader = PageReader(page)
    policy = next(one for one in reader.attributes("meta") if "http-equiv" in one)
    assert policy == {
        "http-equiv": "Content-Security-Policy",
        "content": "default-src 'none'; style-src 'unsafe-inline'",
    }
    assert not any("src" in one or "href" in one for _, one in reader.elements)
    assert "url(" not in page
    assert "prefers-color-scheme:dark" in page


def test_verdicts_come_first_with_word_and_line() -> None:
    result = load()
    page = load_page(result, verdicts(result, *CONDITIONS))
    assert page.index("delivery.time: p95 = 4.35 ms") < page.index("Latency by percentile")
    words = PageReader(page).inside("b")
    assert words == ["✓ PASS", "✕ FAIL", "✓ PASS"]


def test_problems_summary_errors_and_environment_are_told() -> None:
    result = load(problems=["achieved 70 % of the asked rate"], errors={"ECONNREFUSED": 40})
    text = PageReader(load_page(result, machine="2 cores of X")).text
    for words in (
        "achieved 70 %",
        "constant rate 1000/s",
        "ECONNREFUSED",
        "2 cores of X",
        "The generator's own error",
        "25 %",
    ):
        assert words in text


def test_a_log_gets_one_line_of_ascii() -> None:
    result = load(name="Größe", problems=["zu spät"])
    html = load_fragment(result, verdicts(result, *CONDITIONS), samples())
    assert html.isascii()
    assert "\n" not in html.split("</style>")[1]
    assert PageReader(html).count("div", "wireproof-load") == 1


def test_a_load_of_which_nothing_is_left_has_a_report_all_the_same() -> None:
    times = {"length_s": 0.0, "sending_s": 0.0, "warmup_s": 0.0}
    result = load(measures={}, offered=(), live={}, problems=["the worker died"], **times)
    reader = PageReader(load_fragment(result))
    assert "the worker died" in reader.text
    assert reader.count("svg") == 0


def test_one_message_is_enough_for_a_report() -> None:
    one = Durations.of([STARTED_NS + SECOND_NS], [0])
    PageReader(load_fragment(load(measures={"delivery.time": one}, live=live(1))))


def test_hostile_texts_stay_text() -> None:
    result = load(name=HOSTILE, problems=[HOSTILE], errors={HOSTILE: 1}, summary=[HOSTILE])
    judged = [replace(one, line=f"{one.word} {HOSTILE}") for one in verdicts(load(), *CONDITIONS)]
    events = [fault(10, "on", name=HOSTILE, source=HOSTILE)]
    for html in (
        load_fragment(result, judged, events=events),
        load_page(result, judged, events=events, machine=HOSTILE),
    ):
        PageReader(html)
        assert "<script" not in html
        assert "\u202e" not in html
        html.encode()
