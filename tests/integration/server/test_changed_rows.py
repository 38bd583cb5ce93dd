"""What others change or delete by SQL is told to the devices of the user that are connected, and to nobody else."""

from datetime import UTC, datetime, timedelta
from typing import Any

from devices import Device, Target, database, fresh
from nodes import cluster

from reference_server.clock import Clock
from reference_server.settings import PREFIX, load
from reference_server.store import Store

MESSAGE = "INSERT INTO messages (user_id, payload) VALUES ($1, '\"first\"') RETURNING id"
CONVERSATION = "INSERT INTO conversations (user_id, title) VALUES ($1, 'first') RETURNING id"


async def told(device: Device) -> tuple[str, str, str]:
    """The next message, which has to be the notification of a change: (change, table, id)."""
    message = await device.next("notification")
    assert message["fromDeviceId"] == "server"
    assert "seq" not in message
    assert message["requiresAck"] is False
    return message["payload"]["change"], message["payload"]["table"], message["payload"]["id"]


async def delivered(device: Device, connection: Any, user: str) -> str:
    """Inserts a message and reads it; returns its id."""
    message_id = str(await connection.fetchval(MESSAGE, user))
    message = await device.next("user_message")
    assert message["id"] == message_id
    await device.confirm(message)
    return message_id


async def test_a_changed_or_deleted_message_is_told_live(target: Target, database_url: str):
    user = fresh("user")
    async with (
        database(database_url) as connection,
        target.device(user, "phone") as phone,
        target.device(fresh("user"), "phone") as stranger,
    ):
        message_id = await delivered(phone, connection, user)
        for column, value in (
            ("payload", "'{}'"),
            ("type", "'notification'"),
            ("priority", "3"),
            ("to_device_id", "'phone'"),
            ("conversation_id", "'talk'"),
            ("requires_ack", "false"),
            ("timestamp", "'2026-01-01'"),
            ("from_device_id", "'job'"),
        ):
            await connection.execute(f"UPDATE messages SET {column} = {value} WHERE user_id = $1", user)
            assert await told(phone) == ("update", "messages", message_id), column
            await connection.execute(f"UPDATE messages SET {column} = {value} WHERE user_id = $1", user)
            await phone.is_served()
        await connection.execute("DELETE FROM messages WHERE user_id = $1", user)
        assert await told(phone) == ("delete", "messages", message_id)
        for device in (phone, stranger):
            await device.is_served()
        kept = "SELECT (SELECT count(*) FROM messages WHERE user_id = $1), count(*) FROM deliveries WHERE user_id = $1"
        assert tuple(await connection.fetchrow(kept, user)) == (0, 1)


async def test_bookkeeping_is_not_told(target: Target, database_url: str):
    user = fresh("user")
    async with database(database_url) as connection, target.device(user, "phone") as phone:
        message_id = await delivered(phone, connection, user)
        await connection.execute(
            "UPDATE messages SET status = 'queued', delivered_at = NULL, skipped = '{x}', node = 'n',"
            " stored_at = now(), routed_at = now() WHERE user_id = $1",
            user,
        )
        conversation_id = await connection.fetchval(CONVERSATION, user)
        await connection.execute("UPDATE conversations SET updated_at = now() WHERE user_id = $1", user)
        await connection.execute("DELETE FROM messages WHERE user_id = $1", user)
        await connection.execute("DELETE FROM conversations WHERE user_id = $1", user)
        assert await told(phone) == ("delete", "messages", message_id)
        assert await told(phone) == ("delete", "conversations", conversation_id)
        await phone.is_served()


async def test_a_changed_or_deleted_conversation_is_told_to_every_device(target: Target, database_url: str):
    user = fresh("user")
    async with (
        database(database_url) as connection,
        target.device(user, "phone") as phone,
        target.device(user, "desktop", supportsNotifications=False) as desktop,
        target.device(fresh("user"), "phone") as stranger,
    ):
        conversation_id = await connection.fetchval(CONVERSATION, user)
        await connection.execute("UPDATE conversations SET title = 'second' WHERE id = $1", conversation_id)
        await connection.execute("DELETE FROM conversations WHERE id = $1", conversation_id)
        for device in (phone, desktop):
            assert await told(device) == ("update", "conversations", conversation_id)
            assert await told(device) == ("delete", "conversations", conversation_id)
        for device in (phone, desktop, stranger):
            await device.is_served()


async def test_what_moves_to_another_user_is_gone_for_the_one_and_new_for_the_other(target: Target, database_url: str):
    user, heir = fresh("user"), fresh("user")
    async with (
        database(database_url) as connection,
        target.device(user, "phone") as old,
        target.device(heir, "phone") as new,
    ):
        message_id = await delivered(old, connection, user)
        conversation_id = await connection.fetchval(CONVERSATION, user)
        for table, row_id in (("messages", message_id), ("conversations", conversation_id)):
            await connection.execute(f"UPDATE {table} SET user_id = $2 WHERE user_id = $1", user, heir)
            assert await told(old) == ("delete", table, row_id)
            assert await told(new) == ("update", table, row_id)


