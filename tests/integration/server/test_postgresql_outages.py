"""Whatever happens to PostgreSQL: an answer instead of silence, no ack without a row, and it heals by itself."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from devices import Device, Target, fresh, health, until
from nodes import cluster
from outages import (
    NORMAL_SESSIONS,
    OUTAGES,
    SESSIONS,
    Scene,
    killed,
    locked,
    on_insert,
    suspended,
    terminate,
)

from wireproof.stack.embedded import EmbeddedStack


@asynccontextmanager
async def scene(stack: EmbeddedStack, count: int = 1, **settings: str) -> AsyncIterator[Scene]:
    """Nodes whose role is no superuser: limits hold for them. Whatever happens is no fault of theirs."""
    async with cluster(stack, 0, **settings) as nodes:
        made = Scene(stack, nodes)
        role, password = fresh("role"), secrets.token_hex(8)
        async with made.administration() as connection:
            await connection.execute(f"CREATE ROLE \"{role}\" LOGIN PASSWORD '{password}'")
            await connection.execute(f'ALTER DATABASE "{made.name}" OWNER TO "{role}"')
        nodes.settings["DATABASE_URL"] = f"postgresql://{role}:{password}@127.0.0.1:{stack.postgres.port}/{made.name}"
        await nodes.start(count)
        yield made
        assert nodes.faults() == []


@asynccontextmanager
async def pair(target: Target) -> AsyncIterator[tuple[Device, Device]]:
    """A sender and its recipient."""
    user = fresh("user")
    async with target.device(user, "phone") as phone, target.device(user, "desktop", "desktop") as desktop:
        yield phone, desktop


async def sent(phone: Device, number: Any) -> list[str]:
    """Sends the same message until it is stored; gives the codes of the refusals before."""
    message_id, codes = fresh("m"), []

    async def stored() -> bool:
        answer = await phone.ask("user_message", number, toDeviceId="desktop", id=message_id)
        if answer["status"] == "failed":
            assert answer["retryAfter"] > 0
            codes.append(answer["code"])
        return bool(answer["status"] != "failed")

    await until(stored)
    return codes


async def received(desktop: Device, last: Any) -> list[Any]:
    """The payloads that come, up to this one, each once; confirmed."""
    payloads: list[Any] = []
    while not payloads or payloads[-1] != last:
        message = await desktop.next("user_message")
        await desktop.confirm(message)
        if message["payload"] not in payloads:
            payloads.append(message["payload"])
    return payloads


async def ready(target: Target) -> None:
    """Waits until the server says that all is well."""

    async def well() -> bool:
        return await health(target) == (200, "pass")

    await until(well)


async def sessions_are_normal(at: Scene) -> None:
    """Waits until PostgreSQL has no more sessions of the server than it needs, none of them at work."""
    async with at.administration() as connection:

        async def normal() -> bool:
            states = [row["state"] for row in await connection.fetch(f"SELECT state {SESSIONS}", at.name)]
            return len(states) <= NORMAL_SESSIONS and set(states) == {"idle"}

        await until(normal)


@pytest.mark.parametrize("outage", OUTAGES, ids=lambda outage: outage.__name__)
async def test_an_outage_is_answered_and_heals(fragile, outage):
    async with scene(fragile) as at, pair(at.target) as (phone, desktop), at.target.open() as late:
        await sent(phone, "before")
        await received(desktop, "before")
        late.user, late.name, late.token = phone.user, "late", await at.target.token(phone.user, "late")
        async with outage(at) as reason:
            answer = await phone.ask("user_message", "during", toDeviceId="desktop", id="during")
            assert (answer["status"], answer["code"]) == ("failed", "UNAVAILABLE")
            assert answer["retryAfter"] > 0
            status, body = await at.target.call("GET", "/health/ready")
            assert (status, body["status"]) == (503, "fail")
            assert body["checks"]["postgresql"] == {"status": "fail", "output": reason}
            assert (await at.target.call("GET", "/health/live"))[0] == 200
            assert (await late.register(authToken=late.token))["code"] == "UNAVAILABLE"
            await phone.is_served()
        await until(lambda: stored(phone, "during"))
        await sent(phone, "after")
        assert await received(desktop, "after") == ["during", "after"]
        await ready(at.target)
        assert (await late.register(authToken=late.token))["status"] == "success"
        async with at.database() as connection:
            assert await connection.fetchval("SELECT count(*) FROM messages") == 3
        await sessions_are_normal(at)


async def stored(phone: Device, message_id: str) -> bool:
    """Sends a message again."""
    answer = await phone.ask("user_message", message_id, toDeviceId="desktop", id=message_id)
    return bool(answer["status"] == "delivered")
