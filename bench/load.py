"""Area `load`: what one worker of a load carries, what it costs, and whether what it says is true.

The worker is pinned to one core and its server to another; rates stand beside those of a bare picows loop against the
same server in the same rounds, because machines differ and neighbours come and go.
"""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import psutil

from bench.figures import Figure
from wireproof.load import local, profile
from wireproof.load.outcome import LoadResult
from wireproof.load.plan import Endpoint, Member, Pace, Plan, Traffic

AREA = "load"
ROUNDS, SECONDS = 5, 4
BYTES = 250
SERVER_CORE, WORKER_CORE = 0, (os.cpu_count() or 1) - 1
MANY = 10_000
STALL_S, EVERY_S = 1.0, 10.0
DELAY_S = 0.02


def measure() -> Iterator[Figure]:
    yield from _round_trips()
    yield from _many()
    yield from _pacing()
    yield from _stalls()
    yield from _delay()


def _round_trips() -> Iterator[Figure]:
    rounds = []
    with _peer("echo") as url:
        for _ in range(ROUNDS):
            bare = _bare(url)
            ours = _result(_plan(url, 100, model="closed"))
            rounds.append((_rate(ours), _cost_us(ours), bare["rate"], bare["cpu_us"]))
    rate, cost, bare_rate, bare_cost = (statistics.median(column) for column in zip(*rounds, strict=True))
    how = f"median of {ROUNDS} interleaved rounds of {SECONDS} s, 100 connections, {BYTES}-byte JSON, 1 in flight each"
    yield Figure(AREA, "round trips a second of a bare picows loop", bare_rate, "/s", "", how)
    yield Figure(AREA, "round trips a second of a worker", rate, "/s", "", f"{how}; ids matched, every message kept")
    ratio = statistics.median(ours / theirs for ours, _, theirs, _ in rounds)
    yield Figure(AREA, "a worker's rate to the bare loop's", ratio, "", ">= 0.7", "median of the rounds' ratios")
    yield Figure(AREA, "a bare loop's processor time a round trip, µs", bare_cost, "", "", "process time / round trips")
    yield Figure(AREA, "a worker's processor time a round trip, µs", cost, "", "<= 11", "process time / round trips")


def _many() -> Iterator[Figure]:
    ratios, kilobytes, connects, bare_connects = [], [], [], []
    with _peer("echo") as url:
        for _ in range(3):
            few, few_kb = _held(_plan(url, 100, model="closed"))
            many, many_kb = _held(_plan(url, MANY, model="closed"))
            if many.counts["connected"] != MANY:
                raise RuntimeError(f"only {many.counts['connected']} connections were made: {many.errors}")
            ratios.append(_rate(many) / _rate(few))
            kilobytes.append((many_kb - few_kb) / (MANY - 100))
            connects.append(_connects_a_second(many))
            bare_connects.append(_bare(url, MANY)["connects"])
    how = f"median of 3 rounds, {MANY} connections from one worker"
    yield Figure(AREA, "rate at 10 000 connections to that at 100", statistics.median(ratios), "", ">= 0.6", how)
    yield Figure(AREA, "memory of a connection, in kB", statistics.median(kilobytes), "", "<= 35", f"{how}; RSS, open")
    bare = statistics.median(bare_connects)
    yield Figure(AREA, "connections opened a second by a bare picows loop", bare, "/s", "", how)
    yield Figure(AREA, "connections opened a second", statistics.median(connects), "/s", ">= 5000/s", how)


def _pacing() -> Iterator[Figure]:
    with _peer("echo") as url:
        results = [_result(_plan(url, 100, rate=10_000)) for _ in range(3)]
    how = f"median of 3 rounds of {SECONDS} s, 10 000 messages a second, open loop, 1 ms ticks"
    cpu = statistics.median(result.measures["generator.cpu"].estimate("max").value.ratio for result in results)
    yield Figure(AREA, "share of a core for 10 000 msg/s, in percent", cpu * 100, "", "<= 15", how)
    for share in ("p50", "p99"):
        late = statistics.median(
            result.measures["send.lateness"].estimate(share).value.seconds * 1e3 for result in results
        )
        yield Figure(AREA, f"send lateness at 10 000 msg/s, {share}", late, "ms", "", how)


