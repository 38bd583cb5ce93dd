"""Area `server`: what the reference server carries on one core, with PostgreSQL and the generator on the other.

Beside the rate stand its ratios to a bare echo of the same WebSocket library and to the bare storing path, measured in
the same run: machines differ, ratios much less.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil
import psycopg

from bench.figures import Figure
from wireproof.stack.embedded import EmbeddedStack

ROUNDS = 3
SECONDS = 5
DESCRIPTORS = 12_000
SERVER_CORE, OTHER_CORE = 0, (os.cpu_count() or 1) - 1


def measure() -> Iterator[Figure]:
    yield from _throughput()
    yield from _latency()
    yield from _memory()


def _throughput() -> Iterator[Figure]:
    rates, costs, echoes, storing = [], [], [], []
    for _ in range(ROUNDS):
        echoes.append(_echo_rate())
        with _pinned_stack() as stack:
            storing.append(_storing_rate(stack))
        with _pinned_stack() as stack:
            before = _cpu_seconds(stack)
            with _generator(stack, "closed", "--connections=100", f"--seconds={SECONDS}") as result:
                _require_whole(result)
                _require_confirmed(stack)
                rates.append(result["rate"])
                costs.append((_cpu_seconds(stack) - before) / result["sent"] * 1e6)
    how = f"median of {ROUNDS} rounds of {SECONDS} s, 100 connections, 250-byte envelopes, 4 in flight each"
    yield Figure(
        "server", "durable, acked, delivered, confirmed messages", statistics.median(rates), "/s", ">= 20000/s", how
    )
    yield Figure(
        "server",
        "its CPU time a message, in µs",
        statistics.median(costs),
        "",
        "",
        "server process, by the kernel's account",
    )
    ratio = statistics.median(rate / echo for rate, echo in zip(rates, echoes, strict=True))
    yield Figure(
        "server", "its rate to a bare echo of `websockets`", ratio, "", "", "same generator's connections, same rounds"
    )
    ratio = statistics.median(rate / bare for rate, bare in zip(rates, storing, strict=True))
    how = f"COPY and UPDATE in batches of 200, {statistics.median(storing):,.0f} messages/s, same rounds"
    yield Figure("server", "its rate to the bare storing path", ratio, "", ">= 0.5", how)


def _latency() -> Iterator[Figure]:
    results = []
    for _ in range(ROUNDS):
        with _pinned_stack() as stack, _generator(stack, "open", "--rate=1000", f"--seconds={SECONDS * 2}") as result:
            _require_whole(result)
            results.append(result)
    how = f"median of {ROUNDS} rounds of {SECONDS * 2} s, open model, from the intended send to the recipient's read"
    for share in (50, 99):
        value = statistics.median(result[f"p{share}_ms"] for result in results)
        goal = "< 10 ms" if share == 99 else ""
        yield Figure("server", f"delivery at 1 000 msg/s, p{share}", value, "ms", goal, how)


def _memory() -> Iterator[Figure]:
    _raise_descriptor_limit(DESCRIPTORS)
    with _pinned_stack() as stack:
        yield Figure("server", "memory without connections", _memory_mb(stack), "MB", "", "PSS of the server's process")
    how = "PSS of the server's process, every connection registered and proven by a message"
    for connections, goal in ((1_000, "< 150 MB"), (10_000, "< 512 MB")):
        with _pinned_stack() as stack, _generator(stack, "hold", f"--connections={connections}") as result:
            _require_whole(result)
            full = _memory_mb(stack)
        yield Figure("server", f"memory at {connections:_} connections".replace("_", " "), full, "MB", goal, how)


def _raise_descriptor_limit(needed: int) -> None:
    """Of this process and those that it starts from now on."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < needed and hard != resource.RLIM_INFINITY:
        raise RuntimeError(f"10 000 connections take {needed} descriptors, {hard} are allowed: raise `ulimit -Hn`")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, needed), hard))


@contextmanager
def _pinned_stack() -> Iterator[EmbeddedStack]:
    """A stack with production settings; the server on one core, everything else on another."""
    stack = EmbeddedStack.start(settings={})
    try:
        for service in stack.services.values():
            core = SERVER_CORE if service is stack.server else OTHER_CORE
            for process in _tree(service.process.pid):
                process.cpu_affinity([core])
        yield stack
    finally:
        stack.stop()


@contextmanager
def _generator(stack: EmbeddedStack, *arguments: str) -> Iterator[dict[str, Any]]:
    """Runs the generator and gives its result; its connections stay until the block is left when it holds them."""
    target = {"ws": stack.endpoint("ws"), "token_secret": stack.credential("token secret")}
    with _on_other_core(["-m", "bench.generator", *arguments]) as process:
        process.stdin.write(json.dumps(target) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"the generator ended without a result, exit code {process.wait()}")
        yield json.loads(line)


def _echo_rate() -> float:
    """Round trips a second that `websockets` carries when it only echoes, with as many in flight."""
    with _on_other_core(["-m", "bench.echo", str(SERVER_CORE), str(SECONDS)]) as process:
        return float(process.stdout.readline())


def _storing_rate(stack: EmbeddedStack) -> float:
    """Messages a second that reach the tables by plain statements, from the server's core."""
    command = [sys.executable, "-m", "bench.storing", str(SERVER_CORE), str(SECONDS)]
    done = subprocess.run(command, input=f"{stack.addresses.postgres}\n", stdout=subprocess.PIPE, text=True, check=True)
    return float(done.stdout)


@contextmanager
def _on_other_core(arguments: list[str]) -> Iterator[Any]:
    command = [sys.executable, *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        psutil.Process(process.pid).cpu_affinity([OTHER_CORE])
        yield process
        process.stdin.close()


def _require_whole(result: dict[str, Any]) -> None:
    """A rate counts only when every message of the run was acked and delivered."""
    if result["errors"] or not result["sent"] == result["acked"] == result["delivered"]:
        raise RuntimeError(f"the run lost or refused messages, so its figures do not count: {result}")


def _require_confirmed(stack: EmbeddedStack) -> None:
    """Every delivery's confirmation has to be stored as well; the last ones may still be on their way."""
    deadline = time.monotonic() + 10
    with psycopg.connect(stack.addresses.postgres, autocommit=True) as database:
        while (left := database.execute("SELECT sum(backlog_of(d)) FROM devices d").fetchone()[0]) > 0:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{left} deliveries were never confirmed, so the run's figures do not count")
            time.sleep(0.05)


def _tree(pid: int) -> list[psutil.Process]:
    root = psutil.Process(pid)
    return [root, *root.children(recursive=True)]


def _cpu_seconds(stack: EmbeddedStack) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in _tree(stack.server.process.pid))


def _memory_mb(stack: EmbeddedStack) -> float:
    return sum(process.memory_full_info().pss for process in _tree(stack.server.process.pid)) / 1e6
