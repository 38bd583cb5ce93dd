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
from dataclasses import dataclass

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
    yield from _connects()
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
    yield Figure(AREA, "a worker's rate to the bare loop's", ratio, "", "", "by the clock, so the peer's as well")
    per_core = statistics.median(theirs / ours for _, ours, _, theirs in rounds)
    how = "process time / round trips, median of the rounds' ratios"
    yield Figure(AREA, "a worker's rate a core to the bare loop's", per_core, "", ">= 0.7", how)
    yield Figure(AREA, "a bare loop's processor time a round trip, µs", bare_cost, "", "", "process time / round trips")
    yield Figure(AREA, "a worker's processor time a round trip, µs", cost, "", "<= 11", "process time / round trips")


def _many() -> Iterator[Figure]:
    ratios, clocked, kilobytes = [], [], []
    with _peer("echo") as url:
        for _ in range(3):
            few = _held(_plan(url, 100, model="closed"))
            many = _held(_plan(url, MANY, model="closed"))
            ratios.append(_cost_us(few.result) / _cost_us(many.result))
            clocked.append(_rate(many.result) / _rate(few.result))
            kilobytes.append((many.kilobytes - few.kilobytes) / (MANY - 100))
    how = f"median of 3 rounds, {MANY} connections from one worker"
    ratio = statistics.median(ratios)
    per_core, clock = f"{how}; process time / round trips", f"{how}; by the clock, so the peer's as well"
    yield Figure(AREA, "rate a core at 10 000 connections to that at 100", ratio, "", ">= 0.6", per_core)
    yield Figure(AREA, "rate at 10 000 connections to that at 100", statistics.median(clocked), "", "", clock)
    yield Figure(AREA, "memory of a connection, in kB", statistics.median(kilobytes), "", "<= 35", f"{how}; RSS, open")


def _connects() -> Iterator[Figure]:
    rounds = []
    with _peer("door") as url:
        for _ in range(3):
            bare = _bare(url, MANY, 0)
            ours = _held(_plan(url, MANY, rate=100))
            rounds.append((_connects_a_second(ours.result), ours.connect_us, bare["connects"], bare["connect_us"]))
    rate, cost, bare_rate, bare_cost = (statistics.median(column) for column in zip(*rounds, strict=True))
    how = f"median of 3 interleaved rounds of {MANY} connections, 100 at once, to a server that hardly looks"
    yield Figure(AREA, "connections opened a second by a bare picows loop", bare_rate, "/s", "", how)
    yield Figure(AREA, "connections opened a second", rate, "/s", ">= 5000/s", how)
    yield Figure(AREA, "a bare loop's processor time a connection, µs", bare_cost, "", "", how)
    yield Figure(AREA, "a worker's processor time a connection, µs", cost, "", "<= 200", f"{how}; 5 000/s of one core")


def _pacing() -> Iterator[Figure]:
    results, bare = [], []
    with _peer("echo") as url:
        for _ in range(3):
            bare.append(_measured("paced", url, 100, SECONDS, 10_000)["share"])
            results.append(_result(_plan(url, 100, rate=10_000)))
    how = f"median of 3 interleaved rounds of {SECONDS} s, 10 000 messages a second, open loop, 1 ms ticks"
    share = statistics.median(result.measures["generator.cpu"].estimate("max").value.ratio for result in results) * 100
    least = statistics.median(bare) * 100
    yield Figure(AREA, "a bare loop's share of a core for 10 000 msg/s, in percent", least, "", "", how)
    yield Figure(AREA, "share of a core for 10 000 msg/s, in percent", share, "", "<= 15", how)
    for place in ("p50", "p99"):
        late = statistics.median(
            result.measures["send.lateness"].estimate(place).value.seconds * 1e3 for result in results
        )
        yield Figure(AREA, f"send lateness at 10 000 msg/s, {place}", late, "ms", "", how)


