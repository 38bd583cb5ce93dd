"""Faults inside a real Redis: what somebody who uses it feels, and what is left when they are healed."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

import pytest
import redis
from patience import until

from wireproof import scopes
from wireproof.faults.active import ActiveFaults
from wireproof.faults.errors import FaultError, UnableError
from wireproof.faults.redis.cache_keywords import CacheKeywords
from wireproof.stack import undo_redis
from wireproof.stack.embedded import EmbeddedStack

LONG = timedelta(seconds=60)


@pytest.fixture(scope="module")
def stack() -> Iterator[EmbeddedStack]:
    """A stack of this module's own: its server must not bother the others, nor be bothered."""
    from wireproof import stack as room

    started = EmbeddedStack.start()
    before = room.use(started)
    yield started
    room.use(before)
    started.stop()


@pytest.fixture
def active(stack: EmbeddedStack) -> Iterator[ActiveFaults]:
    """The faults of a test; whatever is on is healed at its end, and nothing is left in Redis."""
    scope = scopes.enter("test", "a test")
    found = ActiveFaults()
    yield found
    found.heal_all()
    scopes.leave(scope)
    with redis.Redis.from_url(stack.redis.url) as client:
        assert client.acl_users() == ["default"]
        assert client.config_get("maxmemory") == {"maxmemory": "0"}


@pytest.fixture
def keywords(active: ActiveFaults) -> CacheKeywords:
    return CacheKeywords(active)


@pytest.fixture
def app(stack: EmbeddedStack) -> Iterator[redis.Redis]:
    """A client of the system under test."""
    with redis.Redis.from_url(stack.redis.url, client_name="app", retry=None) as client:
        client.flushall()
        yield client


def test_writes_wait_and_reads_go_on(keywords, active, app, background):
    fault = keywords.pause_cache(duration=LONG)
    assert app.get("a") is None
    assert fault.touched == 0
    writing = background.submit(app.set, "a", "1")
    until(lambda: fault.touched)
    assert not writing.done()
    active.heal(fault)
    assert writing.result() is True
    assert fault.effect == {"clients": 1}


@pytest.fixture
def connection(stack: EmbeddedStack) -> Iterator[redis.Connection]:
    """The only one that is used: the server says nothing meanwhile."""
    stack.server.suspend()
    with redis.Redis.from_url(stack.redis.url) as client:
        yield client.connection_pool.get_connection()
    stack.server.resume()


def test_all_commands_wait_until_the_time_is_over(keywords, active, connection):
    fault = keywords.pause_cache("all", duration=timedelta(seconds=1))
    connection.send_command("GET", "nothing")
    active.heal(fault)
    assert connection.read_response() is None
    assert fault.effect == {"commands": 1, "clients": 0}


def test_who_gives_up_while_all_commands_wait_has_noticed(keywords, active, connection):
    fault = keywords.pause_cache("all", duration=timedelta(seconds=1))
    connection.send_command("GET", "nothing")
    connection.disconnect()
    active.heal(fault)
    assert fault.effect["clients"] == 1


def test_a_pause_of_all_that_nobody_noticed_touches_nothing(keywords, active, connection):
    fault = keywords.pause_cache("all", duration=timedelta(milliseconds=50))
    until(lambda: not active.on)
    assert fault.touched == 0


def test_subscribers_are_killed_but_not_ours(keywords, app, stack):
    listening = app.pubsub()
    listening.subscribe("c")
    with redis.Redis.from_url(stack.redis.url, client_name="wireproof") as ours, ours.pubsub() as mine:
        mine.subscribe("c")
        fault = keywords.kill_cache_subscribers(name="app")
        assert fault.effect == {"clients": 1}
        listening.get_message(timeout=1)
        with pytest.raises(redis.ConnectionError):
            listening.get_message(timeout=1)
        assert mine.get_message(timeout=1)["type"] == "subscribe"
    with pytest.raises(FaultError, match=r"no subscribers 'x' of Redis to kill; there is .*reference_server-.*: check"):
        keywords.kill_cache_subscribers(name="x")


def test_clients_are_killed_again_and_again(keywords, active, stack):
    fault = keywords.kill_cache_clients(name="again", every=timedelta(milliseconds=20))
    for _ in range(3):
        with redis.Redis.from_url(stack.redis.url, client_name="again", retry=None) as client:
            until(partial(is_lost, client))
    active.heal(fault)
    assert fault.effect["clients"] >= 3


def is_lost(client: redis.Redis) -> bool:
    try:
        client.ping()
    except redis.ConnectionError:
        return True
    return False


def test_a_full_cache_refuses_writes(keywords, active, app):
    fault = keywords.fill_cache()
    with pytest.raises(redis.ResponseError, match="when used memory > "):
        app.set("a", "1")
    assert fault.effect == {"commands": 1}
    active.heal(fault)
    assert app.set("a", "1")
    assert fault.effect == {"commands": 1}


