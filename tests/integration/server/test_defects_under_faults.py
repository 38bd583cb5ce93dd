"""Each defect of recovery does what it says when its fault comes; the same fault on the clean server does no harm."""

import asyncio
import re
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis.asyncio as redis
from devices import Device, Target, arrived, database, fresh, payloads, until, until_end
from nodes import cluster
from test_defects import CASES as CASES_WITHOUT_FAULTS
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from reference_server.defects import DEFECTS
from reference_server.delivery import LOOK_INTERVAL
from wireproof.stack.added import Server
from wireproof.stack.embedded import EmbeddedStack

BLOCK = "x" * 50_000
WAIT_FOR_NOTHING_S = 5
"""How long something that must not come is waited for; what has to come may take longer."""
GATE = 4711
_GATE = f"""
DO $do$ BEGIN
    CREATE FUNCTION wait_at_gate() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_advisory_xact_lock_shared({GATE}); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER gate AFTER INSERT ON messages DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION wait_at_gate();
END $do$
"""
_WAITS = f"SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = {GATE} AND NOT granted"
_DISK_FULL = """
DO $do$ BEGIN
    CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION USING ERRCODE = '53100', MESSAGE = 'disk full'; END $$;
    CREATE TRIGGER disk_full BEFORE INSERT ON messages FOR EACH ROW
        WHEN (NEW.payload::text LIKE '%disk full%') EXECUTE FUNCTION disk_full();
    ALTER TABLE messages ADD CONSTRAINT refused CHECK (payload::text NOT LIKE '%refused%');
END $do$
"""
_TERMINATE = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


@dataclass(frozen=True)
class World:
    """A stack, and what is wrong with the servers that a scenario starts in it."""

    stack: EmbeddedStack
    start_server: Callable[..., Server]
    defects: list[str]

    def server(self, **settings: Any) -> tuple[Server, Target]:
        server = self.start_server(defects=self.defects, **settings)
        return server, Target(server.ws, server.http)

    def database(self, server: Server) -> Any:
        """A connection to the server's own database."""
        return database(self.stack.postgres.url_of(server.postgres.rsplit("/", 1)[1]))

    async def restart(self, server: Server) -> None:
        await asyncio.to_thread(self.stack.service(server.name).restart)


@asynccontextmanager
async def pair(target: Target) -> AsyncIterator[tuple[Device, Device]]:
    """A phone and a desktop of a new user."""
    user = fresh("user")
    async with target.device(user, "phone") as phone, target.device(user, "desktop") as desktop:
        yield phone, desktop


async def waits(connection: Any) -> bool:
    return bool(await connection.fetchval(_WAITS))


async def held_commit(world: World) -> object:
    """What a sender and a recipient hear while a commit is held; what the recipient gets after it."""
    server, target = world.server()
    async with pair(target) as (phone, desktop), world.database(server) as connection:
        await connection.execute(_GATE)
        await connection.execute(f"SELECT pg_advisory_lock({GATE})")
        await phone.send("user_message", "held", toDeviceId="desktop")
        await until(lambda: waits(connection))
        before = [m["payload"]["status"] for m in await arrived(phone)], await arrived(desktop)
        await connection.execute(f"SELECT pg_advisory_unlock({GATE})")
        after = (await desktop.next("user_message"))["payload"]
        await phone.send("user_message", "refused", toDeviceId="nobody")
        return before, after, [m["payload"]["status"] for m in await acks(phone, "failed")]


async def acks(device: Device, last: str) -> list[dict[str, Any]]:
    """The acks for a device, up to one with this status."""
    found = [await device.next("ack")]
    while found[-1]["payload"]["status"] != last:
        found.append(await device.next("ack"))
    return found


