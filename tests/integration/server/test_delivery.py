"""Messages from device to device: acknowledged after the commit, in order, once, and again until they are confirmed."""

import json

import pytest
from devices import Device, Target, database, fresh


async def read(device: Device, count: int) -> list[dict]:
    return [await device.next("user_message") for _ in range(count)]


async def test_a_message_arrives_as_it_was_sent(target: Target):
    user = fresh("user")
    payload = {"text": "grüße 😀 \u0000", "nested": [1, 2.50, None, {"b": 1, "a": 2}]}
    async with target.device(user, "phone") as phone, target.device(user, "desktop", "desktop") as desktop:
        ack = await phone.ask("user_message", payload, toDeviceId="desktop", priority=3)
        assert ack["status"] == "delivered"
        message = await desktop.next("user_message")
    assert (message["payload"], message["seq"], message["priority"]) == (payload, 1, 3)
    assert (message["fromDeviceId"], message["toDeviceId"], message["userId"]) == ("phone", "desktop", user)
    assert "retryCount" not in message


async def test_the_payload_is_kept_byte_for_byte(target: Target):
    user = fresh("user")
    odd = '{"b":1.50, "a":12345678901234567890,"a":"\\u0000\\ud83d\\ude00" , "c":[ ]}'
    async with target.device(user, "phone") as phone, target.device(user, "desktop") as desktop:
        text = json.dumps(
            {
                "id": "odd",
                "type": "user_message",
                "fromDeviceId": "phone",
                "userId": user,
                "payload": "HERE",
                "timestamp": "2026-01-01",
                "priority": 0,
                "requiresAck": False,
            }
        ).replace('"HERE"', odd)
        await phone.socket.send(text)
        live = await desktop.socket.recv(decode=False)
        assert f'"payload":{odd},'.encode() in live
        await phone.socket.send(text.replace('"odd"', '"odd-2"').encode())
        assert f'"payload":{odd},'.encode() in await desktop.socket.recv(decode=False)
        await desktop.socket.close()
        await phone.socket.send(text.replace('"odd"', '"odd-3"'))
        await phone.is_served()
    async with target.open() as desktop:
        desktop.user, desktop.name = user, "desktop"
        await desktop.register(authToken=await target.token(user, "desktop"))
        assert f'"payload":{odd},'.encode() in await desktop.socket.recv(decode=False)


async def test_a_fan_out_reaches_the_users_other_devices_and_nobody_else(target: Target):
    user, stranger = fresh("user"), fresh("user")
    async with (
        target.device(user, "phone") as phone,
        target.device(user, "desktop") as desktop,
        target.device(user, "tablet") as tablet,
        target.device(stranger, "desktop") as other,
    ):
        assert (await phone.ask("user_message", 1))["status"] == "delivered"
        for device in (desktop, tablet):
            assert (await device.next("user_message"))["payload"] == 1
        await phone.is_served()
        await other.is_served()


async def test_the_backlog_comes_first_and_in_order_then_what_is_live(target: Target):
    user = fresh("user")
    async with target.device(user, "phone") as phone:
        async with target.device(user, "desktop"):
            pass
        for number in range(300):
            await phone.send("user_message", number, toDeviceId="desktop")
        for _ in range(300):
            assert (await phone.next("ack"))["payload"]["status"] == "queued"
        async with target.device(user, "desktop") as desktop:
            for number in range(300, 350):
                await phone.send("user_message", number, toDeviceId="desktop")
            messages = await read(desktop, 350)
            for message in messages:
                await desktop.confirm(message)
            await desktop.is_served()
    assert [(m["seq"], m["payload"]) for m in messages] == [(n + 1, n) for n in range(350)]
    assert not any("retryCount" in m for m in messages)


async def test_what_may_have_been_seen_before_is_marked_when_it_comes_again(target: Target):
    user = fresh("user")
    async with target.device(user, "phone") as phone:
        async with target.device(user, "desktop") as desktop:
            for number in range(3):
                await phone.ask("user_message", number, toDeviceId="desktop")
            messages = await read(desktop, 3)
            await desktop.confirm(messages[1])
            await desktop.is_served()
        await phone.ask("user_message", 3, toDeviceId="desktop")
        async with target.device(user, "desktop") as desktop:
            again = await read(desktop, 3)
    assert [(m["payload"], m.get("retryCount")) for m in again] == [(0, 1), (2, 1), (3, None)]


async def test_a_repeated_id_gets_the_same_ack_and_no_second_delivery(target: Target, database_url: str):
    user, message_id = fresh("user"), fresh("same")
    async with target.device(user, "phone") as phone, target.device(user, "desktop") as desktop:
        first = await phone.ask("user_message", 1, toDeviceId="desktop", id=message_id)
        assert await phone.ask("user_message", 2, toDeviceId="desktop", id=message_id) == first
        assert (await desktop.next("user_message"))["payload"] == 1
        await desktop.is_served()
    async with database(database_url) as connection:
        assert await connection.fetchval("SELECT count(*) FROM messages WHERE id = $1", message_id) == 1


async def test_the_same_id_in_one_burst_is_one_row_and_as_many_acks(target: Target):
    user, message_id = fresh("user"), fresh("same")
    async with target.device(user, "phone") as phone, target.device(user, "desktop") as desktop:
        for number in range(20):
            await phone.send("user_message", number, toDeviceId="desktop", id=message_id)
        acks = [(await phone.next("ack"))["payload"] for _ in range(20)]
        assert all(ack == acks[0] for ack in acks)
        assert (await desktop.next("user_message"))["payload"] == 0
        await desktop.is_served()


