"""What the tests of links share: the libraries, a far end, and a look at what is left behind."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from far import Far, echo_server

import wireproof
from wireproof import links, scopes


@pytest.fixture
def scope() -> Iterator[scopes.Scope]:
    """The running test; at its end nothing may be left."""
    entered = scopes.enter("test", "the test")
    yield entered
    problems = scopes.leave(entered)
    assert [line for line in problems if "touched nothing" not in line] == []
    assert links.running() == ()
    assert not any(thread.name == "wireproof-links" for thread in threading.enumerate())


@pytest.fixture
def faults(scope: scopes.Scope) -> Any:
    return wireproof.Faults()


@pytest.fixture
def sockets(scope: scopes.Scope) -> Any:
    return wireproof.Sockets()


@pytest.fixture
def far() -> Iterator[Far]:
    end = Far()
    yield end
    end.close()


@pytest.fixture
def room(faults: Any, far: Far) -> tuple[str, int]:
    """The address of a link named room that leads to the far end."""
    info = faults.start_fault_proxy("room", f"127.0.0.1:{far.port}")
    return info.host, info.port


@pytest.fixture(scope="session")
def echo_url() -> Iterator[str]:
    with echo_server() as url:
        yield url


@pytest.fixture
def ms() -> Callable[[float], timedelta]:
    """Milliseconds as keywords take them."""
    return lambda number: timedelta(milliseconds=number)