async def failed_inserts(world: World) -> object:
    """What a sender hears of messages that the database refuses, cannot store, and stores; how many are stored."""
    server, target = world.server()
    async with pair(target) as (phone, desktop), world.database(server) as connection:
        await connection.execute(_DISK_FULL)
        statuses = [
            (await phone.ask("user_message", text, toDeviceId=to))["status"]
            for text, to in (("refused", "desktop"), ("disk full", "desktop"), ("good", "desktop"), ("good", "nobody"))
        ]
        return statuses, payloads(await arrived(desktop)), await connection.fetchval("SELECT count(*) FROM messages")


async def restart(world: World) -> object:
    """What a device gets after a restart: of three messages before it had confirmed the second one."""
    server, target = world.server()
    async with pair(target) as (phone, desktop):
        for number in range(3):
            await phone.ask("user_message", number, toDeviceId="desktop")
        messages = await arrived(desktop)
        await desktop.confirm(messages[1])
        await desktop.is_served()
    await world.restart(server)
    async with target.back(phone) as phone, target.back(desktop) as desktop:
        await phone.ask("user_message", "end", toDeviceId="desktop")
        return await until_end(desktop), desktop.session["resumed"]


async def cut_before_confirming(world: World) -> object:
    """What a device that confirms nothing gets: twice on one connection, and on the next one."""
    _, target = world.server(messageTimeout=0.5)
    async with pair(target) as (phone, desktop):
        await phone.ask("user_message", "unconfirmed", toDeviceId="desktop")
        same = [((await desktop.next("user_message"))["payload"]) for _ in range(2)]
        await desktop.socket.close()
        async with target.back(desktop) as desktop:
            await phone.ask("user_message", "end", toDeviceId="desktop")
            return same, await until_end(desktop)


async def live_meets_backlog(world: World) -> object:
    """Where a live message stands among those of a long backlog that its device is slow to read; what is confirmed."""
    _, target = world.server()
    async with pair(target) as (phone, desktop):
        await desktop.socket.close()
        for number in range(300):
            await phone.ask("user_message", [number, BLOCK], toDeviceId="desktop")
        async with target.back(desktop) as desktop:
            desktop.socket.transport.pause_reading()
            await phone.ask("user_message", [300], toDeviceId="desktop")
            desktop.socket.transport.resume_reading()
            messages = [await desktop.next("user_message") for _ in range(301)]
            for message in messages:
                await desktop.confirm(message)
            await phone.ask("user_message", [301], toDeviceId="desktop")
            order = [m["payload"][0] for m in (*messages, *await arrived(desktop))]
        return order.index(300) == 300, sorted(order) == list(range(302)), order[-1]


async def takeover(world: World) -> object:
    """What the older and the newer connection of a device get of a message, and what becomes of the older one."""
    _, target = world.server()
    async with pair(target) as (phone, older), target.back(older) as newer:
        await phone.ask("user_message", "to the newer", toDeviceId="desktop")
        seen = []
        try:
            message = await older.next("user_message")
            seen.append(message["payload"])
            await older.confirm(message)
            await older.is_served()
            assert (await older.ask("user_message", "old", toDeviceId="phone"))["code"] == "SESSION_EXPIRED"
        except ConnectionClosed:
            pass
        return seen, await older.close_code(), payloads(await arrived(newer))


async def gauge(target: Target, name: str) -> int:
    def read() -> bytes:
        with socket.create_connection((urlsplit(target.http).hostname, urlsplit(target.http).port)) as connection:
            connection.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
            return b"".join(iter(lambda: connection.recv(65_536), b""))

    found = re.search(rf"(?m)^{name} (\S+)$", (await asyncio.to_thread(read)).decode())
    assert found
    return int(float(found[1]))


async def resets(world: World) -> object:
    """How many connections count after two were closed and three reset; whether there is room for five again."""
    _, target = world.server(maxConnections=5)
    user = fresh("user")
    for _ in range(2):
        async with target.device(user, "closing"):
            pass
    for _ in range(3):
        async with target.device(user, "reset") as device:
            transport = device.socket.transport
            linger = struct.pack("ii", 1, 0)
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            transport.abort()

    async def all_gone() -> bool:
        return await gauge(target, "cloud_registered_devices") == 0

    await until(all_gone)
    return await gauge(target, "cloud_connections")


