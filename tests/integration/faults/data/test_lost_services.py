"""Faults whose PostgreSQL or Redis is killed while they are on: nothing is left, and nothing fails that need not."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

import psycopg
import pytest
import redis
from patience import use_until_it_ends

from wireproof import scopes
from wireproof import stack as room
from wireproof.faults.active import ActiveFaults, require_effect
from wireproof.faults.errors import FaultError
from wireproof.faults.postgres.database_keywords import DatabaseKeywords
from wireproof.faults.redis.cache_keywords import CacheKeywords
from wireproof.stack.embedded import EmbeddedStack

WHAT_IS_PLANTED = "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'wireproof%'"


@pytest.fixture(scope="module")
def stack() -> Iterator[EmbeddedStack]:
    """A stack of this module's own: its services are killed."""
    started = EmbeddedStack.start()
    before = room.use(started)
    with psycopg.connect(started.postgres.url, autocommit=True) as session:
        session.execute("CREATE TABLE notes (id int PRIMARY KEY, text text)")
    yield started
    room.use(before)
    started.stop()


@pytest.fixture
def scope(stack: EmbeddedStack) -> Iterator[scopes.Scope]:
    entered = scopes.enter("test", "a test")
    yield entered
    scopes.leave(entered)


@pytest.fixture
def active(scope: scopes.Scope) -> ActiveFaults:
    return ActiveFaults()


@pytest.fixture
def database(active: ActiveFaults) -> DatabaseKeywords:
    return DatabaseKeywords(active)


@pytest.fixture
def cache(active: ActiveFaults) -> CacheKeywords:
    return CacheKeywords(active)


def connect(stack: EmbeddedStack) -> psycopg.Connection:
    return psycopg.connect(stack.postgres.url, application_name="app", autocommit=True)


def test_what_is_planted_goes_when_its_test_ends_although_postgresql_was_away_when_it_was_to_be_healed(
    stack, scope, active, database
):
    fault = database.fail_inserts("notes")
    stack.postgres.kill()
    with pytest.raises(FaultError, match=r"^PostgreSQL: "):
        active.heal(fault)
    stack.postgres.start()
    (problem,) = scopes.leave(scope)
    assert type(problem) is str, "a warning, not a failed test"
    assert problem.endswith("could not be counted: PostgreSQL was restarted, and may have forgotten it")
    assert active.on == []
    with connect(stack) as app:
        app.execute("INSERT INTO notes VALUES (1)")
        assert app.execute(WHAT_IS_PLANTED).fetchone() == (0,)


def test_a_lock_goes_with_its_postgresql_and_nobody_calls_it_unfelt(stack, scope, active, database):
    fault = database.lock_table("notes")
    stack.postgres.kill()
    stack.postgres.start()
    assert active.heal(fault)
    with pytest.raises(FaultError, match="could not be counted: the lock of notes is lost: PostgreSQL: "):
        require_effect(fault)
    problems = scopes.leave(scope)
    assert [type(problem) for problem in problems] == [str], "a warning, not a failed test"


def test_sessions_are_terminated_again_after_postgresql_was_away(stack, scope, active, database, monkeypatch):
    monkeypatch.setattr("wireproof.faults.postgres.database.ports.held_by", lambda processes: frozenset())
    fault = database.terminate_database_sessions(name="app", every=timedelta(milliseconds=20))
    stack.postgres.kill()
    stack.postgres.start()
    use_until_it_ends(partial(connect, stack))
    assert active.heal(fault)
    assert scopes.leave(scope) == []


@pytest.mark.parametrize("what", ["fill_cache", "revoke_cache_access"])
def test_a_redis_that_is_restarted_has_forgotten_the_fault_and_its_counters(stack, active, cache, what):
    with redis.Redis.from_url(stack.redis.url, client_name="app", retry=None) as app:
        app.config_set("maxmemory", 1)
        for _ in range(3):
            with pytest.raises(redis.ResponseError):
                app.set("a", "1")
        app.config_set("maxmemory", 0)
    fault = getattr(cache, what)()
    before = fault.effect
    stack.redis.kill()
    stack.redis.start()
    assert active.heal(fault)
    assert all(count >= 0 for count in fault.effect.values()), fault.effect
    assert fault.effect == before
    with redis.Redis.from_url(stack.redis.url) as app:
        assert app.acl_users() == ["default"]
        assert app.config_get("maxmemory") == {"maxmemory": "0"}


def test_emptying_a_cache_does_not_lose_what_is_noted_in_it(stack, active, cache):
    fault = cache.fill_cache()
    with redis.Redis.from_url(stack.redis.url) as app:
        app.flushall()
        active.heal(fault)
        assert app.config_get("maxmemory") == {"maxmemory": "0"}
        assert app.acl_users() == ["default"]
