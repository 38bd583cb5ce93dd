"""Who may register, for how long, and what ends a connection."""

import asyncio
from typing import Any

import pytest
from devices import Device, Target, database, fresh, until
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError, InvalidStatus


async def refused(device: Device, code: str) -> str:
    """The reason of a refused registration; the connection closes with 1008."""
    assert device.session["code"] == code, device.session
    assert await device.close_code() == 1008
    return str(device.session["error"])


async def test_the_answer_to_a_registration(target: Target):
    user = fresh("user")
    async with target.device(user, "phone") as first:
        assert first.session.keys() == {"status", "sessionId", "resumed", "recovered", "serverTime", "epoch"}
        assert (first.session["resumed"], first.session["recovered"]) == (False, False)
    async with target.device(user, "phone") as second:
        assert second.session["epoch"] == first.session["epoch"]
        assert second.session["sessionId"] != first.session["sessionId"]


async def test_the_newest_connection_of_a_device_wins(target: Target):
    user = fresh("user")
    async with target.device(user, "phone") as phone, target.device(user, "desktop") as old:
        async with target.device(user, "desktop") as new:
            assert await old.close_code() == 4001
            await phone.ask("user_message", 1, toDeviceId="desktop")
            assert (await new.next("user_message"))["payload"] == 1
        await phone.is_served()


async def test_many_registrations_of_one_device_at_once_leave_one(target: Target, database_url: str):
    user = fresh("user")

    async def one() -> int | None:
        try:
            async with target.device(user, "desktop") as device:
                return await device.close_code()
        except ConnectionClosedError as overtaken:  # before its own registration was answered
            return overtaken.rcvd.code if overtaken.rcvd else None

    async with target.device(user, "phone") as phone:
        crowd = [asyncio.create_task(one()) for _ in range(10)]
        done: set[Any] = set()
        while len(done) < 9:
            finished, _ = await asyncio.wait(crowd, return_when=asyncio.FIRST_COMPLETED, timeout=20)
            assert finished
            done |= finished
            crowd = [task for task in crowd if task not in finished]
        assert {task.result() for task in done} == {4001}
        assert (await phone.ask("user_message", 1, toDeviceId="desktop"))["status"] == "delivered"
        crowd[0].cancel()
    async with database(database_url) as connection:
        generations = "SELECT generation FROM sessions WHERE user_id = $1 AND device_id = 'desktop'"
        raised = {row[0] for row in await connection.fetch(generations, user)}
        assert len(raised) == 10
        newest = "SELECT generation FROM devices WHERE user_id = $1 AND id = 'desktop'"
        assert await connection.fetchval(newest, user) == max(raised)


async def test_without_a_token_nobody_registers(target: Target):
    async with target.open() as device:
        device.user, device.name = fresh("user"), "phone"
        await device.register()
        assert "token" in await refused(device, "AUTH_FAILED")


async def test_a_foreign_token_registers_nobody(target: Target):
    async with target.open() as device:
        device.user, device.name = fresh("user"), "phone"
        await device.register(authToken=await target.token(fresh("user"), "phone"))
        assert await refused(device, "AUTH_FAILED") == "the token belongs to another device"


async def test_a_token_in_the_authorization_header_is_enough(target: Target):
    user = fresh("user")
    headers = {"Authorization": f"Bearer {await target.token(user, 'phone')}"}
    async with connect(target.ws, additional_headers=headers) as socket:
        device = Device(target, socket, user, "phone")
        await device.next("device_register")
        assert (await device.register())["status"] == "success"


@pytest.mark.parametrize("header", ["Bearer x.y.z", "Basic abc", "Bearer"])
async def test_a_bad_authorization_header_is_refused_before_the_upgrade(target: Target, header: str):
    with pytest.raises(InvalidStatus) as caught:
        async with connect(target.ws, additional_headers={"Authorization": header}):
            pass
    assert caught.value.response.status_code == 401


@pytest.mark.parametrize("name", ["token", "authToken", "access_token"])
async def test_a_token_in_the_address_is_refused_before_the_upgrade(target: Target, name: str):
    with pytest.raises(InvalidStatus) as caught:
        async with connect(f"{target.ws}?{name}={await target.token('u', 'd')}"):
            pass
    assert caught.value.response.status_code == 401


async def test_the_query_string_fills_in_the_challenge_and_grants_nothing(target: Target):
    user = fresh("user")
    async with target.device(user, "phone") as phone:
        async with target.device(user, "desktop"):
            pass
        async with connect(f"{target.ws}?deviceId=desktop&userId={user}&platform=tv") as socket:
            device = Device(target, socket, user, "desktop")
            challenge = await device.next("device_register")
            assert (challenge["userId"], challenge["toDeviceId"]) == (user, "desktop")
            suggested = {"id": "desktop", "userId": user, "type": "mobile", "platform": "tv", "version": "1.0.0"}
            assert challenge["payload"]["device"] == suggested
            assert (await phone.ask("user_message", "secret", toDeviceId="desktop"))["status"] == "queued"
            await device.send("heartbeat")
            assert (await device.next("error"))["payload"]["code"] == "AUTH_REQUIRED"


