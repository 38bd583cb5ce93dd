"""Area `measures`: what it costs to record durations, to add histograms up, and to tell what a minute proves."""

import statistics
import time
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from bench.figures import Figure
from wireproof.measures.durations import Durations
from wireproof.measures.hdr import encode
from wireproof.measures.histogram import Histogram
from wireproof.measures.proportion import Proportion

ROUNDS = 5
SECONDS = 60
PER_SECOND = 1000
N = SECONDS * PER_SECOND
MANY = 1_000_000


def measure() -> Iterator[Figure]:
    chance = np.random.default_rng(1)
    took_ns = chance.lognormal(15, 0.5, N).astype(np.int64)
    at_ns = np.arange(N) * (10**9 // PER_SECOND)
    took_us = (took_ns // 1000).tolist()
    million = chance.lognormal(8, 0.5, MANY).astype(np.int64)
    minute = Durations.of(at_ns, took_ns)
    parts = list(minute.intervals.values())
    how = f"processor time, median of {ROUNDS}; log-normal durations"

    yield _figure("histogram: record one", _one_by_one(took_us), N, 1e9, "ns", "< 1000 ns", how)
    yield _figure("histogram: record a column, each value", _column(million), MANY, 1e9, "ns", "< 100 ns", how)
    yield _figure("histogram: add one to another", lambda: Histogram.merged(parts), SECONDS, 1e6, "us", "< 200 us", how)
    yield _figure("histogram: in HDR V2 format", lambda: encode(minute.total), 1, 1e3, "ms", "< 5 ms", how)
    minute_how = f"{how}; {SECONDS} s at {PER_SECOND}/s"
    yield _figure(
        "a minute's durations from columns", lambda: Durations.of(at_ns, took_ns), 1, 1e3, "ms", "", minute_how
    )
    yield _figure("p95 of a minute with its bounds", _estimate(minute), 1, 1e3, "ms", "< 50 ms", minute_how)
    most = Proportion(9_999_000, 10_000_000)
    yield _figure("rate of 10 000 000 with its bounds", lambda: most.estimate("rate"), 1, 1e3, "ms", "< 50 ms", how)


def _one_by_one(took_us: list[int]) -> Callable[[], object]:
    def record() -> None:
        histogram = Histogram()
        for us in took_us:
            histogram.record(us)

    return record


def _column(took_us: npt.NDArray[np.int64]) -> Callable[[], object]:
    return lambda: Histogram().record_many(took_us)


def _estimate(durations: Durations) -> Callable[[], object]:
    def estimate() -> None:
        durations.record(0, 1000)  # so that the total is added up again
        durations.estimate("p95")

    return estimate


def _figure(name: str, work: Callable[[], object], times: int, scale: float, unit: str, goal: str, how: str) -> Figure:
    took = []
    for _ in range(ROUNDS):
        started = time.thread_time()
        work()
        took.append((time.thread_time() - started) / times)
    return Figure("measures", name, statistics.median(took) * scale, unit, goal, how)
