"""Clients against servers that are not ours: aiohttp, uvicorn, websockets with permessage-deflate on offer."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from foreign_servers import Loop, aiohttp_server, echo, uvicorn_server, websockets_server
from websockets.asyncio.server import ServerConnection

from wireproof.sockets.arguments import Clients, Opcode, Payload
from wireproof.sockets.errors import SocketsError

SOON = timedelta(milliseconds=50)
SERVERS = {
    "aiohttp": aiohttp_server,
    "uvicorn": uvicorn_server,
    "websockets": lambda: websockets_server(echo, max_size=None),
}


@pytest.fixture(scope="module", params=SERVERS)
def any_url(request: pytest.FixtureRequest, loop: Loop) -> Iterator[str]:
    with loop.hosting(SERVERS[request.param]()) as port:
        yield f"ws://127.0.0.1:{port}/"


@pytest.fixture(scope="module")
def aiohttp_url(loop: Loop) -> Iterator[str]:
    with loop.hosting(aiohttp_server()) as port:
        yield f"ws://127.0.0.1:{port}"


class TestEcho:
    def test_text_json_and_binary_come_back(self, sockets: Any, any_url: str) -> None:
        sockets.open_client("alice", any_url)
        sockets.send_text("alice", "grüße 😀")
        sockets.send_json("alice", {"order": 17})
        sockets.send_binary("alice", Payload(b"\x00\xff"))
        assert sockets.wait_for_message("alice", text="grüße 😀").opcode == "text"
        assert sockets.wait_for_message("alice", json={"order": 17}).index == 2
        assert sockets.wait_for_message("alice", opcode="binary").raw == b"\x00\xff"

    @pytest.mark.parametrize("size", [0, 125, 126, 65535, 65536, 1_000_000])
    def test_every_length_comes_back(self, sockets: Any, any_url: str, size: int) -> None:
        sockets.open_client("alice", any_url)
        sockets.send_text("alice", "x" * size)
        assert len(sockets.wait_for_messages("alice", 1)[0].raw) == size

    def test_fragments_are_one_message(self, sockets: Any, any_url: str) -> None:
        sockets.open_client("alice", any_url)
        sockets.send_frame("alice", Opcode(1), Payload(b"first, "), fin=False)
        sockets.send_ping("alice", Payload(b"between"))
        sockets.send_frame("alice", Opcode(0), Payload(b"second"))
        sockets.wait_for_message("alice", text="first, second")

    def test_the_close_handshake_is_answered(self, sockets: Any, any_url: str) -> None:
        sockets.open_client("alice", any_url)
        sockets.close_client(Clients(["alice"]), code=4000, reason="enough")
        ending = sockets.wait_for_close("alice", code=4000, reason="enough")
        assert ending.by == "client"

    def test_an_abort_ends_at_once(self, sockets: Any, any_url: str) -> None:
        sockets.open_client("alice", any_url)
        sockets.abort_client(Clients(["alice"]))
        assert sockets.get_client_state("alice") == "closed"


class TestSubprotocols:
    def test_the_servers_choice_is_told(self, sockets: Any, aiohttp_url: str) -> None:
        assert (
            sockets.open_client("alice", aiohttp_url, subprotocols=("v9", "V2.echo", "v2.echo")).subprotocol
            == "v2.echo"
        )

    def test_none_taken_is_a_refusal(self, sockets: Any, aiohttp_url: str) -> None:
        with pytest.raises(SocketsError, match=r"took none of the subprotocols v9\.echo"):
            sockets.open_client("alice", aiohttp_url, subprotocols=("v9.echo",))


class TestServerCloses:
    @pytest.mark.parametrize("code", [1000, 1001, 1008, 1011, 3000, 4999])
    def test_code_and_reason_are_told(self, sockets: Any, aiohttp_url: str, code: int) -> None:
        sockets.open_client("alice", f"{aiohttp_url}/close/{code}")
        ending = sockets.wait_for_close("alice", code=code, reason="as told")
        assert ending.by == "server"

    def test_another_code_fails(self, sockets: Any, aiohttp_url: str) -> None:
        sockets.open_client("alice", f"{aiohttp_url}/close/4401")
        with pytest.raises(AssertionError) as failure:
            sockets.wait_for_close("alice", code=4409)
        assert str(failure.value) == "alice was closed by the server (4401 'as told'), expected 4409"


class TestMany:
    def test_fifty_start_together_and_all_get_a_broadcast(self, sockets: Any, loop: Loop) -> None:
        room: set[ServerConnection] = set()

        async def broadcasting(connection: ServerConnection) -> None:
            room.add(connection)
            async for message in connection:
                await asyncio.gather(*(member.send(message) for member in room))

        with loop.hosting(websockets_server(broadcasting)) as port:
            sockets.open_clients("member", 50, f"ws://127.0.0.1:{port}/")
            sockets.open_client("outsider", f"ws://127.0.0.1:{port}/")
            sockets.close_client(Clients(["outsider"]))
            mark = sockets.set_mark("hello")
            sockets.send_text("member-001", "hello")
            fan_out = sockets.only_these_clients_should_receive(Clients(["member"]), text="hello", settle=SOON)
            assert len(fan_out.latencies_ms) == 50
            assert 0 < fan_out.first_ms <= fan_out.last_ms
            assert mark.at_ns < fan_out.messages["member-050"].at_ns

    def test_those_that_fail_are_all_named(self, sockets: Any, aiohttp_url: str) -> None:
        each = [
            {"name": "good", "query": {}},
            {"name": "bad-1", "headers": {"Sec-WebSocket-Version": "1"}},
            {"name": "bad-2", "headers": {"Sec-WebSocket-Version": "1"}},
        ]
        with pytest.raises(SocketsError) as failure:
            sockets.open_clients("member", url=aiohttp_url, each=each)
        told = str(failure.value)
        assert told.startswith("2 of 3 clients could not open: bad-1, bad-2: refused at stage http")
        with pytest.raises(SocketsError, match="no client named 'good'; none is open, call Open Client first"):
            sockets.get_client_state("good")

    def test_a_rate_spreads_the_openings(self, sockets: Any, echo_url: str) -> None:
        from wireproof.quantities import Rate

        opened = sockets.open_clients("member", 5, echo_url, at=Rate(50))
        assert len(opened) == 5
