"""The gateway outlives everything: each bad input gets the right answer, and nobody else notices.

The frames and handshakes are those of RFC 6455, sections 4.2 (opening), 5 (framing) and 7.4 (close codes). Three
things are asked after each: was the answer right, is a fresh client served, did a bystander's messages keep flowing in
order. All cases of one table run at the same time, against one server.
"""

import asyncio
import json
from collections.abc import Mapping

import pytest
from gateway import ORIGIN, judged, own_gateway
from raw_client import (
    BINARY,
    CLOSE,
    CONTINUATION,
    FIN,
    NO_CODE,
    PING,
    PONG,
    RSV1,
    RSV2,
    RSV3,
    TEXT,
    close_frame,
    connected,
    frame,
    upgrade,
    upgraded,
)

MIB = 1024 * 1024

CLOSED: Mapping[str, tuple[bytes, set[int]]] = {
    "unmasked frame": (frame(TEXT, b"{}", masked=False), {1002}),
    "unmasked close": (frame(CLOSE, b"\x03\xe8", masked=False), {1002}),
    **{f"reserved bit {bit:#x}": (frame(TEXT, b"{}", bits=FIN | bit), {1002}) for bit in (RSV1, RSV2, RSV3)},
    **{f"opcode {code:#x}": (frame(code, b"x"), {1002}) for code in (*range(0x3, 0x8), *range(0xB, 0x10))},
    "fragmented ping": (frame(PING, b"x", bits=0), {1002}),
    "fragmented close": (frame(CLOSE, b"\x03\xe8", bits=0), {1002}),
    "ping of 126 bytes": (frame(PING, bytes(126)), {1002}),
    "close of 126 bytes": (close_frame(1000, b"x" * 124), {1002}),
    "continuation without a start": (frame(CONTINUATION, b"x"), {1002}),
    "a message inside a fragmented one": (frame(TEXT, b"{", bits=0) + frame(TEXT, b"{}"), {1002}),
    "close of 1 byte": (frame(CLOSE, b"\x03"), {1002}),
    **{
        f"close code {code}": (close_frame(code), {1002})
        for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535)
    },
    **{f"close code {code}": (close_frame(code), {code}) for code in (1000, 1001, 3000, 4999)},
    "close without a code": (frame(CLOSE), {NO_CODE}),
    "data after close": (close_frame(1000) + frame(TEXT, b"\xff"), {1000}),
    "invalid UTF-8": (frame(TEXT, b'{"id": "\xff"}'), {1007}),
    "invalid UTF-8 over two fragments": (frame(TEXT, b"\xc3", bits=0) + frame(CONTINUATION, b"\x28"), {1007}),
    "UTF-8 cut short": (frame(TEXT, b'"\xe2\x82'), {1007}),
    "a surrogate in UTF-8": (frame(TEXT, b'"\xed\xa0\x80"'), {1007}),
    "invalid UTF-8 in a close reason": (close_frame(1000, b"\xff"), {1007}),
    "a message over the limit": (frame(TEXT, b'"' + b"x" * MIB + b'"'), {1009}),
    "fragments over the limit": (
        frame(TEXT, b"x" * (MIB // 2), bits=0) + frame(CONTINUATION, b"x" * (MIB // 2 + 1)),
        {1009},
    ),
    "1 TiB announced": (frame(TEXT, announced=b"\x7f" + (1 << 40).to_bytes(8)), {1009}),
    "a length with its highest bit set": (frame(TEXT, announced=b"\x7f" + b"\xff" * 8), {1002, 1009}),
    "TLS inside": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", {1002}),
}
"""After the upgrade: bytes, and the close codes that are right."""


HOST = "gateway"
HANDSHAKES: Mapping[str, tuple[bytes, set[int]]] = {
    "no key": (upgrade(HOST, without="Sec-WebSocket-Key"), {400}),
    "a bad key": (upgrade(HOST, "Sec-WebSocket-Key: short", without="Sec-WebSocket-Key"), {400}),
    "two keys": (upgrade(HOST, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="), {400}),
    "version 8": (upgrade(HOST, version="8"), {400, 426}),
    "no version": (upgrade(HOST, without="Sec-WebSocket-Version"), {400, 426}),
    "POST": (upgrade(HOST, method="POST"), {400, 405}),
    "no upgrade": (upgrade(HOST, without="Upgrade"), {400, 426}),
    "no connection header": (upgrade(HOST, without="Connection"), {400, 426}),
    "not HTTP": (b"hello\r\n\r\n", {0, 400}),
    "TLS on the plain port": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(505) + b"\r\n\r\n", {0, 400}),
    "NUL in a header": (upgrade(HOST, "X-Odd: a\x00b"), {0, 400}),
    "a header of 9 KB": (upgrade(HOST, "X-Long: " + "x" * 9216), {400, 431}),
    "a request line of 9 KB": (b"GET /" + b"x" * 9216 + upgrade(HOST)[5:], {400, 414, 431}),
    "200 headers": (upgrade(HOST, *(f"X-{n}: 1" for n in range(200))), {400, 431}),
    "a header of 1 MB without an end": (upgrade(HOST)[:-2] + b"X-Long: " + b"x" * MIB, {0, 400, 431}),
    "a foreign origin": (upgrade(HOST, "Origin: https://evil.example"), {403}),
    "an origin with our suffix": (upgrade(HOST, "Origin: https://evil-wireproof.example"), {403}),
    "an origin with our prefix": (upgrade(HOST, f"Origin: {ORIGIN}.evil.example"), {403}),
    "our origin with another port": (upgrade(HOST, f"Origin: {ORIGIN}:444"), {403}),
    "our origin without TLS": (upgrade(HOST, "Origin: http://wireproof.example"), {403}),
    "the null origin": (upgrade(HOST, "Origin: null"), {403}),
    "two origins": (upgrade(HOST, f"Origin: {ORIGIN}", "Origin: https://evil.example"), {400, 403}),
    "a token that is none": (upgrade(HOST, "Authorization: Bearer x.y.z"), {401}),
    "another scheme": (upgrade(HOST, "Authorization: Basic eDp5"), {401}),
    "an empty authorization": (upgrade(HOST, "Authorization: "), {401}),
}
"""Instead of a right upgrade: bytes, and the statuses that are right; 0 for an end without an answer."""

PINGED = frame(PING, b"alive")
ANSWERED: Mapping[str, tuple[bytes, tuple[int, bytes]]] = {
    "a ping of 125 bytes": (frame(PING, bytes(range(125))), (PONG, bytes(range(125)))),
    "a ping inside a message": (frame(TEXT, b'{"a', bits=0) + PINGED, (PONG, b"alive")),
    "an unsolicited pong": (frame(PONG, b"x") + PINGED, (PONG, b"alive")),
    "an empty ping": (frame(PING), (PONG, b"")),
    "a length not in its shortest form": (frame(PING, announced=b"\x00") + PINGED, (PONG, b"")),
    "10 000 pongs": (frame(PONG, b"x") * 10_000 + PINGED, (PONG, b"alive")),
    "1 000 empty continuations": (
        frame(TEXT, b"", bits=0) + frame(CONTINUATION, b"", bits=0) * 1000 + PINGED,
        (PONG, b"alive"),
    ),
}
"""After the upgrade: bytes, and the frame after the challenge that is right."""

UNREADABLE: Mapping[str, bytes] = {
    "bad JSON": frame(TEXT, b'{"id": '),
    "JSON null": frame(TEXT, b"null"),
    "an empty text": frame(TEXT, b""),
    "an empty binary": frame(BINARY, b""),
    "a list": frame(TEXT, b"[]"),
    "an empty object": frame(TEXT, b"{}"),
    "bytes that are no JSON": frame(BINARY, b"\xff\x00\xfe"),
    "a lone surrogate": frame(TEXT, rb'{"id": "\ud83d"}'),
    "NaN": frame(TEXT, b'{"id": NaN}'),
    "a number of 5 000 digits": frame(TEXT, b'{"priority": ' + b"9" * 5000 + b"}"),
    "100 000 brackets": frame(TEXT, b"[" * 100_000),
    "100 000 objects": frame(TEXT, b'{"a":' * 100_000),
    "exactly the largest message": frame(TEXT, b'"' + b"x" * (MIB - 2) + b'"'),
    "a message in 1 000 pieces": (
        frame(TEXT, b"[", bits=0) + frame(CONTINUATION, b" ", bits=0) * 1000 + frame(CONTINUATION, b"]")
    ),
}
"""Frames that hold no message: an `error` is right, and the connection goes on."""

MISTYPED: Mapping[str, Mapping[str, object]] = {
    "an id that is a number": {"id": 17},
    "an unknown type": {"type": "launch_missiles"},
    "a type that is null": {"type": None},
    "a priority out of range": {"priority": 4},
    "a priority that is a truth": {"priority": True},
    "requiresAck as a text": {"requiresAck": "true"},
    "a time that is none": {"timestamp": "yesterday"},
    "NUL in an id": {"id": "a\x00b"},
    "an unknown field": {"__proto__": {}},
    "a recipient that is a list": {"toDeviceId": ["a"]},
}
"""Fields that spoil an envelope which is right otherwise."""


@pytest.fixture(scope="module")
def gateway(stack):
    with own_gateway(stack) as found:
        yield found


@pytest.fixture(scope="module")
def closed(gateway):
    async def bad_input(case: tuple[bytes, set[int]]) -> set[int]:
        async with upgraded(gateway.ws) as stranger, gateway.any_device() as device:
            await asyncio.gather(stranger.send(case[0]), device.client.send(case[0]))
            return {await stranger.close_code(), await device.client.close_code()}

    return judged(gateway, CLOSED, bad_input)


@pytest.mark.parametrize("name", CLOSED)
def test_a_violation_is_closed_with_its_code(closed, name):
    assert closed[name] <= CLOSED[name][1]


@pytest.fixture(scope="module")
def handshakes(gateway):
    async def bad_input(case: tuple[bytes, set[int]]) -> int:
        async with connected(gateway.ws) as client:
            await client.send(case[0])
            return await client.status()

    return judged(gateway, HANDSHAKES, bad_input)


@pytest.mark.parametrize("name", HANDSHAKES)
def test_a_bad_handshake_is_rejected(handshakes, name):
    assert handshakes[name] in HANDSHAKES[name][1]


async def test_the_right_origin_is_let_in(gateway):
    async with upgraded(gateway.ws, f"Origin: {ORIGIN}") as client:
        assert (await client.message("device_register"))["payload"]["challenge"]


@pytest.fixture(scope="module")
def answered(gateway):
    async def odd_input(case: tuple[bytes, tuple[int, bytes]]) -> tuple[int, bytes]:
        async with upgraded(gateway.ws) as client:
            await client.message("device_register")
            await client.send(case[0])
            return await client.frame()

    return judged(gateway, ANSWERED, odd_input)


@pytest.mark.parametrize("name", ANSWERED)
def test_what_is_odd_but_allowed_is_answered(answered, name):
    assert answered[name] == ANSWERED[name][1]


@pytest.fixture(scope="module")
def unreadable(gateway):
    async def bad_input(data: bytes) -> object:
        async with gateway.any_device() as device:
            await device.client.send(data)
            error = await device.client.message("error")
            await device.is_served()
            return error["payload"]["code"]

    return judged(gateway, UNREADABLE, bad_input)


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_holds_no_message_is_an_error_and_the_connection_lives(unreadable, name):
    assert unreadable[name] == "INVALID_MESSAGE"


@pytest.fixture(scope="module")
def mistyped(gateway):
    async def bad_input(fields: Mapping[str, object]) -> object:
        async with gateway.any_device() as device:
            await device.send("user_message", {"text": "x"}, **fields)
            error = (await device.client.message("error"))["payload"]
            await device.is_served()
            return error["code"], next(iter(fields)) in json.dumps(error)

    return judged(gateway, MISTYPED, bad_input)


@pytest.mark.parametrize("name", MISTYPED)
def test_a_spoilt_envelope_is_an_error_that_names_the_field(mistyped, name):
    assert mistyped[name] == ("INVALID_MESSAGE", True)
