"""A message inserted by SQL is delivered like any other, once it is committed."""

import asyncio
import json
from typing import Any

import pytest
from devices import GENEROUS_S, Device, Target, database, fresh, until
from nodes import cluster

from reference_server.router import _WITHOUT_TARGET

INSERT = "INSERT INTO messages (user_id, to_device_id, payload) VALUES ($1, $2, $3) RETURNING id"
TURN = "x'77697265706d'::bigint"
"""The lock under which nodes claim rows."""
ROUTED = "SELECT status, skipped FROM messages WHERE id = $1 AND routed_at IS NOT NULL"


async def insert(connection: Any, user: str, payload: object = None, /, **columns: object) -> str:
    """Inserts a message as a fixture would; returns its id."""
    columns = {"user_id": user, "payload": json.dumps(payload)} | columns
    places = ", ".join(f"${n}" for n in range(1, len(columns) + 1))
    query = f"INSERT INTO messages ({', '.join(columns)}) VALUES ({places}) RETURNING id"
    return str(await connection.fetchval(query, *columns.values()))


async def routed(connection: Any, message_id: str) -> tuple[str, list[str] | None]:
    """Status and skipped devices of a message, once it is routed."""
    row = None

    async def is_routed() -> bool:
        nonlocal row
        row = await connection.fetchrow(ROUTED, message_id)
        return row is not None

    await until(is_routed)
    return row["status"], row["skipped"]


async def payloads(device: Device, count: int) -> list[object]:
    """What the next messages carry; confirms them and checks that their numbers have no gap."""
    messages = [await device.next("user_message") for _ in range(count)]
    first = messages[0]["seq"]
    assert [m["seq"] for m in messages] == list(range(first, first + count))
    for message in messages:
        await device.confirm(message)
    return [m["payload"] for m in messages]


async def test_a_row_reaches_the_device_that_it_names_and_nobody_else(target: Target, database_url: str):
    user = fresh("user")
    async with (
        database(database_url) as connection,
        target.device(user, "phone") as phone,
        target.device(user, "desktop") as desktop,
        target.device(fresh("user"), "desktop") as stranger,
    ):
        row_id = await connection.fetchval(INSERT, user, "desktop", '{"b": 1.50, "a":[ ]}')
        text = await desktop.socket.recv()
        message = json.loads(text)
        assert '"payload":{"b": 1.50, "a":[ ]},' in text
        assert (message["id"], message["type"], message["seq"]) == (row_id, "user_message", 1)
        assert (message["fromDeviceId"], message["toDeviceId"], message["userId"]) == ("server", "desktop", user)
        await desktop.confirm(message)
        for device in (phone, desktop, stranger):
            await device.is_served()
        row = await connection.fetchrow("SELECT * FROM messages WHERE id = $1", row_id)
        assert (row["status"], row["skipped"]) == ("delivered", None)
        assert row["routed_at"] == row["delivered_at"] is not None


async def test_a_row_without_a_target_reaches_every_device_of_the_user(target: Target, database_url: str):
    user = fresh("user")
    async with (
        database(database_url) as connection,
        target.device(user, "phone") as phone,
        target.device(user, "desktop") as desktop,
    ):
        await insert(connection, user, "to all")
        assert await payloads(phone, 1) == await payloads(desktop, 1) == ["to all"]
        await insert(connection, user, "from the phone", from_device_id="phone")
        assert await payloads(desktop, 1) == ["from the phone"]
        await phone.is_served()


async def test_a_row_waits_for_a_device_that_is_offline(target: Target, database_url: str):
    user = fresh("user")
    async with database(database_url) as connection:
        async with target.device(user, "phone"):
            pass

        async def is_offline() -> bool:
            return not await connection.fetchval("SELECT count(*) FROM user_presence WHERE user_id = $1", user)

        await until(is_offline)
        ids = [await insert(connection, user, number, to_device_id="phone") for number in range(5)]
        assert [await routed(connection, each) for each in ids] == [("queued", None)] * 5
        async with target.device(user, "phone") as phone:
            assert await payloads(phone, 5) == list(range(5))
            await phone.is_served()


