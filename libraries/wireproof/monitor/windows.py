"""What was done on purpose, from when to when, and to whom it may have happened: the excuses of a monitoring."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from wireproof.journal import Event
from wireproof.wiretext import safe

RECOVERY_S = 30.0
"""How long after its healing a fault excuses a failure, at most: until the first success it does."""

SERVER_PROBES = frozenset({"http", "websocket"})
"""They find out whether the server's dependencies are well, too."""

REACH: Mapping[str, frozenset[str]] = {
    "server": SERVER_PROBES | {"process.server"},
    "postgres": SERVER_PROBES | {"postgres", "process.postgres"},
    "redis": SERVER_PROBES | {"redis", "process.redis"},
}
"""By place of a fault the subjects that may suffer from it; those that it does not hold may not."""

EVERYTHING: frozenset[str] = frozenset({"everything"})
NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Window:
    """A time in which something was done on purpose.

    Attributes:
        place, name: what was done to whom.
        reach: the subjects that may suffer from it.
        from_ns, until_ns: from when to when; None while it goes on.
    """

    place: str
    name: str
    reach: frozenset[str]
    from_ns: int
    until_ns: int | None = None

    @property
    def label(self) -> str:
        return safe(f"{self.place} {self.name}".strip(), 80)

    def concerns(self, subject: str) -> bool:
        return self.reach == EVERYTHING or subject in self.reach

    def overlaps(self, began_ns: int, ended_ns: int) -> bool:
        return ended_ns >= self.from_ns and (self.until_ns is None or began_ns <= self.until_ns)


class Declared:
    """Takes the journal's events and knows what was declared."""

    def __init__(self, reach_of: Callable[[str], frozenset[str]]) -> None:
        """Knows nothing yet.

        Args:
            reach_of: by place, the subjects that may suffer.
        """
        self._reach_of = reach_of
        self._lock = threading.Lock()
        self._faults: dict[int, Window] = {}
        self._stopped: dict[str, int] = {}
        self._restarts: list[Window] = []

    def take(self, event: Event) -> None:
        """Notes a fault's beginning or end, or what the run did to a service."""
        with self._lock:
            if event.kind == "fault":
                self._take_fault(event)
            elif event.kind == "service":
                self._take_service(event)

    def _take_fault(self, event: Event) -> None:
        number = event.data.get("number")
        if not isinstance(number, int):
            return
        if event.data.get("phase") == "on":
            name = str(event.data.get("name", ""))
            self._faults[number] = Window(event.source, name, self._reach_of(event.source), event.at_ns)
        elif number in self._faults:
            self._faults[number] = replace(self._faults[number], until_ns=event.at_ns)

    def _take_service(self, event: Event) -> None:
        """A service that is rerouted is stopped and started and suffers no fault."""
        action, service = event.data.get("action"), event.source
        if action in ("stopped", "killed"):
            took = event.data.get("took_ms", 0)
            self._stopped[service] = event.at_ns - int(took * 1e6 if isinstance(took, int | float) else 0)
        elif action == "started":
            began = self._stopped.pop(service, event.at_ns)
            window = Window(service, "stopped and started", self._reach_of(service), began, event.at_ns)
            self._restarts.append(window)

    def windows(self) -> list[Window]:
        """All of them, faults first: what is excused is excused by the fault."""
        with self._lock:
            down = [
                Window(service, "stopped", self._reach_of(service), began) for service, began in self._stopped.items()
            ]
            return [*self._faults.values(), *self._restarts, *down]
