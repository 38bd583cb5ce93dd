"""A client that does not read delays nobody, and loses nothing but its connection."""

from devices import Target, fresh, until

BLOCK = "x" * 50_000


async def test_a_client_that_does_not_read_is_closed_and_the_others_notice_nothing(start_server):
    server = start_server(outboundBufferBytes=200_000, backlogLimit=1000)
    target, user = Target(server.ws, server.http), fresh("user")
    sent = 0
    async with (
        target.device(user, "phone") as phone,
        target.device(user, "desktop") as desktop,
        target.device(user, "slow") as slow,
    ):
        slow.socket.transport.pause_reading()

        async def slow_is_offline() -> bool:
            nonlocal sent
            await phone.ask("user_message", BLOCK, toDeviceId="desktop")
            message = await desktop.next("user_message")
            await desktop.confirm(message)
            answer = await phone.ask("user_message", [sent, BLOCK], toDeviceId="slow")
            sent += 1
            return bool(answer["status"] == "queued")

        await until(slow_is_offline)
        slow.socket.transport.resume_reading()
        assert await slow.close_code() == 4008
    async with target.device(user, "slow") as slow:
        messages = [await slow.next("user_message") for _ in range(sent)]
        assert [m["payload"][0] for m in messages] == list(range(sent))
        await slow.is_served()


async def test_a_backlog_larger_than_the_outbound_limit_waits_for_its_reader(start_server):
    server = start_server(outboundBufferBytes=100_000)
    target, user = Target(server.ws, server.http), fresh("user")
    async with target.device(user, "phone") as phone:
        async with target.device(user, "slow"):
            pass
        for number in range(200):
            await phone.ask("user_message", [number, BLOCK], toDeviceId="slow")
        async with target.device(user, "slow") as slow:
            slow.socket.transport.pause_reading()
            for number in range(200, 210):
                await phone.ask("user_message", [number, ""], toDeviceId="slow")
            slow.socket.transport.resume_reading()
            messages = [await slow.next("user_message") for _ in range(210)]
            assert [m["payload"][0] for m in messages] == list(range(210))
            assert [m["seq"] for m in messages] == list(range(1, 211))
            await slow.is_served()
