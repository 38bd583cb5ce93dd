"""What a judge finds, and by which rules it judges."""

from dataclasses import dataclass, field
from typing import Literal

Guarantee = Literal["at most once", "at least once", "exactly once", "exactly once after dedupe"]
Order = Literal["none", "per sender", "causal"]

SAMPLES = 20
"""Examples kept of each anomaly."""

_TOLERATED: dict[Guarantee, frozenset[str]] = {
    "at most once": frozenset({"lost", "missing-recipient", "gap"}),
    "at least once": frozenset({"duplicated", "retry-duplicated"}),
    "exactly once": frozenset(),
    "exactly once after dedupe": frozenset(),
}


@dataclass(frozen=True, slots=True)
class Rules:
    """What was promised.

    Attributes:
        guarantee: how often each message may and must arrive.
        order: which messages may not overtake which.
        min_acked: with fewer messages taken over nothing is proven.
        redelivery_s: after what time the server repeats what was not confirmed; None for what the protocols say.
    """

    guarantee: Guarantee = "exactly once"
    order: Order = "per sender"
    min_acked: int = 1
    redelivery_s: float | None = None

    def tolerates(self, word: str) -> bool:
        """Whether an anomaly is reported only."""
        return word in _TOLERATED[self.guarantee]


@dataclass(frozen=True, slots=True)
class Sample:
    """One case of an anomaly: which message, from whom to whom, when, and what is known of it. Safe to show."""

    id: str
    flow: str
    at_ns: int
    detail: str

    def __str__(self) -> str:
        return f"{self.id} ({self.flow}): {self.detail}"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one invariant found.

    Attributes:
        word: the anomaly.
        count: how many cases there are; 0 is well.
        samples: the first cases, at most `SAMPLES`.
        unobservable: what this history would have to hold to tell; empty where it can.
    """

    word: str
    count: int = 0
    samples: tuple[Sample, ...] = field(default=())
    unobservable: str = ""
