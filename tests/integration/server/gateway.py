"""A gateway under test: its devices, and the bystander who must not notice what others do to it."""

import asyncio
import itertools
import json
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from raw_client import GENEROUS_S, RawClient, json_frame, upgraded

ORIGIN = "https://wireproof.example"
"""The only origin that the gateway of `own_gateway` lets in."""

AT_ONCE = 8
"""Cases that run at the same time."""

T = TypeVar("T")
_DEVICE = {
    "type": "desktop",
    "platform": "test",
    "version": "1",
    "capabilities": {
        "supportsFileSync": True,
        "supportsVoiceCommands": False,
        "supportsVideoStreaming": False,
        "supportsNotifications": True,
        "maxFileSize": 1,
        "supportedFormats": ["txt"],
    },
}
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Gateway:
    """Where a server listens, and its process."""

    ws: str
    http: str
    pid: int

    async def token(self, user: str, device: str) -> str:
        """A token of a device, minted by the server in test mode."""
        request = urllib.request.Request(
            f"{self.http}/test/tokens",
            json.dumps({"userId": user, "deviceId": device}).encode(),
            {"Content-Type": "application/json"},
        )

        def ask() -> Any:
            with urllib.request.urlopen(request, timeout=GENEROUS_S) as answer:
                return json.load(answer)

        return str((await asyncio.to_thread(ask))["token"])

    @asynccontextmanager
    async def any_device(self) -> AsyncIterator["Device"]:
        """A registered device of a user of its own."""
        number = next(_numbers)
        async with self.device(f"user-{number}", f"device-{number}") as device:
            yield device

    @asynccontextmanager
    async def device(self, user: str, name: str) -> AsyncIterator["Device"]:
        """A registered device."""
        async with upgraded(self.ws) as client:
            device = Device(client, user, name)
            await client.message("device_register")
            await device.register(await self.token(user, name))
            yield device


@dataclass
class Device:
    """A connection that speaks as one device of a user."""

    client: RawClient
    user: str
    name: str

    async def register(self, token: str) -> None:
        """Answers the challenge and waits for the acknowledgement."""
        payload = {**_DEVICE, "id": self.name, "userId": self.user, "authToken": token}
        await self.send("device_register", payload)
        granted = (await self.client.message("ack"))["payload"]
        assert granted["status"] == "success", granted

    def envelope(self, kind: str, payload: Any, **parts: Any) -> dict[str, Any]:
        """A message of this device."""
        return {
            "id": f"{self.name}-{next(_numbers)}",
            "type": kind,
            "fromDeviceId": self.name,
            "userId": self.user,
            "payload": payload,
            "timestamp": "2026-01-01T00:00:00.000Z",
            "priority": 1,
            "requiresAck": True,
            **parts,
        }

    async def send(self, kind: str, payload: Any, **parts: Any) -> str:
        """Sends a message and returns its id."""
        envelope = self.envelope(kind, payload, **parts)
        await self.client.send(json_frame(envelope))
        return str(envelope["id"])

    async def is_served(self) -> None:
        """Returns when the server has answered a heartbeat of this device."""
        await self.client.answered("heartbeat", await self.send("heartbeat", {}, requiresAck=False))


@dataclass
class Bystander:
    """Two devices of one user, one sending to the other all the time, one message after the other."""

    sender: Device
    receiver: Device
    numbers: list[int] = field(default_factory=list)
    acks: int = 0
    _moved: asyncio.Event = field(default_factory=asyncio.Event)

    async def flow(self) -> None:
        """Sends, takes the ack, receives, confirms; for ever."""
        for number in itertools.count():
            sent = await self.sender.send("user_message", {"number": number}, toDeviceId=self.receiver.name)
            ack = await self.sender.client.answered("ack", sent)
            assert ack["status"] in ("delivered", "queued"), ack
            self.acks += 1
            message = await self.receiver.client.message("user_message")
            self.numbers.append(message["payload"]["number"])
            confirmation = {"originalMessageId": message["id"], "seq": message["seq"]}
            await self.receiver.send("ack", confirmation, requiresAck=False)
            self._moved.set()
            self._moved = asyncio.Event()

    async def goes_on(self) -> None:
        """Returns when a message has gone all the way that had not when this was called."""
        for _ in range(2):
            await asyncio.wait_for(self._moved.wait(), GENEROUS_S)

    def noticed_nothing(self) -> None:
        """Fails when a message was lost, repeated or overtaken, or an ack was missing."""
        assert self.numbers == list(range(len(self.numbers)))
        assert self.acks - len(self.numbers) in (0, 1)


@asynccontextmanager
async def bystander(gateway: Gateway) -> AsyncIterator[Bystander]:
    """A bystander whose flow runs; the block fails when the flow does."""
    user = f"bystander-{next(_numbers)}"
    async with gateway.device(user, f"{user}-a") as sender, gateway.device(user, f"{user}-b") as receiver:
        watched = Bystander(sender, receiver)
        flow = asyncio.create_task(watched.flow())
        try:
            await watched.goes_on()
            yield watched
            await watched.goes_on()
        finally:
            if flow.done():
                flow.result()
            flow.cancel()
        watched.noticed_nothing()


@contextmanager
def own_gateway(stack: Any, **settings: Any) -> Iterator[Gateway]:
    """A server beside the stack's own that knows one origin and speaks permessage-deflate."""
    server = stack.start_server({"allowedOrigins": ORIGIN, "permessageDeflate": True, **settings})
    yield Gateway(server.ws, server.http, stack.service(server.name).process.pid)
    stack.end_server(server.name)


def judged(gateway: Gateway, cases: Mapping[str, T], bad_input: Callable[[T], Awaitable[object]]) -> dict[str, object]:
    """What each case gave, or raised; after each a fresh client was served and a bystander's message arrived."""

    async def survive() -> dict[str, object]:
        turn = asyncio.Semaphore(AT_ONCE)
        async with bystander(gateway) as watched:

            async def one(case: T) -> object:
                async with turn, asyncio.timeout(GENEROUS_S):
                    found = await bad_input(case)
                    async with upgraded(gateway.ws) as fresh:
                        await fresh.message("device_register")
                    await watched.goes_on()
                    return found

            found = await asyncio.gather(*map(one, cases.values()), return_exceptions=True)
        return dict(zip(cases, found, strict=True))

    return asyncio.run(survive())
