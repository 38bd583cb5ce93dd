"""How a server reaches its dependencies through links, and what is refused in one line."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from wireproof import links
from wireproof.links import Link
from wireproof.stack import Addresses, Stack, StackError
from wireproof.stack.routes import through
from wireproof.stack.server import ServerConfig

ADDRESSES = Addresses(
    "ws://127.0.0.1:1/", postgres="postgresql://me:secret@127.0.0.1:5432/db", redis="redis://:secret@127.0.0.1:6379/0"
)
DB = Link("db", ("127.0.0.1", 7001), ("localhost", 5432))


@pytest.fixture(autouse=True)
def db() -> Iterator[None]:
    """A link to PostgreSQL runs."""
    links.add(DB)
    yield
    for link in links.running():
        links.remove(link.name)


def test_a_link_is_where_the_dependency_is_reached():
    assert through("db", "postgres", ADDRESSES) == DB.address


def test_a_link_behind_a_link_is_taken():
    links.add(Link("slow", ("127.0.0.1", 7002), DB.address))
    assert through("slow", "postgres", ADDRESSES) == ("127.0.0.1", 7002)


@pytest.mark.parametrize(
    ("link", "dependency", "reason"),
    [
        ("x", "postgres", "no link 'x' is running: call Start Fault Proxy first; running: db"),
        ("db", "mysql", "a server has no dependency 'mysql'; it has postgres, redis"),
        (
            "db",
            "redis",
            "link 'db' leads to localhost:5432, not to redis at 127.0.0.1:6379: give Start Fault Proxy that target",
        ),
    ],
)
def test_what_cannot_be_is_one_line(link, dependency, reason):
    with pytest.raises(StackError) as refused:
        through(link, dependency, ADDRESSES)
    assert str(refused.value) == reason


def test_credentials_go_through_the_link():
    config = ServerConfig({}, ADDRESSES.postgres, ADDRESSES.redis, "cloud", Path("secret"))
    rerouted = config.through({"postgres": DB.address})
    assert rerouted.database_url == "postgresql://me:secret@127.0.0.1:7001/db"
    assert rerouted.redis_url == config.redis_url
    assert config.through({}) == config


def test_a_stack_whose_server_others_run_says_so():
    stack = Stack("external", ADDRESSES, lacks={"reroute": "others run its server"})
    with pytest.raises(StackError) as refused:
        stack.reroute("server", "postgres", DB.address)
    assert str(refused.value) == (
        "the external stack cannot reroute (others run its server): call Skip Unless Stack Can    reroute"
    )
