"""Monitors of a real stack: what they see of its services, and what becomes of it when those suffer."""

import os
import signal
import threading
from collections.abc import Callable

import psycopg
import pytest
import redis
from looking import look_again, looks, wait_until

from wireproof import journal
from wireproof import stack as room
from wireproof.measures.proportion import Proportion
from wireproof.measures.readings import Readings
from wireproof.monitor import telling
from wireproof.monitor.monitoring import Monitoring
from wireproof.monitor.registry import Running
from wireproof.stack.embedded import EmbeddedStack

PROBES = ("http", "websocket", "postgres", "redis")
SERVICES = ("postgres", "redis", "server")
Start = Callable[..., Running]


def success(found: Monitoring) -> Proportion:
    measure = found.measures["probe.success"]
    assert isinstance(measure, Proportion)
    return measure


def readings(found: Monitoring, metric: str) -> Readings:
    measure = found.measures[metric]
    assert isinstance(measure, Readings)
    return measure


def test_a_stack_that_is_well_answers_always(monitor: Start) -> None:
    running = monitor()
    look_again(running, *PROBES, "process.server", times=3)
    found = running.so_far()
    assert {probe: outcome.failed for probe, outcome in found.probes.items()} == {probe: [] for probe in PROBES}
    for metric in (
        *(f"{kind}.{service}" for kind in ("memory", "cpu") for service in SERVICES),
        *("sessions.postgres", "active.postgres", "transaction.postgres", "size.postgres", "commits.postgres"),
        *("dataset.redis", "clients.redis", "commands.redis"),
    ):
        assert readings(found, metric).n > 0, metric
        assert readings(found, metric).gaps == 0, metric
    assert readings(found, "memory.server").estimate("min").value.bytes > 10**7  # type: ignore[union-attr]


@pytest.mark.parametrize("service", SERVICES)
def test_a_restart_that_was_asked_for_is_excused(stack: EmbeddedStack, monitor: Start, service: str) -> None:
    running = monitor()
    look_again(running, *PROBES, f"process.{service}")
    stack.service(service).restart()
    look_again(running, *PROBES, f"process.{service}")
    found = running.so_far()
    assert telling.faults(found) == []
    (restart,) = found.restarts[service]
    assert restart.window is not None
    assert restart.window.label == f"{service} restarted"
    assert readings(found, f"memory.{service}").gaps == 0


@pytest.mark.parametrize("service", SERVICES)
def test_a_death_that_nobody_asked_for_is_not(stack: EmbeddedStack, monitor: Start, service: str) -> None:
    running = monitor()
    probe = "http" if service == "server" else service
    look_again(running, probe, f"process.{service}")
    process = stack.service(service).process
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    look_again(running, probe, f"process.{service}")
    gaps = readings(running.so_far(), f"memory.{service}")
    assert gaps.gaps > 0
    assert 0 not in gaps.values
    stack.service(service)._start(30)
    look_again(running, probe, f"process.{service}")
    found = running.so_far()
    assert any(fault.startswith(f"{probe} failed ") for fault in telling.faults(found))
    assert any(fault.startswith(f"{service} was started anew before ") for fault in telling.faults(found))
    measure = success(found)
    assert measure.failed == sum(len(outcome.failed) for outcome in found.probes.values()) + 1


def test_a_server_that_hangs_is_counted_and_delays_nobody(stack: EmbeddedStack, monitor: Start) -> None:
    running = monitor("probes")
    look_again(running, *PROBES)
    before = looks(running, "postgres"), looks(running, "http")
    process = stack.server.process
    assert process is not None
    os.kill(process.pid, signal.SIGSTOP)
    try:
        look_again(running, "http", "websocket")
        assert looks(running, "postgres") - before[0] > looks(running, "http") - before[1]
    finally:
        os.kill(process.pid, signal.SIGCONT)
    found = running.so_far()
    assert found.probes["http"].failed[-1].problem.endswith("cannot be reached: no answer within 2 s")
    assert found.probes["websocket"].failed[-1].problem == "no answer within 2 s"
    assert found.probes["postgres"].failed == []


