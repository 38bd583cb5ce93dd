"""Conditions of a run are read before anything starts; what nobody measures is refused then."""

import re

import pytest

from wireproof.timing.thresholds import parse, resolve

KNOWN = {
    "connect.failed": "rate",
    "connect.time": "p95",
    "delivery.lost": "count",
    "delivery.rate": "mean",
    "delivery.time": "p95",
    "memory.server": "max",
    "probe.success": "rate",
    "send.lateness": "p99",
}


@pytest.mark.parametrize(
    ("text", "metric", "statistic", "limit"),
    [
        ("delivery.p95 < 50 ms", "delivery.time", "p95", "< 50 ms"),
        ("delivery.p99.9 <= 80ms", "delivery.time", "p99.9", "<= 80 ms"),
        ("delivery.time.max < 1 s", "delivery.time", "max", "< 1 s"),
        ("delivery.time < 50 ms", "delivery.time", "p95", "< 50 ms"),
        ("delivery.lost == 0", "delivery.lost", "count", "== 0"),
        ("connect.failed < 1 %", "connect.failed", "rate", "< 1 %"),
        ("memory.server.max < 512 MB", "memory.server", "max", "< 512 MB"),
        ("connect.failed.count == 0", "connect.failed", "count", "== 0"),
        ("delivery.rate >= 1000/s", "delivery.rate", "mean", ">= 1000/s"),
        ("connect.mean < 1 s", "connect.time", "mean", "< 1 s"),
    ],
)
def test_a_condition_names_metric_statistic_and_limit(text: str, metric: str, statistic: str, limit: str) -> None:
    (found,) = parse([text], KNOWN)
    assert (found.metric, found.statistic, str(found.limit), found.head) == (metric, statistic, limit, metric)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("delivry.p95 < 50 ms", "unknown metric 'delivry.p95': did you mean delivery.p95"),
        ("wheels < 4", "unknown metric 'wheels': there are connect.failed, connect.time,"),
        ("delivery.time.p95x < 50 ms", "unknown statistic 'p95x': write a percentile such as p95, or min,"),
        ("memory.server.mx < 5 MB", "unknown statistic 'mx': did you mean max?"),
        (
            "delivery.p95 < 5 MB",
            "'delivery.p95 < 5 MB': the p95 of delivery.time is a duration, write one such as 50 ms",
        ),
        ("memory.server < 5 s", "the max of memory.server is a size, write one such as 512 MB"),
        ("connect.failed < 1", "the rate of connect.failed is a fraction, write one such as 99 %"),
        ("delivery.lost < 1 %", "the count of delivery.lost is a count, write one such as 0"),
        ("delivery.rate > 5", "the mean of delivery.rate is a rate, write one such as 1000/s"),
        ("< 50 ms", "'< 50 ms' names no metric: write one before the limit, as in delivery.p95 < 50 ms"),
        ("delivery.p95 50 ms", "is not a comparison"),
        ("delivery.p95 < 50 sec", "unknown unit 'sec'"),
        ("connect.failed.max < 1", "connect.failed has no max: it has rate, observed, count"),
        ("memory.server.count >= 60", "memory.server has no count: it has max and others of its kind"),
        ("delivery.rate.p0 > 1/s", "unknown statistic 'p0'"),
    ],
)
def test_what_is_wrong_is_told_before_anything_starts(text: str, error: str) -> None:
    with pytest.raises(ValueError, match=re.escape(error)):
        parse([text], KNOWN)


def test_one_metric_may_begin_another() -> None:
    assert resolve("memory.server.mean", {"memory": "max", "memory.server": "max"}) == ("memory.server", "mean")


def test_a_rate_is_not_a_statistic_of_times() -> None:
    with pytest.raises(ValueError, match=r"unknown metric 'delivery\.rate'"):
        resolve("delivery.rate", {"delivery.time": "p95"})
