"""Loads of an author's own clients: their steps are paced, timed and counted like messages."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from servers import echo, serving
from test_findings import MESSAGES, plan_for, result_of

from wireproof.load.outcome import LoadResult
from wireproof.load.plan import Plan
from wireproof.measures.readings import Readings
from wireproof.stack.embedded import EmbeddedStack


class Lines(socketserver.StreamRequestHandler):
    """Echoes lines; of every tenth it says something else."""

    asked = 0

    def handle(self) -> None:
        for line in self.rfile:
            Lines.asked += 1
            self.wfile.write(line if Lines.asked % 10 else b"what?\n")


@contextmanager
def lines() -> Iterator[int]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Lines) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def plan_of(user: str, settings: dict[str, Any], **more: Any) -> Plan:
    with serving(echo) as server:
        plan = plan_for(server, scenario="user", **more)
    return replace(plan, traffic=replace(plan.traffic, user=user, settings=settings))


def one_problem(result: LoadResult) -> str:
    (problem,) = result.problems
    return problem


def test_steps_are_counted_and_timed() -> None:
    with lines() as port:
        result = result_of(plan_of("clients.Caller", {"port": port}))
    assert list(result.problems) == []
    assert result.errors == {"step: no echo": MESSAGES // 10}
    assert (result.counts["sent"], result.counts["delivered"]) == (MESSAGES, MESSAGES * 9 // 10)
    assert result.measures["line.time"].n == MESSAGES
    assert result.delivery.n == MESSAGES * 9 // 10
    assert result.conservation.holds


def test_steps_go_on_in_a_closed_loop() -> None:
    with lines() as port:
        plan = plan_of("clients.Caller", {"port": port})
        result = result_of(replace(plan, traffic=replace(plan.traffic, model="closed")))
    assert result.counts["sent"] > MESSAGES // 10
    assert result.conservation.holds


def test_a_server_that_is_not_there_is_told_by_its_errno() -> None:
    with lines() as port:
        pass
    result = result_of(plan_of("clients.Caller", {"port": port}))
    assert result.errors == {"connect: ECONNREFUSED": 4}
    assert list(result.problems) == []


def test_a_mistake_of_the_class_makes_the_load_no_proof() -> None:
    result = result_of(plan_of("clients.Mistaken", {}))
    assert f"raised {MESSAGES} times, first KeyError: 'what the author forgot'" in one_problem(result)
    assert "clients.py" in result.traceback


def test_a_class_that_is_none_is_refused_in_one_line() -> None:
    assert "cannot be imported" in one_problem(result_of(plan_of("clients.Nobody", {})))
    assert "not a subclass of wireproof.load.User" in one_problem(result_of(plan_of("clients.Brittle", {})))


def test_queries_are_asked_at_a_rate(stack: EmbeddedStack, tmp_path: Path) -> None:
    file = tmp_path / "queries.sql"
    file.write_text(
        "-- name: one\nSELECT 1;\n\n"
        "-- name: a table's columns\n-- values: SELECT table_name FROM information_schema.tables LIMIT 5\n"
        "SELECT column_name FROM information_schema.columns WHERE table_name = %(table_name)s;\n\n"
        "-- name: no such table\nSELECT * FROM nowhere;\n"
    )
    settings = {"dsn": stack.postgres.url, "file": str(file)}
    result = result_of(plan_of("wireproof.load.queries.Queries", settings, clients=3, messages=90))
    assert list(result.problems) == []
    assert result.errors == {"step: no such table: 42P01": 30}
    assert result.query.n == 60
    rate = result.measures["query.rate"]
    assert isinstance(rate, Readings)
    assert 0 < sum(rate.values) <= 60
    assert "connect.rate" not in result.measures


def test_queries_go_on_where_a_connection_has_ended(stack: EmbeddedStack, tmp_path: Path) -> None:
    file = tmp_path / "queries.sql"
    file.write_text("-- name: cut\nSELECT pg_terminate_backend(pg_backend_pid());\n\n-- name: one\nSELECT 1;\n")
    settings = {"dsn": stack.postgres.url, "file": str(file)}
    result = result_of(plan_of("wireproof.load.queries.Queries", settings, clients=2, messages=40))
    assert list(result.problems) == []
    assert result.errors == {"step: cut: 57P01": 20}
    assert result.counts["delivered"] == result.measures["query.time"].n == 20
