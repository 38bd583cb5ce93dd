"""The real stack for integration tests: one for the whole session, more servers on demand."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from wireproof import stack as room
from wireproof.stack.added import Server
from wireproof.stack.embedded import EmbeddedStack
from wireproof.stack.settings import Setting

LOGS = Path(__file__).parents[2] / "results" / "wireproof" / "stack-logs" / os.environ.get("PYTEST_XDIST_WORKER", "")


@pytest.fixture(scope="session")
def stack() -> Iterator[EmbeddedStack]:
    """A running embedded stack with the settings of functional tests; `wireproof.stack.current()` gives it too."""
    started = EmbeddedStack.start(keep_logs=LOGS)
    before = room.use(started)
    yield started
    room.use(before)
    started.save_logs(LOGS)
    started.stop()


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
