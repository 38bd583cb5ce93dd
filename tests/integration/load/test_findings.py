"""A load tells what a server does wrong, by the ledger's words and by counts, and what is the generator's own fault."""

import asyncio
import re
import time

import pytest
from servers import Server, echo, serving
from websockets.asyncio.server import ServerConnection

from wireproof.load import local, profile
from wireproof.load.metrics import METRICS
from wireproof.load.outcome import LoadResult
from wireproof.load.plan import Endpoint, Member, Pace, Plan, Scenario, Traffic
from wireproof.load.telling import judged
from wireproof.quantities import Count, Rate
from wireproof.timing import thresholds

EVERY = 10
CLIENTS, MESSAGES = 4, 400


def plan_for(
    server: Server,
    *,
    dialect: str = "echo",
    scenario: Scenario = "request reply",
    clients: int = CLIENTS,
    messages: int = MESSAGES,
    seconds: float = 1.0,
    drain_s: float = 0.5,
    workers: int = 1,
    peers: tuple[int, ...] = (),
    warmup_s: float = 0.0,
) -> Plan:
    members = tuple(Member(name=f"client-{index}", peer=peers[index] if peers else index) for index in range(clients))
    return Plan(
        name="findings",
        endpoint=Endpoint(url=server.url, dialect=dialect),
        members=members,
        traffic=Traffic(scenario=scenario, body={"text": "hello"}, size=200),
        profile=profile.constant_rate(messages / seconds, clients, seconds),
        pace=Pace(workers=workers, drain_s=drain_s, warmup_s=warmup_s),
    )


def result_of(plan: Plan) -> LoadResult:
    load = local.start(plan)
    try:
        assert load.wait(30), "the load did not end"
    finally:
        load.abort()
    return load.result()


def found(result: LoadResult) -> dict[str, int]:
    """The ledger's findings that are there."""
    assert result.verdict is not None
    return {word: finding.count for word, finding in result.verdict.findings.items() if finding.count}


def server_faults_only(result: LoadResult) -> None:
    """The generator did its part, and every message is somewhere."""
    assert list(result.problems) == []
    assert result.conservation.holds


def test_an_echo_that_does_nothing_wrong_passes() -> None:
    with serving(echo) as server:
        result = result_of(plan_for(server))
    assert result.verdict is not None
    assert result.verdict.result == "PASS", result.verdict.line
    assert (result.counts["sent"], result.counts["delivered"]) == (MESSAGES, MESSAGES)
    assert result.counts["parsed"] < 10, "frames of a known shape are not parsed"
    assert result.delivery.n == MESSAGES
    server_faults_only(result)


