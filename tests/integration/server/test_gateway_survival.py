"""Stories that killed services before: clients that leave, flood, dawdle or lie, and the gateway that outlives them."""

import asyncio
import contextlib
import zlib
from collections.abc import AsyncIterator

import psutil
import pytest
from gateway import Bystander, bystander, own_gateway
from raw_client import (
    BINARY,
    CLOSE,
    CONTINUATION,
    FIN,
    NO_CLOSE_FRAME,
    PING,
    PONG,
    RSV1,
    TEXT,
    RawClient,
    close_frame,
    connected,
    frame,
    json_frame,
    upgrade,
    upgraded,
)

MIB = 1024 * 1024
BAD_FRAME_LIMIT = 100
UNMASKED = frame(TEXT, b"{}", masked=False)


@pytest.fixture(scope="module")
def gateway(stack):
    with own_gateway(stack) as found:
        yield found


@pytest.fixture
async def watched(gateway) -> AsyncIterator[Bystander]:
    """A bystander whose messages have to flow on, in order, until after the test."""
    async with bystander(gateway) as found:
        yield found


@pytest.mark.parametrize("ending", ["close", "end", "reset", "violation"])
async def test_leaving_with_an_ack_pending(gateway, watched, ending):
    for _ in range(10):
        async with gateway.any_device() as device:
            for number in range(5):
                await device.send("user_message", {"number": number}, toDeviceId=device.name)
            await leave(device.client, ending)
    await watched.goes_on()


@pytest.mark.parametrize("ending", ["close", "end", "reset", "violation"])
async def test_leaving_after_a_failed_registration(gateway, watched, ending):
    for _ in range(10):
        async with upgraded(gateway.ws) as client:
            await client.send(registration("no.such.token"))
            await leave(client, ending)
    await watched.goes_on()


async def test_a_violation_on_a_socket_whose_registration_was_refused(gateway, watched):
    async with upgraded(gateway.ws) as client:
        await client.send(registration("no.such.token"))
        assert (await client.message("error"))["payload"]["code"] == "AUTH_FAILED"
        assert await client.close_code() == 1008
        await client.send(UNMASKED * 100 + frame(TEXT, b"\xff"))
    await watched.goes_on()


async def test_a_violation_on_a_socket_whose_upgrade_was_refused(gateway, watched):
    async with connected(gateway.ws) as client:
        await client.send(upgrade("gateway", "Origin: https://evil.example"))
        assert await client.status() == 403
        await client.send(UNMASKED * 100 + frame(TEXT, b"\xff"))
    await watched.goes_on()


async def test_a_violation_that_does_not_wait_for_the_refusal(gateway, watched):
    async with upgraded(gateway.ws) as client:
        await client.send(registration("no.such.token") + UNMASKED + frame(TEXT, b"\xff"))
        assert await client.close_code() in (1002, 1008)
    async with connected(gateway.ws) as client:
        await client.send(upgrade("gateway", "Origin: https://evil.example") + UNMASKED + frame(TEXT, b"\xff"))
        assert await client.status() != 101
    await watched.goes_on()


async def test_a_registration_that_is_no_object(gateway, watched):
    for payload in (None, [], "x", 17, {}, {"id": None, "userId": None}):
        async with upgraded(gateway.ws) as client:
            await client.send(json_frame({**ENVELOPE, "payload": payload}))
            assert (await client.message("error"))["payload"]["code"] == "REGISTRATION_FAILED"
            assert await client.close_code() == 1008
    await watched.goes_on()


async def test_too_much_that_cannot_be_read(gateway, watched):
    async with gateway.any_device() as device:
        await device.client.send(frame(TEXT, b"null") * BAD_FRAME_LIMIT)
        await device.is_served()
        await device.client.send(frame(TEXT, b"null"))
        assert await device.client.close_code() == 1008
    await watched.goes_on()


async def test_a_frame_cut_off_by_the_end_of_the_stream(gateway, watched):
    for data in (frame(TEXT, b"x" * 1000)[:500], b"\x81", frame(TEXT, b"x", bits=0)):
        async with upgraded(gateway.ws) as client:
            await client.send(data)
            client.writer.write_eof()
            assert await client.close_code() == NO_CLOSE_FRAME
    await watched.goes_on()


async def test_a_flood_of_pings(gateway, watched):
    async with upgraded(gateway.ws) as client:
        flood = asyncio.create_task(client.send(frame(PING, b"x") * 10_000))
        await client.message("device_register")
        for _ in range(10_000):
            assert await client.frame() == (PONG, b"x")
        await flood
    await watched.goes_on()


async def test_a_flood_of_pings_from_one_who_never_reads(gateway, watched):
    async with upgraded(gateway.ws) as client:
        client.reader._transport.pause_reading()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(client.send(frame(PING, bytes(125)) * 50_000), 2)
        await watched.goes_on()
    await watched.goes_on()