def test_an_emptied_cache_has_lost_its_keys(keywords, app, stack):
    app.set("a", "1")
    with redis.Redis.from_url(f"{stack.redis.url[:-1]}1") as other:
        other.set("b", "1")
        assert keywords.empty_cache().effect == {"keys": 1}
        assert other.get("b") == b"1"
        assert keywords.empty_cache(all_databases=True).effect == {"keys": 1}
    with pytest.raises(FaultError, match="the cache is empty already: there is nothing to lose"):
        keywords.empty_cache()


def test_the_user_of_the_stack_is_locked_out(keywords, active, app, stack):
    fault = keywords.revoke_cache_access()
    with pytest.raises((redis.ConnectionError, redis.AuthenticationError)):
        app.ping()
    with pytest.raises(redis.AuthenticationError):
        app.ping()
    assert fault.effect["clients"] >= 1
    assert fault.effect["logins"] >= 1
    active.heal(fault)
    assert app.ping()


def test_healing_finds_its_way_in_when_its_connection_is_lost(keywords, active, stack):
    for do in (keywords.revoke_cache_access, keywords.fill_cache):
        fault = do()
        client = undo_redis.connect(stack.redis.url)
        client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        client.close()
        active.heal(fault)


class StruckError(Exception):
    """Robot's time-out, which strikes anywhere."""


def test_a_time_out_that_strikes_while_a_fault_is_noted_leaves_nothing(keywords, app, monkeypatch):
    note = undo_redis.note

    def struck(*arguments: object, **options: object) -> None:
        note(*arguments, **options)
        raise StruckError

    monkeypatch.setattr(undo_redis, "note", struck)
    with pytest.raises(StruckError):
        keywords.fill_cache()
    assert app.acl_users() == ["default"]


def test_what_a_killed_run_left_is_undone(stack, active, app):
    url = stack.redis.url
    dead = undo_redis.connect(url)
    memory, access = undo_redis.new_note(access=False), undo_redis.new_note(access=True)
    undo_redis.note(dead, memory, "out of memory", [("CONFIG", "SET", "maxmemory", "0")])
    undo_redis.note(dead, access, "access revoked", [("ACL", "SETUSER", "default", "on")], access=stack.redis.password)
    dead.execute_command("CONFIG", "SET", "maxmemory", "1")
    dead.execute_command("ACL", "SETUSER", "default", "off")
    assert undo_redis.heal(url) == [], "its run lives"
    dead.close()
    assert sorted(undo_redis.heal(url)) == ["access revoked", "out of memory"]
    assert undo_redis.heal(url) == []


def test_nothing_is_undone_where_nothing_is(stack):
    assert undo_redis.heal("redis://:x@127.0.0.1:1/0") == []


@pytest.mark.parametrize(
    ("ask", "reason"),
    [
        (lambda k: k.pause_cache(duration=timedelta(0)), "duration is 0 s: give more than 0 s"),
        (lambda k: k.pause_cache("all", duration=LONG), "duration is 60 s: give at most 20 s, nobody can end a pause"),
        (lambda k: k.kill_cache_clients(every=timedelta(-1)), "every is -86400 s: give more than 0 s"),
        (lambda k: k.kill_cache_clients(name="nobody"), "no clients 'nobody' of Redis to kill; there is "),
        (lambda k: k.kill_cache_clients(duration=LONG), "duration is for what is done again and again: give every as"),
    ],
)
def test_bad_input_is_one_plain_line_and_does_nothing(keywords, active, ask, reason):
    with pytest.raises(FaultError, match=reason):
        ask(keywords)
    assert active.on == []


def test_contradictions_are_refused(keywords):
    keywords.pause_cache(duration=LONG)
    with pytest.raises(FaultError, match=r"redis has writes paused since .* which contradicts all paused"):
        keywords.pause_cache("all")


def test_a_user_that_may_not_is_a_reason_to_skip(keywords, active, stack, monkeypatch):
    with redis.Redis.from_url(stack.redis.url) as admin:
        admin.execute_command("ACL", "SETUSER", "plain", "on", ">plain-password", "~*", "+@all", "-acl", "-config")
        url = stack.redis.url.replace(f":{stack.redis.password}@", "plain:plain-password@")
        monkeypatch.setattr("wireproof.faults.redis.cache_keywords.Cache", partial(type(keywords._cache()), url))
        for ask in (keywords.revoke_cache_access, keywords.fill_cache, keywords.pause_cache):
            with pytest.raises(UnableError, match="Redis does not let our user do that: "):
                ask()
        admin.execute_command("ACL", "DELUSER", "plain")