@pytest.mark.parametrize("service", ["postgres", "redis"])
def test_a_dependency_that_hangs_is_counted(stack: EmbeddedStack, monitor: Start, service: str) -> None:
    running = monitor("probes")
    look_again(running, service)
    stack.service(service).suspend()
    look_again(running, service)
    stack.service(service).resume()
    look_again(running, service)
    found = running.so_far()
    assert telling.faults(found) == []
    assert any("no answer within 2 s" in excuse.look.problem for excuse in found.probes[service].excused)
    assert {excuse.window.label for excuse in found.probes[service].excused} == {f"{service} suspended"}


def test_a_server_that_is_rerouted_is_excused(stack: EmbeddedStack, monitor: Start) -> None:
    running = monitor()
    look_again(running, *PROBES, "process.server")
    stack.reroute("server", "redis", ("127.0.0.1", stack.redis.port))
    stack.reroute("server", "redis", None)
    look_again(running, *PROBES, "process.server")
    found = running.so_far()
    assert telling.faults(found) == []
    assert {one.window.name for one in found.restarts["server"] if one.window} == {"stopped and started"}


def test_a_session_that_is_cut_is_opened_again(stack: EmbeddedStack, monitor: Start) -> None:
    running = monitor("probes")
    look_again(running, "postgres", "redis")
    with psycopg.connect(stack.addresses.postgres, autocommit=True) as connection:
        cut = connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'wireproof' AND datname = current_database()"
        ).fetchall()
    assert cut
    client = redis.Redis.from_url(stack.addresses.redis)
    for one in client.client_list():
        if one["name"] == "wireproof":
            client.client_kill(one["addr"])
    client.close()
    look_again(running, "postgres", "redis")
    found = running.so_far()
    assert telling.faults(found) == []
    assert "its session was lost" in {look.remark for look in found.looks["postgres"]}


def test_its_sessions_are_known_as_ours_and_end_with_it(stack: EmbeddedStack, monitor: Start) -> None:
    def names() -> tuple[list[str], list[str]]:
        with psycopg.connect(stack.addresses.postgres, autocommit=True, application_name="test") as connection:
            found = connection.execute("SELECT application_name FROM pg_stat_activity WHERE datname = 'wireproof'")
            sessions = [name for (name,) in found if name == "wireproof"]
        client = redis.Redis.from_url(stack.addresses.redis)
        clients = [one["name"] for one in client.client_list() if one["name"] == "wireproof"]
        client.close()
        return sessions, clients

    running = monitor("probes")
    look_again(running, "postgres", "redis")
    assert names() == (["wireproof"], ["wireproof"])
    running.watch.stop()
    wait_until(lambda: names() == ([], []))
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("wireproof-monitor")] == []


def test_monitorings_that_ask_for_no_more_share_their_threads(monitor: Start) -> None:
    first, second, other = monitor(), monitor("server"), monitor("probes", greets=False)
    assert first.watch is second.watch
    assert first.watch is not other.watch


def test_a_process_that_others_run_is_measured_by_its_number(monitor: Start) -> None:
    running = monitor("server", pids={"server": os.getpid()})
    look_again(running, "process.server")
    (look, *_) = running.so_far().looks["process.server"]
    assert look.identity.startswith(f"process {os.getpid()} of ")


def test_the_journal_tells_samples_and_of_probes_what_is_news(stack: EmbeddedStack, monitor: Start) -> None:
    began = journal.now_ns()
    running = monitor()
    look_again(running, *PROBES, "process.redis", times=3)
    stack.redis.kill()
    look_again(running, "redis")
    stack.redis.start()
    look_again(running, "redis", "process.redis")
    events = [event for event in journal.current().recent() if event.at_ns >= began]
    samples = [event for event in events if event.kind == "sample" and event.source == "redis"]
    assert {"memory", "cpu", "dataset", "clients", "commands"} <= set(samples[2].data)
    probes = [event.data["ok"] for event in events if event.kind == "probe" and event.source == "redis"]
    assert probes.count(True) == 1
    assert probes[-1] is True
    assert False in probes


def test_a_stack_that_has_ended_is_a_problem_of_the_monitoring(stack: EmbeddedStack, monitor: Start) -> None:
    running = monitor("probes")
    look_again(running, *PROBES)
    room.use(None)
    try:
        wait_until(lambda: running.so_far().problems)
    finally:
        room.use(stack)
    assert running.so_far().problems == ["the stack that was monitored has ended: start monitoring anew"]
