"""The links that run, by name, in one thread that lives as long as there is one."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from wireproof import links, scopes
from wireproof.faults.active import ActiveFaults
from wireproof.faults.errors import FaultError
from wireproof.faults.links.loop import LoopThread
from wireproof.faults.links.passage import Tracker
from wireproof.faults.links.proxy import FaultProxy
from wireproof.faults.links.target import Target
from wireproof.wiretext import safe

TrackerOf = Callable[[Target], Callable[[], Tracker | None]]


@dataclass(frozen=True, slots=True)
class LinkInfo:
    """A link, for its users.

    Attributes:
        name: what tests call it.
        url: the target's URL at the link's address, without user, password and query.
        host, port: where it listens.
    """

    name: str
    url: str
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class RunningLink:
    """A link and what is known about it."""

    proxy: FaultProxy
    target: Target
    opened_by: str

    @property
    def info(self) -> LinkInfo:
        host, port = self.proxy.address
        return LinkInfo(self.proxy.name, self.target.url(self.proxy.address), host, port)


class RunningLinks:
    """Starts, finds and ends links.

    Args:
        active: the faults that are on.
        tracker_of: gives what makes the tracker of one connection to a target.
    """

    def __init__(self, active: ActiveFaults, tracker_of: TrackerOf) -> None:
        self._active = active
        self._tracker_of = tracker_of
        self._links: dict[str, RunningLink] = {}
        self._thread: LoopThread | None = None

    def start(self, name: str, target: Target) -> RunningLink:
        """Starts a link; it ends with the running test or suite.

        Raises:
            FaultError: the name is empty or taken.
        """
        if not name.strip():
            raise FaultError("a link needs a name")
        if name in self._links:
            raise FaultError(
                f"a link '{safe(name)}' is running, {self._links[name].opened_by} started it: "
                "stop it first with Stop Fault Proxy, or choose another name"
            )
        self._thread = self._thread or LoopThread()
        scope = scopes.current()
        proxy = FaultProxy(name, target.address, self._thread, self._tracker_of(target))
        link = self._links[name] = RunningLink(proxy, target, str(scope))
        scope.defer(partial(self._stop, link))
        links.add(
            links.Link(name, proxy.address, target.address, announce=proxy.announce, trouble=lambda: proxy.trouble)
        )
        return link

    def find(self, name: str) -> RunningLink:
        """The link of that name.

        Raises:
            FaultError: there is none; the text lists those that run.
        """
        if name not in self._links:
            known = ", ".join(map(safe, self._links)) or "none, call Start Fault Proxy first"
            raise FaultError(f"no link '{safe(name)}' is running; there is {known}")
        return self._links[name]

    def runs(self, proxy: FaultProxy) -> bool:
        """Whether a link has not ended yet."""
        return any(link.proxy is proxy for link in self._links.values())

    def stop(self, name: str) -> None:
        """Heals what is wrong with a link and ends it.

        Raises:
            FaultError: there is none of that name, or something failed in it that nobody has seen.
        """
        self._stop(self.find(name))

    def take_problems(self) -> list[str]:
        """What failed in links where nobody waited, one line each."""
        return self._thread.take_problems() if self._thread is not None else []

    def _stop(self, link: RunningLink) -> None:
        name = link.proxy.name
        if self._links.get(name) is not link:
            return
        try:
            self._active.heal_all(link.proxy)
        finally:
            links.remove(name)
            del self._links[name]
            link.proxy.close()
            problems = self.take_problems()
            if not self._links and self._thread is not None:
                self._thread.close()
                self._thread = None
        if problems:
            raise FaultError("; ".join(problems))
