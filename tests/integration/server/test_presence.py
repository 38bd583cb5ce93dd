"""Who is online: rows with a lease that follow the connections, and nodes that start and die beside each other."""

import asyncio

from devices import Target, database, fresh, until
from nodes import cluster

from reference_server import migrate
from reference_server.clock import Clock
from reference_server.settings import PREFIX, load
from reference_server.store import Store

HORIZON = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text, clock_timestamp()"
WRITES = "SELECT relname, n_tup_ins + n_tup_upd + n_tup_del AS writes FROM pg_stat_user_tables"


async def online(target: Target, token: str) -> dict[str, bool]:
    """What the server says about the devices of a user."""
    _, devices = await target.call("GET", "/devices", token=token)
    return {device["id"]: device["online"] for device in devices}


async def test_presence_follows_the_connections(target: Target, database_url: str):
    user = fresh("user")
    query = "SELECT device_id, session_id, lease_until > now() AS valid FROM user_presence WHERE user_id = $1"
    async with database(database_url) as connection:
        async with target.device(user, "phone") as phone:
            rows = await connection.fetch(query, user)
            assert [tuple(row) for row in rows] == [("phone", phone.session["sessionId"], True)]

        async def is_gone() -> bool:
            return not await connection.fetch(query, user)

        await until(is_gone)


async def test_the_devices_of_a_dead_node_are_offline_for_everybody(stack):
    user = fresh("user")
    async with (
        cluster(stack, MAX_DEVICES_PER_USER="2") as pair,
        database(pair.database_url) as connection,
    ):
        dying, living = pair.targets
        async with living.device(user, "phone") as phone, dying.device(user, "desktop", "desktop"):
            assert await online(living, phone.token) == {"desktop": True, "phone": True}
            assert (await phone.ask("user_message", 1, toDeviceId="desktop"))["status"] == "delivered"
            await pair.kill(0)

            async def is_offline() -> bool:
                return await online(living, phone.token) == {"desktop": False, "phone": True}

            await until(is_offline)
            assert await connection.fetchval("SELECT count(*) FROM user_presence WHERE user_id = $1", user) == 2
            assert (await phone.ask("user_message", 2, toDeviceId="desktop"))["status"] == "queued"
            row_id = await connection.fetchval(
                "INSERT INTO messages (user_id, to_device_id) VALUES ($1, 'desktop') RETURNING id", user
            )

            async def is_queued() -> bool:
                status = await connection.fetchval("SELECT status FROM messages WHERE id = $1", row_id)
                return bool(status == "queued")

            await until(is_queued)
            async with living.device(user, "tablet") as tablet:
                assert tablet.session["status"] == "success"
        async with living.device(user, "desktop") as desktop:
            assert [(await desktop.next("user_message"))["payload"] for _ in range(3)] == [1, 2, {}]


async def test_leases_that_ended_long_ago_are_removed(target: Target, database_url: str):
    user = fresh("user")
    async with database(database_url) as connection:
        for name, node, hours in (("lately", "dead", 1), ("long-ago", "dead", 25), ("own", "purging", 25)):
            await connection.execute(
                "INSERT INTO user_presence VALUES ($1, $2, $3, 1, 's', now(), now() - make_interval(hours => $4))",
                user,
                name,
                node,
                hours,
            )
        environment = {f"{PREFIX}DATABASE_URL": database_url, f"{PREFIX}REDIS_URL": "redis://127.0.0.1:1"}
        store = Store(load(environment | {f"{PREFIX}AUTH_MODE": "open", f"{PREFIX}NODE": "purging"}), Clock())
        await store.open()
        try:
            await store.purge()
        finally:
            await store.close()
        left = await connection.fetch("DELETE FROM user_presence WHERE user_id = $1 RETURNING device_id", user)
        assert sorted(row["device_id"] for row in left) == ["lately", "own"]


async def test_an_idle_server_moves_no_transaction_horizon(stack):
    """The looks for unrouted rows read only; autovacuum, which has a horizon of its own to move, is off meanwhile."""
    async with (
        cluster(stack, 1, HEARTBEAT_INTERVAL="0.1") as one,
        database(stack.postgres.url) as observer,
        database(one.database_url) as own,
    ):
        looked = (
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1 AND query = 'COMMIT'"
            " AND state = 'idle' AND state_change > $2"
        )
        name = f"reference_server {one.nodes[0].name}"
        async with one.targets[0].device(fresh("user"), "phone") as phone:
            await phone.is_served()

        async def quiet() -> bool:
            return not await own.fetchval("SELECT count(*) FROM user_presence")

        await until(quiet)
        await observer.execute("ALTER SYSTEM SET autovacuum = off")
        try:
            await observer.execute("SELECT pg_reload_conf()")
            before, start = await observer.fetchrow(HORIZON)

            async def has_looked() -> bool:
                return bool(await observer.fetchval(looked, name, start))

            await until(has_looked)
            assert (await observer.fetchrow(HORIZON))[0] == before
        finally:
            await observer.execute("ALTER SYSTEM RESET autovacuum")
            await observer.execute("SELECT pg_reload_conf()")


async def test_idle_connections_cost_only_the_renewal_of_leases(stack):
    async with (
        cluster(stack, 1, HEARTBEAT_INTERVAL="0.1") as one,
        database(one.database_url) as connection,
        one.targets[0].device(fresh("user"), "phone") as phone,
        one.targets[0].device(fresh("user"), "phone"),
    ):
        await phone.is_served()

        async def writes() -> dict[str, int]:
            await connection.execute("SELECT pg_stat_force_next_flush()")
            return {row["relname"]: row["writes"] for row in await connection.fetch(WRITES)}

        async def registrations_are_counted() -> bool:
            return (await writes())["sessions"] == 2

        await until(registrations_are_counted)
        before = await writes()

        async def leases_were_renewed() -> bool:
            return (await writes())["user_presence"] >= before["user_presence"] + 10

        await until(leases_were_renewed)
        after = await writes()
        assert {name for name, count in after.items() if count != before[name]} == {"user_presence"}


async def test_nodes_that_start_at_once_on_an_empty_database_apply_each_migration_once(stack):
    """They are held until all of them wait for their turn, so that they do start at once."""
    async with cluster(stack, 0) as trio, database(trio.database_url) as connection:
        await connection.execute("SELECT pg_advisory_lock($1)", migrate._LOCK)
        starting = asyncio.create_task(trio.start(3))

        async def all_wait() -> bool:
            waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            return bool(await connection.fetchval(waiting) == 3)

        await until(all_wait)
        await connection.execute("SELECT pg_advisory_unlock($1)", migrate._LOCK)
        await starting
        for target in trio.targets:
            status, health = await target.call("GET", "/health/ready")
            assert (status, health["status"]) == (200, "pass")
        applied = [line["migration"] for node in trio.nodes for line in node.events("migrated")]
        assert sorted(applied) == [migration.name for migration in migrate.read()]
        rows = await connection.fetch("SELECT name FROM schema_migrations ORDER BY version")
        assert [row["name"] for row in rows] == sorted(applied)
