"""The dialect graphql-transport-ws against a GraphQL server that is not ours: Strawberry on aiohttp.

The dialect does no I/O; the smallest possible client drives it here, so that what is proven is the dialect.
"""

import asyncio
import json
import threading
from collections.abc import AsyncGenerator, Iterator, Mapping
from concurrent.futures import Future
from typing import Any

import pytest
import strawberry
import websocket
from aiohttp import web
from strawberry.aiohttp.views import GraphQLView
from strawberry.exceptions import ConnectionRejectionError

from wireproof.dialects import CLOSE, TEXT, Draft, Frame, Message, Outgoing, create

COUNT = "subscription($to: Int!) { count(to: $to) }"
FOREVER = "subscription { forever }"


@strawberry.type
class Query:
    @strawberry.field
    def greeting(self) -> str:
        return "hello"


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def count(self, to: int) -> AsyncGenerator[int, None]:
        for number in range(1, to + 1):
            yield number

    @strawberry.subscription
    async def forever(self) -> AsyncGenerator[int, None]:
        yield 1
        await asyncio.Event().wait()


class View(GraphQLView[dict[str, Any], None]):
    async def on_ws_connect(self, context: dict[str, Any]) -> dict[str, Any]:
        if context["connection_params"].get("Authorization") == "Bearer expired":
            raise ConnectionRejectionError
        return {"session": "s-1"}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The address of a running server."""
    loop = asyncio.new_event_loop()
    address: Future[tuple[str, int]] = Future()
    stop = asyncio.Event()

    async def serve() -> None:
        app = web.Application()
        schema = strawberry.Schema(query=Query, subscription=Subscription)
        app.router.add_route("*", "/graphql", View(schema=schema))
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        address.set_result(runner.addresses[0])
        await stop.wait()
        await runner.cleanup()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), name="graphql-server")
    thread.start()
    host, port = address.result(timeout=10)
    yield f"ws://{host}:{port}/graphql"
    loop.call_soon_threadsafe(stop.set)
    thread.join(10)
    loop.close()


class Client:
    """A blocking loop around the dialect: what comes is fed, what it wants sent is sent."""

    def __init__(self, url: str) -> None:
        self.dialect = create("graphql-transport-ws", "alice")
        self.socket = websocket.create_connection(url, subprotocols=list(self.dialect.subprotocols), timeout=10)
        self.closed: tuple[int, str] | None = None

    def log_in(self, **credentials: str) -> Mapping[str, Any]:
        login = self.dialect.login(credentials)
        assert login is not None
        outgoing = next(login)
        while True:
            for one in outgoing:
                self.send(one)
            try:
                outgoing = login.send(self.receive())
            except StopIteration as end:
                granted: Mapping[str, Any] = end.value
                return granted

    def send(self, outgoing: Outgoing) -> Outgoing:
        self.socket.send(outgoing.payload, outgoing.opcode)
        return outgoing

    def send_draft(self, **draft: Any) -> Outgoing:
        return self.send(self.dialect.encode(Draft(**draft)))

    def receive(self) -> Message:
        opcode, payload = self.socket.recv_data()
        if opcode == CLOSE:
            self.closed = (int.from_bytes(payload[:2]), payload[2:].decode())
            raise ConnectionError(self.closed)
        (message,) = self.dialect.feed(Frame(opcode, payload))
        for answer in self.dialect.answers(message):
            self.send(answer)
        return message

    def wait_for_close(self) -> tuple[int, str]:
        while self.closed is None:
            try:
                self.receive()
            except ConnectionError:
                continue
        return self.closed


@pytest.fixture
def client(url: str) -> Iterator[Client]:
    client = Client(url)
    yield client
    client.socket.close()


def test_login_brings_what_the_server_granted(client: Client) -> None:
    assert client.socket.getsubprotocol() == "graphql-transport-ws"
    assert client.log_in(Authorization="Bearer alice") == {"session": "s-1"}


def test_refused_login_is_a_close_whose_code_the_dialect_explains(client: Client) -> None:
    with pytest.raises(ConnectionError):
        client.log_in(Authorization="Bearer expired")
    assert client.closed == (4403, "Forbidden")
    assert client.dialect.close_reasons[4403] == "forbidden"


def test_a_subscription_delivers_and_completes(client: Client) -> None:
    client.log_in()
    sent = client.send_draft(body={"query": COUNT, "variables": {"to": 3}})
    messages = [client.receive() for _ in range(4)]
    assert [message.kind for message in messages] == ["next", "next", "next", "complete"]
    assert [message.body["data"]["count"] for message in messages[:3]] == [1, 2, 3]
    assert all(client.dialect.is_reply(sent, message) for message in messages)


def test_operations_are_told_apart_by_id(client: Client) -> None:
    client.log_in()
    client.send_draft(body=FOREVER, id="s1")
    assert client.receive().reply_to == "s1"
    sent = client.send_draft(body="{ greeting }")
    reply = client.receive()
    assert client.dialect.is_reply(sent, reply)
    assert reply.body == {"data": {"greeting": "hello"}}
    assert reply.flow == sent.id != "s1"


def test_a_query_with_an_error_is_answered_by_error(client: Client) -> None:
    client.log_in()
    sent = client.send_draft(body="{ nothing }")
    reply = client.receive()
    assert client.dialect.is_reply(sent, reply)
    assert reply.kind == "error"
    assert "nothing" in reply.body[0]["message"]


def test_after_complete_the_id_is_free_again(client: Client) -> None:
    client.log_in()
    client.send_draft(body=FOREVER, id="s1")
    client.receive()
    client.send_draft(kind="complete", id="s1")
    client.send_draft(body=COUNT.replace("$to: Int!", "$to: Int! = 1"), id="s1")
    assert client.receive().body == {"data": {"count": 1}}


def test_ping_is_answered_by_a_pong_that_matchers_do_not_see(client: Client) -> None:
    client.log_in()
    sent = client.send_draft(kind="ping")
    pong = client.receive()
    assert client.dialect.is_reply(sent, pong)
    assert pong.control


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ([{"id": "s1", "type": "subscribe", "payload": {"query": FOREVER}}] * 2, 4409),
        ([{"type": "connection_init"}], 4429),
        ([{"type": "nonsense"}], 4400),
    ],
)
def test_a_breach_of_the_protocol_closes_with_its_code(client: Client, sent: list[Any], code: int) -> None:
    client.log_in()
    for message in sent:
        client.send(Outgoing(json.dumps(message).encode(), TEXT))
    assert client.wait_for_close()[0] == code
    assert code in client.dialect.close_reasons


def test_a_subscription_before_the_login_closes_4401(client: Client) -> None:
    client.send_draft(body=FOREVER)
    assert client.wait_for_close()[0] == 4401
