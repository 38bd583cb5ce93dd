"""The stack's own server as the target of the server's tests."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from devices import Target, database

from wireproof.stack.added import Server
from wireproof.stack.embedded import EmbeddedStack


@pytest.fixture(scope="session")
def target(stack: EmbeddedStack) -> Target:
    """The stack's own server."""
    return Target(stack.endpoint("ws"), stack.endpoint("http"))


@pytest.fixture(scope="session")
def own_stack() -> Iterator[EmbeddedStack]:
    """A stack whose services may be killed."""
    stack = EmbeddedStack.start(settings={"heartbeatInterval": 0.5, "messageTimeout": 300, "registrationTimeout": 60})
    yield stack
    stack.stop()


@pytest.fixture
def fragile(own_stack: EmbeddedStack) -> Iterator[EmbeddedStack]:
    """It; the services are back after the test."""
    yield own_stack
    for service in own_stack.services.values():
        service.heal()


@pytest.fixture
def own(fragile: EmbeddedStack) -> Target:
    """Its server."""
    return Target(fragile.endpoint("ws"), fragile.endpoint("http"))


@pytest.fixture
def database_url(stack: EmbeddedStack) -> str:
    """The server's database, with the password."""
    return stack.postgres.url


@pytest.fixture(scope="session")
def patient_server(stack: EmbeddedStack) -> Iterator[Server]:
    """A server beside the stack's own whose clock a test may move."""
    server = stack.start_server({})
    yield server
    stack.end_server(server.name)


@pytest.fixture
async def patient(patient_server: Server) -> AsyncIterator[Target]:
    """It as a target; after the test its clock shows the real time."""
    target = Target(patient_server.ws, patient_server.http)
    yield target
    assert (await target.call("POST", "/test/reset"))[0] == 204


@pytest.fixture
async def patient_database(stack: EmbeddedStack, patient_server: Server) -> AsyncIterator[Any]:
    """A connection to its database."""
    async with database(stack.postgres.url_of(patient_server.postgres.rsplit("/", 1)[1])) as connection:
        yield connection
