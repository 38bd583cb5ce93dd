"""A stack of this directory's own, and monitors of it."""

from collections.abc import Callable, Iterator

import pytest

from wireproof import journal
from wireproof import stack as room
from wireproof.monitor.plan import Plan
from wireproof.monitor.registry import Registry, Running
from wireproof.stack import readiness
from wireproof.stack.embedded import EmbeddedStack

OFTEN_S = 0.1


@pytest.fixture(scope="module")
def stack() -> Iterator[EmbeddedStack]:
    """What is killed here must not be anybody else's."""
    started = EmbeddedStack.start()
    before = room.use(started)
    yield started
    room.use(before)
    started.stop()


@pytest.fixture(autouse=True)
def healed(request: pytest.FixtureRequest) -> Iterator[None]:
    """Every test leaves the services as it found them."""
    yield
    if "stack" in request.fixturenames:
        stack = request.getfixturevalue("stack")
        for service in stack.services.values():
            service.heal()
        assert readiness.reasons(stack.checks()) == ""


@pytest.fixture(autouse=True)
def own_journal(monkeypatch: pytest.MonkeyPatch) -> None:
    """What other tests of this process declared, and did not end, would excuse what happens here."""
    monkeypatch.setattr(journal, "_current", journal.Journal())


@pytest.fixture
def monitor(stack: EmbeddedStack) -> Iterator[Callable[..., Running]]:
    """Starts a monitoring that looks often; ends it after the test."""
    registry = Registry()
    started: list[Running] = []

    def start(*targets: str, **options: object) -> Running:
        plan = Plan(targets, OFTEN_S, **options)  # type: ignore[arg-type]
        started.append(registry.start("", plan, stack))
        return started[-1]

    yield start
    for running in started:
        registry.end(running)
