"""Four words and one line: what is proven, what is not, and what says nothing."""

import pytest
from fixed_measures import Run, fixed, ms, rate, times
from hypothesis import given
from hypothesis import strategies as st

from wireproof.measures.estimate import Estimate
from wireproof.quantities import Comparison, Count, Duration, Fraction, Quantity, Rate, Size
from wireproof.timing.requirement import Requirement
from wireproof.timing.verdict import assess, decide, judge, measure_of

DELIVERY = Requirement("PERF-02", "message delivery", "delivery.time", "p95", Comparison.parse("< 50 ms"))
CONNECTS = Requirement("REL-01", "connections succeed", "connect.success", "rate", Comparison.parse("> 99 %"))
FAILED = Requirement("connect.failed", "", "connect.failed", "rate", Comparison.parse("< 1 %"))
RATE = Requirement("SCALE-02", "throughput", "delivery.rate", "mean", Comparison.parse(">= 1000/s"))
LOST = Requirement("SCALE-15", "a burst", "delivery.lost", "count", Comparison.parse("== 0"))

seconds = st.floats(0, 1e3, allow_nan=False)


@pytest.mark.parametrize(
    ("requirement", "estimate", "line"),
    [
        (DELIVERY, times(31.4, 30.8, 32.1), "PASS # p95 = 31.4 ms [30.8, 32.1] is < 50 ms (n = 60 000)"),
        (DELIVERY, times(63.1, 61, 65.2), "FAIL # p95 = 63.1 ms [61.0, 65.2] is not < 50 ms (n = 60 000)"),
        (DELIVERY, times(50, 50, 50), "FAIL # p95 = 50.0 ms is not < 50 ms (n = 60 000)"),
        (
            DELIVERY,
            times(49.97, 49.2, 52.1, 600),
            "INCONCLUSIVE # p95 = 49.97 ms [49.2, 52.1] is not proven to be < 50 ms (n = 600)",
        ),
        (
            DELIVERY,
            times(20, 10, None, 40),
            "INCONCLUSIVE # p95 = 20.0 ms [10.0, ?] is not proven to be < 50 ms (n = 40 gives p95 no upper bound, "
            "59 are needed)",
        ),
        (
            DELIVERY,
            times(20, 10, None, 600),
            "INCONCLUSIVE # p95 = 20.0 ms [10.0, ?] is not proven to be < 50 ms (n = 600 in too few seconds give "
            "p95 no upper bound: take longer)",
        ),
        (
            CONNECTS,
            rate(100, 97.0487, 100, 100),
            "INCONCLUSIVE # rate = 100 % [97.05, 100] is not proven to be > 99 % (n = 100 proves > 97.04 %, > 99 % "
            "needs 299 clean tries)",
        ),
        (CONNECTS, rate(100, 99.003, 100, 299), "PASS # rate = 100 % [99.003, 100] is > 99 % (n = 299)"),
        (
            FAILED,
            rate(0, 0, 2.9513, 100),
            "INCONCLUSIVE # rate = 0 % [0, 2.95] is not proven to be < 1 % (n = 100 proves < 2.96 %, < 1 % needs "
            "299 clean tries)",
        ),
        (LOST, Estimate("count", Count(3), Count(3), Count(3), 10_000), "FAIL # count = 3 is not == 0 (n = 10 000)"),
        (
            RATE,
            Estimate("mean", Rate(1043.4), Rate(1043.4), Rate(1043.4), 60),
            "PASS # mean = 1 043/s is >= 1000/s (n = 60)",
        ),
    ],
)
def test_one_line_says_it_all(requirement: Requirement, estimate: Estimate, line: str) -> None:
    verdict = judge(requirement, estimate)
    assert verdict.line == line.replace("#", f"{requirement.head}:")
    assert verdict.word == line.split()[0]


