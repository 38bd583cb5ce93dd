"""What is to be monitored."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from wireproof.monitor.errors import MonitorError

PROBES = "probes"
SHORTEST_S = 0.1


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be monitored.

    Attributes:
        targets: names of services, and `probes`; empty for all that the stack can.
        every_s: seconds from one look to the next.
        pids: by service its first process, for services that others run.
        greets: whether the WebSocket server speaks first; None where the kind of stack tells.
    """

    targets: tuple[str, ...] = ()
    every_s: float = 1.0
    pids: Mapping[str, int] = field(default_factory=dict)
    greets: bool | None = None

    def __post_init__(self) -> None:
        if self.every_s < SHORTEST_S:
            raise MonitorError(f"{self.every_s:g} s is too short: look at most ten times in a second")
