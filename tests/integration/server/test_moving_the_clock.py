"""In test mode time goes by on request, and a reset puts everything back."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from devices import Target, fresh

LEEWAY = timedelta(minutes=5)
"""Far more than a test takes, far less than it moves the clock."""


async def clock(target: Target, seconds: Any = 0) -> datetime:
    status, answer = await target.call("POST", "/test/clock", {"advance": seconds})
    assert status == 200, answer
    return datetime.fromisoformat(answer["serverTime"])


async def test_the_clock_moves_on_and_a_reset_puts_it_back(patient: Target):
    start = await clock(patient)
    moved = await clock(patient, 3600)
    moved_again = await clock(patient, 1800.5)
    assert timedelta(0) <= moved - start - timedelta(seconds=3600) < LEEWAY
    assert timedelta(0) <= moved_again - start - timedelta(seconds=5400.5) < LEEWAY
    assert await clock(patient) - moved_again < LEEWAY
    async with patient.open() as device:
        device.user, device.name = fresh("user"), "phone"
        answer = await device.register(authToken=await patient.token(device.user, "phone"))
        assert timedelta(0) <= datetime.fromisoformat(answer["serverTime"]) - moved_again < LEEWAY
    assert (await patient.call("POST", "/test/reset"))[0] == 204
    assert timedelta(0) <= await clock(patient) - start < LEEWAY


@pytest.mark.parametrize(
    "body",
    [
        None,
        {},
        {"advance": -1},
        {"advance": "1"},
        {"advance": None},
        {"advance": True},
        {"advance": [1]},
        {"advance": 1e300},
        {"advance": 10**400},
        {"advance": 316_224_001},
        {"advance": 1, "advanced": 2},
        [1],
        "x" * 1000,
    ],
)
async def test_a_step_that_is_none_is_refused_in_one_line(patient: Target, body: Any):
    before = await clock(patient)
    status, answer = await patient.call("POST", "/test/clock", body)
    assert (status, answer) == (
        422,
        {"error": 'expected {"advance": seconds}: a number from 0, at most 316224000 in all'},
    )
    assert await clock(patient) - before < LEEWAY


async def test_devices_that_are_connected_stay_so(patient: Target):
    """Nobody is cut off, expires or goes offline, however far the clock moves: their connections live on real time."""
    user = fresh("user")
    async with patient.device(user, "phone") as phone, patient.device(user, "desktop") as desktop:
        await clock(patient, 100 * 86_400)
        token = await patient.token(user, "phone")
        _, devices = await patient.call("GET", "/devices", token=token)
        assert {device["id"]: device["online"] for device in devices} == {"phone": True, "desktop": True}
        assert (await phone.ask("user_message", 1))["status"] == "delivered"
        assert (await desktop.next("user_message"))["payload"] == 1
        await desktop.is_served()


async def test_devices_that_are_away_for_too_long_are_forgotten(patient: Target):
    user = fresh("user")
    async with patient.device(user, "desktop"):
        pass
    async with patient.device(user, "phone") as phone:
        assert (await phone.ask("user_message", 1, toDeviceId="desktop"))["status"] == "queued"
        await clock(patient, 86_401)
        assert (await phone.ask("user_message", 2, toDeviceId="desktop"))["code"] == "DEVICE_NOT_FOUND"


async def test_messages_expire(patient: Target):
    user = fresh("user")
    async with patient.device(user, "desktop") as desktop:
        pass
    async with patient.device(user, "phone") as phone:
        await phone.ask("user_message", 1, toDeviceId="desktop")
        await clock(patient, 86_401)
        async with patient.back(desktop, authToken=await patient.token(user, "desktop")) as again:
            assert (await again.next("notification"))["payload"] == {"change": "gap", "fromSeq": 1, "toSeq": 1}
            await again.is_served()


async def test_tokens_expire_over_http_too(patient: Target):
    token = await patient.token(fresh("user"), "phone")
    assert (await patient.call("GET", "/devices", token=token))[0] == 200
    await clock(patient, 3601)
    assert (await patient.call("GET", "/devices", token=token))[0] == 401


async def test_an_unconfirmed_message_comes_again_after_messagetimeout(patient: Target):
    user = fresh("user")
    async with patient.device(user, "phone") as phone, patient.device(user, "desktop") as desktop:
        await phone.ask("user_message", 1, toDeviceId="desktop")
        assert "retryCount" not in await desktop.next("user_message")
        for number in (1, 2):
            await clock(patient, 301)
            assert (await desktop.next("user_message"))["retryCount"] == number
        assert (await patient.call("POST", "/test/reset"))[0] == 204
        await clock(patient, 301)
        assert (await desktop.next("user_message"))["retryCount"] == 3


async def test_a_reset_after_a_fixture_emptied_the_tables(patient: Target, patient_database: Any):
    user = fresh("user")
    async with patient.device(user, "phone") as phone, patient.device(user, "desktop") as desktop:
        for number in range(50):
            await phone.send("user_message", number)
        await desktop.confirm(await desktop.next("user_message"))
        await clock(patient, 1000)
    tables = "users, devices, sessions, messages, deliveries, user_presence, revoked_tokens"
    await patient_database.execute(f"TRUNCATE {tables} RESTART IDENTITY")
    assert (await patient.call("POST", "/test/reset"))[0] == 204
    for table in tables.split(", "):
        assert await patient_database.fetchval(f"SELECT count(*) FROM {table}") == 0, table
    async with patient.back(phone) as again:
        assert (again.session["resumed"], again.session["recovered"]) == (False, False)
        assert again.session["epoch"] != phone.session["epoch"]
        await again.send("user_message", 1, toDeviceId="phone", requiresAck=False)
        assert (await again.next("user_message"))["seq"] == 1