async def test_rows_go_where_messages_go(target: Target, database_url: str):
    """The same message by socket and by SQL has the same recipients: the rules stand in two SQL functions."""
    user = fresh("user")
    recipients = """
        SELECT coalesce(array_agg(device_id ORDER BY device_id), '{}') FROM deliveries d
        JOIN messages m ON m.key = d.message_key WHERE m.id = $1 AND m.user_id = $2
    """
    compared = set()
    async with database(database_url) as connection, target.device(user, "phone") as phone:
        for name, kind, capabilities in (
            ("desktop", "desktop", {}),
            ("extension", "extension", {"supportsFileSync": False}),
            ("tablet", "mobile", {"supportsNotifications": False}),
        ):
            async with target.device(user, name, kind, **capabilities):
                pass
        for kind in _WITHOUT_TARGET:
            for to in (None, "phone", "tablet", "nobody"):
                by_socket = await phone.send(kind, {}, **({"toDeviceId": to} if to else {}))
                while (answer := await phone.next())["type"] != "ack":
                    pass
                by_row = await insert(connection, user, {}, type=kind, to_device_id=to, from_device_id="phone")
                status, _ = await routed(connection, by_row)
                expected = await connection.fetchval(recipients, by_socket, user)
                assert await connection.fetchval(recipients, by_row, user) == expected, (kind, to)
                assert status == answer["payload"]["status"], (kind, to)
                compared.add(tuple(expected))
    assert len(compared) > 5


async def test_a_task_row_goes_to_the_device_that_was_active_last(target: Target, database_url: str):
    user = fresh("user")
    async with (
        database(database_url) as connection,
        target.device(user, "office", "desktop") as office,
        target.device(user, "home", "desktop") as home,
    ):
        for active, other in ((office, home), (home, office)):
            await active.ask("user_message", "here I am", toDeviceId=other.name)
            assert await payloads(other, 1) == ["here I am"]
            await insert(connection, user, {}, type="task_start")
            await active.confirm(await active.next("task_start"))
            await other.is_served()


async def test_a_row_for_nobody_fails_once_and_for_all(target: Target, database_url: str):
    user = fresh("user")
    async with database(database_url) as connection:
        lost = await insert(connection, user, "too early")
        assert await routed(connection, lost) == ("failed", None)
        async with target.device(user, "phone") as phone:
            await insert(connection, user, "in time")
            assert await payloads(phone, 1) == ["in time"]
            await phone.is_served()
        assert await routed(connection, lost) == ("failed", None)


@pytest.mark.parametrize(
    "columns",
    [
        {"type": "mystery"},
        {"type": "heartbeat"},
        {"type": "device_handoff"},
        {"id": "x" * 201},
        {"from_device_id": ""},
        {"to_device_id": "x" * 201},
        {"timestamp": "yesterday"},
        {"payload": r'"\ud800"'},
        {"payload": json.dumps("x" * 1024 * 1024)},
    ],
    ids=lambda columns: " ".join(f"{k}={v[:15]}" for k, v in columns.items()),
)
async def test_a_row_that_the_wire_cannot_carry_fails_and_the_next_arrives(target, database_url, columns):
    user = fresh("user")
    async with database(database_url) as connection, target.device(user, "phone") as phone:
        async with connection.transaction():
            bad = await insert(connection, user, **columns)
            await insert(connection, user, "good")
        assert await payloads(phone, 1) == ["good"]
        assert (await routed(connection, bad))[0] == "failed"
        await phone.is_served()


async def test_a_row_that_the_database_refuses_holds_up_nobody(target: Target, database_url: str):
    """A seed that is wrong: a delivery has a number that the device does not know of."""
    user, other = fresh("user"), fresh("user")
    async with (
        database(database_url) as connection,
        target.device(user, "phone") as phone,
        target.device(other, "phone") as bystander,
    ):
        await connection.execute("INSERT INTO deliveries VALUES ($1, 'phone', 1, 0, now())", user)
        async with connection.transaction():
            await insert(connection, user, "blocked")
            await insert(connection, other, "free")
        assert await payloads(bystander, 1) == ["free"]
        await connection.execute("DELETE FROM deliveries WHERE user_id = $1", user)
        assert await payloads(phone, 1) == ["blocked"]


