"""Connections that are cut wherever it hurts: nothing is lost, nothing overtakes, nothing stays behind."""

import asyncio
import contextlib
import random
import socket
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest
from devices import GENEROUS_S, Device, Target, fresh, until
from outages import NORMAL_SESSIONS, Scene, pair, received, scene, sent, sessions_are_normal
from raw_client import connected, json_frame, upgrade, upgraded
from relay import Relay, relay
from websockets.exceptions import ConnectionClosed, InvalidHandshake

BACKLOG = 30
ABORTS = 500
DEVICES = 300
PER_USER = 15


@asynccontextmanager
async def behind_relay(at: Scene) -> AsyncIterator[tuple[Relay, Target]]:
    """A relay before the node, and the node as seen through it."""
    async with relay(urlsplit(at.target.ws).port or 0) as way:
        yield way, replace(at.target, ws=f"ws://127.0.0.1:{way.port}/")


async def read_until_cut(through: Target, user: str, token: str) -> list[dict[str, Any]]:
    """What a desktop gets on one connection."""
    got: list[dict[str, Any]] = []
    with contextlib.suppress(ConnectionClosed, InvalidHandshake, OSError, EOFError):
        async with through.open() as desktop:
            desktop.user, desktop.name = user, "desktop"
            await desktop.register(authToken=token)
            while len(got) < BACKLOG:
                got.append(await desktop.next("user_message"))
    return got


@pytest.mark.parametrize("step", [61, 173])
async def test_a_backlog_is_safe_at_every_cut_point(fragile, step):
    async with scene(fragile, MESSAGE_TIMEOUT="60") as at, behind_relay(at) as (way, through):
        user = fresh("user")
        async with at.target.device(user, "phone") as phone:
            async with at.target.device(user, "desktop") as desktop:
                token = desktop.token
            for number in range(1, BACKLOG + 1):
                await phone.ask("user_message", number, toDeviceId="desktop")
        seen, cuts = 0, 0
        while seen < BACKLOG:
            way.budget = step * cuts
            got = await read_until_cut(through, user, token)
            assert [message["seq"] for message in got] == list(range(1, len(got) + 1))
            assert [message["payload"] for message in got] == list(range(1, len(got) + 1))
            assert all(message.get("retryCount") for message in got[:seen])
            seen = max(seen, len(got))
            cuts += 1
        assert cuts > BACKLOG
        way.budget = None
        async with at.target.device(user, "desktop") as desktop:
            for number in range(1, BACKLOG + 1):
                message = await desktop.next("user_message")
                assert (message["payload"], bool(message["retryCount"])) == (number, True)
                if number % 2:
                    await desktop.confirm(message)
            await desktop.is_served()
        async with at.target.device(user, "desktop") as desktop:
            rest = [(await desktop.next("user_message"))["seq"] for _ in range(BACKLOG // 2)]
            await desktop.is_served()
        assert rest == list(range(2, BACKLOG + 1, 2))


async def test_after_many_aborts_nothing_is_left(fragile):
    async with scene(fragile) as at, pair(at.target) as (phone, desktop):
        process = psutil.Process(at.cluster.nodes[0].process.pid)
        await sent(phone, "before")
        await received(desktop, "before")
        before = await figures(at.target)
        files = process.num_fds()
        token = await at.target.token(phone.user, "tablet")
        for number in range(ABORTS):
            await abort(at.target, ABORT[number % len(ABORT)], phone.user, token)

        async def as_before() -> bool:
            return await figures(at.target) == before and process.num_fds() < files + NORMAL_SESSIONS

        await until(as_before)
        async with at.database() as rows:

            async def nobody_else_is_present() -> bool:
                return bool(await rows.fetchval("SELECT count(*) FROM user_presence") == 2)

            await until(nobody_else_is_present)
        await sessions_are_normal(at)
        await sent(phone, "after")
        await received(desktop, "after")


ABORT = ("half-open", "half a handshake", "unregistered", "registering", "registered", "half a frame")


async def abort(target: Target, stage: str, user: str, token: str) -> None:
    """Gets so far, and resets the connection."""
    if stage in ("half-open", "half a handshake"):
        async with connected(target.ws) as client:
            await client.send(upgrade("gateway")[: 0 if stage == "half-open" else 40])
            reset(client.writer)
        return
    async with upgraded(target.ws) as client:
        await client.message("device_register")
        if stage != "unregistered":
            await client.send(json_frame(registration(user, token)))
        if stage in ("registered", "half a frame"):
            await client.message("ack")
        if stage == "half a frame":
            await client.send(json_frame(registration(user, token))[:100])
        reset(client.writer)


def reset(writer: asyncio.StreamWriter) -> None:
    """Ends a connection as a crash of its machine does."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    writer.transport.abort()


def registration(user: str, token: str) -> dict[str, Any]:
    """The message with which the tablet registers."""
    capabilities = {
        "supportsFileSync": True,
        "supportsVoiceCommands": False,
        "supportsVideoStreaming": False,
        "supportsNotifications": True,
        "maxFileSize": 1,
        "supportedFormats": [],
    }
    device = {"id": "tablet", "userId": user, "type": "mobile", "platform": "test", "version": "1"}
    return {
        "id": fresh("r"),
        "type": "device_register",
        "fromDeviceId": "tablet",
        "userId": user,
        "payload": {**device, "capabilities": capabilities, "authToken": token},
        "timestamp": "2026-01-01T00:00:00.000Z",
        "priority": 1,
        "requiresAck": True,
    }


async def figures(target: Target) -> dict[str, float]:
    """What the server says it holds at this moment."""
    text = await asyncio.to_thread(lambda: urllib.request.urlopen(f"{target.http}/metrics").read().decode())
    gauges = ("cloud_connections", "cloud_registered_devices", "cloud_tasks")
    return {
        name: float(value)
        for name, value in (line.split() for line in text.splitlines() if line[0] != "#")
        if name in gauges
    }


async def test_a_storm_of_reconnecting_devices(fragile):
    """Everybody is cut at once and comes back with jitter; each succeeds at its first attempt."""
    dice = random.Random(1)
    async with (
        scene(fragile, REGISTRATION_TIMEOUT="20") as at,
        behind_relay(at) as (way, through),
        pair(at.target) as (phone, desktop),
        contextlib.AsyncExitStack() as everybody,
    ):
        users = [fresh("user") for _ in range(DEVICES // PER_USER)]
        names = [(user, f"device-{n}") for user in users for n in range(PER_USER)]
        devices = [await everybody.enter_async_context(through.device(*name)) for name in names]
        assert way.open == DEVICES
        way.cut()

        async def come_back(device: Device) -> bool:
            assert await device.close_code() == 1006
            await asyncio.sleep(dice.random())
            async with through.back(device) as again:
                await again.is_served()
                return bool(again.session["resumed"])

        storm = asyncio.gather(*map(come_back, devices))
        number = 0
        while not storm.done():
            assert await sent(phone, number) == []
            number += 1
        assert await asyncio.wait_for(storm, GENEROUS_S) == [True] * DEVICES
        assert await received(desktop, number - 1) == list(range(number))
