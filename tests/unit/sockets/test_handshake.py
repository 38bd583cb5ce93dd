"""The opening handshake's texts."""

import pytest

from wireproof.sockets.errors import RefusedError
from wireproof.sockets.handshake import Response, check, new_key, parse_response, refusal, request
from wireproof.sockets.options import Options, target_of

# The example of RFC 6455, section 1.3.
KEY, ACCEPT = "dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
GOOD = {"upgrade": "websocket", "connection": "keep-alive, Upgrade", "sec-websocket-accept": ACCEPT}


def lines_of(**options: object) -> list[str]:
    return request(target_of(Options(**options)), KEY).decode().split("\r\n")  # type: ignore[arg-type]


def test_the_request() -> None:
    assert lines_of(url="ws://h:81/p?q", subprotocols=("a", "b"), headers={"X-One": "1"}) == [
        "GET /p?q HTTP/1.1",
        "Host: h:81",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {KEY}",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Protocol: a, b",
        "X-One: 1",
        "",
        "",
    ]


def test_the_authors_headers_win() -> None:
    lines = lines_of(url="ws://h/", headers={"sec-websocket-version": "8", "HOST": "other"})
    assert [line for line in lines if line.lower().startswith(("host", "sec-websocket-version"))] == [
        "sec-websocket-version: 8",
        "HOST: other",
    ]


def test_keys_are_fresh() -> None:
    assert new_key() != new_key()


def test_a_response_is_read() -> None:
    head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade:  websocket \r\nVia: a\r\nvia: b"
    assert parse_response(head) == Response(101, "Switching Protocols", {"upgrade": "websocket", "via": "a, b"})
    assert parse_response(b"HTTP/1.1 200").reason == ""


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1", b"HTTP/1.1 abc", b"SSH-2.0-x", b"HTTP/1.1 \xb2\xb2"])
def test_what_is_not_http(head: bytes) -> None:
    with pytest.raises(RefusedError, match="the answer is not HTTP"):
        parse_response(head)


def test_a_right_answer() -> None:
    assert check(Response(101, "", GOOD), KEY, ()) == ""
    assert check(Response(101, "", {**GOOD, "sec-websocket-protocol": "B"}), KEY, ("a", "B")) == "B"


@pytest.mark.parametrize(
    ("change", "offered"),
    [
        ({"upgrade": "h2c"}, ()),
        ({"connection": "close"}, ()),
        ({"sec-websocket-accept": ACCEPT.lower()}, ()),
        ({"sec-websocket-extensions": "permessage-deflate"}, ()),
        ({"sec-websocket-protocol": "b"}, ("B",)),
        ({}, ("a",)),
    ],
)
def test_a_wrong_answer_is_final(change: dict[str, str], offered: tuple[str, ...]) -> None:
    with pytest.raises(RefusedError) as refused:
        check(Response(101, "", {**GOOD, **change}), KEY, offered)
    assert (refused.value.stage, refused.value.status, refused.value.final) == ("http", 101, True)


@pytest.mark.parametrize(
    ("status", "final"), [(301, True), (401, True), (403, True), (404, True), (408, False), (429, False), (503, False)]
)
def test_which_refusals_are_final(status: int, final: bool) -> None:
    assert refusal(Response(status, "Said", {}), b"").final is final


def test_a_body_is_told_on_one_line() -> None:
    told = refusal(Response(403, "Forbidden", {}), b"<html>\n*HTML* \xff no</html>")
    assert told.reason == r"the server answered 403 Forbidden: <html>\n*HTML* \xff no</html>"
