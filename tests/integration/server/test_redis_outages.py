"""Redis carries only hints: without it nodes find everything in PostgreSQL, and later they hear each other again."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import redis.asyncio as redis
from devices import GENEROUS_S, Device, Target, fresh, health, until
from nodes import Cluster, cluster
from relay import relay

from wireproof.stack.embedded import EmbeddedStack

ROUND_TRIPS = 10
"""Those of messages that only the look-around finds, every 5 s, take longer than anything may take here."""


@dataclass(frozen=True)
class Scene:
    """Two nodes and the Redis between them, where they have a user of their own."""

    stack: EmbeddedStack
    nodes: Cluster
    user: str
    password: str

    async def tell(self, *command: str) -> None:
        """An administrator's command, on a connection of its own."""
        async with redis.Redis.from_url(self.stack.services["redis"].url) as administrator:
            await administrator.execute_command(*command)

    async def allow(self) -> None:
        """Lets the nodes in."""
        await self.tell("ACL", "SETUSER", self.user, "on", f">{self.password}", "~*", "&*", "+@all")


@asynccontextmanager
async def scene(stack: EmbeddedStack, port: int = 0) -> AsyncIterator[Scene]:
    """Whatever happens to Redis is no fault of the nodes."""
    user, password = fresh("node"), secrets.token_hex(8)
    url = f"redis://{user}:{password}@127.0.0.1:{port or stack.services['redis'].port}/0"
    async with cluster(stack, 0, REDIS_URL=url) as nodes:
        made = Scene(stack, nodes, user, password)
        await made.allow()
        await nodes.start(2)
        yield made
        assert nodes.faults() == []


@asynccontextmanager
async def killed_and_empty_again(at: Scene) -> AsyncIterator[None]:
    at.stack.services["redis"].kill()
    try:
        yield
    finally:
        at.stack.services["redis"].start()
        await at.allow()


@asynccontextmanager
async def stopped(at: Scene) -> AsyncIterator[None]:
    at.stack.services["redis"].stop()
    try:
        yield
    finally:
        at.stack.services["redis"].start()
        await at.allow()


@asynccontextmanager
async def suspended(at: Scene) -> AsyncIterator[None]:
    at.stack.services["redis"].suspend()
    try:
        yield
    finally:
        at.stack.services["redis"].resume()


@asynccontextmanager
async def no_writes(at: Scene) -> AsyncIterator[None]:
    await at.tell("CLIENT", "PAUSE", "600000", "WRITE")
    try:
        yield
    finally:
        await at.tell("CLIENT", "UNPAUSE")


@asynccontextmanager
async def revoked(at: Scene) -> AsyncIterator[None]:
    await at.tell("ACL", "DELUSER", at.user)
    try:
        yield
    finally:
        await at.allow()


@asynccontextmanager
async def not_allowed_to_publish(at: Scene) -> AsyncIterator[None]:
    await at.tell("ACL", "SETUSER", at.user, "-publish")
    try:
        yield
    finally:
        await at.allow()


@asynccontextmanager
async def not_allowed_to_listen(at: Scene) -> AsyncIterator[None]:
    await at.tell("ACL", "SETUSER", at.user, "resetchannels")
    try:
        yield
    finally:
        await at.allow()


Outage = Callable[[Scene], AbstractAsyncContextManager[None]]
OUTAGES: tuple[Outage, ...] = (
    killed_and_empty_again,
    stopped,
    suspended,
    no_writes,
    revoked,
    not_allowed_to_publish,
    not_allowed_to_listen,
)


@asynccontextmanager
async def pair(at: Scene) -> AsyncIterator[tuple[Device, Device]]:
    """A sender on the first node and its recipient on the second."""
    user, (first, second) = fresh("user"), at.nodes.targets
    async with first.device(user, "phone") as phone, second.device(user, "desktop") as desktop:
        yield phone, desktop


