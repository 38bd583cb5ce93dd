"""The stack's own server as the target of the server's tests."""

import pytest
from devices import Target

from wireproof.stack.embedded import EmbeddedStack


@pytest.fixture(scope="session")
def target(stack: EmbeddedStack) -> Target:
    """The server with the settings of functional tests."""
    return Target(stack.endpoint("ws"), stack.endpoint("http"))


@pytest.fixture
def database_url(stack: EmbeddedStack) -> str:
    """The server's database, with the password."""
    return stack.postgres.url
