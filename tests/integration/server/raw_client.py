"""A WebSocket client without manners: bytes on a TCP connection, and what came back."""

import asyncio
import json
import os
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
FIN, RSV1, RSV2, RSV3 = 0x80, 0x40, 0x20, 0x10
NO_CODE, NO_CLOSE_FRAME = 1005, 1006
GENEROUS_S = 30
KEY = "dGhlIHNhbXBsZSBub25jZQ=="


def frame(opcode: int, payload: bytes = b"", *, bits: int = FIN, masked: bool = True, announced: bytes = b"") -> bytes:
    """A client's frame.

    Args:
        opcode: four bits.
        payload: unmasked.
        bits: FIN and the reserved ones.
        masked: as RFC 6455 demands of a client.
        announced: length bytes that take the place of the right ones: the 7-bit code and what follows it.
    """
    size = len(payload)
    if announced:
        length = announced
    elif size < 126:
        length = bytes([size])
    elif size < 65536:
        length = struct.pack("!BH", 126, size)
    else:
        length = struct.pack("!BQ", 127, size)
    head = bytes([bits | opcode, length[0] | (0x80 if masked else 0)]) + length[1:]
    if not masked:
        return head + payload
    mask = os.urandom(4)
    repeated = (mask * (size // 4 + 1))[:size]
    return head + mask + (int.from_bytes(payload) ^ int.from_bytes(repeated)).to_bytes(size)


def close_frame(code: int, reason: bytes = b"") -> bytes:
    """A client's close frame."""
    return frame(CLOSE, struct.pack("!H", code) + reason)


def json_frame(value: Any) -> bytes:
    """A client's text frame with a JSON text."""
    return frame(TEXT, json.dumps(value).encode())


def upgrade(host: str, *lines: str, without: str = "", method: str = "GET", version: str = "13") -> bytes:
    """An upgrade request with further header lines, and without the one of that name."""
    ours = [
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {KEY}",
        f"Sec-WebSocket-Version: {version}",
    ]
    kept = [line for line in ours if not without or not line.lower().startswith(without.lower())]
    return "\r\n".join([f"{method} / HTTP/1.1", f"Host: {host}", *kept, *lines, "", ""]).encode()


class RawClient:
    """One TCP connection to a gateway."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        """Sends bytes; a peer that is already gone is what many tests want to see."""
        try:
            self.writer.write(data)
            await self.writer.drain()
        except ConnectionError:
            pass

    async def status(self) -> int:
        """The status of the HTTP answer; 0 when the peer ended without one."""
        try:
            head = await self.reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return 0
        return int(head.split(b" ", 2)[1])

    async def frame(self) -> tuple[int, bytes]:
        """Opcode and payload of the next frame; 1006 as a close frame would carry it when there is none."""
        try:
            first, second = await self.reader.readexactly(2)
            size = second & 0x7F
            if size == 126:
                (size,) = struct.unpack("!H", await self.reader.readexactly(2))
            elif size == 127:
                (size,) = struct.unpack("!Q", await self.reader.readexactly(8))
            return first & 0x0F, await self.reader.readexactly(size)
        except (asyncio.IncompleteReadError, ConnectionError):
            return CLOSE, struct.pack("!H", NO_CLOSE_FRAME)

    async def close_code(self) -> int:
        """Reads until the connection ends; 1005 for a close frame without a code, 1006 for none."""
        while True:
            opcode, payload = await self.frame()
            if opcode == CLOSE:
                return int(struct.unpack("!H", payload[:2])[0]) if payload else NO_CODE

    async def message(self, kind: str) -> dict[str, Any]:
        """The next message of a type; what else arrives is dropped."""
        while True:
            opcode, payload = await self.frame()
            if opcode == CLOSE:
                raise EOFError(
                    f"closed {struct.unpack('!H', payload[:2])[0]} while waiting for {kind}: {payload[2:]!r}"
                )
            if opcode in (TEXT, BINARY):
                value = json.loads(payload)
                if value["type"] == kind:
                    return dict(value)

    async def answered(self, kind: str, to: str) -> dict[str, Any]:
        """The payload of the message of a type that answers the message of that id."""
        while True:
            payload = (await self.message(kind))["payload"]
            if payload.get("originalMessageId") == to:
                return dict(payload)

    def reset(self) -> None:
        """Ends the connection by RST, as a crash does."""
        self.writer.transport.abort()


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[RawClient]:
    """A TCP connection to the host and port of a URL."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=8 * 1024 * 1024)
    try:
        yield RawClient(reader, writer)
    finally:
        writer.transport.abort()


@asynccontextmanager
async def upgraded(url: str, *lines: str) -> AsyncIterator[RawClient]:
    """A WebSocket connection whose challenge was not read yet."""
    async with connected(url) as client:
        await client.send(upgrade(urlsplit(url).netloc, *lines))
        status = await client.status()
        assert status == 101, status
        yield client
