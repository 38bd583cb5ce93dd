"""The running monitor: threads that look, and what they saw."""

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from wireproof import links
from wireproof import stack as room
from wireproof.journal import current as journal
from wireproof.journal import now_ns
from wireproof.monitor import sources
from wireproof.monitor.alerts import Alert
from wireproof.monitor.beat import Beat
from wireproof.monitor.looks import USED, Look, Looks
from wireproof.monitor.plan import Plan
from wireproof.monitor.sources import Source
from wireproof.monitor.windows import EVERYTHING, NOTHING, REACH, SERVER_PROBES, Declared, Window
from wireproof.stack import Stack
from wireproof.wiretext import safe


class Watch:
    """Looks at a stack from `start` to `stop`.

    Attributes:
        plan: what was asked for.
        metrics: the numbers that it gives.
        unseen: what it does not look at, and why.
        looks: what it saw.
    """

    def __init__(self, plan: Plan, stack: Stack) -> None:
        """Finds out what there is to look at.

        Raises:
            MonitorError: a target is unknown.
        """
        found = sources.find(plan, stack)
        self.plan = plan
        self.metrics = found.metrics
        self.unseen = found.unseen
        self.looks = Looks()
        self._stack = stack
        self._targets = frozenset(sources.targets(plan, stack))
        self._alerts: tuple[Alert, ...] = ()
        self._declared = Declared(partial(reach, stack))
        self._beats = [
            Beat(source.name, plan.every_s, partial(self._look, source), source.close) for source in found.all
        ]
        self.began_ns = self._ended_ns = 0
        self._lost_stack_ns = 0
        self._unsubscribe: Callable[[], None] | None = None

    def start(self) -> None:
        """Begins to look."""
        self._unsubscribe = journal().subscribe(self._declared.take, recent=True)
        self.began_ns = now_ns()
        for beat in self._beats:
            beat.start()

    def wait_for_first_looks(self) -> None:
        """Waits until everything was looked at once."""
        for beat in self._beats:
            beat.wait_for_first_look()

    def stop(self) -> None:
        """Ends all threads and waits for them; does nothing when they have ended."""
        for beat in self._beats:
            beat.ask_to_stop()
        for beat in self._beats:
            beat.join()
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
            self._ended_ns = now_ns()

    def covers(self, plan: Plan, stack: Stack) -> bool:
        """Whether it sees all that another plan asks for, as often; servers that were started since it does not see.

        Raises:
            MonitorError: a target is unknown.
        """
        own = self.plan
        is_alike = (own.every_s, own.pids, own.greets) == (plan.every_s, plan.pids, plan.greets)
        return stack is self._stack and is_alike and self._targets.issuperset(sources.targets(plan, stack))

    # -- what is read from it ----------------------------------------------------------------------------------------

    def windows(self) -> list[Window]:
        """What was done on purpose so far."""
        if self._unsubscribe is not None:
            journal().flush()
        return self._declared.windows()

    def problems(self, since_ns: int) -> list[str]:
        """Why nothing that was seen since then may be judged."""
        lost = (
            ["the stack that was monitored has ended: start monitoring anew"] if self._lost_stack_ns > since_ns else []
        )
        return [*(f"the monitor failed: {safe(beat.crash, 200)}" for beat in self._beats if beat.crash), *lost]

    @property
    def overhead(self) -> float:
        """What looking costs: the share of one core that the monitor's threads used."""
        lasted_ns = (self._ended_ns or now_ns()) - self.began_ns
        return sum(beat.cpu_s for beat in self._beats) / (lasted_ns / 1e9)

    # -- conditions --------------------------------------------------------------------------------------------------

    def warn_when(self, alert: Alert) -> None:
        """Follows a condition from now on."""
        self._alerts = (*self._alerts, alert)

    def forget(self, alert: Alert) -> None:
        """Follows a condition no more."""
        self._alerts = tuple(other for other in self._alerts if other is not alert)

    # -- in the threads ----------------------------------------------------------------------------------------------

    def _look(self, source: Source) -> None:
        seen = source.look() if room.running() is self._stack else {}
        if room.running() is not self._stack:  # it may have ended meanwhile
            self._lost_stack_ns = now_ns()
            return
        for subject, look in seen.items():
            before = self.looks.last(subject)
            self.looks.add(subject, look)
            for alert in self._alerts:
                alert.see(subject, look)
            self._record(subject, look, before)

    def _record(self, subject: str, look: Look, before: Look | None) -> None:
        """Into the journal go numbers, once for each service and look, and of probes what is news."""
        if subject.startswith(USED):
            self._record_sample(subject.removeprefix(USED), look)
        elif look.problem or (before is not None and before.problem):
            took_ms = round((look.ended_ns - look.began_ns) / 1e6, 1)
            told: dict[str, Any] = {"ok": not look.problem, "problem": look.problem, "took_ms": took_ms}
            journal().record("probe", subject, at_ns=look.ended_ns, **told)

    def _record_sample(self, service: str, look: Look) -> None:
        """What a service uses, with what it said of itself last."""
        told = self.looks.last(service)
        values = {**(told.values if told is not None else {}), **look.values} if not look.problem else {}
        numbers: dict[str, Any] = {metric.partition(".")[0]: round(value, 4) for metric, value in values.items()}
        journal().record("sample", service, at_ns=look.began_ns, **numbers)


def reach(stack: Stack, place: str) -> frozenset[str]:
    """What may suffer from a fault at a place.

    Probes go straight to their targets, so a fault of a link concerns those that ask a server which may reach its
    dependencies through the link. A place that nobody knows is an outage that an author told of: it may be anywhere.
    """
    if place in REACH:
        return REACH[place]
    link = next((link for link in links.running() if link.name == place), None)
    if link is not None:
        dependencies = {urlsplit(url).port for url in (stack.addresses.postgres, stack.addresses.redis) if url}
        return SERVER_PROBES if link.target[1] in dependencies else NOTHING
    return NOTHING if place in stack.services else EVERYTHING