async def carried(phone: Device, desktop: Device, payload: Any) -> None:
    """One message from one to the other."""
    assert (await phone.ask("user_message", payload, toDeviceId=desktop.name))["status"] == "delivered"
    message = await desktop.next("user_message")
    assert message["payload"] == payload
    await desktop.confirm(message)


async def carried_by_hints(phone: Device, desktop: Device) -> None:
    """So many, one after the other, that the look-around alone would not do."""
    async with asyncio.timeout(GENEROUS_S):
        for number in range(ROUND_TRIPS):
            await carried(phone, desktop, number)


async def says(word: str, *targets: Target) -> None:
    """Waits until these servers say so of themselves; nothing of it makes them unready."""

    async def all_say_it() -> bool:
        found = [await health(target) for target in targets]
        assert {status for status, _ in found} == {200}
        return {said for _, said in found} == {word}

    await until(all_say_it)


@pytest.mark.parametrize("outage", OUTAGES, ids=lambda outage: outage.__name__)
async def test_nodes_go_on_without_redis_and_hear_each_other_afterwards(fragile, outage):
    async with scene(fragile) as at, pair(at) as (phone, desktop):
        first, second = at.nodes.targets
        async with first.device(phone.user, "tablet") as tablet:
            await carried_by_hints(phone, desktop)
            async with outage(at):
                await says("warn", first, second)
                assert (await first.call("GET", "/health/live"))[0] == 200
                await carried(phone, tablet, "inside the node")
                await carried(phone, desktop, "from node to node")
            await says("pass", first, second)
            await carried_by_hints(phone, desktop)


async def test_a_pause_of_everything_ends_by_itself(fragile):
    async with scene(fragile) as at, pair(at) as (phone, desktop):
        await carried_by_hints(phone, desktop)
        await at.tell("CLIENT", "PAUSE", "4000", "ALL")
        await says("warn", *at.nodes.targets)
        await carried(phone, desktop, "meanwhile")
        await says("pass", *at.nodes.targets)
        await carried_by_hints(phone, desktop)


@pytest.mark.parametrize(
    "command",
    [
        ("FLUSHALL",),
        ("CLIENT", "KILL", "TYPE", "pubsub"),
        ("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"),
        ("CONFIG", "SET", "maxmemory", "1"),
    ],
    ids=" ".join,
)
async def test_what_redis_gets_over_at_once(fragile, command):
    async with scene(fragile) as at, pair(at) as (phone, desktop):
        await carried_by_hints(phone, desktop)
        await at.tell(*command)
        try:
            await carried(phone, desktop, "at once")
            await says("pass", *at.nodes.targets)
            await carried_by_hints(phone, desktop)
        finally:
            await at.tell("CONFIG", "SET", "maxmemory", "0")


async def test_connections_that_lead_nowhere_are_left_behind(fragile):
    """A peer that vanished without a word: nothing comes, and nothing ever ends by itself."""
    async with (
        relay(fragile.services["redis"].port) as way,
        scene(fragile, way.port) as at,
        pair(at) as (phone, desktop),
    ):
        await carried_by_hints(phone, desktop)
        way.strand()
        await carried(phone, desktop, "meanwhile")
        await says("pass", *at.nodes.targets)
        await carried_by_hints(phone, desktop)


async def test_who_registers_elsewhere_without_redis_is_closed_here(fragile):
    async with scene(fragile) as at, pair(at) as (phone, desktop):
        async with suspended(at), at.nodes.targets[0].back(desktop) as moved:
            assert moved.session["resumed"]
            assert await desktop.close_code() == 4001
            await carried(phone, moved, "found at its new place")
        assert len(at.nodes.nodes[1].events("registered")) == 1


async def test_a_hint_that_was_lost_is_made_up_for_when_hints_are_heard_again(fragile):
    async with scene(fragile) as at, pair(at) as (phone, desktop), asyncio.timeout(GENEROUS_S):
        for number in range(ROUND_TRIPS):
            await at.tell("CLIENT", "KILL", "TYPE", "pubsub")
            await carried(phone, desktop, number)