async def test_every_node_tells_its_own_devices_once(stack):
    user = fresh("user")
    async with cluster(stack) as pair, database(pair.database_url) as connection:
        first, second = pair.targets
        async with first.device(user, "phone") as phone, second.device(user, "desktop") as desktop:
            conversation_id = await connection.fetchval(CONVERSATION, user)
            await connection.execute("DELETE FROM conversations WHERE user_id = $1", user)
            for device in (phone, desktop):
                assert await told(device) == ("delete", "conversations", conversation_id)
                await device.is_served()


async def test_a_message_that_nobody_knows_yet_is_changed_in_silence(target: Target, database_url: str):
    user = fresh("user")
    async with database(database_url) as connection, target.device(user, "phone") as phone:
        async with connection.transaction():
            await connection.execute(MESSAGE, user)
            await connection.execute("UPDATE messages SET payload = '\"second\"' WHERE user_id = $1", user)
            gone = await connection.fetchval(MESSAGE, user)
            await connection.execute("DELETE FROM messages WHERE id = $1", gone)
        message = await phone.next()
        assert message["payload"] == "second"
        await phone.confirm(message)
        await phone.is_served()


async def test_ten_thousand_rows_in_one_statement_are_each_told_once(target: Target, database_url: str):
    """With ids as long as they may be, which the database writes as six bytes for each character."""
    user = fresh("user")
    async with database(database_url) as connection, target.device(user, "phone") as phone:
        await connection.execute(
            "INSERT INTO conversations (id, user_id) SELECT $1::text || n, $1 FROM generate_series(1, 10000) AS n", user
        )
        await connection.execute(
            "INSERT INTO conversations (id, user_id) SELECT $1::text || lpad(n::text, 200 - length($1), chr(1)), $1"
            " FROM generate_series(1, 50) AS n",
            user,
        )
        await connection.execute("INSERT INTO conversations (id, user_id) VALUES (repeat('x', 201), $1)", user)
        ids = {row["id"] for row in await connection.fetch("SELECT id FROM conversations WHERE user_id = $1", user)}
        await connection.execute("UPDATE conversations SET title = 'all' WHERE user_id = $1", user)
        updated = [await told(phone) for _ in range(10_050)]
        await connection.execute("DELETE FROM conversations WHERE user_id = $1", user)
        deleted = [await told(phone) for _ in range(10_050)]
        await phone.is_served()
    for change, seen in (("update", updated), ("delete", deleted)):
        assert {each[:2] for each in seen} == {(change, "conversations")}
        assert sorted(each[2] for each in seen) == sorted(ids - {"x" * 201})


async def test_a_client_that_reads_slowly_is_told_everything_at_its_own_pace(start_server, stack):
    server = start_server(outboundBufferBytes=20_000)
    target, user = Target(server.ws, server.http), fresh("user")
    url = stack.postgres.url_of(server.postgres.rsplit("/", 1)[1])
    async with (
        database(url) as connection,
        target.device(user, "slow") as slow,
        target.device(user, "quick") as quick,
    ):
        await connection.execute(
            "INSERT INTO conversations (id, user_id) SELECT n, $1 FROM generate_series(1, 30000) AS n", user
        )
        slow.socket.transport.pause_reading()
        await connection.execute("DELETE FROM conversations WHERE user_id = $1", user)
        for device in (quick, slow):
            device.socket.transport.resume_reading()
            assert len({await told(device) for _ in range(30_000)}) == 30_000
            await device.is_served()


async def test_the_servers_own_purge_is_not_told(target: Target, database_url: str):
    user = fresh("user")
    async with database(database_url) as connection, target.device(user, "phone") as phone:
        old = datetime.now(UTC) - timedelta(days=3)
        await connection.execute(
            "INSERT INTO messages (user_id, stored_at, routed_at, status) VALUES ($1, $2, $2, 'failed')", user, old
        )
        message_id = await delivered(phone, connection, user)
        environment = {f"{PREFIX}DATABASE_URL": database_url, f"{PREFIX}REDIS_URL": "redis://127.0.0.1:1"}
        store = Store(load(environment | {f"{PREFIX}AUTH_MODE": "open"}), Clock())
        await store.open()
        try:
            await store.purge()
        finally:
            await store.close()
        left = await connection.fetch("SELECT id FROM messages WHERE user_id = $1", user)
        assert [row["id"] for row in left] == [message_id]
        await connection.execute("DELETE FROM messages WHERE user_id = $1", user)
        assert await told(phone) == ("delete", "messages", message_id)
        await phone.is_served()


async def test_a_reset_that_replays_as_a_replica_is_not_told(target: Target, database_url: str):
    user = fresh("user")
    async with database(database_url) as connection, target.device(user, "phone") as phone:
        await delivered(phone, connection, user)
        conversation_id = await connection.fetchval(CONVERSATION, user)
        async with connection.transaction():
            await connection.execute("SET LOCAL session_replication_role = replica")
            await connection.execute("DELETE FROM messages WHERE user_id = $1", user)
        await connection.execute("DELETE FROM conversations WHERE user_id = $1", user)
        assert await told(phone) == ("delete", "conversations", conversation_id)
        await phone.is_served()
