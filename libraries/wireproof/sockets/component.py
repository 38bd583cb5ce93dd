"""What the keyword components share."""

from datetime import timedelta
from typing import Any

from wireproof.matching import Matcher
from wireproof.moments import Since, moment
from wireproof.sockets.client import Client
from wireproof.sockets.registry import Registry
from wireproof.sockets.waits import Wait


class Component:
    """One topic's keywords.

    Args:
        clients: the clients of the run, shared by all components.
    """

    def __init__(self, clients: Registry) -> None:
        self.clients = clients

    def find(self, name: str) -> Client:
        return self.clients.find(name)

    def sender(self, name: str) -> Client:
        """The client of that name, as soon as the stack's guard rails let it send."""
        client = self.find(name)
        self.clients.guard_rails.wait_to_send()
        return client

    def wait(self, since: Since | None, timeout: timedelta, **parts: Any) -> Wait:
        """A wait that begins now; `parts` are the matcher's."""
        return Wait.begin(Matcher(**parts), moment(since), timeout.total_seconds())