def _stalls() -> Iterator[Figure]:
    with _pinned(["echo", str(STALL_S), str(EVERY_S)], SERVER_CORE) as process:
        url = f"ws://127.0.0.1:{int(process.stdout.readline())}/"
        result = _result(_plan(url, 100, rate=1000, seconds=32))
        process.kill()
        stalls = np.array([line.split() for line in process.stdout.read().splitlines()], np.int64)
    _, due = _sent(result)
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
    with _pinned(["late", str(DELAY_S)], SERVER_CORE) as process:
        url = f"ws://127.0.0.1:{int(process.stdout.readline())}/"
        result = _result(_plan(url, 100, rate=1000))
        process.terminate()
        rows = [line.split() for line in process.stdout.read().splitlines()]
    went_ns = {id: int(went) for id, _, went in rows}
    added = statistics.median(int(went) - int(came) for _, came, went in rows) / 1e6
    ids, due = _sent(result)
    truth = float(np.median([went_ns[id] - at for id, at in zip(ids, due.tolist(), strict=True)])) / 1e6
    found = result.delivery.estimate("p50").value.seconds * 1e3
    how = f"1 000 msg/s against a server that answers after 20 ms (it took {added:.2f} ms); from when a message was due"
    yield Figure(AREA, "p50 of a delay of 20 ms", found, "ms", "", how)
    off = abs(found - truth)
    yield Figure(AREA, "its distance from when the server answered", off, "ms", "<= 1 ms", f"{how}: {truth:.2f} ms")
    yield Figure(AREA, "its distance from 20 ms", abs(found - DELAY_S * 1e3), "ms", "<= 1 ms", how)


def _plan(url: str, connections: int, *, model: str = "open", rate: float = 0, seconds: float = SECONDS) -> Plan:
    return Plan(
        name="bench",
        endpoint=Endpoint(url=url, dialect="echo"),
        members=tuple(Member(name=f"client-{number:05}", peer=number) for number in range(connections)),
        traffic=Traffic(scenario="request reply", size=BYTES, model=model),
        profile=profile.constant_rate(rate, connections, seconds),
        pace=Pace(workers=1, warmup_s=0.5, connects_at_once=100, drain_s=10),
    )


@dataclass(frozen=True)
class Held:
    """What a load came to, and its worker's memory and processor time a connection while they were opened."""

    result: LoadResult
    kilobytes: float
    connect_us: float


def _result(plan: Plan) -> LoadResult:
    return _held(plan).result


def _held(plan: Plan) -> Held:
    load = local.start(plan)
    worker = psutil.Process(load.pids[0])
    worker.cpu_affinity([WORKER_CORE])
    kilobytes, looks = 0.0, []
    while not load.wait(0.02):
        progress = load.progress()
        if progress.phase == "connecting":
            if progress.connected and (not looks or looks[-1][0] != progress.connected):
                times = worker.cpu_times()
                looks.append((progress.connected, times.user + times.system))
        elif not kilobytes:
            kilobytes = worker.memory_info().rss / 1000
    result = load.result()
    kept = result.conservation
    if result.verdict is None or result.verdict.result != "PASS" or kept.delivered != kept.due:
        raise RuntimeError(f"the figures do not count: {result.problems} {kept} {result.errors}")
    if result.counts["connected"] != len(plan.members):
        raise RuntimeError(f"only {result.counts['connected']} connections were made: {result.errors}")
    # From the first look to the last one while they were opened: without the worker's start.
    (first, first_s), (last, last_s) = (looks[0], looks[-1]) if len(looks) > 1 else ((0, 0.0), (1, 0.0))
    return Held(result, kilobytes, (last_s - first_s) / (last - first) * 1e6)


def _sent(result: LoadResult) -> tuple[list[str], np.ndarray]:
    """The ids of the messages that were measured, and when each was due."""
    if result.history is None:
        raise RuntimeError("nothing is known of its messages")
    sent = result.history["sent"]
    measured = sent["due"] >= result.started_ns + result.warmup_s * 1e9
    return [result.history.id(message) for message in sent["message"][measured].tolist()], sent["due"][measured]


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


def _bare(url: str, connections: int = 100, seconds: float = SECONDS) -> dict[str, float]:
    return _measured("bare", url, connections, seconds)


def _measured(loop: str, *arguments: object) -> dict[str, float]:
    """What a bare loop prints."""
    with _pinned([loop, *map(str, arguments)], WORKER_CORE) as process:
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
