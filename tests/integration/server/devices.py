"""A well-behaved device for the server's own tests, on a client library of its own."""

import asyncio
import itertools
import json
import os
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

GENEROUS_S = 20
"""Only against hanging; nothing here is judged by time."""
CAPABILITIES = {
    "supportsFileSync": True,
    "supportsVoiceCommands": False,
    "supportsVideoStreaming": False,
    "supportsNotifications": True,
    "maxFileSize": 1,
    "supportedFormats": ["txt"],
}
_numbers = itertools.count(1)


def fresh(word: str) -> str:
    """A name that no other test uses."""
    return f"{word}-{os.getpid()}-{next(_numbers)}"


@dataclass(frozen=True)
class Target:
    """Where a server listens."""

    ws: str
    http: str

    async def call(self, method: str, path: str, body: Any = None, token: str = "") -> tuple[int, Any]:
        """One HTTP request: status and JSON (None without a body)."""
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.http + path, data, headers, method=method)

        def ask() -> tuple[int, Any]:
            try:
                with urllib.request.urlopen(request, timeout=GENEROUS_S) as answer:
                    status, text = answer.status, answer.read()
            except urllib.error.HTTPError as refusal:
                with refusal:
                    status, text = refusal.code, refusal.read()
            return status, json.loads(text) if text else None

        return await asyncio.to_thread(ask)

    async def later(self, seconds: float) -> None:
        """Moves the server's clock."""
        status, answer = await self.call("POST", "/test/clock", {"advance": seconds})
        assert status == 200, answer

    async def token(self, user: str, device: str) -> str:
        """A token of a device."""
        status, answer = await self.call("POST", "/test/tokens", {"userId": user, "deviceId": device})
        assert status == 201
        return str(answer["token"])

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Device"]:
        """A connection that has read its challenge."""
        async with connect(self.ws, max_size=None, max_queue=None, ping_interval=None) as socket:
            device = Device(self, socket, "", "")
            await device.next("device_register")
            yield device

    @asynccontextmanager
    async def back(self, device: "Device", **changes: Any) -> AsyncIterator["Device"]:
        """A device that was here before, on a new connection, with the token and session it had."""
        async with self.open() as again:
            again.user, again.name, again.token = device.user, device.name, device.token
            presented = {"authToken": device.token, "sessionId": device.session["sessionId"]}
            await again.register(**presented | changes)
            yield again

    @asynccontextmanager
    async def device(self, user: str, name: str, kind: str = "mobile", **capabilities: Any) -> AsyncIterator["Device"]:
        """A registered device."""
        async with self.open() as device:
            device.user, device.name = user, name
            device.token = await self.token(user, name)
            await device.register(type=kind, capabilities={**CAPABILITIES, **capabilities}, authToken=device.token)
            yield device


@dataclass
class Device:
    """One connection and what it has read."""

    target: Target
    socket: ClientConnection
    user: str
    name: str
    token: str = ""
    session: dict[str, Any] = field(default_factory=dict)

    async def register(self, **changes: Any) -> dict[str, Any]:
        """Registers; returns the payload of the answer."""
        payload = {
            "id": self.name,
            "userId": self.user,
            "type": "mobile",
            "platform": "test",
            "version": "1",
            "capabilities": CAPABILITIES,
            **changes,
        }
        await self.send("device_register", payload)
        self.session = (await self.next("ack", "error"))["payload"]
        return self.session

    async def send(self, kind: str, payload: Any = None, **fields: Any) -> str:
        """Sends a message; returns its id."""
        envelope = {
            "id": fresh("m"),
            "type": kind,
            "fromDeviceId": self.name,
            "userId": self.user,
            "payload": payload,
            "timestamp": "2026-01-01T00:00:00Z",
            "priority": 1,
            "requiresAck": True,
            **fields,
        }
        await self.socket.send(json.dumps(envelope))
        return str(envelope["id"])

    async def ask(self, kind: str, payload: Any = None, **fields: Any) -> dict[str, Any]:
        """Sends a message; returns the payload of its ack."""
        message_id = await self.send(kind, payload, **fields)
        answer: dict[str, Any] = (await self.next("ack"))["payload"]
        assert answer["originalMessageId"] == message_id
        return answer

    async def next(self, *kinds: str) -> dict[str, Any]:
        """The next message of one of these types; fails when another comes."""
        async with asyncio.timeout(GENEROUS_S):
            message: dict[str, Any] = json.loads(await self.socket.recv())
        assert not kinds or message["type"] in kinds, message
        return message

    async def confirm(self, message: dict[str, Any]) -> None:
        """Confirms a delivery."""
        confirmation = {"originalMessageId": message["id"], "seq": message["seq"]}
        await self.send("ack", confirmation, requiresAck=False)

    async def is_served(self) -> None:
        """What was sent before has been handled: the server answers in order; nothing else may be waiting."""
        message_id = await self.send("heartbeat")
        assert (await self.next("heartbeat"))["payload"] == {"originalMessageId": message_id}

    async def close_code(self) -> int | None:
        """The code with which the server closes; messages before that are dropped."""
        async with asyncio.timeout(GENEROUS_S):
            try:
                while True:
                    await self.socket.recv()
            except ConnectionClosed:
                return self.socket.close_code


async def arrived(device: Device) -> list[dict[str, Any]]:
    """What has come for a device: everything before the answer to its heartbeat."""
    message_id = await device.send("heartbeat")
    messages = []
    while (message := await device.next())["type"] != "heartbeat":
        messages.append(message)
    assert message["payload"] == {"originalMessageId": message_id}
    return messages


def payloads(messages: list[dict[str, Any]]) -> list[Any]:
    """What the deliveries among these messages carry."""
    return [message["payload"] for message in messages if message["type"] == "user_message"]


async def until_end(device: Device) -> list[Any]:
    """The payloads that come before one that says `end`: a backlog comes when the server has read it."""
    found: list[Any] = []
    while (payload := (await device.next("user_message"))["payload"]) != "end":
        found.append(payload)
    return found


async def until(condition: Callable[[], Awaitable[object]]) -> None:
    """Asks again and again until it is so; across processes there is no event to wait for."""
    async with asyncio.timeout(GENEROUS_S):
        while not await condition():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def health(target: Target) -> tuple[int, str]:
    """What the server says of itself: the HTTP status and the word."""
    status, body = await target.call("GET", "/health/ready")
    return status, body["status"]


@asynccontextmanager
async def database(url: str) -> AsyncIterator[Any]:
    """A connection to a database."""
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()
