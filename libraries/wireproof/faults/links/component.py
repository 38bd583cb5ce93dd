"""What the keyword components of links share."""

import random
from collections.abc import Callable
from datetime import timedelta

from wireproof.arguments import Names
from wireproof.faults.active import ActiveFaults
from wireproof.faults.component import Component, lasting_s
from wireproof.faults.fault import Fault
from wireproof.faults.links.effect import Effect, Felt
from wireproof.faults.links.passage import Passage
from wireproof.faults.links.reach import Directions, Reach
from wireproof.faults.links.running import RunningLinks
from wireproof.faults.links.stage import Stage


class LinkComponent(Component):
    """One topic's keywords of links.

    Args:
        active: the faults that are on, of all topics.
        links: the links that run.
    """

    def __init__(self, active: ActiveFaults, links: RunningLinks) -> None:
        super().__init__(active)
        self.links = links

    def install(self, link: str, name: str, aspect: str, reach: Reach, make: Callable[[Felt, Passage], Stage]) -> Fault:
        """Puts stages in the way of a link's bytes.

        Args:
            link: the link's name.
            name: what the fault is, in words.
            aspect: what it decides alone: there is one such fault in each direction of a link.
            reach: where it is.
            make: gives the stage for one direction of one connection.

        Raises:
            FaultError: there is no such link or client, or another fault contradicts this one.
        """
        proxy = self.links.find(link).proxy
        reach.require_known(link, proxy.clients)
        claims = tuple(f"{aspect} {direction}" for direction in reach.directions)
        fault = Fault(link, f"{name}{reach.words}", lambda: proxy.remove(fault), claims, owner=proxy)
        effect = Effect(fault)

        def stage_for(passage: Passage) -> Stage | None:
            return make(effect.of(passage), passage) if reach.covers(passage) else None

        return self.active.begin(fault, lambda: proxy.install(fault, stage_for), reach.duration_s)


def reach_of(direction: Directions, client: Names | None, duration: timedelta | None) -> Reach:
    """What the options say that all faults of bytes have.

    Raises:
        FaultError: the duration is none, or less.
    """
    return Reach(direction, tuple(client or ()), lasting_s(duration))


def ns(seconds: float) -> int:
    return round(seconds * 1e9)


class Seed:
    """Where a fault's randomness comes from: each direction of each connection draws its own.

    Args:
        given: the author's; drawn when None.
    """

    def __init__(self, given: int | None) -> None:
        self.value = random.SystemRandom().randrange(2**31) if given is None else given

    def draw(self, passage: Passage) -> random.Random:
        return random.Random(f"{self.value} {passage.connection} {passage.direction}")  # noqa: S311 - no secret

    def __str__(self) -> str:
        return f"seed {self.value}"
