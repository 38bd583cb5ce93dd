"""Steady traffic: an open model that sends when a message is due, whatever became of those before."""

import threading
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count

from wireproof.history import SLICE_S
from wireproof.journal import current as journal
from wireproof.journal import now_ns
from wireproof.quantities import Rate
from wireproof.sockets.client import Client
from wireproof.sockets.errors import ClosedError, SocketsError
from wireproof.sockets.guard_rails import GuardRails
from wireproof.sockets.outcomes import TrafficReport
from wireproof.sockets.tracked import Tracked, fresh_id
from wireproof.wiretext import safe

LATEST_S = 1.0
"""A message that could not be sent until so long after it was due is not sent any more: what piled up behind a socket
that took no bytes would come as a burst, and that is no steady traffic."""


@dataclass
class _Share:
    """What one sender has sent; written by its thread only."""

    sender: str
    sent: int = 0
    unsent: int = 0
    lateness: "array[int]" = field(default_factory=lambda: array("q"))


class Traffic:
    """Tracked messages at a steady rate, from `start` until `stop`.

    Each sender has a thread of its own, so that one whose socket takes no bytes delays nobody else.

    Args:
        name: what it is called.
        tracked: what is sent.
        senders: the names of those who take turns.
        rate: how fast all together.
        find: gives the client that has a name now, or raises SocketsError.
        guard_rails: what the stack allows.
    """

    def __init__(
        self,
        name: str,
        tracked: Tracked,
        senders: Sequence[str],
        rate: Rate,
        find: Callable[[str], Client],
        guard_rails: GuardRails,
    ) -> None:
        self.name = name
        self.rate = rate
        self._tracked = tracked
        self._find = find
        self._guard_rails = guard_rails
        self._shares = [_Share(sender) for sender in senders]
        self._stop = threading.Event()
        self._begin_ns = 0
        self._end_ns = 0
        self._is_told = False
        self._threads: list[threading.Thread] = []

    @property
    def is_running(self) -> bool:
        return self._begin_ns > 0 and not self._stop.is_set()

    def start(self) -> None:
        """Sends the first message now."""
        senders = [share.sender for share in self._shares]
        self._begin_ns = now_ns()
        journal().record(
            "traffic", self.name, at_ns=self._begin_ns, phase="on", rate=self.rate.per_second, senders=senders
        )
        self._threads = [
            threading.Thread(
                target=self._live, args=(share, place), name=f"wireproof-traffic-{share.sender}", daemon=True
            )
            for place, share in enumerate(self._shares)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Lets what is being sent be finished, and sends no more; does nothing when it has ended.

        One that was interrupted is finished by the next: whoever reads the journal waits for its end.
        """
        if self.is_running:
            self._end_ns = now_ns()
            self._stop.set()
        for thread in self._threads:
            while thread.is_alive():
                thread.join(SLICE_S)
        if not self._is_told:
            self._is_told = True
            report = self.report
            journal().record("traffic", self.name, phase="off", sent=report.sent, unsent=report.unsent)

    @property
    def report(self) -> TrafficReport:
        """What was sent so far."""
        lateness = sorted(late for share in self._shares for late in share.lateness)
        seconds = ((self._end_ns or now_ns()) - self._begin_ns) / 1e9
        return TrafficReport(
            name=self.name,
            rate=self.rate.per_second,
            sent=sum(share.sent for share in self._shares),
            unsent=sum(share.unsent for share in self._shares),
            by_client={share.sender: share.sent for share in self._shares},
            achieved_rate=len(lateness) / seconds if seconds else 0.0,
            late_p99_ms=lateness[(len(lateness) * 99 - 1) // 100] / 1e6 if lateness else None,
        )

    def _live(self, share: _Share, place: int) -> None:
        """One sender's turns: they are counted from the begin, so a late one does not delay those after it."""
        for turn in count(place, len(self._shares)):
            due_ns = self._begin_ns + round(turn * self.rate.interval_s * 1e9)
            self._stop.wait(max(0.0, (due_ns - now_ns()) / 1e9))
            if self._stop.is_set() and due_ns > self._end_ns:
                return
            self._send(share, due_ns)

    def _send(self, share: _Share, due_ns: int) -> None:
        id = fresh_id()
        try:
            late_s = (now_ns() - due_ns) / 1e9
            if late_s > LATEST_S:
                raise ClosedError(f"{share.sender} was still sending {late_s:.1f} s after this one was due")
            self._guard_rails.wait_to_send()
            sent = self._tracked.send(self._find(share.sender), id, intended_ns=due_ns)
        except Exception as error:  # noqa: BLE001 - a dialect is the author's code; whatever it raises must be told
            share.unsent += 1
            journal().record("unsent", share.sender, id=id, intended_ns=due_ns, reason=safe(error))
        else:
            share.sent += 1
            share.lateness.append(max(0, sent.at_ns - due_ns))


class Traffics:
    """The traffics of the run, by name; one that was stopped keeps its figures until its scope ends."""

    def __init__(self) -> None:
        self._known: dict[str, Traffic] = {}

    @property
    def rate(self) -> float:
        """How many messages a second those that run send together."""
        return sum(traffic.rate.per_second for traffic in self._known.values() if traffic.is_running)

    def require_free(self, name: str) -> None:
        """Refuses a name that is empty or taken.

        Raises:
            SocketsError: it is.
        """
        if not name.strip():
            raise SocketsError("a tracked traffic needs a name")
        if name in self._known and self._known[name].is_running:
            raise SocketsError(f"the tracked traffic '{safe(name)}' is running already: give this one another name")

    def add(self, traffic: Traffic) -> None:
        """Makes it known under its name."""
        self._known[traffic.name] = traffic

    def stop(self, name: str) -> TrafficReport:
        """Stops the traffic of that name; one that was stopped already stays so.

        Raises:
            SocketsError: there is none; the text lists those there are.
        """
        traffic = self._known.get(name)
        if traffic is None:
            known = ", ".join(safe(one, 40) for one in self._known) or "none, call Start Tracked Traffic first"
            raise SocketsError(f"no tracked traffic named '{safe(name)}'; there are: {known}")
        traffic.stop()
        return traffic.report

    def end(self, traffic: Traffic) -> None:
        """Stops one, and forgets it."""
        if self._known.get(traffic.name) is traffic:
            del self._known[traffic.name]
        traffic.stop()
