"""Which part of a link a fault is in, and for how long."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from wireproof.faults.errors import FaultError
from wireproof.faults.links.passage import Passage
from wireproof.faults.links.stage import DIRECTIONS, Direction
from wireproof.wiretext import safe

Directions = Literal["both", "to server", "to client"]


@dataclass(frozen=True, slots=True)
class Reach:
    """What of a link a fault is in.

    Attributes:
        direction: one, or both.
        clients: only the connections of these; all, also strangers', when empty.
        duration_s: how long, None until it is healed.
    """

    direction: Directions = "both"
    clients: tuple[str, ...] = ()
    duration_s: float | None = None

    @property
    def directions(self) -> tuple[Direction, ...]:
        return DIRECTIONS if self.direction == "both" else (self.direction,)

    @property
    def words(self) -> str:
        """What follows a fault's name: " to client for alice"."""
        way = "" if self.direction == "both" else f" {self.direction}"
        return f"{way} for {', '.join(map(safe, self.clients))}" if self.clients else way

    def covers(self, passage: Passage) -> bool:
        return passage.direction in self.directions and (not self.clients or passage.client in self.clients)

    def require_known(self, link: str, connected: Iterable[str]) -> None:
        """Refuses clients that have no connection through the link.

        Raises:
            FaultError: it names those that have.
        """
        there = sorted(set(connected))
        unknown = [name for name in self.clients if name not in there]
        if unknown:
            raise FaultError(
                f"no client {', '.join(map(safe, unknown))} is on link '{safe(link)}'; "
                f"there is {', '.join(map(safe, there)) or 'none, open one with via=' + safe(link)}"
            )