def _stalls() -> Iterator[Figure]:
    with _pinned(["echo", str(STALL_S), str(EVERY_S)], SERVER_CORE) as process:
        url = f"ws://127.0.0.1:{int(process.stdout.readline())}/"
        result = _result(_plan(url, 100, rate=1000, seconds=32))
        process.kill()
        stalls = np.array([line.split() for line in process.stdout.read().splitlines()], np.int64)
    if result.history is None:
        raise RuntimeError("nothing is known of its messages")
    due = result.history["sent"]["due"]
    due = due[due >= result.started_ns + result.warmup_s * 1e9]
    waits = np.zeros(len(due))
    for began_ns, ended_ns in stalls:
        hit = (due >= began_ns) & (due < ended_ns)
        waits[hit] = (ended_ns - due[hit]) / 1e9
    how = (
        f"1 000 msg/s for 32 s, {len(stalls)} stalls; the truth is the wait of each message until the end of its stall"
    )
    for share in ("p99", "p99.9"):
        truth = float(np.percentile(waits, float(share[1:])))
        found = result.delivery.estimate(share).value.seconds
        off = abs(found / truth - 1) * 100
        yield Figure(AREA, f"{share} of a stalling server", found * 1e3, "ms", "", f"{how}: {truth * 1e3:.1f} ms")
        yield Figure(AREA, f"its distance from the truth, {share}, in percent", off, "", "<= 5", how)


def _delay() -> Iterator[Figure]:
    with _peer("late", str(DELAY_S)) as url:
        result = _result(_plan(url, 100, rate=1000))
    off = abs(result.delivery.estimate("p50").value.seconds - DELAY_S) * 1e3
    how = "1 000 msg/s against a server that answers after 20 ms; from when a message was due"
    yield Figure(AREA, "p50 of a delay of 20 ms is off by", off, "ms", "<= 1 ms", how)


def _plan(url: str, connections: int, *, model: str = "open", rate: float = 0, seconds: float = SECONDS) -> Plan:
    return Plan(
        name="bench",
        endpoint=Endpoint(url=url, dialect="echo"),
        members=tuple(Member(name=f"client-{number:05}", peer=number) for number in range(connections)),
        traffic=Traffic(scenario="request reply", size=BYTES, model=model),
        profile=profile.constant_rate(rate, connections, seconds),
        pace=Pace(workers=1, warmup_s=0.5, connects_at_once=100, drain_s=10),
    )


def _result(plan: Plan) -> LoadResult:
    return _held(plan)[0]


def _held(plan: Plan) -> tuple[LoadResult, float]:
    """The result, and the worker's memory in kB when its connections stood."""
    load = local.start(plan)
    worker = psutil.Process(load.pids[0])
    worker.cpu_affinity([WORKER_CORE])
    memory = 0.0
    while not load.wait(0.02):
        if not memory and load.progress().phase != "connecting":
            memory = worker.memory_info().rss / 1000
    result = load.result()
    kept = result.conservation
    if result.verdict is None or result.verdict.result != "PASS" or kept.delivered != kept.due:
        raise RuntimeError(f"the figures do not count: {result.problems} {kept} {result.errors}")
    return result, memory


def _connects_a_second(result: LoadResult) -> float:
    if result.history is None:
        raise RuntimeError("nothing is known of its connections")
    opened = np.sort(result.history["connections"]["at"])
    return float((len(opened) - 1) / ((opened[-1] - opened[0]) / 1e9))


def _rate(result: LoadResult) -> float:
    """Round trips a second after the warm-up."""
    return result.delivery.n / (_seconds(result) - result.warmup_s)


def _cost_us(result: LoadResult) -> float:
    cpu: float = result.measures["generator.cpu"].estimate("max").value.ratio
    return cpu * _seconds(result) / result.counts["sent"] * 1e6


def _seconds(result: LoadResult) -> float:
    return (result.ended_ns - result.started_ns) / 1e9


def _bare(url: str, connections: int = 100) -> dict[str, float]:
    with _pinned(["bare", url, str(connections), str(SECONDS)], WORKER_CORE) as process:
        found: dict[str, float] = json.loads(process.stdout.readline())
        return found


@contextmanager
def _peer(*arguments: str) -> Iterator[str]:
    with _pinned([*arguments], SERVER_CORE) as process:
        yield f"ws://127.0.0.1:{int(process.stdout.readline())}/"


@contextmanager
def _pinned(arguments: list[str], core: int) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "bench.load_peers", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        psutil.Process(process.pid).cpu_affinity([core])
        try:
            yield process
        finally:
            process.kill()