async def test_a_full_device_is_left_out_and_a_row_only_for_it_fails(start_server, stack):
    server = start_server(backlogLimit=10)
    target, user = Target(server.ws, server.http), fresh("user")
    url = stack.postgres.url_of(server.postgres.rsplit("/", 1)[1])
    async with database(url) as connection, target.device(user, "phone") as phone:
        async with target.device(user, "desktop"):
            pass
        async with connection.transaction():
            ids = [await insert(connection, user, number, to_device_id="desktop") for number in range(12)]
            important = await insert(connection, user, "important", to_device_id="desktop", priority=3)
            both = await insert(connection, user, "both")
        assert await payloads(phone, 1) == ["both"]
        states = [(await routed(connection, each))[0] for each in ids]
        assert [state != "failed" for state in states] == [True] * 9 + [False] * 3
        assert (await routed(connection, important))[0] != "failed"
        assert await routed(connection, both) == ("delivered", ["desktop"])
        async with target.device(user, "desktop") as desktop:
            assert await payloads(desktop, 10) == [*range(9), "important"]


async def test_what_is_rolled_back_is_never_seen(target: Target, database_url: str):
    user = fresh("user")
    async with database(database_url) as connection, target.device(user, "phone") as phone:
        seen = await insert(connection, user, "before")
        assert await payloads(phone, 1) == ["before"]
        transaction = connection.transaction()
        await transaction.start()
        await insert(connection, user, "phantom")
        await connection.execute("UPDATE messages SET payload = '\"changed\"' WHERE id = $1", seen)
        await connection.execute("DELETE FROM messages WHERE user_id = $1", user)
        await phone.is_served()
        await transaction.rollback()
        async with connection.transaction():
            nested = connection.transaction()
            await nested.start()
            await insert(connection, user, "phantom in a savepoint")
            await nested.rollback()
            await insert(connection, user, "after")
        message = await phone.next()
        assert (message["payload"], message["seq"]) == ("after", 2)
        await phone.confirm(message)
        await phone.is_served()


async def test_an_open_transaction_keeps_nobody_waiting(target: Target, database_url: str):
    user = fresh("user")
    async with (
        database(database_url) as slow,
        database(database_url) as quick,
        target.device(user, "phone") as phone,
    ):
        async with slow.transaction():
            await insert(slow, user, "late")
            await insert(quick, user, "early")
            assert await payloads(phone, 1) == ["early"]
            await phone.is_served()
        assert await payloads(phone, 1) == ["late"]


async def test_a_row_that_somebody_holds_is_passed_over_until_he_lets_go(target: Target, database_url: str):
    user = fresh("user")
    async with (
        database(database_url) as holder,
        database(database_url) as other,
        target.device(user, "phone") as phone,
    ):
        async with holder.transaction():
            await holder.execute(f"SELECT pg_advisory_lock({TURN})")
            await insert(other, user, "held")
            await holder.execute("SELECT FROM messages WHERE user_id = $1 FOR UPDATE", user)
            await holder.execute(f"SELECT pg_advisory_unlock({TURN})")
            await insert(other, user, "free")
            assert await payloads(phone, 1) == ["free"]
        assert await payloads(phone, 1) == ["held"]


async def without_hint(connection: Any, user: str, payload: object) -> str:
    """Inserts a message of which no node is told, as while none of them listens."""
    async with connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")
        return await insert(connection, user, payload)


async def test_a_row_whose_hint_was_lost_is_found(target: Target, database_url: str):
    user = fresh("user")
    async with database(database_url) as connection, target.device(user, "phone") as phone:
        await without_hint(connection, user, "found")
        assert await payloads(phone, 1) == ["found"]


async def test_a_server_that_cannot_listen_listens_again(target: Target, database_url: str):
    user = fresh("user")
    listeners = "pid FROM pg_stat_activity WHERE application_name LIKE 'reference_server % changes'"
    async with database(database_url) as connection, target.device(user, "phone") as phone:
        for number in range(3):
            ended = [row["pid"] for row in await connection.fetch(f"SELECT {listeners}")]
            async with connection.transaction():
                await connection.execute(f"SELECT pg_terminate_backend(pid) FROM (SELECT {listeners}) AS l")
                row_id = await insert(connection, user, number)
            assert await payloads(phone, 1) == [number]

            async def listens_again(ended: list[int] = ended) -> bool:
                now = [row["pid"] for row in await connection.fetch(f"SELECT {listeners}")]
                return bool(now) and not set(now) & set(ended)

            await until(listens_again)

        async def change_is_heard() -> bool:
            await connection.execute("UPDATE messages SET priority = 3 - priority WHERE id = $1", row_id)
            await phone.send("heartbeat")
            return (await phone.next("heartbeat", "notification"))["type"] == "notification"

        await until(change_is_heard)