async def slow_reader(world: World) -> object:
    """Whether a stranger has to wait for a client that does not read, and gets through when that one is gone."""
    _, target = world.server(outboundBufferBytes=200_000, backlogLimit=1000)
    async with pair(target) as (phone, slow), target.device(fresh("user"), "stranger") as stranger:
        slow.socket.transport.pause_reading()
        status = "delivered"
        while status == "delivered":
            await stranger.send("user_message", "unheard of", toDeviceId="stranger")
            messages: list[dict[str, Any]] = []

            async def both(messages: list[dict[str, Any]] = messages) -> None:
                while len(messages) < 2:  # one of them may come before the server waits
                    messages.append(await stranger.next())

            try:
                async with asyncio.timeout(WAIT_FOR_NOTHING_S):
                    await both()
            except TimeoutError:
                slow.socket.transport.abort()
                await both()
                return "waits", sorted(m["type"] for m in messages)
            await stranger.confirm(next(m for m in messages if m["type"] == "user_message"))
            status = (await phone.ask("user_message", BLOCK, toDeviceId="desktop"))["status"]
        return "goes on", sorted(m["type"] for m in messages)


async def lost_subscription(world: World) -> object:
    """What a device gets from another node before and after the nodes' subscriptions are killed in Redis."""
    async with cluster(world.stack, 2, DEFECTS=",".join(world.defects)) as nodes:
        user = fresh("user")
        near, far = nodes.targets
        async with near.device(user, "desktop") as desktop, far.device(user, "phone") as phone:
            await phone.ask("user_message", "before", toDeviceId="desktop")
            before = (await desktop.next("user_message"))["payload"]
            async with redis.Redis.from_url(world.stack.services["redis"].url) as client:
                assert await client.client_kill_filter(_type="pubsub") >= 2

            async def lost() -> bool:
                return all(node.events("bus lost") for node in nodes.nodes)

            await until(lost)
            statuses = [(await phone.ask("user_message", "after", toDeviceId="desktop"))["status"]]
            try:
                async with asyncio.timeout(LOOK_INTERVAL + 2):
                    after = (await desktop.next("user_message"))["payload"]
            except TimeoutError:
                after = "nothing"
            return before, statuses, after


async def terminated_sessions(world: World) -> object:
    """What becomes of the first and the last of some messages after all sessions in PostgreSQL were terminated."""
    server, target = world.server()
    async with pair(target) as (phone, _), world.database(server) as connection:
        before = (await phone.ask("user_message", "before", toDeviceId="desktop"))["status"]
        assert await connection.fetchval(_TERMINATE) > 2
        for number in range(12):
            last = (await phone.ask("user_message", number, toDeviceId="desktop"))["status"]
        return before, last


async def dead_peer(world: World) -> object:
    """Whether a device that answers no ping is shown as online after several times heartbeatTimeout."""
    _, target = world.server(heartbeatInterval=0.5, heartbeatTimeout=1)
    async with pair(target) as (phone, dead):
        dead.socket.transport.pause_reading()

        async def offline() -> bool:
            await phone.send("heartbeat")
            await phone.next("heartbeat")
            devices = (await target.call("GET", "/devices", token=phone.token))[1]
            return not next(device["online"] for device in devices if device["id"] == "desktop")

        try:
            async with asyncio.timeout(WAIT_FOR_NOTHING_S):
                await until(offline)
        except TimeoutError:
            return "online"
        finally:
            dead.socket.transport.abort()
        return "offline"


