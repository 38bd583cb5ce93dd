"""Whatever happens to PostgreSQL: an answer instead of silence, no ack without a row, and it heals by itself."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from devices import health, until
from outages import (
    OUTAGES,
    SESSIONS,
    Scene,
    killed,
    on_insert,
    pair,
    ready,
    received,
    scene,
    sent,
    sessions_are_normal,
    stored,
    suspended,
    terminate,
)
from relay import Relay, relay

from wireproof.stack.embedded import EmbeddedStack


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


@pytest.mark.parametrize("code", ["53100", "57014", "XX000"])
async def test_after_an_error_that_nobody_understands_the_outcome_is_unknown(fragile, code):
    body = f"IF n = 2 THEN RAISE EXCEPTION 'no' USING ERRCODE = '{code}'; END IF"
    async with scene(fragile) as at, pair(at.target) as (phone, desktop), on_insert(at, body):
        assert [await sent(phone, number) for number in range(3)] == [[], ["UNAVAILABLE"], []]
        assert await received(desktop, 2) == [0, 1, 2]


@pytest.mark.parametrize("code", ["40001", "40P01"])
async def test_what_only_collides_is_repeated_by_the_server_itself(fragile, code):
    body = f"IF n = 2 THEN RAISE EXCEPTION 'no' USING ERRCODE = '{code}'; END IF"
    async with scene(fragile) as at, pair(at.target) as (phone, desktop), on_insert(at, body):
        assert [await sent(phone, number) for number in range(3)] == [[], [], []]
        assert await received(desktop, 2) == [0, 1, 2]


@pytest.mark.parametrize("code", ["23514", "22001", "P0001"])
async def test_a_row_that_the_database_does_not_want_is_refused_and_its_neighbours_are_stored(fragile, code):
    body = f"IF NEW.payload::text = '5' THEN RAISE EXCEPTION 'no' USING ERRCODE = '{code}'; END IF"
    async with scene(fragile) as at, pair(at.target) as (phone, desktop), on_insert(at, body):
        for number in range(10):
            await phone.send("user_message", number, toDeviceId="desktop")
        answers = [(await phone.next("ack"))["payload"] for _ in range(10)]
        assert [answer.get("code") for answer in answers] == [None] * 5 + ["INVALID_MESSAGE"] + [None] * 4
        assert await received(desktop, 9) == [0, 1, 2, 3, 4, 6, 7, 8, 9]


async def test_a_full_disk_is_unavailable_until_there_is_room(fragile):
    async with scene(fragile) as at, pair(at.target) as (phone, desktop):
        async with on_insert(at, "RAISE EXCEPTION 'no' USING ERRCODE = '53100'"):
            answer = await phone.ask("user_message", 1, toDeviceId="desktop")
            assert (answer["code"], answer["retryAfter"]) == ("UNAVAILABLE", 1000)
            await desktop.is_served()
        await sent(phone, 2)
        assert await received(desktop, 2) == [2]


async def test_an_insert_that_takes_too_long_is_given_up_by_postgresql_too(fragile):
    async with scene(fragile) as at, pair(at.target) as (phone, desktop):
        async with on_insert(at, "PERFORM pg_sleep(60)"):
            assert (await phone.ask("user_message", 1, toDeviceId="desktop"))["code"] == "UNAVAILABLE"
            await sessions_are_normal(at)
        async with on_insert(at, "PERFORM pg_sleep(0.2)"):
            assert await sent(phone, 2) == []
        assert await received(desktop, 2) == [2]


async def test_sessions_that_end_in_the_middle_of_a_batch(fragile):
    async with scene(fragile) as at, pair(at.target) as (phone, desktop), at.administration() as connection:
        async with on_insert(at, "PERFORM pg_sleep(0.05)"):
            refused = []

            async def send() -> None:
                for number in range(20):
                    refused.extend(await sent(phone, number))

            sending = asyncio.create_task(send())
            for _ in range(6):

                async def one_was_at_work() -> bool:
                    return bool(
                        await connection.fetchval(
                            f"SELECT pg_terminate_backend(pid) {SESSIONS} AND query LIKE '%store_batch%'"
                            " AND state = 'active' AND wait_event = 'PgSleep'",
                            at.name,
                        )
                    )

                await until(one_was_at_work)
            await sending
        assert set(refused) == {"UNAVAILABLE"}
        assert await received(desktop, 19) == list(range(20))
        async with at.database() as rows:
            assert await rows.fetchval("SELECT count(*) FROM messages") == 20


async def test_all_sessions_end_again_and_again_under_load(fragile):
    async with scene(fragile) as at, pair(at.target) as (phone, desktop), at.database() as rows:

        async def send() -> None:
            for number in range(200):
                await sent(phone, number)

        sending = asyncio.create_task(send())
        for _ in range(5):
            assert await terminate(at) > 0
            enough = 10 + await rows.fetchval("SELECT count(*) FROM messages")

            async def it_goes_on(enough: int = enough) -> bool:
                return bool(await rows.fetchval("SELECT count(*) FROM messages") >= enough)

            await until(it_goes_on)
        await sending
        assert await received(desktop, 199) == list(range(200))
        assert await rows.fetchval("SELECT count(*) FROM messages") == 200


async def test_no_ack_before_the_reply_to_the_commit(fragile):
    async with behind_relay(fragile, DATABASE_TIMEOUT="20") as (at, way), pair(at.target) as (phone, desktop):
        await sent(phone, "before")
        await received(desktop, "before")
        way.hold_answers()
        message_id = await phone.send("user_message", "held", toDeviceId="desktop")
        await until(lambda: committed(at, message_id))
        for device in (phone, desktop):
            await device.is_served()
        way.release()
        assert (await phone.next("ack"))["payload"]["status"] == "delivered"
        assert await received(desktop, "held") == ["held"]


@pytest.mark.parametrize("repeats", [True, False])
async def test_a_lost_reply_to_a_commit_is_one_row_and_one_delivery(fragile, repeats):
    async with behind_relay(fragile) as (at, way), pair(at.target) as (phone, desktop):
        await sent(phone, "before")
        await received(desktop, "before")
        way.hold_answers()
        message_id = await phone.send("user_message", "lost", toDeviceId="desktop")
        await until(lambda: committed(at, message_id))
        way.cut()
        way.release()
        answer = (await phone.next("ack"))["payload"]
        assert (answer["status"], answer["code"]) == ("failed", "UNAVAILABLE")
        if repeats:
            await until(lambda: stored(phone, message_id))
        message = await desktop.next("user_message")
        assert (message["id"], message["seq"], message["payload"]) == (message_id, 2, "lost")
        await desktop.confirm(message)
        await sent(phone, "after")
        assert await received(desktop, "after") == ["after"]
        await ready(at.target)
        await desktop.is_served()
        async with at.database() as rows:
            assert await rows.fetchval("SELECT count(*) FROM messages WHERE id = $1", message_id) == 1
            assert await rows.fetchval("SELECT count(*) FROM deliveries") == 3


async def test_a_registration_whose_reply_was_lost_leaves_no_ghost(fragile):
    async with behind_relay(fragile) as (at, way), pair(at.target) as (phone, desktop), at.database() as rows:
        async with at.target.open() as late:
            late.user, late.name, late.token = phone.user, "late", await at.target.token(phone.user, "late")
            way.hold_answers()
            registering = asyncio.create_task(late.register(authToken=late.token))
            connected = "SELECT count(*) FROM user_presence WHERE device_id = 'late'"

            async def there() -> bool:
                return bool(await rows.fetchval(connected))

            await until(there)
            way.cut()
            way.release()
            assert (await registering)["code"] == "UNAVAILABLE"

        async def gone() -> bool:
            return not await rows.fetchval(connected)

        await until(gone)
        assert await rows.fetchval("SELECT count(*) FROM user_presence") == 2
        await sent(phone, "both are still here")
        await received(desktop, "both are still here")


async def test_connections_that_lead_nowhere_are_left_behind(fragile):
    """A peer that vanished without a word: nothing comes, and nothing ever ends by itself."""
    async with behind_relay(fragile) as (at, way), pair(at.target) as (phone, desktop), at.database() as rows:
        await sent(phone, "before")
        await received(desktop, "before")
        way.strand()
        await rows.execute("INSERT INTO messages (user_id, payload) VALUES ($1, '\"by SQL\"')", phone.user)
        assert await received(desktop, "by SQL") == ["by SQL"]
        assert (await phone.next("user_message"))["payload"] == "by SQL"
        refused = await sent(phone, "after")
        assert set(refused) <= {"UNAVAILABLE"}
        assert await received(desktop, "after") == ["after"]
        await ready(at.target)
        way.release()
        await sessions_are_normal(at)


async def test_registrations_that_wait_for_the_database_do_not_keep_messages_waiting(fragile):
    async with scene(fragile) as at, pair(at.target) as (phone, desktop), at.database() as other:
        tokens = {name: await at.target.token(phone.user, name) for name in (f"late-{n}" for n in range(15))}

        async def register(name: str) -> str:
            async with at.target.open() as late:
                late.user, late.name = phone.user, name
                return str((await late.register(authToken=tokens[name]))["code"])

        async with other.transaction():
            await other.execute("LOCK TABLE sessions IN ACCESS EXCLUSIVE MODE")
            crowd = asyncio.gather(*map(register, tokens))

            async def they_wait() -> bool:
                return bool(
                    await waiting.fetchval(f"SELECT count(*) > 5 {SESSIONS} AND wait_event_type = 'Lock'", at.name)
                )

            async with at.administration() as waiting:
                await until(they_wait)
            for number in range(20):
                assert await sent(phone, number) == []
                assert await health(at.target) == (200, "pass")
            assert set(await crowd) == {"UNAVAILABLE"}
        assert await received(desktop, 19) == list(range(20))


async def test_postgresql_dies_again_as_soon_as_it_is_back_and_redis_with_it(fragile):
    async with scene(fragile) as at, pair(at.target) as (phone, desktop):
        await sent(phone, "before")
        async with killed(at):
            assert (await phone.ask("user_message", 1, toDeviceId="desktop"))["code"] == "UNAVAILABLE"
        async with killed(at):
            fragile.services["redis"].kill()
            assert (await phone.ask("user_message", 2, toDeviceId="desktop"))["code"] == "UNAVAILABLE"
        await sent(phone, "between")
        async with suspended(at):
            fragile.services["redis"].start()
            assert (await phone.ask("user_message", 3, toDeviceId="desktop"))["code"] == "UNAVAILABLE"
        await ready(at.target)
        await sent(phone, "after")
        got = await received(desktop, "after")
        assert [payload for payload in got if payload in ("before", "between", "after")] == [
            "before",
            "between",
            "after",
        ]
        await sessions_are_normal(at)


@asynccontextmanager
async def behind_relay(stack: EmbeddedStack, **settings: str) -> AsyncIterator[tuple[Scene, Relay]]:
    """A node that reaches PostgreSQL through a relay."""
    async with relay(stack.postgres.port) as way, scene(stack, port=way.port, **settings) as at:
        yield at, way


async def committed(at: Scene, message_id: str) -> bool:
    """Whether others see the message."""
    async with at.database() as rows:
        return bool(await rows.fetchval("SELECT true FROM messages WHERE id = $1", message_id))
