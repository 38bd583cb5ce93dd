"""A session that is presented again: when it is resumed, and when nobody learns why not."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from devices import Device, Target, database, fresh, until
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError

from reference_server.clock import Clock
from reference_server.settings import Settings
from reference_server.store import Store
from wireproof.stack.embedded import EmbeddedStack


async def resumes(target: Target, device: Device, **changes: Any) -> bool:
    """Whether a device that comes back gets its session, and says so; otherwise it gets another one."""
    async with target.back(device, **changes) as again:
        assert again.session["status"] == "success", again.session
        same = again.session["sessionId"] == device.session["sessionId"]
        assert again.session["resumed"] is same
        await again.is_served()
    return same


async def test_a_session_is_resumed_within_its_time_again_and_again(patient: Target):
    async with patient.device(fresh("user"), "phone") as phone:
        pass
    for _ in range(3):
        await patient.later(299)
        assert await resumes(patient, phone)


async def test_a_session_expires_when_nobody_was_connected_for_its_time(patient: Target):
    async with patient.device(fresh("user"), "phone") as phone:
        pass
    await patient.later(301)
    assert not await resumes(patient, phone)
    assert not await resumes(patient, phone)


async def test_a_session_does_not_age_while_it_is_connected(patient: Target):
    async with patient.device(fresh("user"), "phone") as phone:
        await patient.later(1000)
        await phone.is_served()
    assert await resumes(patient, phone, authToken=await patient.token(phone.user, phone.name))


async def test_a_resumed_session_does_not_age_because_its_old_connection_closes(patient: Target, patient_database: Any):
    async with patient.device(fresh("user"), "phone") as old, patient.back(old) as new:
        assert new.session["resumed"]
        assert await old.close_code() == 4001
        await patient.later(400)
        await new.is_served()
        row = await patient_database.fetchrow("SELECT * FROM sessions WHERE id = $1", new.session["sessionId"])
        assert (row["disconnected_at"], row["ended_at"]) == (None, None)
    assert await resumes(patient, new)


async def test_a_session_replaced_by_a_new_one_ages_from_then_on(patient: Target):
    user = fresh("user")
    async with patient.device(user, "phone") as old, patient.device(user, "phone") as new:
        assert await old.close_code() == 4001
        await patient.later(301)
        assert not await resumes(patient, old)
        assert await new.close_code() == 4001


async def test_each_registration_raises_the_generation(patient: Target, patient_database: Any):
    query = "SELECT generation FROM devices WHERE user_id = $1 AND id = 'phone'"
    async with patient.device(fresh("user"), "phone") as phone:
        seen = [await patient_database.fetchval(query, phone.user)]
    for _ in range(2):
        assert await resumes(patient, phone)
        seen.append(await patient_database.fetchval(query, phone.user))
    assert seen == sorted(set(seen))


async def test_a_revoked_session_is_not_resumed(patient: Target):
    async with patient.device(fresh("user"), "phone") as phone:
        path = f"/sessions/{phone.session['sessionId']}"
        assert (await patient.call("DELETE", path, token=phone.token))[0] == 204
        assert await phone.close_code() == 4002
    assert not await resumes(patient, phone)


async def test_a_session_revoked_while_nobody_is_connected_is_not_resumed(patient: Target):
    async with patient.device(fresh("user"), "phone") as phone:
        pass
    path = f"/sessions/{phone.session['sessionId']}"
    assert (await patient.call("DELETE", path, token=phone.token))[0] == 204
    assert not await resumes(patient, phone)


async def test_a_revoked_token_resumes_nothing_and_ends_its_session(patient: Target):
    async with patient.device(fresh("user"), "phone") as phone:
        pass
    jti = (await patient.call("POST", "/test/tokens", {"userId": phone.user, "deviceId": "phone"}))[1]
    async with patient.back(phone, authToken=jti["token"]) as again:
        assert again.session["resumed"]
        assert (await patient.call("DELETE", f"/tokens/{jti['jti']}", token=phone.token))[0] == 204
        assert await again.close_code() == 4002
    async with patient.back(phone, authToken=jti["token"]) as refused:
        assert (refused.session["code"], refused.session["error"]) == ("AUTH_FAILED", "the token has been revoked")
        assert await refused.close_code() == 1008
    assert not await resumes(patient, phone)


async def test_an_expired_token_resumes_nothing(patient: Target):
    async with patient.device(fresh("user"), "phone") as phone:
        await patient.later(3601)
    async with patient.back(phone) as refused:
        assert (refused.session["code"], refused.session["error"]) == ("AUTH_FAILED", "the token has expired")
        assert await refused.close_code() == 1008
    assert await resumes(patient, phone, authToken=await patient.token(phone.user, phone.name))


async def test_a_token_that_expires_between_upgrade_and_registration_registers_nobody(patient: Target):
    user = fresh("user")
    headers = {"Authorization": f"Bearer {await patient.token(user, 'phone')}"}
    async with connect(patient.ws, additional_headers=headers) as socket:
        phone = Device(patient, socket, user, "phone")
        await phone.next("device_register")
        await patient.later(3601)
        assert (await phone.register())["error"] == "the token has expired"
        assert await phone.close_code() == 1008


async def test_a_token_revoked_while_it_registers_keeps_nobody_connected(patient: Target, patient_database: Any):
    async with patient.device(fresh("user"), "phone") as phone:
        pass
    token = (await patient.call("POST", "/test/tokens", {"userId": phone.user, "deviceId": "phone"}))[1]
    async with patient.open() as again:
        again.user, again.name = phone.user, "phone"
        async with patient_database.transaction():
            await patient_database.execute("SELECT FROM devices WHERE user_id = $1 FOR UPDATE", phone.user)
            registering = asyncio.create_task(again.register(authToken=token["token"]))
            await until(lambda: waits_for_a_lock(patient_database, "%register_device%"))
            revoking = asyncio.create_task(patient.call("DELETE", f"/tokens/{token['jti']}", token=phone.token))
            await until(lambda: waits_for_a_lock(patient_database, "%INTO users%"))
        assert (await revoking)[0] == 204
        with suppress(ConnectionClosedError):  # the revocation may overtake the answer
            assert (await registering)["status"] == "success"
        assert await again.close_code() == 4002


async def waits_for_a_lock(connection: Any, query: str) -> bool:
    """Whether a statement like this one waits, seen from within a transaction too."""
    await connection.execute("SELECT pg_stat_clear_snapshot()")
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE $1"
    return bool(await connection.fetchval(waiting, query))


async def test_an_unregistered_session_is_not_resumed(patient: Target):
    async with patient.device(fresh("user"), "phone") as phone:
        assert (await phone.ask("device_unregister"))["status"] == "success"
        assert await phone.close_code() == 1000
    assert not await resumes(patient, phone)


@pytest.mark.parametrize("other", ["user", "device"])
async def test_a_foreign_session_looks_like_one_that_does_not_exist(patient: Target, other: str):
    user = fresh("user")
    async with patient.device(user, "phone") as victim:
        name = ("phone", user + "-2") if other == "user" else ("tablet", user)
        async with patient.device(name[1], name[0]) as thief:
            pass
        answers = []
        for session_id in (victim.session["sessionId"], "f" * 32, ""):
            async with patient.back(thief, sessionId=session_id) as again:
                answer = again.session
                assert answer["sessionId"] not in (victim.session["sessionId"], session_id)
                answers.append({k: v for k, v in answer.items() if k not in ("sessionId", "serverTime")})
        assert answers[0] == answers[1] == answers[2]
        assert answers[0]["resumed"] is False
        await victim.is_served()
    assert await resumes(patient, victim)


async def test_a_session_survives_a_restart_of_the_server_and_a_crash(stack: EmbeddedStack, start_server):
    server = start_server(sessionTimeout=300)
    target, process = Target(server.ws, server.http), stack.service(server.name)
    async with target.device(fresh("user"), "phone") as phone:
        process.restart()
        assert await phone.close_code() == 1012
    assert await resumes(target, phone)
    async with target.back(phone) as phone:
        process.kill()
        await phone.close_code()
    process.start()
    assert await resumes(target, phone)


@pytest.mark.parametrize("registers_anew", [False, True])
async def test_an_old_session_survives_a_crash(stack: EmbeddedStack, start_server, registers_anew: bool):
    """It is as old as the end of its connection, not its beginning; another session of the device changes nothing."""
    server = start_server(sessionTimeout=300)
    target, process = Target(server.ws, server.http), stack.service(server.name)
    async with target.device(fresh("user"), "phone") as phone:
        async with database(stack.postgres.url_of(server.postgres.rsplit("/", 1)[1])) as connection:
            await connection.execute("UPDATE sessions SET created_at = created_at - interval '1 hour'")
        process.kill()
        await phone.close_code()
    process.start()
    if registers_anew:
        async with target.device(phone.user, phone.name):
            pass
    assert await resumes(target, phone)


async def test_the_sessions_of_an_earlier_run_of_a_node_age_from_their_leases(database_url: str):
    session, node, lease_until = fresh("session"), fresh("node"), datetime.now(UTC) - timedelta(minutes=1)
    store = Store(Settings(database_url=database_url, redis_url="", node=node), Clock())
    await store.open()
    async with database(database_url) as connection:
        await connection.execute(
            "INSERT INTO sessions (id, user_id, device_id, generation, node, created_at)"
            " VALUES ($1, $1, 'd', 1, $2, now())",
            session,
            node,
        )
        await connection.execute(
            "INSERT INTO user_presence VALUES ($1, 'd', $2, 1, $1, now(), $3)", session, node, lease_until
        )
        await store.forget_presence()
        await store.close()
        query = "SELECT disconnected_at FROM sessions WHERE id = $1"
        assert await connection.fetchval(query, session) == lease_until
        assert await connection.fetchval("SELECT count(*) FROM user_presence WHERE node = $1", node) == 0


async def test_a_session_whose_node_died_ages_from_the_end_of_its_lease(stack: EmbeddedStack, start_server):
    server = start_server(sessionTimeout=300)
    target, process = Target(server.ws, server.http), stack.service(server.name)
    async with target.device(fresh("user"), "phone") as phone:
        process.kill()
        await phone.close_code()
    process.start()
    await target.later(400)
    assert not await resumes(target, phone)


async def test_the_fate_of_a_device_that_vanished_is_told_with_its_next_message(patient: Target, patient_database: Any):
    """As when a fixture empties the tables below open connections."""
    user = fresh("user")
    async with patient.device(user, "phone") as phone, patient.device(user, "tablet") as tablet:
        for table in ("devices", "sessions", "user_presence"):
            await patient_database.execute(f"DELETE FROM {table} WHERE user_id = $1", user)
        assert (await patient.call("POST", "/test/reset"))[0] == 204
        await phone.is_served()
        assert (await phone.ask("user_message", 1))["code"] == "SESSION_EXPIRED"
        assert await phone.close_code() == 4001
        assert (await tablet.ask("device_unregister"))["code"] == "SESSION_EXPIRED"
        assert await tablet.close_code() == 4001


async def test_a_device_made_again_is_not_taken_for_the_one_before(patient: Target, patient_database: Any):
    user = fresh("user")
    async with patient.device(user, "phone"), patient.device(user, "phone") as old:
        await patient_database.execute("DELETE FROM devices WHERE user_id = $1", user)
        async with patient.device(user, "phone") as new:
            assert await old.close_code() == 4001
            await new.send("user_message", 1, toDeviceId="phone", requiresAck=False)
            assert (await new.next("user_message"))["seq"] == 1
    assert new.session["epoch"] != old.session["epoch"]


async def test_the_old_connection_of_a_resumed_session_cannot_end_it(patient: Target, patient_database: Any):
    async with patient.device(fresh("user"), "phone") as phone:
        await patient_database.execute(
            "UPDATE sessions SET generation = generation + 1 WHERE id = $1", phone.session["sessionId"]
        )
        assert (await phone.ask("device_unregister"))["code"] == "SESSION_EXPIRED"
        assert await phone.close_code() == 4001
    ended = "SELECT ended_at FROM sessions WHERE id = $1"

    async def is_offline() -> bool:
        rows = "SELECT count(*) FROM user_presence WHERE session_id = $1"
        return bool(await patient_database.fetchval(rows, phone.session["sessionId"]) == 0)

    await until(is_offline)
    assert await patient_database.fetchval(ended, phone.session["sessionId"]) is None