def test_lost_messages_are_counted() -> None:
    async def lose(server: Server, connection: ServerConnection, number: int, message: str) -> None:
        if number % EVERY:
            await connection.send(message)

    with serving(lose) as server:
        result = result_of(plan_for(server))
    assert found(result) == {"lost": MESSAGES // EVERY}
    assert result.conservation.lost == MESSAGES // EVERY
    assert result.measures["delivery.success"].estimate("observed").value.ratio == pytest.approx(0.9)
    server_faults_only(result)


def test_a_connection_that_hears_nothing_is_not_held() -> None:
    deaf: list[ServerConnection] = []

    async def forget_one(server: Server, connection: ServerConnection, number: int, message: str) -> None:
        if not deaf:
            deaf.append(connection)
        if connection is not deaf[0]:
            await connection.send(message)

    with serving(forget_one) as server:
        result = result_of(plan_for(server, seconds=2.0))
    assert result.measures["connections.held"].estimate("min").value == Count(CLIENTS - 1)


def test_what_the_warm_up_has_left_behind_is_no_throughput() -> None:
    async def hold_until_it_is_over(server: Server, connection: ServerConnection, number: int, message: str) -> None:
        held.append((connection, message))
        if number > MESSAGES // 2:
            for waiting, text in held:
                await waiting.send(text)
            held.clear()

    held: list[tuple[ServerConnection, str]] = []
    with serving(hold_until_it_is_over) as server:
        result = result_of(plan_for(server, seconds=2.0, warmup_s=1.0))
    assert result.measures["delivery.rate"].estimate("max").value <= Rate(MESSAGES // 2)


def test_doubled_messages_are_counted() -> None:
    async def double(server: Server, connection: ServerConnection, number: int, message: str) -> None:
        # the last one is not among them: its copy might come when nothing is waited for any more
        for _ in range(2 if number % EVERY == 1 else 1):
            await connection.send(message)

    with serving(double) as server:
        result = result_of(plan_for(server))
    assert found(result) == {"duplicated": MESSAGES // EVERY}
    assert result.conservation.repeated == MESSAGES // EVERY
    server_faults_only(result)


def test_swapped_messages_are_counted() -> None:
    async def swap(server: Server, connection: ServerConnection, number: int, message: str) -> None:
        held = server.kept.pop(connection, None)
        if held is not None:
            await connection.send(message)
            await connection.send(held)
        elif number % (2 * EVERY) < CLIENTS:
            server.kept[connection] = message
        else:
            await connection.send(message)

    with serving(swap) as server:
        result = result_of(plan_for(server))
    words = found(result)
    assert words.pop("reordered") >= MESSAGES // (2 * EVERY)
    assert set(words) <= {"lost"}, "one may be held back at the end"
    server_faults_only(result)


def test_changed_bodies_are_noticed_byte_by_byte() -> None:
    async def change(server: Server, connection: ServerConnection, number: int, message: str) -> None:
        await connection.send(message if number % EVERY else message.replace("hello", "hallo"))

    with serving(change) as server:
        result = result_of(plan_for(server))
    assert found(result) == {"corrupted": MESSAGES // EVERY}
    server_faults_only(result)


def test_messages_for_others_are_noticed() -> None:
    async def misdirect(server: Server, connection: ServerConnection, number: int, message: str) -> None:
        others = [other for other in server.connections if other is not connection]
        await (connection if number % EVERY else others[0]).send(message)

    with serving(misdirect) as server:
        result = result_of(plan_for(server))
    assert found(result)["misdelivered"] == MESSAGES // EVERY
    assert result.conservation.astray == MESSAGES // EVERY
    server_faults_only(result)


def test_refused_connections_are_told_by_their_status() -> None:
    with serving(echo, refuses=lambda number: number % 2 == 0) as server:
        result = result_of(plan_for(server, clients=10))
    assert result.errors == {"connect: HTTP 503": 5}
    assert repr(result.measures["connect.success"]) == "<5 of 10>"
    assert result.conservation.unsent == MESSAGES // 2, "their messages were due, too"
    server_faults_only(result)


def test_a_server_that_nobody_runs_is_told_by_its_errno() -> None:
    with serving(echo) as server:
        plan = plan_for(server)
    result = result_of(plan)
    assert result.errors == {"connect: ECONNREFUSED": CLIENTS}
    assert result.verdict is None
    assert result.conservation.unsent == MESSAGES


def test_a_server_that_dies_ends_nothing_but_its_own_part() -> None:
    async def die(server: Server, connection: ServerConnection, number: int, message: str) -> None:
        if number == MESSAGES // 4:
            server.die()
        await connection.send(message)

    with serving(die) as server:
        result = result_of(plan_for(server))
    assert sum(count for name, count in result.errors.items() if name.startswith("closed")) == CLIENTS
    assert result.conservation.unsent > MESSAGES // 2
    assert result.delivery.n >= MESSAGES // 4 - CLIENTS
    server_faults_only(result)


def test_a_generator_that_is_too_slow_proves_nothing() -> None:
    with serving(echo) as server:
        result = result_of(plan_for(server, dialect="clients.Wordy", messages=400))
    assert re.fullmatch(r"\d+ of 400 messages were sent in time, \S+ %: the generator was too slow", result.problems[0])
    assert result.counts["delivered"] == 400
    (verdict,) = judged(thresholds.parse(["delivery.success > 90 %"], METRICS), result)
    assert verdict.word == "INVALID"


def test_latency_counts_from_when_a_message_was_due() -> None:
    async def stall(server: Server, connection: ServerConnection, number: int, message: str) -> None:
        if number == MESSAGES // 4:
            time.sleep(0.5)  # noqa: ASYNC251 - nobody is served meanwhile
        await connection.send(message)

    with serving(stall) as server:
        result = result_of(plan_for(server))
    # A quarter of the time's messages wait for half of it, evenly.
    assert result.delivery.estimate("p90").value.seconds > 0.2
    assert result.delivery.estimate("max").value.seconds >= 0.45


async def _second_hand(server: Server, connection: ServerConnection, number: int, message: str) -> None:
    """Gives what comes to the next connection: pairs without a protocol."""
    others = [other for other in server.connections if other is not connection]
    await asyncio.gather(*(other.send(message) for other in others))


def test_a_message_reaches_its_peer() -> None:
    with serving(_second_hand) as server:
        result = result_of(plan_for(server, scenario="pairs", clients=2, peers=(1, 0)))
    assert result.verdict is not None
    assert result.verdict.result == "PASS", result.verdict.line


def test_a_message_reaches_everybody_else() -> None:
    with serving(_second_hand) as server:
        result = result_of(plan_for(server, scenario="fan out", peers=(-1,) * CLIENTS))
    assert result.verdict is not None
    assert result.verdict.result == "PASS", result.verdict.line
    assert result.conservation.delivered == MESSAGES * (CLIENTS - 1)
