"""What the keyword components share."""

from datetime import timedelta
from typing import Any

from wireproof.matching import Matcher
from wireproof.sockets.arguments import Since
from wireproof.sockets.client import Client
from wireproof.sockets.moments import moment
from wireproof.sockets.registry import Registry
from wireproof.sockets.waits import Wait
from wireproof.wiretext import safe


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


def fail(text: str, msg: str) -> AssertionError:
    """A failed check's error: one line, the author's words first."""
    words = safe(msg, 500)
    # Robot takes a message that starts with *HTML* as markup; the author's words may hold a peer's.
    words = f"'{words}'" if words.startswith("*") else words
    return AssertionError(f"{words}: {text}" if words else text)