async def test_a_frame_that_comes_byte_by_byte(gateway, watched):
    async with upgraded(gateway.ws) as client:
        await client.message("device_register")
        for byte in frame(TEXT, b"null"):
            await client.send(bytes([byte]))
            await watched.goes_on()
        assert (await client.message("error"))["payload"]["code"] == "INVALID_MESSAGE"


async def test_many_handshakes_that_are_never_finished(gateway, watched):
    async with contextlib.AsyncExitStack() as open_ones:
        for _ in range(200):
            client = await open_ones.enter_async_context(connected(gateway.ws))
            await client.send(upgrade("gateway")[:40])
        async with upgraded(gateway.ws) as fresh:
            await fresh.message("device_register")
        await watched.goes_on()


async def test_a_handshake_that_is_never_finished_is_dropped(stack):
    with own_gateway(stack, registrationTimeout=1) as impatient:
        async with connected(impatient.ws) as client:
            await client.send(upgrade("gateway")[:40])
            assert await client.status() in (0, 408)


async def test_an_announced_terabyte_takes_no_memory(gateway, watched):
    process = psutil.Process(gateway.pid)
    before = process.memory_info().rss
    async with contextlib.AsyncExitStack() as open_ones:
        for _ in range(20):
            client = await open_ones.enter_async_context(upgraded(gateway.ws))
            await client.send(frame(TEXT, b"x" * 65536, announced=b"\x7f" + (1 << 40).to_bytes(8)))
            assert await client.close_code() == 1009
        assert process.memory_info().rss - before < 64 * MIB


COMPRESSED = "Sec-WebSocket-Extensions: permessage-deflate"


def deflated(data: bytes) -> bytes:
    """The payload of a compressed message (RFC 7692, 7.2.1)."""
    packer = zlib.compressobj(wbits=-15)
    return (packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH)).removesuffix(b"\x00\x00\xff\xff")


@pytest.mark.parametrize(
    ("payload", "code"),
    [(deflated(bytes(50 * MIB)), 1009), (b"\xff" * 50, 1002), (deflated(b'"\xff"'), 1007)],
    ids=["a bomb of 50 MiB", "garbage", "invalid UTF-8"],
)
async def test_bad_compressed_messages(gateway, watched, payload, code):
    async with upgraded(gateway.ws, COMPRESSED) as client:
        await client.frame()
        await client.send(frame(TEXT, payload, bits=FIN | RSV1))
        assert await client.close_code() == code
    await watched.goes_on()


@pytest.mark.parametrize(
    "line",
    [
        f"{COMPRESSED}; server_max_window_bits=7",
        f"{COMPRESSED}; client_max_window_bits=99",
        f"{COMPRESSED}; client_max_window_bits=8; client_max_window_bits=9",
        f"{COMPRESSED}; no_such_parameter",
        "Sec-WebSocket-Extensions: ,;=",
        "Sec-WebSocket-Extensions: x-unknown",
        "Sec-WebSocket-Protocol: graphql-ws, stomp",
        "Sec-WebSocket-Protocol: ,",
    ],
)
async def test_odd_offers_are_left_out_or_rejected(gateway, watched, line):
    async with connected(gateway.ws) as client:
        await client.send(upgrade("gateway", line))
        assert await client.status() in (101, 400)
    await watched.goes_on()


async def test_a_compressed_frame_that_nobody_agreed_on(gateway, watched):
    async with upgraded(gateway.ws) as client:
        await client.send(frame(BINARY, deflated(b"null"), bits=FIN | RSV1))
        assert await client.close_code() == 1002
    async with upgraded(gateway.ws, COMPRESSED) as client:
        await client.send(frame(TEXT, b"", bits=RSV1) + frame(CONTINUATION, deflated(b"null"), bits=FIN | RSV1))
        assert await client.close_code() == 1002
    await watched.goes_on()


ENVELOPE = {
    "id": "r1",
    "type": "device_register",
    "fromDeviceId": "liar",
    "userId": "liar",
    "payload": {},
    "timestamp": "2026-01-01T00:00:00.000Z",
    "priority": 1,
    "requiresAck": True,
}


def registration(token: str) -> bytes:
    """The frame of a registration with that token."""
    payload = {
        "id": "liar",
        "userId": "liar",
        "type": "desktop",
        "platform": "test",
        "version": "1",
        "capabilities": {
            "supportsFileSync": True,
            "supportsVoiceCommands": False,
            "supportsVideoStreaming": False,
            "supportsNotifications": True,
            "maxFileSize": 1,
            "supportedFormats": [],
        },
        "authToken": token,
    }
    return json_frame({**ENVELOPE, "payload": payload})


async def leave(client: RawClient, ending: str) -> None:
    """Ends a connection in one of four ways, at once."""
    if ending == "close":
        await client.send(close_frame(1000))
    elif ending == "end":
        with contextlib.suppress(OSError):
            client.writer.write_eof()
    elif ending == "violation":
        await client.send(UNMASKED + frame(CLOSE, b"\x00"))
    else:
        client.reset()
