"""The real stack for integration tests: one for the whole session, more servers on demand."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from wireproof import stack as room
from wireproof import wiretext
from wireproof.stack.added import Server
from wireproof.stack.addresses import Addresses
from wireproof.stack.embedded import EmbeddedStack
from wireproof.stack.settings import Setting

PATIENT: dict[str, Setting] = {
    "heartbeatInterval": 5,
    "heartbeatTimeout": 60,
    "registrationTimeout": 60,
    "messageTimeout": 300,
    "sessionTimeout": 300,
    "databaseTimeout": 30,
    "shutdownGrace": 60,
}
"""On a slow machine nothing expires either; the test of a time-out gives its server a short one."""
LOGS = Path(__file__).parents[2] / "results" / "wireproof" / "stack-logs" / os.environ.get("PYTEST_XDIST_WORKER", "")


@pytest.fixture(scope="session")
def stack() -> Iterator[EmbeddedStack]:
    """A running embedded stack with patient servers; `wireproof.stack.current()` gives it too."""
    started = EmbeddedStack.start(settings=PATIENT, keep_logs=LOGS)
    before = room.use(started)
    yield started
    room.use(before)
    started.save_logs(LOGS)
    started.stop()


@pytest.fixture(scope="module", autouse=True)
def own_secrets() -> Iterator[None]:
    """What one file's tests mask, a password such as "wrong", is a word of another's; the stack's passwords stay."""
    before = wiretext._secrets._by_prefix
    yield
    wiretext._secrets._by_prefix = before
    if (running := room.running()) is not None:
        for name in Addresses.CREDENTIALS:
            if credential := running.addresses.credential(name):
                wiretext.hide(credential)


@pytest.fixture
def start_server(stack: EmbeddedStack) -> Iterator[Callable[..., Server]]:
    """Starts a server beside the stack's own, settings by keyword: ``start_server(maxConnections=3)``."""
    names = []

    def start(**settings: Setting) -> Server:
        server = stack.start_server(settings)
        names.append(server.name)
        return server

    yield start
    for name in names:
        stack.end_server(name)
