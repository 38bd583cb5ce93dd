"""What happens to a load itself: it is stopped, killed, orphaned, or its author's code breaks. It always ends."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest
from servers import Server, echo, serving
from test_findings import EVERY, MESSAGES, plan_for, result_of
from websockets.asyncio.server import ServerConnection

from wireproof.history import SLICE_S
from wireproof.load import local
from wireproof.load.local import LocalLoad
from wireproof.load.plan import Plan

GENEROUS_S = 30.0


def until_running(load: LocalLoad, messages: int = 1) -> None:
    deadline = time.monotonic() + GENEROUS_S
    while load.progress().delivered < messages:
        assert time.monotonic() < deadline, "nothing was delivered"
        assert not load.wait(SLICE_S / 10), load.result().problems


def long_plan(url_of: object, **more: object) -> Plan:
    return plan_for(url_of, messages=30_000, seconds=60, **more)  # type: ignore[arg-type]


def test_a_stopped_load_keeps_what_it_has() -> None:
    with serving(echo) as server:
        load = local.start(long_plan(server))
        until_running(load, 100)
        load.stop()
        assert load.wait(GENEROUS_S)
    result = load.result()
    assert result.stopped
    assert list(result.problems) == []
    assert result.conservation.holds
    assert 100 <= result.counts["sent"] < 30_000
    assert result.delivery.n == result.counts["delivered"]


def test_a_load_that_is_stopped_while_it_connects_ends() -> None:
    silent = threading.Event()

    with serving(echo, refuses=lambda number: silent.wait(5)) as server:
        load = local.start(long_plan(server))
        while not load.progress().phase:
            assert not load.wait(SLICE_S)
        load.stop()
        silent.set()
        assert load.wait(GENEROUS_S)
    assert load.result().counts["sent"] == 0


def test_an_aborted_load_leaves_no_process() -> None:
    with serving(echo) as server:
        load = local.start(long_plan(server))
        until_running(load)
        load.abort()
    assert [pid for pid in load.pids if psutil.pid_exists(pid)] == []
    assert load.result().counts["sent"] > 0


def test_a_worker_that_dies_takes_only_its_part_along() -> None:
    with serving(echo) as server:
        load = local.start(plan_for(server, messages=2000, seconds=3, workers=2))
        until_running(load)
        os.kill(load.pids[0], signal.SIGKILL)
        assert load.wait(GENEROUS_S)
    result = load.result()
    assert any("a worker died with exit code -9" in problem for problem in result.problems), result.problems
    assert result.counts["delivered"] == pytest.approx(1000, abs=10)


def test_workers_die_with_who_started_them(tmp_path: Path) -> None:
    script = tmp_path / "loads.py"
    script.write_text(
        "import sys, time\n"
        f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from types import SimpleNamespace\n"
        "from test_mishaps import local, long_plan\n"
        "load = local.start(long_plan(SimpleNamespace(url=sys.argv[1]), workers=2))\n"
        "while not load.progress().delivered: load.wait(0.01)\n"
        "print(*load.pids, flush=True)\n"
        "load.wait(60)\n"
    )
    with (
        serving(echo) as server,
        subprocess.Popen([sys.executable, script, server.url], stdout=subprocess.PIPE, text=True) as parent,
    ):
        assert parent.stdout is not None
        workers = [psutil.Process(int(pid)) for pid in parent.stdout.readline().split()]
        assert len(workers) == 2
        parent.kill()
        _, alive = psutil.wait_procs(workers, timeout=GENEROUS_S)
    assert alive == []


def test_a_dialect_that_raises_is_counted_and_the_load_is_no_proof() -> None:
    async def strange(server: Server, connection: ServerConnection, number: int, message: str) -> None:
        await connection.send(message if number % EVERY else "strange")

    with serving(strange) as server:
        result = result_of(plan_for(server, dialect="clients.Brittle"))
    told = f"the dialect raised {MESSAGES // EVERY} times, first RuntimeError: what a strange frame"
    assert list(result.problems) == [told]
    assert result.traceback.count("Traceback") == 1
    assert "clients.py" in result.traceback


def test_a_dialect_that_reads_by_what_came_before_is_found_out() -> None:
    with serving(echo) as server:
        result = result_of(plan_for(server, dialect="clients.Fickle", messages=3000))
    assert any("differently at another time" in problem for problem in result.problems), result.problems


def test_a_dialect_without_ids_is_refused_in_one_line() -> None:
    with serving(echo) as server:
        result = result_of(plan_for(server, dialect="graphql-transport-ws"))
    assert len(result.problems) == 1
    assert "\n" not in result.problems[0]
    assert result.counts["sent"] == 0


def test_what_a_worker_needs_is_named_when_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with serving(echo) as server, pytest.raises(ValueError, match=r"needs picows: install it with"):
        local.start(plan_for(server, messages=MESSAGES))