async def test_before_registration_nothing_else_is_done(target: Target):
    async with target.open() as device:
        device.user, device.name = fresh("user"), "phone"
        message_id = await device.send("user_message", {})
        error = (await device.next("error"))["payload"]
        assert (error["code"], error["originalMessageId"]) == ("AUTH_REQUIRED", message_id)
        await device.register(authToken=await target.token(device.user, "phone"))
        assert device.session["status"] == "success"


async def test_who_does_not_register_in_time_is_closed(start_server):
    server = start_server(registrationTimeout=1)
    async with Target(server.ws, server.http).open() as device:
        assert await device.close_code() == 1008


async def test_who_waits_for_the_server_is_neither_late_nor_dead(start_server, stack):
    """A registration may wait for the database longer than both time-outs."""
    server = start_server(registrationTimeout=0.5, heartbeatTimeout=0.5, heartbeatInterval=0.1)
    target, user = Target(server.ws, server.http), fresh("user")
    token = await target.token(user, "phone")
    url = stack.postgres.url_of(server.postgres.rsplit("/", 1)[1])
    async with target.open() as phone, database(url) as connection, database(url) as locking:
        phone.user, phone.name = user, "phone"
        since = asyncio.get_running_loop().time()
        async with locking.transaction():
            await locking.execute("LOCK TABLE devices")
            registering = asyncio.create_task(phone.register(authToken=token))

            async def has_waited_too_long() -> bool:
                waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query ~ $1"
                return bool(
                    await connection.fetchval(waiting, "register_device")
                    and asyncio.get_running_loop().time() > since + 1.5
                )

            await until(has_waited_too_long)
        assert (await registering)["status"] == "success"
        await phone.is_served()


async def test_after_a_registration_that_the_database_did_not_answer_the_client_has_its_time_again(start_server, stack):
    server = start_server(registrationTimeout=1, databaseTimeout=3)
    target, user = Target(server.ws, server.http), fresh("user")
    token = await target.token(user, "phone")
    url = stack.postgres.url_of(server.postgres.rsplit("/", 1)[1])
    async with target.open() as phone, database(url) as locking:
        phone.user, phone.name = user, "phone"
        async with locking.transaction():
            await locking.execute("LOCK TABLE devices")
            assert (await phone.register(authToken=token))["code"] == "UNAVAILABLE"
        assert (await phone.register(authToken=token))["status"] == "success"
        await phone.is_served()
    async with target.open() as phone, database(url) as locking:
        phone.user, phone.name = user, "phone"
        async with locking.transaction():
            await locking.execute("LOCK TABLE devices")
            assert (await phone.register(authToken=token))["code"] == "UNAVAILABLE"
        assert await phone.close_code() == 1008


async def test_a_message_in_anothers_name_is_refused(target: Target):
    user = fresh("user")
    async with target.device(user, "phone") as phone, target.device(user, "desktop") as desktop:
        for fields in ({"fromDeviceId": "desktop"}, {"userId": fresh("user")}):
            await phone.send("user_message", {}, toDeviceId="desktop", **fields)
            answer = (await phone.next("ack"))["payload"]
            assert (answer["status"], answer["code"]) == ("failed", "FORBIDDEN")
            await phone.send("ack", {"originalMessageId": "x", "seq": 1}, requiresAck=False, **fields)
            assert (await phone.next("error"))["payload"]["code"] == "FORBIDDEN"
        await desktop.is_served()


async def test_messages_sent_with_the_registration_wait_for_it(target: Target):
    user = fresh("user")
    async with target.device(user, "desktop") as desktop, target.open() as phone:
        phone.user, phone.name = user, "phone"
        payload = {
            "id": "phone",
            "userId": user,
            "type": "mobile",
            "platform": "test",
            "version": "1",
            "capabilities": {},
            "authToken": await target.token(user, "phone"),
        }
        await phone.send("device_register", payload)
        for number in range(50):
            await phone.send("user_message", number, toDeviceId="desktop", requiresAck=False)
        assert [(await desktop.next("user_message"))["payload"] for _ in range(50)] == list(range(50))


async def test_connections_beyond_the_limit_are_closed_until_one_leaves(start_server):
    server = start_server(maxConnections=2)
    target, user = Target(server.ws, server.http), fresh("user")
    async with target.device(user, "a"):
        async with target.device(user, "b"), connect(server.ws) as third:
            await third.wait_closed()
            assert third.close_code == 1013

        async def has_room() -> bool:
            async with connect(server.ws) as socket:
                await socket.wait_closed() if socket.close_code else None
                return socket.close_code is None

        await until(has_room)


