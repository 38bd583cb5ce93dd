"""Secrets reach the server and nothing else: not the journal, not a message, not a repr."""

from collections.abc import Iterator
from queue import SimpleQueue
from typing import Any

import pytest
from foreign_servers import GENEROUS_S, Peer, scripted
from robot.api.types import Secret

from wireproof import journal
from wireproof.sockets.errors import SocketsError

TOKEN = "s3cr3t-t0ken-of-alice"


@pytest.fixture
def heads() -> Iterator[tuple[str, SimpleQueue[Peer], SimpleQueue[bytes]]]:
    """A server that keeps what it was asked and told: its url, the requests, the frames."""
    peers: SimpleQueue[Peer] = SimpleQueue()
    frames: SimpleQueue[bytes] = SimpleQueue()

    def script(peer: Peer) -> None:
        peer.upgrade()
        peers.put(peer)
        while True:
            frames.put(peer.read_frame()[1])

    with scripted(script) as port:
        yield f"ws://127.0.0.1:{port}/", peers, frames


def journal_text(since: int) -> str:
    return "\n".join(event.to_json() for event in journal.current().recent() if event.at_ns >= since)


def test_headers_query_cookies_and_bodies(
    sockets: Any, heads: tuple[str, SimpleQueue[Peer], SimpleQueue[bytes]]
) -> None:
    url, peers, frames = heads
    began = journal.now_ns()
    bearer = sockets.create_secret(TOKEN, prefix="Bearer ")
    key = Secret("qu&ry k€y")
    sockets.open_client(
        "alice", url, headers={"Authorization": bearer}, query={"key": key}, cookies={"session": Secret(TOKEN)}
    )
    sockets.send_json("alice", {"auth": {"token": [Secret(TOKEN)]}})
    sockets.send_message("alice", {"x": 1}, fields={"token": Secret(TOKEN)})
    peer = peers.get(timeout=GENEROUS_S)
    assert peer.header("Authorization") == f"Bearer {TOKEN}"
    assert peer.header("Cookie") == f"session={TOKEN}"
    assert "key=qu%26ry+k%E2%82%AC" in peer.head
    for _ in range(2):
        assert TOKEN.encode() in frames.get(timeout=GENEROUS_S)
    sent = [event.data for event in journal.current().recent() if event.at_ns >= began and event.kind == "sent"]
    assert len(sent) == 2
    assert not any("excerpt" in data or "sha256" in data for data in sent)
    told = journal_text(began)
    assert TOKEN not in told
    assert "k%E2" not in told


@pytest.mark.parametrize(
    "send",
    [
        lambda lib: lib.open_client("bob", "ws://127.0.0.1:1/", headers={"Authorization": "Bearer <secret>"}),
        lambda lib: lib.open_client("bob", "ws://127.0.0.1:1/?token=<secret>"),
        lambda lib: lib.send_text("alice", "Bearer <secret>"),
        lambda lib: lib.send_json("alice", {"a": [{"b": "<secret>"}]}),
        lambda lib: lib.send_message("alice", {"a": "<secret>"}),
        lambda lib: lib.send_message("alice", fields={"a": "<secret>"}),
        lambda lib: lib.create_secret("Bearer <secret>"),
    ],
)
def test_the_mask_is_never_sent(sockets: Any, echo_url: str, send: Any) -> None:
    sockets.open_client("alice", echo_url)
    with pytest.raises((SocketsError, ValueError), match="the text <secret> would be sent"):
        send(sockets)


def test_a_login_with_the_mask_is_refused(sockets: Any) -> None:
    with pytest.raises((SocketsError, ValueError), match="the text <secret> would be sent"):
        sockets.open_client(
            "alice", "ws://127.0.0.1:1/", dialect="graphql-transport-ws", login={"Authorization": "Bearer <secret>"}
        )


def test_a_refusal_that_echoes_a_token_is_masked(sockets: Any) -> None:
    def script(peer: Peer) -> None:
        peer.read_head()
        peer.say(401, body=f"bad token {peer.header('Authorization')}".encode())

    with scripted(script) as port, pytest.raises(SocketsError) as failure:
        sockets.open_client("alice", f"ws://127.0.0.1:{port}/", headers={"Authorization": Secret(f"Bearer {TOKEN}")})
    assert TOKEN not in str(failure.value)


def test_http_auth_shows_nothing() -> None:
    import requests

    import wireproof

    auth = wireproof.Sockets().http_auth(Secret(f"Bearer {TOKEN}"))
    request = requests.Request("GET", "http://127.0.0.1/", auth=auth).prepare()
    assert bytes(request.headers["Authorization"], "ascii") == f"Bearer {TOKEN}".encode()
    assert TOKEN not in f"{auth} {auth!r} {request.headers} {request.headers['Authorization']}"