async def test_the_database_hints_at_what_others_insert_and_not_at_what_the_server_stores(
    target: Target, database_url: str
):
    user = fresh("user")
    hints: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    async with (
        database(database_url) as connection,
        target.device(user, "phone") as phone,
        target.device(user, "desktop") as desktop,
    ):
        await connection.add_listener("wireproof_changes", lambda *heard: hints.put_nowait(json.loads(heard[-1])))
        await phone.ask("user_message", "by socket", toDeviceId="desktop")
        assert await payloads(desktop, 1) == ["by socket"]
        async with connection.transaction():
            ids = [await insert(connection, user, number) for number in range(3)]
        assert await payloads(desktop, 3) == [0, 1, 2]
        key = await connection.fetchval("SELECT key FROM messages WHERE id = $1", ids[0])
        async with asyncio.timeout(GENEROUS_S):
            assert await hints.get() == {"table": "messages", "change": "insert", "key": key}
            await connection.execute("DELETE FROM messages WHERE id = ANY($1)", ids)
            hint = await hints.get()
        assert sorted(hint.pop("ids")) == sorted(ids)
        assert hint == {"table": "messages", "change": "delete", "userId": user}
        assert hints.empty()


async def test_hints_that_nobody_can_read_harm_nobody(target: Target, database_url: str):
    user = fresh("user")
    async with database(database_url) as connection, target.device(user, "phone") as phone:
        for hint in ("", "null", "{", '{"table":"users","change":"delete"}', '{"table":"messages"}', "[1]"):
            await connection.execute("SELECT pg_notify('wireproof_changes', $1)", hint)
        await insert(connection, user, "well")
        assert await payloads(phone, 1) == ["well"]


async def test_many_rows_arrive_in_order_and_once(target: Target, database_url: str):
    user = fresh("user")
    async with database(database_url) as connection, target.device(user, "phone") as phone:
        await connection.execute(
            "INSERT INTO messages (user_id, payload) SELECT $1, to_json(n) FROM generate_series(1, 1000) AS n", user
        )
        assert await payloads(phone, 1000) == list(range(1, 1001))
        await phone.is_served()


async def test_writers_by_sql_and_by_socket_leave_no_gap(target: Target, database_url: str):
    user, count, writers = fresh("user"), 100, 3
    async with (
        target.device(user, "reader") as reader,
        target.device(user, "one") as one,
        target.device(user, "two") as two,
    ):

        async def by_sql(name: str) -> None:
            async with database(database_url) as connection:
                for number in range(count):
                    await insert(connection, user, [name, number], to_device_id="reader")

        async def by_socket(device: Device) -> None:
            for number in range(count):
                await device.ask("user_message", [device.name, number], toDeviceId="reader")

        received, *_ = await asyncio.gather(
            payloads(reader, count * (writers + 2)),
            *(by_sql(f"sql-{n}") for n in range(writers)),
            by_socket(one),
            by_socket(two),
        )
        await reader.is_served()
    by_writer: dict[str, list[int]] = {}
    for name, number in received:
        by_writer.setdefault(name, []).append(number)
    assert by_writer == {name: list(range(count)) for name in ("one", "two", *(f"sql-{n}" for n in range(writers)))}


async def test_of_two_nodes_one_routes_a_row_and_both_deliver_it(stack):
    user, count = fresh("user"), 200
    async with cluster(stack) as pair, database(pair.database_url) as connection:
        first, second = pair.targets
        async with first.device(user, "phone") as phone, second.device(user, "desktop") as desktop:

            async def write() -> None:
                for number in range(count):
                    await insert(connection, user, number)

            on_first, on_second, _ = await asyncio.gather(payloads(phone, count), payloads(desktop, count), write())
            await phone.is_served()
            await desktop.is_served()
        assert on_first == on_second == list(range(count))
        rows = await connection.fetch("SELECT node, status FROM messages")
        assert {row["status"] for row in rows} == {"delivered"}
        assert {row["node"] for row in rows} <= {node.name for node in pair.nodes}
        assert await connection.fetchval("SELECT count(*) FROM deliveries") == 2 * count


async def test_what_came_while_no_server_ran_is_routed_when_one_starts(stack):
    user = fresh("user")
    async with cluster(stack, 1) as one, database(one.database_url) as connection:
        async with one.targets[0].device(user, "phone"):
            pass
        await one.kill(0)
        await insert(connection, user, "while away")
        target = await one.start()
        async with target.device(user, "phone") as phone:
            assert await payloads(phone, 1) == ["while away"]
