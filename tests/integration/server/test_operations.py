"""Running the server: health, figures, faults of its dependencies, its end, its command line."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import urllib.request

from devices import Target, database, fresh, health, until

from wireproof.stack import databases
from wireproof.stack.embedded import EmbeddedStack


async def test_a_ready_server_says_how_its_dependencies_are(target: Target):
    status, body = await target.call("GET", "/health/ready")
    assert (status, body["status"]) == (200, "pass")
    assert {name: check["status"] for name, check in body["checks"].items()} == {
        "postgresql": "pass",
        "migrations": "pass",
        "redis": "pass",
    }
    assert (await target.call("GET", "/health/live"))[0] == 200


async def test_the_version_shows_the_settings_in_force(start_server):
    server = start_server(messageTimeout=2)
    _, body = await Target(server.ws, server.http).call("GET", "/version")
    assert (body["name"], body["testMode"]) == ("reference_server", True)
    assert body["settings"]["messageTimeout"] == 2.0
    assert body["settings"]["maxMessageBytes"] == 1024 * 1024


async def test_lists_need_a_token_and_show_only_ones_own(target: Target):
    user = fresh("user")
    async with target.device(user, "phone") as phone, target.device(user, "desktop") as desktop:
        await phone.ask("user_message", {"n": 1}, toDeviceId="desktop")
        await desktop.next("user_message")
        for path in ("/devices", "/messages", "/executions"):
            assert (await target.call("GET", path))[0] == 401
        _, devices = await target.call("GET", "/devices", token=phone.token)
        assert [(d["id"], d["online"], d["backlog"]) for d in devices] == [("desktop", True, 1), ("phone", True, 0)]
        _, messages = await target.call("GET", "/messages?deviceId=desktop&after=0", token=phone.token)
        assert [(m["seq"], m["payload"]) for m in messages] == [(1, {"n": 1})]
        assert (await target.call("GET", "/messages?deviceId=desktop&after=1", token=phone.token))[1] == []
        assert (await target.call("GET", "/messages?after=x", token=phone.token))[0] == 400
        stranger = await target.token(fresh("user"), "phone")
        assert (await target.call("GET", "/messages?deviceId=desktop", token=stranger)) == (200, [])
        assert (await target.call("GET", "/executions", token=phone.token)) == (200, [])


async def test_the_figures_count_what_happened(start_server):
    server = start_server()
    target, user = Target(server.ws, server.http), fresh("user")
    async with target.device(user, "phone") as phone, target.device(user, "desktop") as desktop:
        for number in range(5):
            await phone.ask("user_message", number, toDeviceId="desktop")
            await desktop.confirm(await desktop.next("user_message"))
        await phone.ask("user_message", {}, toDeviceId="nobody")
        await phone.socket.send("null")
        await phone.next("error")
        await desktop.is_served()
        text = await asyncio.to_thread(lambda: urllib.request.urlopen(f"{server.http}/metrics").read().decode())
    figures = dict(line.rsplit(" ", 1) for line in text.splitlines() if line and not line.startswith("#"))
    assert float(figures["cloud_connections"]) == float(figures["cloud_registered_devices"]) == 2
    assert float(figures["cloud_messages_received_total"]) == 6
    assert float(figures["cloud_messages_refused_total"]) == 1
    for name in ("messages_stored", "deliveries_sent", "deliveries_confirmed"):
        assert float(figures[f"cloud_{name}_total"]) == 5, name
    assert float(figures["cloud_messages_unreadable_total"]) == 1
    assert float(figures["cloud_store_seconds_count"]) == 5


async def test_an_idle_server_writes_nothing(start_server, stack):
    server = start_server(heartbeatInterval=0.1)
    target = Target(server.ws, server.http)
    async with target.device(fresh("user"), "phone") as phone:
        await phone.is_served()
    async with database(stack.postgres.url_of(server.postgres.rsplit("/", 1)[1])) as connection:

        async def quiet() -> bool:
            return not await connection.fetchval("SELECT count(*) FROM user_presence")

        await until(quiet)
        writes = "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables"
        await connection.execute("SELECT pg_stat_force_next_flush()")
        before = await connection.fetchval(writes)

        async def some_time_has_passed(start: list[float]) -> bool:
            now = await connection.fetchval("SELECT extract(epoch FROM clock_timestamp())::float8")
            start.append(now)
            return bool(now - start[0] > 1.5)

        start: list[float] = []
        await until(lambda: some_time_has_passed(start))
        assert await connection.fetchval(writes) == before


async def test_without_postgresql_the_outcome_is_unknown_and_afterwards_all_is_well(
    own: Target, own_stack: EmbeddedStack
):
    user, message_id = fresh("user"), fresh("m")
    async with own.device(user, "phone") as phone, own.device(user, "desktop") as desktop:
        await phone.ask("user_message", "before", toDeviceId="desktop")
        await desktop.next("user_message")
        own_stack.postgres.kill()
        ack = await phone.ask("user_message", "during", toDeviceId="desktop", id=message_id)
        assert (ack["status"], ack["code"]) == ("failed", "UNAVAILABLE")
        assert ack["retryAfter"] > 0
        await phone.is_served()
        assert await health(own) == (503, "fail")
        assert (await own.call("GET", "/health/live"))[0] == 200
        async with own.open() as late:
            late.user, late.name = user, "late"
            late.token = await own.token(user, "late")
            assert (await late.register(authToken=late.token))["code"] == "UNAVAILABLE"
            own_stack.postgres.start()

            async def stored() -> bool:
                answer = await phone.ask("user_message", "during", toDeviceId="desktop", id=message_id)
                return bool(answer["status"] != "failed")

            await until(stored)
            assert (await late.register(authToken=late.token))["status"] == "success"
        message = await desktop.next("user_message")
        assert (message["payload"], message["seq"]) == ("during", 2)
        await desktop.is_served()
    assert await health(own) == (200, "pass")


async def test_terminated_database_sessions_heal(own: Target, own_stack: EmbeddedStack):
    user = fresh("user")
    async with own.device(user, "phone") as phone, database(own_stack.postgres.url) as connection:
        for _ in range(3):
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'reference_server%'"
            )

            async def stored() -> bool:
                await phone.send("user_message", {}, toDeviceId="phone", requiresAck=True)
                while (message := await phone.next())["type"] != "ack":
                    pass
                return bool(message["payload"]["status"] == "delivered")

            await until(stored)


async def test_after_postgresql_was_away_rows_and_changes_are_heard_again(own: Target, own_stack: EmbeddedStack):
    user = fresh("user")
    async with own.device(user, "phone") as phone:
        own_stack.postgres.kill()
        own_stack.postgres.start()
        async with database(own_stack.postgres.url) as connection:
            await connection.execute("INSERT INTO messages (user_id, payload) VALUES ($1, '1')", user)
            message = await phone.next("user_message")
            assert (message["payload"], message["seq"]) == (1, 1)
            await phone.confirm(message)

            async def a_change_is_heard() -> bool:
                await connection.execute("UPDATE messages SET priority = 3 - priority WHERE user_id = $1", user)
                await phone.send("heartbeat")
                return (await phone.next("heartbeat", "notification"))["type"] == "notification"

            await until(a_change_is_heard)


async def test_what_was_committed_without_a_reply_is_delivered_by_itself(own: Target, own_stack: EmbeddedStack):
    """As when the reply to a COMMIT is lost: the row is there, and nobody told the server."""
    user = fresh("user")
    async with own.device(user, "desktop") as desktop, database(own_stack.postgres.url) as connection:
        await connection.execute(
            "WITH m AS (INSERT INTO messages (user_id, payload, routed_at)"
            " VALUES ($1, to_json('found'::text), now()) RETURNING key),"
            " d AS (UPDATE devices SET last_seq = 1 WHERE user_id = $1)"
            " INSERT INTO deliveries SELECT $1, 'desktop', 1, key, now() FROM m",
            user,
        )
        message = await desktop.next("user_message")
        assert (message["payload"], message["seq"], message["fromDeviceId"]) == ("found", 1, "server")


async def test_deliveries_that_are_gone_are_reported_as_a_gap(own: Target, own_stack: EmbeddedStack):
    user = fresh("user")
    async with own.device(user, "phone") as phone, database(own_stack.postgres.url) as connection:
        async with own.device(user, "desktop"):
            pass
        for number in range(1, 6):
            await phone.ask("user_message", number, toDeviceId="desktop")
        await connection.execute("DELETE FROM deliveries WHERE user_id = $1 AND seq IN (2, 3, 5)", user)
        async with own.device(user, "desktop") as desktop:
            seen = [await desktop.next() for _ in range(4)]
            await desktop.is_served()
            for message in (seen[0], seen[2]):
                await desktop.confirm(message)
            await desktop.is_served()
        shown = [(m["type"], m["payload"]) for m in seen]
        assert shown == [
            ("user_message", 1),
            ("notification", {"change": "gap", "fromSeq": 2, "toSeq": 3}),
            ("user_message", 4),
            ("notification", {"change": "gap", "fromSeq": 5, "toSeq": 5}),
        ]
        async with own.device(user, "desktop") as desktop:
            await desktop.is_served()


async def test_without_redis_messages_flow_and_it_comes_back_by_itself(own: Target, own_stack: EmbeddedStack):
    user = fresh("user")
    async with own.device(user, "phone") as phone, own.device(user, "desktop") as desktop:
        own_stack.services["redis"].kill()
        assert (await phone.ask("user_message", 1, toDeviceId="desktop"))["status"] == "delivered"
        assert (await desktop.next("user_message"))["payload"] == 1
        assert await health(own) == (200, "warn")
        async with own.device(user, "tablet") as tablet:
            await tablet.is_served()
        own_stack.services["redis"].start()

        async def well() -> bool:
            return await health(own) == (200, "pass")

        await until(well)


async def test_sigterm_finishes_what_was_begun_and_ends_with_0(start_server, stack):
    server = start_server()
    target, user = Target(server.ws, server.http), fresh("user")
    process = stack.services[server.name].process
    async with target.device(user, "phone") as phone, target.device(user, "desktop") as desktop:
        for number in range(200):
            await phone.send("user_message", number, toDeviceId="desktop")
        await phone.next("ack")
        os.kill(process.pid, signal.SIGTERM)
        acked = 1
        while True:
            try:
                await phone.next("ack")
            except Exception:  # noqa: BLE001 - the connection's end, whatever the client library calls it
                break
            acked += 1
        assert phone.socket.close_code == 1012
        assert await desktop.close_code() == 1012
    async with database(stack.postgres.url_of(server.postgres.rsplit("/", 1)[1])) as connection:
        assert await connection.fetchval("SELECT count(*) FROM messages") == acked
        assert await connection.fetchval("SELECT count(*) FROM user_presence") == 0


def command_line(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("REFERENCE_SERVER_")}
    environment |= {f"REFERENCE_SERVER_{key}": value for key, value in settings.items()}
    return subprocess.run(
        [sys.executable, "-m", "reference_server", *arguments],
        capture_output=True,
        text=True,
        env=environment,
        timeout=60,
    )


def test_a_wrong_setting_ends_with_2_and_one_line():
    done = command_line(WS_PORT="many")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "reference_server: REFERENCE_SERVER_WS_PORT is 'many': expected a whole number\n"


def test_migrate_is_done_once_even_by_many(stack):
    database_name = fresh("migrate")
    databases.create(stack.addresses.postgres, database_name)
    settings = {
        "DATABASE_URL": stack.postgres.url_of(database_name),
        "REDIS_URL": stack.services["redis"].url,
        "AUTH_MODE": "open",
    }
    try:
        environment = {**os.environ, **{f"REFERENCE_SERVER_{key}": value for key, value in settings.items()}}
        crowd = [
            subprocess.Popen(
                [sys.executable, "-m", "reference_server", "migrate"],
                stderr=subprocess.PIPE,
                text=True,
                env=environment,
            )
            for _ in range(3)
        ]
        lines = [json.loads(line) for one in crowd for line in one.communicate(timeout=60)[1].splitlines()]
        assert [one.returncode for one in crowd] == [0, 0, 0]
        applied = [line["migration"] for line in lines if line["event"] == "migrated"]
        assert sorted(applied) == sorted(set(applied))
        assert applied
        assert command_line("migrate", **settings).stderr == ""
        asyncio.run(_edit(settings["DATABASE_URL"]))
        done = command_line("migrate", **settings)
        assert done.returncode == 1
        assert done.stderr.startswith("reference_server: migration 0001_tables.sql was edited after it was applied")
        assert done.stderr.count("\n") == 1
    finally:
        databases.drop(stack.addresses.postgres, database_name)


async def _edit(url: str) -> None:
    async with database(url) as connection:
        await connection.execute("UPDATE schema_migrations SET sha256 = 'x' WHERE version = 1")


def test_without_test_mode_time_is_real_and_the_end_by_sigterm_is_clean(stack):
    database_name = fresh("end")
    databases.create(stack.addresses.postgres, database_name)
    settings = {
        "DATABASE_URL": stack.postgres.url_of(database_name),
        "REDIS_URL": stack.services["redis"].url,
        "AUTH_MODE": "open",
        "WS_PORT": "0",
        "HTTP_PORT": "0",
    }
    environment = {**os.environ, **{f"REFERENCE_SERVER_{key}": value for key, value in settings.items()}}
    with subprocess.Popen(
        [sys.executable, "-m", "reference_server"], stderr=subprocess.PIPE, text=True, env=environment
    ) as server:
        lines = map(json.loads, server.stderr)
        listening = next(line for line in lines if line["event"] == "listening")
        closed_to_all = Target("", f"http://127.0.0.1:{listening['httpPort']}")
        for path in ("/test/tokens", "/test/clock", "/test/reset"):
            assert asyncio.run(closed_to_all.call("POST", path, {}))[0] == 404, path
        server.send_signal(signal.SIGTERM)
        rest = [line["event"] for line in lines]
        assert "draining" in rest
        assert rest[-1] == "stopped"
        assert server.wait(20) == 0
    databases.drop(stack.addresses.postgres, database_name)


def test_a_port_that_is_taken_is_one_line(stack, start_server):
    server = start_server()
    port = server.ws.rsplit(":", 1)[1].strip("/")
    name = server.postgres.rsplit("/", 1)[1]
    done = command_line(
        DATABASE_URL=stack.postgres.url_of(name),
        REDIS_URL=stack.services["redis"].url,
        AUTH_MODE="open",
        WS_PORT=port,
        HTTP_PORT="0",
    )
    assert done.returncode == 1
    assert [line for line in done.stderr.splitlines() if not line.startswith("{")] == [
        f"reference_server: cannot listen on 127.0.0.1, ports {port} and 0: Address already in use"
    ]


async def test_the_log_has_ids_but_no_bodies_and_no_secrets(start_server, stack):
    server = start_server()
    target, user = Target(server.ws, server.http), fresh("user")
    async with target.device(user, "phone") as phone, target.device(user, "desktop") as desktop:
        await phone.ask("user_message", "canary-in-a-body", toDeviceId="desktop")
        await desktop.next("user_message")
        await phone.socket.send('{"id":"x","canary-in-a-field":1}')
        await phone.next("error")
    log = stack.service(server.name).run.log(server.name).read_text()
    assert user in log
    assert "canary" not in log
    assert phone.token not in log
    assert phone.token.rsplit(".", 1)[1] not in log
    assert stack.credential("token secret") not in log