async def stop(world: World) -> object:
    """What a sender hears of a message whose commit is under way when its server is stopped, and how its end comes."""
    server, target = world.server()
    async with pair(target) as (phone, _), world.database(server) as connection:
        await connection.execute(_GATE)
        await connection.execute(f"SELECT pg_advisory_lock({GATE})")
        await phone.send("user_message", "on its way", toDeviceId="desktop")
        await until(lambda: waits(connection))
        stopped = asyncio.create_task(asyncio.to_thread(world.stack.service(server.name).stop, within_s=60))

        async def refuses() -> bool:
            try:
                async with target.open():
                    return False
            except (OSError, InvalidHandshake):
                return True

        await until(refuses)
        await connection.execute(f"SELECT pg_advisory_unlock({GATE})")
        heard = []
        with suppress(ConnectionClosed):
            heard.append((await phone.next("ack"))["payload"]["status"])
        code = await phone.close_code()
        await stopped
    await asyncio.to_thread(world.stack.service(server.name).start)
    return heard, code


async def bad_frames(world: World) -> object:
    """What becomes of a server that gets messages of several bad shapes, and one that is JSON but no object."""
    server, target = world.server()

    async def ended() -> bool:
        return not world.stack.service(server.name).is_alive()

    async with pair(target) as (phone, _):
        for text in ('{"id": 1}', "{}", "null!", '"open'):
            await phone.socket.send(text)
            await phone.next("error")
        await phone.socket.send("[]")
        try:
            await phone.next("error")
            await phone.is_served()
        except ConnectionClosed:
            await until(ended)
            return "dead"
    return "alive"


@dataclass(frozen=True)
class Case:
    """What a scenario gives with a defect, and without."""

    defect: str
    scenario: Callable[[World], Awaitable[object]]
    wrong: object
    right: object

    def __str__(self) -> str:
        return self.defect


CASES = [
    Case(
        "ack-before-commit",
        held_commit,
        ((["delivered"], []), "held", ["failed"]),
        (([], []), "held", ["delivered", "failed"]),
    ),
    Case(
        "ack-on-failed-insert",
        failed_inserts,
        (["delivered", "delivered", "delivered", "failed"], ["good"], 1),
        (["failed", "failed", "delivered", "failed"], ["good"], 1),
    ),
    Case("backlog-in-memory", restart, ([], True), ([0, 2], True)),
    Case("confirm-on-send", cut_before_confirming, (["unconfirmed"] * 2, []), (["unconfirmed"] * 2, ["unconfirmed"])),
    Case("live-overtakes-backlog", live_meets_backlog, (False, True, 301), (True, True, 301)),
    Case("stale-session", takeover, (["to the newer"], 4001, ["to the newer"]), ([], 4001, ["to the newer"])),
    Case("leak-on-abort", resets, 3, 0),
    Case("head-of-line", slow_reader, ("waits", ["ack", "user_message"]), ("goes on", ["ack", "user_message"])),
    Case(
        "deaf-after-redis", lost_subscription, ("before", ["delivered"], "nothing"), ("before", ["delivered"], "after")
    ),
    Case("poisoned-pool", terminated_sessions, ("delivered", "failed"), ("delivered", "delivered")),
    Case("no-heartbeat", dead_peer, "online", "offline"),
    Case("kill-without-drain", stop, ([], 1006), (["delivered"], 1012)),
    Case("crash-on-bad-frame", bad_frames, "dead", "alive"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_a_defect_shows_when_its_fault_comes_and_the_clean_server_survives_it(case: Case, stack, start_server):
    assert await case.scenario(World(stack, start_server, [case.defect])) == case.wrong
    assert await case.scenario(World(stack, start_server, [])) == case.right


def test_every_defect_is_seen_at_work():
    elsewhere = {"mailbox-capture", "seq-reset", "rollback-leak", "grow"}
    cases = {case.defect.partition(":")[0] for case in (*CASES_WITHOUT_FAULTS, *CASES)}
    assert cases | elsewhere == {defect.name for defect in DEFECTS}