@pytest.mark.parametrize(
    ("statistic", "limit", "estimate", "line"),
    [
        (
            "max",
            "< 512 MB",
            (Size(4 * 10**8), 59),
            "INCONCLUSIVE x: max = 400 MB is not proven to be < 512 MB (n = 59, ",
        ),
        ("max", "< 512 MB", (Size(4 * 10**8), 60), "PASS x: max = 400 MB is < 512 MB (n = 60)"),
        ("max", "< 512 MB", (Size(6 * 10**8), 59), "FAIL x: max = 600 MB is not < 512 MB (n = 59)"),
        ("rate", "> 99 %", (Fraction(1), 59), "INCONCLUSIVE x: rate = 100 % is not proven to be > 99 % (n = 59, "),
    ],
)
def test_too_few_observations_prove_nothing_and_disprove_something(
    statistic: str, limit: str, estimate: tuple[Quantity, int], line: str
) -> None:
    value, n = estimate
    requirement = Requirement("x", "", "metric", statistic, Comparison.parse(limit), at_least=60)
    found = judge(requirement, Estimate(statistic, value, value, value, n)).line
    assert found.startswith(line)
    assert found.endswith("at least 60 are asked for)") is (line.startswith("INCONCLUSIVE"))


def test_the_line_compares_with_the_baseline() -> None:
    line = judge(DELIVERY, times(63.1, 61, 65.2), remarks=["0 lost"], baseline=ms(31.4)).line
    assert line.endswith("is not < 50 ms (n = 60 000, 0 lost, baseline 31.4 ms, +101 %)")
    assert judge(DELIVERY, times(1), baseline=ms(0)).line.endswith("baseline 0 ms)")


def test_nothing_observed_is_invalid() -> None:
    verdict = judge(DELIVERY, None)
    assert (verdict.word, verdict.line) == (
        "INVALID",
        "INVALID PERF-02 message delivery: delivery.time was not observed once",
    )


def run(**others: object) -> Run:
    estimate = times(31.4, 30.8, 32.1)
    return Run({"delivery.time": fixed("p95", estimate.value, estimate.low, estimate.high), **others})  # type: ignore[arg-type]


@pytest.mark.parametrize(("late", "word"), [(9.9, "PASS"), (10, "PASS"), (10.1, "INVALID")])
def test_late_sends_measure_the_generator(late: float, word: str) -> None:
    verdict = assess(DELIVERY, run(**{"send.lateness": fixed("p99", ms(late), None, None)}))
    assert verdict.word == word
    if word == "INVALID":
        assert "sends were late: p99 = 10.1 ms is more than 20 % of 50 ms; p95 = 31.4 ms" in verdict.line
        assert verdict.line.endswith("proves nothing (n = 1 000)")


def test_late_sends_do_not_touch_what_is_no_time() -> None:
    late = {
        "send.lateness": fixed("p99", ms(500), None, None),
        "connect.success": fixed("rate", *[rate(100, 99.9, 100, 9).value] * 3),
    }
    assert assess(CONNECTS, run(**late)).word == "PASS"


def test_late_sends_are_themselves_judged_by_their_limit() -> None:
    own = Requirement("send.lateness", "", "send.lateness", "p99", Comparison.parse("< 5 ms"))
    assert assess(own, run(**{"send.lateness": fixed("p99", ms(4), ms(4), ms(4))})).word == "PASS"


def test_gaps_of_a_monitor_and_its_own_problems_are_told() -> None:
    memory = Requirement("SCALE-03", "memory", "memory.server", "max", Comparison.parse("< 512 MB"))
    size = Size(431_000_000)
    gappy = Run({"memory.server": fixed("max", size, size, size, n=58, gaps=2)}, problems=("the server was replaced",))
    assert assess(memory, gappy).line == (
        "INVALID SCALE-03 memory: the server was replaced; the monitor missed 2 of 60 readings; max = 431 MB proves "
        "nothing (n = 58)"
    )


def test_an_empty_measure_is_invalid() -> None:
    empty = assess(DELIVERY, Run({"delivery.time": fixed("p95", ms(1), None, None, n=0)}))
    assert empty.line == "INVALID PERF-02 message delivery: delivery.time was not observed once"


