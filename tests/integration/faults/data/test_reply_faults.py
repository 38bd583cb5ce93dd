"""Held and lost replies of a real PostgreSQL, as clients of two drivers feel them."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import psycopg
import pytest
from patience import is_refused

import wireproof
from wireproof import scopes
from wireproof.faults.errors import FaultError
from wireproof.faults.postgres.database import Database

BRIEF = timedelta(milliseconds=50)


@pytest.fixture
def faults(database: Database) -> Iterator[Any]:
    """The library; what a test starts ends with it."""
    scope = scopes.enter("test", "a test")
    yield wireproof.Faults()
    assert [line for line in scopes.leave(scope) if "touched nothing" not in line] == []


@pytest.fixture
def url(faults: Any, database: Database) -> str:
    """The database through the link `db`."""
    parts = urlsplit(database.url)
    link = faults.start_fault_proxy("db", database.url)
    return parts._replace(netloc=f"{parts.username}:{parts.password}@{link.host}:{link.port}").geturl()


def numbers(database: Database) -> list[int]:
    with database.session() as session:
        return [number for (number,) in session.execute("SELECT id FROM notes ORDER BY id")]


async def test_asyncpg_waits_for_a_commit_that_is_there(faults, url, database):
    app, probe = await asyncpg.connect(url), await asyncpg.connect(url)
    fault = faults.hold_replies("db")
    assert await app.fetchval("SELECT count(*) FROM notes WHERE id > $1", 0) == 0
    assert fault.effect == {}
    storing = asyncio.create_task(app.execute("INSERT INTO notes VALUES ($1, 'x')", 1))
    found = await asyncio.to_thread(faults.wait_until_reply_is_held, "db")
    assert found == ["INSERT INTO notes VALUES ($1, 'x')"]
    assert numbers(database) == [1]
    assert not storing.done()
    assert await probe.fetchval("SELECT count(*) FROM notes") == 1, "health probes go on"
    faults.heal_fault(fault)
    assert await storing == "INSERT 0 1"
    assert fault.effect == {"replies": 1}
    await app.close()
    await probe.close()


async def test_asyncpg_waits_for_the_end_of_a_transaction(faults, url, database):
    app = await asyncpg.connect(url)
    faults.hold_replies("db")
    transaction = app.transaction()
    await transaction.start()
    await app.execute("INSERT INTO notes VALUES (1, 'x')")
    ending = asyncio.create_task(transaction.commit())
    await asyncio.to_thread(faults.wait_until_reply_is_held, "db")
    assert numbers(database) == [1]
    faults.heal_all_faults()
    await ending
    await app.close()


def test_psycopg_loses_a_reply_and_its_connection(faults, url, database):
    fault = faults.lose_replies("db", count=1)
    with psycopg.connect(url) as app:
        app.execute("INSERT INTO notes VALUES (%s, 'x')", [1])
        with pytest.raises(psycopg.OperationalError):
            app.commit()
    assert numbers(database) == [1]
    with psycopg.connect(url) as app:
        app.execute("INSERT INTO notes VALUES (%s, 'x') ON CONFLICT DO NOTHING", [1])
    assert numbers(database) == [1]
    assert fault.effect == {"replies": 1}


def test_a_commit_that_fails_is_told(faults, url, database):
    fault = faults.hold_replies("db")
    with psycopg.connect(url, autocommit=True) as app:
        assert is_refused(lambda: app.execute("INSERT INTO notes VALUES (1, 'x'), (1, 'y')"))
    assert fault.touched == 0


def test_only_matching_replies_are_held(faults, url, database, background):
    fault = faults.hold_replies("db", to="ANY", matching="from NOTES")
    with psycopg.connect(url, autocommit=True) as app:
        app.execute("INSERT INTO notes VALUES (1, 'x')")
        reading = background.submit(lambda: app.execute("SELECT id FROM notes").fetchall())
        faults.wait_until_reply_is_held("db")
        assert not reading.done()
        faults.heal_fault(fault)
        assert reading.result() == [(1,)]


def test_a_wait_for_nothing_fails_in_one_line(faults, url):
    with pytest.raises(FaultError, match="link 'db' holds no replies: call Hold Replies first"):
        faults.wait_until_reply_is_held("db")
    faults.hold_replies("db")
    with pytest.raises(AssertionError, match=r"^mine: link 'db' held 0 of 1 replies within 0.05 s$"):
        faults.wait_until_reply_is_held("db", timeout=BRIEF, msg="mine")


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"count": -1}, "count is -1: give 0 for all replies, or how many at most"),
        ({"matching": "("}, "matching is no regular expression: missing \\), unterminated subpattern at position 0"),
        ({"duration": timedelta(0)}, "duration is 0 s: give more than 0 s"),
    ],
)
def test_bad_options_are_one_plain_line(faults, url, options, reason):
    with pytest.raises(FaultError, match=reason):
        faults.hold_replies("db", **options)


def test_a_link_must_lead_to_postgres(faults, stack):
    with pytest.raises(FaultError, match="no link 'db' is running"):
        faults.hold_replies("db")
    faults.start_fault_proxy("cache", "redis")
    with pytest.raises(FaultError, match="link 'cache' leads to redis, not to PostgreSQL: start one with"):
        faults.lose_replies("cache")


def test_replies_are_not_held_and_lost_at_once(faults, url):
    faults.hold_replies("db")
    with pytest.raises(FaultError, match=r"db has COMMIT reply held since .* which contradicts COMMIT reply lost"):
        faults.lose_replies("db")
