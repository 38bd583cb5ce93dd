"""Links are known by their names, and only while they run."""

from collections.abc import Iterator

import pytest

from wireproof import links
from wireproof.links import Link

WIRE = Link("wire", ("127.0.0.1", 5001), ("127.0.0.1", 3001))
DB = Link("db", ("127.0.0.1", 5002), ("127.0.0.1", 5432))


@pytest.fixture(autouse=True)
def no_link_stays() -> Iterator[None]:
    yield
    for link in links.running():
        links.remove(link.name)


def test_a_link_is_found_by_its_name():
    links.add(WIRE)
    links.add(DB)
    assert links.find("db") is DB
    assert links.running() == (WIRE, DB)


def test_an_unknown_link_is_told_with_those_that_run():
    with pytest.raises(ValueError, match=r"^no link 'x' is running: call Start Fault Proxy first; running: none$"):
        links.find("x")
    links.add(WIRE)
    links.add(DB)
    with pytest.raises(ValueError, match=r"^no link 'x\\n' is running: .*; running: wire, db$"):
        links.find("x\n")


def test_a_name_is_taken_while_its_link_runs():
    links.add(WIRE)
    with pytest.raises(ValueError, match=r"^a link 'wire' is running already: stop it first, or choose another name$"):
        links.add(Link("wire", ("127.0.0.1", 5003), WIRE.target))
    assert links.find("wire") is WIRE
    links.remove("wire")
    links.add(WIRE)


def test_what_has_ended_is_removed_once_or_twice():
    links.add(WIRE)
    links.remove("wire")
    links.remove("wire")
    assert links.running() == ()


def test_whose_connections_are_carried_is_known_while_they_are_open():
    links.carry(6001, 7001)
    links.carry(6002, 7002)
    assert links.carried() == {6001: 7001, 6002: 7002}
    links.drop(6001)
    links.drop(6001)
    assert links.carried() == {6002: 7002}
    links.drop(6002)
