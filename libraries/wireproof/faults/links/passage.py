"""What a fault is told about one direction of one connection when it decides whether to stand in its way."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from wireproof.faults.links.stage import Direction, Stage


class Tracker(Protocol):
    """Follows the protocol of one connection since it began; what else it knows, faults of that protocol ask.

    Where it has a method `opening`, that gives the stage that a direction begins with, fault or no fault, or None.
    """

    def follow(self, direction: Direction, data: bytes) -> None:
        """Sees bytes as they come from a peer, before any stage."""
        ...


@dataclass(frozen=True, slots=True)
class Passage:
    """One direction of one connection.

    Attributes:
        connection: its number on the link.
        client_address: `host:port` of the client's end.
        client: the client's name, "" for one that is none of Wireproof's.
        direction: where its bytes go.
        tracker: follows the link's protocol, None where nothing does.
    """

    connection: int
    client_address: str
    client: str
    direction: Direction
    tracker: Any = None

    @property
    def shown(self) -> str:
        return self.client or self.client_address


Make = Callable[[Passage], Stage | None]
"""Gives a fault's stage for a passage, None where it leaves it alone."""