async def test_unconfirmed_messages_come_again_a_limited_number_of_times(start_server):
    server = start_server(messageTimeout=0.2, retryAttempts=2)
    target, user = Target(server.ws, server.http), fresh("user")
    async with target.device(user, "phone") as phone, target.device(user, "desktop") as desktop:
        await phone.ask("user_message", "confirmed", toDeviceId="desktop")
        await phone.send("user_message", "needs none", toDeviceId="desktop", requiresAck=False)
        await phone.ask("user_message", "never", toDeviceId="desktop")
        first = await read(desktop, 3)
        await desktop.confirm(first[0])
        again = await read(desktop, 2)
        assert [(m["payload"], m["seq"], m["retryCount"]) for m in again] == [("never", 3, 1), ("never", 3, 2)]
        await phone.ask("user_message", "later", toDeviceId="desktop")
        later = await read(desktop, 3)
        assert [(m["payload"], m.get("retryCount")) for m in later] == [("later", None), ("later", 1), ("later", 2)]
        await desktop.confirm(again[0])
        await desktop.confirm(later[0])
        await desktop.is_served()
    async with target.device(user, "desktop") as desktop:
        await desktop.is_served()


async def test_a_confirmation_of_something_else_is_refused(target: Target):
    user = fresh("user")
    async with target.device(user, "phone") as phone, target.device(user, "desktop") as desktop:
        await phone.ask("user_message", 1, toDeviceId="desktop")
        message = await desktop.next("user_message")
        for wrong in (
            {"originalMessageId": "else", "seq": 1},
            {"originalMessageId": message["id"], "seq": 2},
            {"seq": 1},
            None,
        ):
            await desktop.send("ack", wrong, requiresAck=False)
            assert (await desktop.next("error"))["payload"]["code"] == "INVALID_MESSAGE"
        await desktop.send("ack", {"originalMessageId": message["id"]}, requiresAck=False)
        await desktop.is_served()
    async with target.device(user, "desktop") as desktop:
        await desktop.is_served()


async def test_a_task_goes_to_the_desktop_that_was_active_last(target: Target):
    user = fresh("user")
    async with (
        target.device(user, "phone") as phone,
        target.device(user, "desktop", "desktop") as desktop,
        target.device(user, "extension", "extension") as extension,
        target.device(user, "tablet", "mobile"),
    ):
        for active in (desktop, extension, desktop):
            await active.ask("device_status", {}, toDeviceId="phone")
            await phone.next("device_status")
            await phone.ask("task_start", {})
            await active.next("task_start")


async def test_files_and_notifications_go_to_those_who_can(target: Target):
    user = fresh("user")
    async with (
        target.device(user, "phone") as phone,
        target.device(user, "files", supportsNotifications=False) as files,
        target.device(user, "bells", supportsFileSync=False) as bells,
    ):
        await phone.ask("file_sync", {})
        await phone.ask("notification", {})
        assert (await files.next())["type"] == "file_sync"
        assert (await bells.next())["type"] == "notification"
        await files.is_served()
        await bells.is_served()


@pytest.mark.parametrize(
    ("kind", "fields"),
    [("user_message", {"toDeviceId": "nobody"}), ("user_message", {}), ("task_start", {}), ("device_handoff", {})],
)
async def test_a_message_that_nobody_can_get_is_refused(target: Target, kind: str, fields: dict):
    async with target.device(fresh("user"), "phone") as phone:
        ack = await phone.ask(kind, {}, **fields)
        assert (ack["status"], ack["code"]) == ("failed", "DEVICE_NOT_FOUND")
        await phone.send(kind, {}, requiresAck=False, **fields)
        assert (await phone.next("error"))["payload"]["code"] == "DEVICE_NOT_FOUND"


async def test_priority_decides_what_a_full_backlog_still_takes(start_server):
    server = start_server(backlogLimit=20)
    target, user = Target(server.ws, server.http), fresh("user")
    taken = []
    async with target.device(user, "phone") as phone:
        async with target.device(user, "desktop"):
            pass
        for priority, tries in ((0, 18), (1, 4), (0, 1), (2, 3), (1, 1), (3, 3)):
            for _ in range(tries):
                await phone.send("user_message", priority, toDeviceId="desktop", priority=priority)
        for _ in range(30):
            taken.append((await phone.next("ack"))["payload"]["status"] == "queued")
        assert (
            taken
            == [True] * 16
            + [False] * 2
            + [True] * 2
            + [False] * 2
            + [False]
            + [True]
            + [False] * 3
            + [True]
            + [False] * 2
        )
        async with target.device(user, "tablet") as tablet:
            ack = await phone.ask("user_message", "all", priority=3)
            assert (ack["status"], ack["skipped"]) == ("delivered", ["desktop"])
            await tablet.next("user_message")
        async with target.device(user, "desktop") as desktop:
            messages = await read(desktop, 20)
            for message in messages:
                await desktop.confirm(message)
            await desktop.is_served()
            assert (await phone.ask("user_message", "room again", toDeviceId="desktop", priority=0))[
                "status"
            ] == "delivered"
    assert [m["seq"] for m in messages] == list(range(1, 21))
