"""What a worker's process is told, and what it says."""

from dataclasses import dataclass
from pathlib import Path

from wireproof.load.plan import Plan


@dataclass(frozen=True, slots=True)
class Orders:
    """What one worker is to do.

    Attributes:
        plan: the whole load.
        index: which worker it is, of `shards`.
        nonce: of the run, in all ids.
        folder: where it leaves its history.
    """

    plan: Plan
    index: int
    shards: int
    nonce: str
    folder: Path


@dataclass(frozen=True, slots=True)
class Ready:
    """It is connected, as far as it could; how many are."""

    connected: int


@dataclass(frozen=True, slots=True)
class Failed:
    """It cannot do its part of such a plan, and why, in one line."""

    reason: str
