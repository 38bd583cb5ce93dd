"""What a worker's process is told, and what it says."""

from array import array
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


@dataclass(frozen=True, slots=True)
class ShardResult:
    """What one worker measured; messages are in its history.

    Attributes:
        history: the file with what it saw of messages.
        start_ns, ended_ns: when the load began, and when nothing more was sent.
        times: moments and durations in nanoseconds, by metric.
        counts: what is counted only.
        errors: what went wrong, by its name.
        cpu: share of a core that it used.
        faults, first_fault: what the dialect raised: how often, and the first one's traceback.
        misread: why frames had to be read by the dialect; empty if they had not.
    """

    history: Path
    start_ns: int
    ended_ns: int
    times: dict[str, "tuple[array[int], array[int]]"]
    counts: dict[str, int]
    errors: dict[str, int]
    cpu: float
    faults: int = 0
    first_fault: str = ""
    misread: str = ""
