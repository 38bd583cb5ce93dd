"""Who may revoke what, and that it holds on every node."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from devices import Target, database, fresh
from nodes import Cluster, cluster

from reference_server.clock import Clock
from reference_server.settings import Settings
from reference_server.store import Store
from wireproof.stack.embedded import EmbeddedStack

NOBODY_LISTENS = "redis://127.0.0.1:1/0"


async def minted(target: Target, user: str, device: str) -> dict[str, Any]:
    """A token and its id."""
    status, answer = await target.call("POST", "/test/tokens", {"userId": user, "deviceId": device})
    assert status == 201
    return dict(answer)


@pytest.fixture(params=["with the bus", "without the bus"])
async def pair(stack: EmbeddedStack, request: pytest.FixtureRequest) -> AsyncIterator[Cluster]:
    """Two nodes that hear of each other by Redis, or by the database only."""
    settings = {} if request.param == "with the bus" else {"REDIS_URL": NOBODY_LISTENS}
    async with cluster(stack, **settings) as pair:
        yield pair


async def test_a_session_revoked_on_another_node_is_closed(pair: Cluster):
    here, there = pair.targets
    async with here.device(fresh("user"), "phone") as phone, here.device(phone.user, "tablet") as tablet:
        path = f"/sessions/{phone.session['sessionId']}"
        assert (await there.call("DELETE", path, token=tablet.token))[0] == 204
        assert await phone.close_code() == 4002
        await tablet.is_served()
    async with there.back(phone) as again:
        assert again.session["resumed"] is False


async def test_a_token_revoked_on_another_node_is_closed(pair: Cluster):
    here, there = pair.targets
    user = fresh("user")
    token = await minted(here, user, "phone")
    async with here.open() as phone, there.device(user, "tablet") as tablet:
        phone.user, phone.name = user, "phone"
        await phone.register(authToken=token["token"])
        assert (await there.call("DELETE", f"/tokens/{token['jti']}", token=tablet.token))[0] == 204
        assert await phone.close_code() == 4002
        await tablet.is_served()


async def test_a_hint_closes_it_before_anybody_looks(stack: EmbeddedStack):
    async with cluster(stack) as pair, database(pair.database_url) as locking:
        here, there = pair.targets
        async with here.device(fresh("user"), "phone") as phone, locking.transaction():
            await locking.execute("LOCK TABLE user_presence")  # who looks around has to wait
            path = f"/sessions/{phone.session['sessionId']}"
            assert (await there.call("DELETE", path, token=phone.token))[0] == 204
            assert await phone.close_code() == 4002


async def test_an_earlier_session_that_is_revoked_does_not_end_the_present_one(stack: EmbeddedStack):
    async with cluster(stack) as pair:
        here, there = pair.targets
        async with here.device(fresh("user"), "phone") as first:
            pass
        async with here.device(first.user, "phone") as second, here.device(first.user, "marker") as marker:
            path = f"/sessions/{first.session['sessionId']}"
            assert (await there.call("DELETE", path, token=second.token))[0] == 204
            async with there.device(first.user, "marker"):  # its hint comes behind that of the revocation
                assert await marker.close_code() == 4001
            await second.is_served()


async def test_only_ones_own_tokens_can_be_revoked(target: Target):
    user = fresh("user")
    unused, first, second = [await minted(target, user, "phone") for _ in range(3)]
    async with target.open() as phone, target.device(fresh("user"), "phone") as stranger:
        phone.user, phone.name = user, "phone"
        await phone.register(authToken=first["token"])
        presented = {"authToken": second["token"], "sessionId": phone.session["sessionId"]}
        async with target.open() as again:
            again.user, again.name = user, "phone"
            assert (await again.register(**presented))["resumed"] is True
            for known in (unused, first, second):
                assert (await target.call("DELETE", f"/tokens/{known['jti']}", token=stranger.token))[0] == 404
            await again.is_served()
            assert (await target.call("DELETE", f"/tokens/{unused['jti']}", token=unused["token"]))[0] == 204
            await again.is_served()
            assert (await target.call("DELETE", f"/tokens/{first['jti']}", token=first["token"]))[0] == 204
            await again.is_served()
            assert (await target.call("DELETE", f"/tokens/{second['jti']}", token=first["token"]))[0] == 401
    for revoked in (unused, first):
        async with target.open() as refused:
            refused.user, refused.name = user, "phone"
            assert (await refused.register(authToken=revoked["token"]))["code"] == "AUTH_FAILED"


async def test_a_token_that_never_registered_can_be_revoked(target: Target):
    user = fresh("user")
    token = await minted(target, user, "phone")
    assert (await target.call("DELETE", f"/tokens/{token['jti']}", token=token["token"]))[0] == 204
    async with target.open() as refused:
        refused.user, refused.name = user, "phone"
        assert (await refused.register(authToken=token["token"]))["error"] == "the token has been revoked"


NOW = datetime.now(UTC)
LONG_AGO, LATELY = NOW - timedelta(days=2), NOW - timedelta(hours=23)


@pytest.mark.parametrize(
    ("disconnected_at", "ended_at", "lease_until", "kept"),
    [
        (LONG_AGO, None, None, False),
        (LATELY, None, None, True),
        (None, LONG_AGO, None, False),
        (LONG_AGO, LATELY, None, True),
        (None, None, NOW, True),
        (None, None, LONG_AGO, False),
        (None, None, None, False),
    ],
)
async def test_sessions_are_kept_for_a_while_after_their_end(
    database_url: str,
    disconnected_at: datetime | None,
    ended_at: datetime | None,
    lease_until: datetime | None,
    kept: bool,
):
    name = fresh("session")
    async with database(database_url) as connection:
        await connection.execute(
            "INSERT INTO sessions (id, user_id, device_id, generation, node, created_at, disconnected_at, ended_at)"
            " VALUES ($1, $1, 'd', 1, 'n', $2, $3, $4)",
            name,
            LONG_AGO - timedelta(days=1),
            disconnected_at,
            ended_at,
        )
        if lease_until is not None:
            await connection.execute(
                "INSERT INTO user_presence VALUES ($1, 'd', 'n', 1, $1, now(), $2)", name, lease_until
            )
        await purge(database_url)
        found = await connection.fetchval("SELECT count(*) FROM sessions WHERE id = $1", name)
        await connection.execute("DELETE FROM user_presence WHERE user_id = $1", name)
        await connection.execute("DELETE FROM sessions WHERE id = $1", name)
    assert bool(found) is kept


async def test_a_revocation_is_kept_until_its_token_has_expired(database_url: str):
    names = {fresh("token"): expires_at for expires_at in (LONG_AGO, LATELY, NOW + timedelta(days=1))}
    async with database(database_url) as connection:
        for name, expires_at in names.items():
            await connection.execute("INSERT INTO revoked_tokens VALUES ($1, now(), $2)", name, expires_at)
        await purge(database_url)
        rows = await connection.fetch("DELETE FROM revoked_tokens WHERE id = ANY($1) RETURNING id", list(names))
    assert {row["id"] for row in rows} == {name for name, expires_at in names.items() if expires_at != LONG_AGO}


async def test_a_revocation_notes_when_its_token_expires(target: Target, database_url: str):
    user = fresh("user")
    own, other = [await minted(target, user, name) for name in ("phone", "tablet")]
    async with target.open() as tablet, database(database_url) as connection:
        tablet.user, tablet.name = user, "tablet"
        await tablet.register(authToken=other["token"])
        for token in (other, own):
            assert (await target.call("DELETE", f"/tokens/{token['jti']}", token=own["token"]))[0] == 204
            query = "SELECT expires_at FROM revoked_tokens WHERE id = $1"
            expires_at = await connection.fetchval(query, token["jti"])
            assert abs(expires_at - datetime.fromisoformat(token["expiresAt"])) < timedelta(seconds=1)


async def purge(database_url: str) -> None:
    """What a server does every few minutes, with its own settings."""
    store = Store(Settings(database_url=database_url, redis_url="", node=fresh("node")), Clock())
    await store.open()
    try:
        await store.purge()
    finally:
        await store.close()