@pytest.mark.parametrize(
    ("measured", "text"),
    [
        (Run({}), "'steady' observed no delivery.time"),
        (Run({"ack.time": fixed("p95", ms(1), None, None)}), "'steady' observed no delivery.time"),
        (Run({}, problems=("a worker died",)), "a worker died; 'steady' observed no delivery.time"),
        (
            Run({"delivery.tim": fixed("p95", ms(1), None, None)}),
            "'steady' observed no delivery.time (did you mean delivery.tim?)",
        ),
    ],
)
def test_a_measure_that_is_not_there_is_invalid(measured: Run, text: str) -> None:
    """Of what a run saw nothing it has no measure: other limits are still to be judged."""
    assert assess(DELIVERY, measured).line == f"INVALID PERF-02 message delivery: {text}"


def test_who_asks_for_a_measure_is_told_which_there_are() -> None:
    with pytest.raises(ValueError, match=r"'steady' observed no delivery\.time; it observed ack\.time"):
        measure_of(Run({"ack.time": fixed("p95", ms(1), None, None)}), "delivery.time")


def test_what_is_lost_is_told_beside_a_latency() -> None:
    lost = run(**{"delivery.lost": fixed("count", Count(7), Count(7), Count(7))})
    assert "(n = 60 000, 7 lost)" not in assess(DELIVERY, lost).line
    assert assess(DELIVERY, lost).line.endswith("(n = 1 000, 7 lost)")


def test_as_observed_the_value_alone_is_judged() -> None:
    wide = Run({"delivery.time": fixed("p95", ms(49), ms(40), ms(60))})
    assert assess(DELIVERY, wide).word == "INCONCLUSIVE"
    assert (
        assess(DELIVERY, wide, as_observed=True).line
        == "PASS PERF-02 message delivery: p95 = 49.0 ms is < 50 ms (n = 1 000)"
    )


@pytest.mark.parametrize(
    ("measured", "text"),
    [
        (Run({"delivery.time": fixed("p99", ms(1), None, None)}), "no statistic 'p95': there is p99"),
        (Run({"delivery.time": fixed("p95", Size(1), None, None)}), "cannot be compared with 50 ms"),
    ],
)
def test_what_cannot_be_judged_is_an_error(measured: Run, text: str) -> None:
    with pytest.raises(ValueError, match=text.replace("?", r"\?")):
        assess(DELIVERY, measured)


@given(
    st.sampled_from(["<", "<=", ">", ">="]),
    seconds,
    st.lists(seconds, min_size=3, max_size=3),
    st.booleans(),
    st.booleans(),
)
def test_the_word_says_what_the_whole_interval_says(
    operator: str, limit: float, points: list[float], has_low: bool, has_high: bool
) -> None:
    low, value, high = (Duration(point) for point in sorted(points))
    condition = Comparison("", operator, Duration(limit))
    word = decide(condition, Estimate("p95", value, low if has_low else None, high if has_high else None, 9))
    if has_low and has_high:
        everywhere = [condition.holds(point) for point in (low, value, high)]
        assert word == ("PASS" if all(everywhere) else "FAIL" if not any(everywhere) else "INCONCLUSIVE")
    # What has no bound on a side may lie anywhere there.
    anywhere = [*([low] if has_low else [Duration(0)]), value, *([high] if has_high else [Duration(1e9)])]
    if word == "PASS":
        assert all(
            condition.holds(point) for point in anywhere if point is not anywhere[0] or has_low or operator[0] == "<"
        )
    if word == "FAIL":
        assert not condition.holds(value)


@given(st.sampled_from(["==", "!="]), st.integers(0, 3), st.integers(0, 3))
def test_an_equality_is_judged_as_observed(operator: str, limit: int, value: int) -> None:
    condition = Comparison("", operator, Count(limit))
    word = decide(condition, Estimate("count", Count(value), Count(0), Count(9), 9))
    assert word == ("PASS" if (value == limit) == (operator == "==") else "FAIL")
