"""What the keyword components of links share."""

import random
from collections.abc import Callable
from datetime import timedelta

from wireproof.arguments import Names
from wireproof.faults.active import ActiveFaults
from wireproof.faults.delays import Felt
from wireproof.faults.effect import Effect
from wireproof.faults.errors import FaultError
from wireproof.faults.fault import Fault
from wireproof.faults.passage import Passage
from wireproof.faults.proxy import FaultProxy
from wireproof.faults.reach import Directions, Reach
from wireproof.faults.running import RunningLinks
from wireproof.faults.stage import Stage


class Component:
    """One topic's keywords.

    Args:
        active: the faults that are on, of all topics.
        links: the links that run.
    """

    def __init__(self, active: ActiveFaults, links: RunningLinks) -> None:
        self.active = active
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
        fault = Fault(link, f"{name}{reach.words}", lambda: proxy.remove(fault), claims)
        effect = Effect(fault)

        def stage_for(passage: Passage) -> Stage | None:
            return make(effect.of(passage), passage) if reach.covers(passage) else None

        self.turn_on(proxy, fault, reach.duration_s, lambda: proxy.install(fault, stage_for))
        return fault

    def turn_on(self, proxy: FaultProxy, fault: Fault, duration_s: float | None, do: Callable[[], object]) -> None:
        """Begins a fault and makes it true; it heals by itself after its duration."""
        self.active.begin(fault)
        try:
            do()
            if duration_s is not None:
                proxy.after(duration_s, lambda: self.active.heal(fault))
        except BaseException:
            self.active.withdraw(fault)
            raise


def positive_s(time: timedelta, what: str) -> float:
    """Seconds of a time that has to be more than none.

    Raises:
        FaultError: it is none, or less.
    """
    seconds = time.total_seconds()
    if seconds <= 0:
        raise FaultError(f"{what} is {seconds:g} s: give more than 0 s")
    return seconds


def reach_of(direction: Directions, client: Names | None, duration: timedelta | None) -> Reach:
    """What the options say that all faults of bytes have.

    Raises:
        FaultError: the duration is none, or less.
    """
    duration_s = None if duration is None else positive_s(duration, "duration")
    return Reach(direction, tuple(client or ()), duration_s)


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
