"""What the tests of the sockets room share: the library, foreign servers, and a look at threads left behind."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from foreign_servers import GENEROUS_S, Loop, echo, websockets_server

import wireproof
from wireproof import scopes


def _ours() -> set[threading.Thread]:
    return {
        thread for thread in threading.enumerate() if thread.name.startswith(("wireproof-reader", "wireproof-crew"))
    }


@pytest.fixture
def sockets() -> Iterator[Any]:
    """The library, in a scope of its own; after the test no thread of it may be left."""
    scope = scopes.enter("test", "the test")
    yield wireproof.Sockets()
    assert scopes.leave(scope) == []
    for thread in _ours():
        thread.join(GENEROUS_S)
    assert _ours() == set()


@pytest.fixture(scope="session")
def loop() -> Iterator[Loop]:
    """Where foreign servers run."""
    started = Loop()
    yield started
    started.stop()


@pytest.fixture(scope="session")
def echo_url(loop: Loop) -> Iterator[str]:
    """An echo server that offers permessage-deflate."""
    with loop.hosting(websockets_server(echo, max_size=None)) as port:
        yield f"ws://127.0.0.1:{port}/"


@pytest.fixture
def ms() -> Any:
    """Milliseconds as keywords take them."""
    return lambda number: timedelta(milliseconds=number)
