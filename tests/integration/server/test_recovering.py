"""A device that says how far it had read gets what it missed once more, or is told that something is gone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from devices import Device, Target, fresh

from wireproof.stack.embedded import EmbeddedStack

Shown = list[tuple[Any, int, int]]
"""payload, seq, retryCount (0 for none) of each delivery"""


@asynccontextmanager
async def sender(target: Target) -> AsyncIterator[Device]:
    """A phone whose user also has a desktop that is away."""
    user = fresh("user")
    async with target.device(user, "phone") as phone:
        async with target.device(user, "desktop"):
            pass
        yield phone


async def send(phone: Device, *payloads: Any, **fields: Any) -> None:
    for payload in payloads:
        await phone.ask("user_message", payload, toDeviceId="desktop", **fields)


async def read(device: Device, count: int) -> Shown:
    """The next deliveries; nothing else may be waiting behind them."""
    messages = [await device.next("user_message") for _ in range(count)]
    await device.is_served()
    return [(m["payload"], m["seq"], m.get("retryCount", 0)) for m in messages]


def read_up_to(desktop: Device, last_seq: int, **changes: Any) -> dict[str, Any]:
    """What a registration says of the deliveries that it knows."""
    return {"epoch": desktop.session["epoch"], "lastSeq": last_seq, **changes}


async def five_of_which_confirmed(target: Target, phone: Device, *confirmed: int) -> Device:
    """A desktop that has read the payloads 1 to 5, confirmed some, and left."""
    async with target.device(phone.user, "desktop") as desktop:
        for payload in range(1, 6):
            await send(phone, payload)
            message = await desktop.next("user_message")
            if payload in confirmed:
                await desktop.confirm(message)
        await desktop.is_served()
    return desktop


async def test_what_was_missed_comes_again_confirmed_or_not(patient: Target):
    async with sender(patient) as phone:
        desktop = await five_of_which_confirmed(patient, phone, 1, 2, 3, 5)
        await send(phone, 6, 7)
        async with patient.back(desktop, **read_up_to(desktop, 2)) as again:
            assert (again.session["resumed"], again.session["recovered"]) == (True, True)
            assert await read(again, 5) == [(3, 3, 1), (4, 4, 1), (5, 5, 1), (6, 6, 0), (7, 7, 0)]


async def test_what_is_unconfirmed_comes_again_although_it_was_read(patient: Target):
    async with sender(patient) as phone:
        desktop = await five_of_which_confirmed(patient, phone, 1, 3, 5)
        async with patient.back(desktop, **read_up_to(desktop, 4)) as again:
            assert again.session["recovered"] is True
            assert await read(again, 3) == [(2, 2, 1), (4, 4, 1), (5, 5, 1)]


async def test_who_missed_nothing_recovers_and_gets_nothing(patient: Target):
    async with sender(patient) as phone:
        desktop = await five_of_which_confirmed(patient, phone, 1, 2, 3, 4, 5)
        async with patient.back(desktop, **read_up_to(desktop, 5)) as again:
            assert again.session["recovered"] is True
            assert await read(again, 0) == []


async def test_what_needs_no_confirmation_comes_again_too(patient: Target):
    async with sender(patient) as phone:
        async with patient.device(phone.user, "desktop") as desktop:
            await phone.send("user_message", 1, toDeviceId="desktop", requiresAck=False)
            await desktop.next("user_message")
        async with patient.back(desktop, **read_up_to(desktop, 0)) as again:
            assert again.session["recovered"] is True
            assert await read(again, 1) == [(1, 1, 1)]


async def test_a_device_recovers_without_its_session(patient: Target):
    async with sender(patient) as phone:
        desktop = await five_of_which_confirmed(patient, phone, 1, 2, 3, 4, 5)
        await patient.later(301)
        async with patient.back(desktop, **read_up_to(desktop, 3)) as again:
            assert (again.session["resumed"], again.session["recovered"]) == (False, True)
            assert await read(again, 2) == [(4, 4, 1), (5, 5, 1)]


@pytest.mark.parametrize(
    "changes", [{"epoch": "another"}, {"lastSeq": 6}, {"lastSeq": 2**62}, {"epoch": None}, {"lastSeq": None}]
)
async def test_who_cannot_recover_is_told_and_gets_the_backlog(patient: Target, changes: dict[str, Any]):
    async with sender(patient) as phone:
        desktop = await five_of_which_confirmed(patient, phone, 1, 2, 4)
        async with patient.back(desktop, **read_up_to(desktop, 0) | changes) as again:
            assert (again.session["resumed"], again.session["recovered"]) == (True, False)
            assert await read(again, 2) == [(3, 3, 1), (5, 5, 1)]


@pytest.mark.parametrize("table", ["deliveries", "messages"])
async def test_what_was_deleted_cannot_be_recovered(patient: Target, patient_database: Any, table: str):
    async with sender(patient) as phone:
        desktop = await five_of_which_confirmed(patient, phone, 1, 2, 3, 4, 5)
        query = {
            "deliveries": "DELETE FROM deliveries WHERE user_id = $1 AND seq = 4",
            "messages": "DELETE FROM messages WHERE user_id = $1 AND payload::text = '4'",
        }
        await patient_database.execute(query[table], phone.user)
        async with patient.back(desktop, **read_up_to(desktop, 3)) as again:
            assert again.session["recovered"] is False
            assert await read(again, 0) == []
        async with patient.back(desktop, **read_up_to(desktop, 4)) as again:
            assert again.session["recovered"] is True
            assert await read(again, 1) == [(5, 5, 1)]


async def test_what_has_expired_or_was_purged_cannot_be_recovered(start_server):
    server = start_server(messageTtl=1000, retention=2000, sessionTimeout=10_000)
    target = Target(server.ws, server.http)
    async with sender(target) as phone:
        desktop = await five_of_which_confirmed(target, phone, 1, 2, 3, 4, 5)
        for seconds in (1001, 1000):
            await target.later(seconds)
            token = await target.token(desktop.user, desktop.name)
            async with target.back(desktop, **read_up_to(desktop, 4, authToken=token)) as again:
                assert (again.session["resumed"], again.session["recovered"]) == (True, False)
                assert await read(again, 0) == []
        _, kept = await target.call("GET", "/messages?deviceId=desktop", token=phone.token)
        assert kept == []


async def test_confirming_again_what_was_recovered_changes_nothing(patient: Target, patient_database: Any):
    async with sender(patient) as phone:
        desktop = await five_of_which_confirmed(patient, phone, 1, 2, 3, 4, 5)
        async with patient.back(desktop, **read_up_to(desktop, 1)) as again:
            await again.send("ack", {"originalMessageId": "from before", "seq": 5}, requiresAck=False)
            messages = [await again.next("user_message") for _ in range(4)]
            for message in (*messages, *messages):
                await again.confirm(message)
            await again.send("ack", {"originalMessageId": messages[0]["id"]}, requiresAck=False)
            await again.is_served()
        async with patient.back(desktop) as again:
            assert await read(again, 0) == []
        watermark = "SELECT watermark FROM devices WHERE user_id = $1 AND id = 'desktop'"
        assert await patient_database.fetchval(watermark, phone.user) == 5


async def test_only_what_is_unconfirmed_comes_after_messagetimeout(patient: Target):
    async with sender(patient) as phone:
        desktop = await five_of_which_confirmed(patient, phone, 1, 2, 3, 4)
        async with patient.back(desktop, **read_up_to(desktop, 2)) as again:
            assert await read(again, 3) == [(3, 3, 1), (4, 4, 1), (5, 5, 1)]
            await patient.later(301)
            message = await again.next("user_message")
            assert (message["seq"], message["retryCount"]) == (5, 2)
            await again.is_served()


async def test_what_is_live_waits_for_what_is_recovered(patient: Target):
    async with sender(patient) as phone:
        async with patient.device(phone.user, "desktop") as desktop:
            for number in range(1, 601):
                await phone.send("user_message", number, toDeviceId="desktop", requiresAck=number % 2 == 0)
            for _ in range(600):
                message = await desktop.next("user_message")
                if message["seq"] % 4 == 0:
                    await desktop.confirm(message)
            await desktop.is_served()
        for _ in range(300):
            await phone.next("ack")

        async def keep_sending() -> None:
            for number in range(601, 801):
                await phone.ask("user_message", number, toDeviceId="desktop")

        live = asyncio.create_task(keep_sending())
        async with patient.back(desktop, **read_up_to(desktop, 100)) as again:
            assert again.session["recovered"] is True
            seen = [(await again.next("user_message"))["seq"] for _ in range(25 + 700)]
            await again.is_served()
        await live
        unconfirmed = [seq for seq in range(1, 101) if seq % 4 == 2]
        assert seen == [*unconfirmed, *range(101, 801)]


async def test_a_gap_that_opens_during_recovery_is_told(patient: Target, patient_database: Any):
    """The delivery goes between the answer and its turn: the client does not read, so its turn comes later."""
    block = "x" * 500_000
    async with sender(patient) as phone:
        async with patient.device(phone.user, "desktop") as desktop:
            for number in range(1, 31):
                await send(phone, [number, block])
                await desktop.confirm(await desktop.next("user_message"))
            await desktop.is_served()
        async with patient.back(desktop, **read_up_to(desktop, 0)) as again:
            assert again.session["recovered"] is True
            again.socket.transport.pause_reading()
            await patient_database.execute("DELETE FROM deliveries WHERE user_id = $1 AND seq IN (29, 30)", phone.user)
            again.socket.transport.resume_reading()
            assert [(await again.next("user_message"))["seq"] for _ in range(28)] == [*range(1, 29)]
            assert (await again.next("notification"))["payload"] == {"change": "gap", "fromSeq": 29, "toSeq": 30}
            await again.is_served()


async def test_who_missed_far_too_much_does_not_recover(patient: Target, patient_database: Any):
    async with sender(patient) as phone:
        desktop = await five_of_which_confirmed(patient, phone, 1, 2, 3, 4, 5)
        await patient_database.execute(
            "INSERT INTO deliveries SELECT $1, 'desktop', n, message_key, d.stored_at FROM deliveries d,"
            " generate_series(6, 100005) AS n WHERE user_id = $1 AND seq = 5",
            phone.user,
        )
        query = "UPDATE devices SET last_seq = 100005, watermark = 100005 WHERE user_id = $1 AND id = 'desktop'"
        await patient_database.execute(query, phone.user)
        async with patient.back(desktop, **read_up_to(desktop, 4)) as again:
            assert again.session["recovered"] is False
            assert await read(again, 0) == []
        async with patient.back(desktop, **read_up_to(desktop, 100_003)) as again:
            assert again.session["recovered"] is True
            assert await read(again, 2) == [(5, 100_004, 1), (5, 100_005, 1)]


@pytest.mark.parametrize("tables", [("deliveries", "devices"), ("devices",)])
async def test_a_device_that_was_deleted_and_made_again_counts_anew(
    patient: Target, patient_database: Any, tables: tuple[str, ...]
):
    async with sender(patient) as phone:
        desktop = await five_of_which_confirmed(patient, phone, 1, 2, 3, 4, 5)
        for table in tables:
            await patient_database.execute(f"DELETE FROM {table} WHERE user_id = $1", phone.user)
    async with patient.device(phone.user, "phone") as phone:
        async with patient.back(desktop, **read_up_to(desktop, 5)) as again:
            assert again.session["recovered"] is False
            assert again.session["epoch"] != desktop.session["epoch"]
            await send(phone, "new")
            assert await read(again, 1) == [("new", 1, 0)]
        async with patient.back(again, **read_up_to(again, 0)) as once_more:
            assert once_more.session["recovered"] is True
            assert await read(once_more, 1) == [("new", 1, 1)]


async def test_a_device_recovers_after_a_restart_of_the_server(stack: EmbeddedStack, start_server):
    server = start_server()
    target, process = Target(server.ws, server.http), stack.service(server.name)
    async with sender(target) as phone:
        desktop = await five_of_which_confirmed(target, phone, 1, 2, 3, 4)
    process.kill()
    process.start()
    async with target.back(desktop, **read_up_to(desktop, 3)) as again, target.back(phone) as phone:
        assert (again.session["resumed"], again.session["recovered"]) == (True, True)
        assert await read(again, 2) == [(4, 4, 1), (5, 5, 1)]
        await send(phone, 6)
        assert await read(again, 1) == [(6, 6, 0)]
