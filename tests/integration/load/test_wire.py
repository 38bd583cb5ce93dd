"""What a load does on the wire beyond sending: TLS, fragments, close codes, heart-beats, what a server pushes."""

import asyncio
import ssl
from dataclasses import replace
from pathlib import Path

import trustme
from servers import Server, echo, serving
from test_findings import CLIENTS, MESSAGES, plan_for, result_of
from websockets.asyncio.server import ServerConnection

from wireproof.load.plan import Tls


def test_an_encrypted_connection_whose_server_is_proven(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    with serving(echo, tls=context) as server:
        plan = plan_for(server)
        proven = replace(plan, endpoint=replace(plan.endpoint, tls=Tls(ca=str(tmp_path / "ca.pem"))))
        good, bad = result_of(proven), result_of(plan)
    assert good.verdict is not None
    assert good.verdict.result == "PASS", good.verdict.line
    assert bad.errors == {"connect: TLS CERTIFICATE_VERIFY_FAILED": CLIENTS}


def test_a_name_is_looked_up_once() -> None:
    with serving(echo) as server:
        plan = plan_for(server)
        result = result_of(
            replace(plan, endpoint=replace(plan.endpoint, url=server.url.replace("127.0.0.1", "localhost")))
        )
    assert result.counts["delivered"] == MESSAGES, result.errors


def test_fragmented_messages_are_whole_messages() -> None:
    async def in_parts(server: Server, connection: ServerConnection, number: int, message: str) -> None:
        await connection.send([message[:50], message[50:]])

    with serving(in_parts) as server:
        result = result_of(plan_for(server))
    assert result.verdict is not None
    assert result.verdict.result == "PASS", result.verdict.line
    assert result.counts["delivered"] == MESSAGES


def test_a_close_is_told_by_its_code() -> None:
    async def close(server: Server, connection: ServerConnection, number: int, message: str) -> None:
        await connection.send(message)
        if number == 20:
            await connection.close(4001, "somebody else")

    with serving(close) as server:
        result = result_of(plan_for(server))
    assert result.errors == {"closed 4001": 1}
    assert list(result.problems) == []


def test_clients_say_goodbye() -> None:
    with serving(echo) as server:
        result_of(plan_for(server))
        codes = [connection.close_code for connection in server.connections]
    assert codes == [1000] * CLIENTS


def test_what_a_server_pushes_is_counted() -> None:
    async def nothing(server: Server, connection: ServerConnection, number: int, message: str) -> None:
        raise AssertionError("nobody sends")

    async def push(connection: ServerConnection) -> None:
        while True:
            await connection.send('{"type":"tick"}')
            await asyncio.sleep(0.01)

    with serving(nothing, greets=push) as server:
        result = result_of(plan_for(server, scenario="push only", peers=(-1,) * CLIENTS, messages=0, seconds=2))
    assert list(result.problems) == []
    assert result.counts["others"] > 100
    assert result.measures["delivery.rate"].estimate("mean").value.per_second > 50


def test_one_member_sends_what_all_others_get() -> None:
    async def to_others(server: Server, connection: ServerConnection, number: int, message: str) -> None:
        await asyncio.gather(*(other.send(message) for other in server.connections if other is not connection))

    with serving(to_others) as server:
        plan = plan_for(server, scenario="push only", peers=(-1,) * CLIENTS)
        sender = replace(plan.members[0], to="everybody")
        result = result_of(replace(plan, members=(sender, *plan.members[1:])))
    assert result.verdict is not None
    assert result.verdict.result == "PASS", result.verdict.line
    assert result.conservation.delivered == MESSAGES * (CLIENTS - 1)
