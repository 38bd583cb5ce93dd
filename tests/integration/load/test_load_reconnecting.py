"""Clients of a load whose connection ends while it runs: they come back, or stay away where that is asked for."""

from dataclasses import replace
from typing import Any

from servers import Server, serving
from test_findings import MESSAGES, found, plan_for, result_of, server_faults_only
from websockets.asyncio.server import ServerConnection

from wireproof.load.plan import Plan
from wireproof.quantities import Backoff

CUT_AT = 50
AT_ONCE = Backoff(0.001, 0.01)


async def cutting(server: Server, connection: ServerConnection, number: int, message: str) -> None:
    """Sends all back, and cuts the connection of one message."""
    if number == CUT_AT:
        connection.transport.abort()
    else:
        await connection.send(message)


def reconnecting(server: Server, backoff: Backoff | None = AT_ONCE, **more: Any) -> Plan:
    plan = plan_for(server, **more)
    return replace(plan, pace=replace(plan.pace, reconnect=backoff))


def test_who_loses_a_connection_comes_back_and_goes_on() -> None:
    with serving(cutting) as server:
        result = result_of(reconnecting(server))
    server_faults_only(result)
    counts = result.counts
    assert (counts["connected"], counts["reconnected"]) == (counts["tried"], 1)
    assert result.errors == {"closed 1006": 1}
    assert counts["sent"] > MESSAGES - 20
    assert counts["due"] == MESSAGES == counts["sent"] + counts["unsent"]
    assert result.measures["reconnect.time"].n == 1
    assert result.measures["connect.time"].n == counts["tried"], "of first connections"
    assert result.history is not None
    tables = result.history.tables
    (again,) = [row for row in rows(tables["logins"]) if row["connection"] == 2]
    (end,) = rows(tables["closes"])
    assert (end["client"], end["connection"]) == (again["client"], 1)
    of_client = [row for row in rows(tables["sent"]) if row["client"] == again["client"]]
    assert {row["connection"] for row in of_client if row["at"] < end["at"]} == {1}
    assert {row["connection"] for row in of_client if row["at"] > end["at"]} == {2}
    others = [row for row in rows(tables["received"]) if row["client"] != again["client"]]
    assert {row["connection"] for row in others} == {1}


def test_who_is_not_to_come_back_stays_away() -> None:
    with serving(cutting) as server:
        result = result_of(reconnecting(server, None))
    server_faults_only(result)
    assert result.counts["reconnected"] == 0
    assert result.counts["unsent"] > 10
    assert "reconnect.time" not in result.measures


def test_what_is_due_while_nobody_is_let_in_is_not_sent() -> None:
    plan = None
    with serving(cutting, refuses=lambda number: plan is not None and number > len(plan.members)) as server:
        plan = reconnecting(server)
        result = result_of(plan)
    server_faults_only(result)
    assert result.counts["reconnected"] == 0
    assert result.counts["unsent"] > 10
    assert result.errors["reconnect: HTTP 503"] > 3
    assert result.measures["connect.failed"].estimate("count").value.value == 0, "all had been let in"


def test_a_server_that_dies_ends_no_load_early_and_none_late() -> None:
    async def dying(server: Server, connection: ServerConnection, number: int, message: str) -> None:
        if number == CUT_AT:
            server.die()
        await connection.send(message)

    with serving(dying) as server:
        result = result_of(reconnecting(server, drain_s=0.2))
    server_faults_only(result)
    assert result.counts["unsent"] > MESSAGES / 2
    assert result.errors["reconnect: ECONNREFUSED"] > 1


def test_a_closed_loop_has_as_much_under_way_as_before() -> None:
    with serving(cutting) as server:
        plan = reconnecting(server, messages=0)
        result = result_of(replace(plan, traffic=replace(plan.traffic, model="closed", depth=2)))
    server_faults_only(result)
    assert result.counts["reconnected"] == 1
    assert found(result) == {"lost": 2}, "what was under way on the connection that was cut"


def rows(table: Any) -> list[dict[str, int]]:
    return [dict(zip(table, row, strict=True)) for row in zip(*(table[name].tolist() for name in table), strict=True)]
