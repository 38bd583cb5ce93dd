"""Whom a fault may have hurt, by its place."""

from collections.abc import Iterator

import pytest

from wireproof import links
from wireproof.links import Link
from wireproof.monitor.watch import reach
from wireproof.monitor.windows import EVERYTHING, NOTHING, REACH, SERVER_PROBES
from wireproof.stack.addresses import Addresses
from wireproof.stack.base import Stack

STACK = Stack("external", Addresses("ws://h:1/", "http://h:2", "postgresql://u:p@h:3/d", "redis://h:4"))


@pytest.fixture(autouse=True)
def running_links() -> Iterator[None]:
    running = [Link("db", ("h", 9), ("h", 3)), Link("network", ("h", 8), ("h", 1))]
    for link in running:
        links.add(link)
    yield
    for link in running:
        links.remove(link.name)


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("postgres", REACH["postgres"]),
        ("server", REACH["server"]),
        ("db", SERVER_PROBES),
        ("network", NOTHING),
        ("server-2", NOTHING),
        ("rollout", EVERYTHING),
    ],
)
def test_a_fault_hurts_what_depends_on_its_place(place: str, expected: frozenset[str]) -> None:
    STACK.services["server-2"] = None  # type: ignore[assignment]
    assert reach(STACK, place) == expected
