"""The monitorings that are running, by name. Those that ask for no more than another one share its threads."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count

from wireproof import scopes
from wireproof.journal import now_ns
from wireproof.monitor.errors import MonitorError
from wireproof.monitor.monitoring import Monitoring
from wireproof.monitor.plan import Plan
from wireproof.monitor.watch import Watch
from wireproof.stack import Stack
from wireproof.wiretext import safe

NAME = "monitoring"


@dataclass(frozen=True, slots=True)
class Running:
    """A monitoring under way.

    Attributes:
        name: what its author calls it.
        watch: who looks; others may share it.
        began_ns: since when it counts.
    """

    name: str
    watch: Watch
    began_ns: int

    def so_far(self, since_ns: int | None = None, messages: int = 0) -> Monitoring:
        """What was seen since then, or since it began."""
        began_ns, ended_ns = self.began_ns if since_ns is None else since_ns, now_ns()
        watch = self.watch
        return Monitoring(
            self.name,
            max(began_ns, watch.began_ns),
            ended_ns,
            watch.plan.every_s,
            watch.looks.between(began_ns, ended_ns),
            watch.windows(),
            watch.looks.before(began_ns),
            watch.unseen,
            watch.problems(began_ns),
            watch.overhead,
            messages,
        )


class Registry:
    """Knows what is running."""

    def __init__(self) -> None:
        self._running: dict[str, Running] = {}

    def start(self, name: str, plan: Plan, stack: Stack) -> Running:
        """Starts a monitoring; it ends with the running test or suite.

        Args:
            name: what to call it; a free name when empty.
            plan: what to look at.
            stack: whose parts.

        Raises:
            MonitorError: one of that name is running, or a target is unknown.
        """
        if name in self._running:
            raise MonitorError(f"a monitoring '{safe(name, 60)}' is running already: give this one another name")
        name = name or next(free for free in self._names() if free not in self._running)
        shared = (running.watch for running in self._running.values())
        watch = next((watch for watch in shared if watch.covers(plan, stack)), None)
        running = Running(name, watch or Watch(plan, stack), now_ns())
        self._running[name] = running
        scopes.current().defer(partial(self.end, running))
        if watch is None:
            running.watch.start()
        return running

    @staticmethod
    def _names() -> Iterator[str]:
        yield NAME
        yield from (f"{NAME} {number}" for number in count(2))

    def find(self, name: str = "") -> Running:
        """The monitoring of a name, the one that was started last when it is empty.

        Raises:
            MonitorError: there is none.
        """
        if not name and self._running:
            return next(reversed(self._running.values()))
        if name in self._running:
            return self._running[name]
        if not self._running:
            raise MonitorError("nothing is being monitored: call Start Monitoring first")
        known = ", ".join(f"'{safe(one, 60)}'" for one in self._running)
        raise MonitorError(f"no monitoring '{safe(name, 60)}' is running; there are {known}")

    def is_running(self, running: Running) -> bool:
        return self._running.get(running.name) is running

    def end(self, running: Running) -> None:
        """Ends a monitoring, and its threads when no other one shares them; does nothing when it has ended."""
        if self.is_running(running):
            del self._running[running.name]
            if all(other.watch is not running.watch for other in self._running.values()):
                running.watch.stop()
