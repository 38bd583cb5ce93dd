"""Redis between the nodes: hints only. What it loses, PostgreSQL still has; without it a node goes on alone."""

import asyncio
import json
from typing import Any, Protocol

import redis.asyncio as redis
from redis.exceptions import RedisError

from reference_server import logs
from reference_server.settings import Settings

QUEUE_LIMIT = 10_000
"""Hints that may wait while Redis is slow; the oldest go first, they are only hints."""
CONNECT_TIMEOUT = 1.0
REPLY_TIMEOUT = 2.0
RECONNECT_PAUSE = 0.5
CHECK_INTERVAL = 3.0
"""Seconds after which a silent subscription has to prove that it is alive."""


class Listener(Protocol):
    """Who acts on hints of other nodes."""

    def on_connected(self) -> None:
        """From now on hints are heard; those before were lost."""

    def on_wake(self, user_id: str, device_id: str, seq: int) -> None:
        """Another node committed a delivery for this device."""

    def on_replaced(self, user_id: str, device_id: str, generation: int) -> None:
        """This device registered elsewhere."""

    def on_revoked(self, user_id: str, device_id: str, generation: int) -> None:
        """Another node revoked this registration."""


class Bus:
    """Publishes to and hears from one channel, `<prefix>:nodes`."""

    def __init__(self, settings: Settings) -> None:
        self._node = settings.node
        self._channel = f"{settings.redis_prefix}:nodes"
        self._client: Any = redis.Redis.from_url(
            settings.redis_url,
            socket_connect_timeout=CONNECT_TIMEOUT,
            socket_timeout=REPLY_TIMEOUT,
            retry=None,
            client_name=f"reference_server-{settings.node}",
        )
        self._outgoing: asyncio.Queue[str] = asyncio.Queue(QUEUE_LIMIT)
        self._echo = asyncio.Event()
        self.listener: Listener | None = None
        self.connected = False

    def wake(self, user_id: str, device_id: str, seq: int) -> None:
        """Tell the node that holds a device of a new delivery."""
        self._publish(kind="wake", userId=user_id, deviceId=device_id, seq=seq)

    def replaced(self, user_id: str, device_id: str, generation: int) -> None:
        """Tell the other nodes that older connections of a device have to go."""
        self._publish(kind="replaced", userId=user_id, deviceId=device_id, generation=generation)

    def revoked(self, user_id: str, device_id: str, generation: int) -> None:
        """Tell the other nodes that a connection has to go because its session or token was revoked."""
        self._publish(kind="revoked", userId=user_id, deviceId=device_id, generation=generation)

    def presence(self, user_id: str, device_id: str, *, online: bool) -> None:
        """Tell the other nodes that a device came or went."""
        self._publish(kind="presence", userId=user_id, deviceId=device_id, online=online)

    async def ping(self) -> None:
        """Wait until this node hears itself, which proves both ways; raises RedisError or OSError."""
        self._echo.clear()
        await self._client.publish(self._channel, json.dumps({"node": self._node}))
        await self._echo.wait()

    async def publish_forever(self) -> None:
        """Send what is queued; a hint that cannot be sent is dropped."""
        well = True
        while True:
            text = await self._outgoing.get()
            try:
                await self._client.publish(self._channel, text)
                well = True
            except (RedisError, OSError) as problem:
                if well:
                    logs.warning("bus cannot publish", reason=type(problem).__name__)
                well = False
                await asyncio.sleep(RECONNECT_PAUSE)

    async def listen_forever(self) -> None:
        """Hear the other nodes; subscribes again after every loss."""
        while True:
            try:
                async with self._client.pubsub() as subscription:
                    await self._listen(subscription)
            except (RedisError, OSError) as problem:
                if self.connected:
                    logs.warning("bus lost", reason=type(problem).__name__)
            self.connected = False
            await asyncio.sleep(RECONNECT_PAUSE)

    async def _listen(self, subscription: Any) -> None:
        """Until the connection is lost, or does not answer."""
        await subscription.subscribe(self._channel)
        answer_is_due = True
        while True:
            message = await subscription.get_message(timeout=REPLY_TIMEOUT if answer_is_due else CHECK_INTERVAL)
            if message is None:
                if answer_is_due:
                    raise TimeoutError
                await subscription.ping()
                answer_is_due = True
                continue
            answer_is_due = False
            if message["type"] == "message":
                self._hear(message["data"])
            elif message["type"] == "subscribe":
                self._subscribed()

    def _subscribed(self) -> None:
        self.connected = True
        logs.info("bus connected")
        if self.listener is not None:
            self.listener.on_connected()

    async def close(self) -> None:
        """End all connections."""
        await self._client.aclose()

    def _publish(self, **hint: object) -> None:
        if self._outgoing.full():
            self._outgoing.get_nowait()
        self._outgoing.put_nowait(json.dumps({"node": self._node, **hint}))

    def _hear(self, data: bytes) -> None:
        try:
            hint = json.loads(data)
            if hint["node"] == self._node:
                self._echo.set()
            elif self.listener is None:
                return
            elif hint["kind"] == "wake":
                self.listener.on_wake(hint["userId"], hint["deviceId"], hint["seq"])
            elif hint["kind"] == "replaced":
                self.listener.on_replaced(hint["userId"], hint["deviceId"], hint["generation"])
            elif hint["kind"] == "revoked":
                self.listener.on_revoked(hint["userId"], hint["deviceId"], hint["generation"])
        except (ValueError, KeyError, TypeError):
            logs.warning("bus heard something it does not know")