async def test_a_user_has_a_limited_number_of_devices_online(start_server):
    server = start_server(maxDevicesPerUser=2)
    target, user = Target(server.ws, server.http), fresh("user")
    async with target.device(user, "a"), target.device(fresh("user"), "z"):
        async with target.device(user, "b"), target.open() as third:
            third.user, third.name = user, "c"
            await third.register(authToken=await target.token(user, "c"))
            assert "2 devices online" in await refused(third, "REGISTRATION_FAILED")
            async with target.device(user, "b"):
                pass
        async with target.device(user, "c") as third:
            assert third.session["status"] == "success"


async def test_more_than_the_rate_is_refused_and_it_recovers(start_server):
    server = start_server(rateLimit=10)
    target, user = Target(server.ws, server.http), fresh("user")
    async with target.device(user, "phone") as phone:
        for _ in range(40):
            await phone.send("user_message", {}, toDeviceId="phone", requiresAck=False)
        waits = []
        while len(waits) < 5:
            message = await phone.next("user_message", "error")
            if message["type"] == "error":
                assert message["payload"]["code"] == "RATE_LIMITED"
                waits.append(message["payload"]["retryAfter"])
        assert 0 < waits[-1] <= 101

        async def accepted() -> bool:
            await phone.send("user_message", "now", toDeviceId="phone")
            while (message := await phone.next())["type"] != "ack":
                pass
            return bool(message["payload"]["status"] != "failed")

        await until(accepted)


async def test_confirmations_and_heartbeats_are_not_limited(start_server):
    server = start_server(rateLimit=1)
    target = Target(server.ws, server.http)
    async with target.device(fresh("user"), "phone") as phone:
        for _ in range(50):
            await phone.is_served()


async def test_who_leaves_is_offline_for_everybody(target: Target, database_url: str):
    user = fresh("user")
    async with database(database_url) as connection, target.device(user, "phone") as phone:
        async with target.device(user, "desktop") as desktop:
            row = await connection.fetchrow(
                "SELECT * FROM user_presence WHERE user_id = $1 AND device_id = 'desktop'", user
            )
            assert row["session_id"] == desktop.session["sessionId"]
            desktop.socket.transport.abort()

        async def is_offline() -> bool:
            query = "SELECT count(*) FROM user_presence WHERE user_id = $1 AND device_id = 'desktop'"
            return bool(await connection.fetchval(query, user) == 0)

        await until(is_offline)
        assert (await phone.ask("user_message", {}, toDeviceId="desktop"))["status"] == "queued"
        ended = "SELECT disconnected_at IS NOT NULL AND ended_at IS NULL FROM sessions WHERE id = $1"
        assert await connection.fetchval(ended, desktop.session["sessionId"])


async def test_unregistering_ends_the_session(target: Target, database_url: str):
    async with target.device(fresh("user"), "phone") as phone:
        assert (await phone.ask("device_unregister", {}))["status"] == "success"
        assert await phone.close_code() == 1000
    async with database(database_url) as connection:
        reason = await connection.fetchval("SELECT end_reason FROM sessions WHERE id = $1", phone.session["sessionId"])
        assert reason == "unregistered"


async def test_a_revoked_session_is_closed(target: Target):
    user = fresh("user")
    async with target.device(user, "phone") as phone, target.device(fresh("user"), "phone") as stranger:
        path = f"/sessions/{phone.session['sessionId']}"
        assert (await target.call("DELETE", path))[0] == 401
        assert (await target.call("DELETE", path, token=stranger.token))[0] == 404
        await phone.is_served()
        assert (await target.call("DELETE", path, token=phone.token))[0] == 204
        assert await phone.close_code() == 4002


async def test_a_revoked_token_is_closed_and_registers_nobody(target: Target):
    status, minted = await target.call("POST", "/test/tokens", {"userId": (user := fresh("user")), "deviceId": "phone"})
    assert status == 201
    async with target.open() as phone, target.device(fresh("user"), "phone") as stranger:
        phone.user, phone.name = user, "phone"
        await phone.register(authToken=minted["token"])
        assert (await target.call("DELETE", f"/tokens/{minted['jti']}", token=stranger.token))[0] == 404
        assert (await target.call("DELETE", f"/tokens/{minted['jti']}", token=minted["token"]))[0] == 204
        assert await phone.close_code() == 4002
    async with target.open() as phone:
        phone.user, phone.name = user, "phone"
        await phone.register(authToken=minted["token"])
        assert await refused(phone, "AUTH_FAILED") == "the token has been revoked"
    assert (await target.call("GET", "/devices", token=minted["token"]))[0] == 401


async def test_a_dead_peer_is_closed_and_a_silent_one_that_answers_pings_stays(start_server):
    server = start_server(heartbeatInterval=0.5, heartbeatTimeout=4)
    target, user = Target(server.ws, server.http), fresh("user")
    async with target.device(user, "silent") as silent, target.device(user, "dead") as dead:
        dead.socket.protocol.send_pong = lambda data: None
        dead.socket.transport.pause_reading()

        async def is_offline() -> bool:
            return (await silent.ask("user_message", {}, toDeviceId="dead"))["status"] == "queued"

        await until(is_offline)
        dead.socket.transport.resume_reading()
        assert await dead.close_code() == 1001
        await silent.is_served()
