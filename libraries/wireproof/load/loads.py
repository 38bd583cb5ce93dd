"""The loads of a run: started, found by name, and ended with the test or suite that started them."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from wireproof import scopes
from wireproof.journal import current as journal
from wireproof.load import limits, local, order, profile, traffic
from wireproof.load.conditions import Condition
from wireproof.load.errors import LoadError
from wireproof.load.order import Order
from wireproof.load.plan import Plan
from wireproof.load.progress import ProgressLine
from wireproof.load.running import Running
from wireproof.load.telling import Ended, judged
from wireproof.quantities import Rate
from wireproof.sockets.guard_rails import GuardRails
from wireproof.timing.requirement import Requirement
from wireproof.wiretext import safe

if TYPE_CHECKING:
    from wireproof.load.outcome import LoadResult

FOLDER = "loads"
"""Below the journal's folder: what loads leave."""


@dataclass(eq=False)
class Terms:
    """What a test or suite asks of its loads; None for thresholds means those of the suite around it."""

    requirements: list[Requirement] | None = None
    conditions: list[Condition] = field(default_factory=list)


class Loads:
    """All loads that run, and the terms of those to come.

    Args:
        show: makes what shows a load while it runs.
    """

    def __init__(self, show: Callable[[Plan], ProgressLine]) -> None:
        self._show = show
        self._guard_rails = GuardRails()
        self._running: dict[str, Running] = {}
        self._terms: dict[scopes.Scope, Terms] = {}
        self._saved: Counter[str] = Counter()

    # -- terms -------------------------------------------------------------------------------------------------------

    def require(self, requirements: Sequence[Requirement]) -> list[Requirement]:
        """Sets the thresholds of the loads to come, until the running test or suite ends; returns those before."""
        before = self.requirements
        self._of(scopes.current()).requirements = list(requirements)
        return before

    @property
    def requirements(self) -> list[Requirement]:
        """The thresholds in force: of the innermost scope that has set some, or none."""
        asked = (terms.requirements for terms in self._innermost_first())
        return next((requirements for requirements in asked if requirements is not None), [])

    def stop_when(self, condition: Condition) -> None:
        """Stops a load that meets the condition: those that run, and those to come until the test or suite ends."""
        self._of(scopes.current()).conditions.append(condition)
        for running in self._running.values():
            running.watch_for(condition)

    def _of(self, scope: scopes.Scope) -> Terms:
        if scope not in self._terms:
            self._terms[scope] = Terms()
            scope.defer(partial(self._terms.pop, scope, None))
        return self._terms[scope]

    def _innermost_first(self) -> list[Terms]:
        return [self._terms[scope] for scope in sorted(self._terms, key=lambda one: one.started_ns, reverse=True)]

    # -- loads -------------------------------------------------------------------------------------------------------

    def start(self, name: str, wanted: Order) -> Running:
        """Starts a load; it ends at the latest with the running test or suite.

        Raises:
            ValueError: it cannot be as asked, the machine cannot take it, or the stack does not allow it.
        """
        if name in self._running:
            raise LoadError(f"the load '{safe(name, 60)}' is running already: wait for it, or take another name")
        plan = order.plan_of(name, wanted)
        self._require_allowed(plan)
        limits.prepare(order.needs_of(plan))
        conditions = [condition for terms in self._innermost_first() for condition in terms.conditions]
        engine = local.start(plan)
        try:
            running = Running(plan, engine, self._show(plan), conditions, self.requirements)
            self._running[name] = running
            scopes.current().defer(partial(self._end_forgotten, name, running))
        except BaseException:
            engine.abort()
            raise
        journal().record(
            "load",
            name,
            phase="on",
            connections=plan.profile.peak_connections,
            messages=profile.messages(plan.profile),
            rate=profile.peak_rate(plan.profile),
            duration_s=plan.profile.duration_s,
            scenario=plan.traffic.scenario,
        )
        return running

    def find(self, name: str) -> Running:
        """The running load of that name.

        Raises:
            LoadError: there is none.
        """
        if name not in self._running:
            known = ", ".join(f"'{safe(one, 60)}'" for one in self._running) or "none"
            raise LoadError(f"no load '{safe(name, 60)}' is running; there are: {known}")
        return self._running[name]

    def end(self, running: Running, why: str) -> Ended:
        """What a load came to, saved and told.

        Args:
            running: the load.
            why: one that still runs is ended now, for that reason. It is not judged: nobody chose that moment.
        """
        name = running.plan.name
        self._running = {known: one for known, one in self._running.items() if one is not running}
        result = running.end(why)
        history = self._save(running.plan, result)
        journal().record(
            "load",
            name,
            phase="off",
            history=history,
            traffic=history and traffic.beside(history),
            until_ns=result.ended_ns,
            counts=dict(result.counts),
            errors=dict(result.errors),
            problems=list(result.problems),
            stopped=running.stopped,
        )
        verdicts = () if why else judged(running.requirements, result)
        return Ended(running.plan, result, verdicts, running.stopped, running.harm)

    def _save(self, plan: Plan, result: "LoadResult") -> str:
        """Writes a load's messages beside the journal, where there is one; returns where, seen from there."""
        folder = journal().folder
        if folder is None or result.history is None:
            return ""
        slug = _slug(plan.name)
        self._saved[slug] += 1  # two tests may call their loads alike
        history = f"{FOLDER}/{slug}{f'-{self._saved[slug]}' if self._saved[slug] > 1 else ''}.npz"
        (folder / FOLDER).mkdir(parents=True, exist_ok=True)
        result.history.save(folder / history)
        falls_s = profile.falls_s(plan.profile)
        leaving_ns = None if falls_s is None else result.started_ns + int(falls_s * 1e9)
        traffic.save(result.history, folder / traffic.beside(history), leaving_ns)
        return history

    def _end_forgotten(self, name: str, running: Running) -> None:
        if self._running.get(name) is running:
            self.end(running, "nobody waited for it")
            raise LoadError(f"nobody waited for the load '{safe(name, 60)}': call Wait For Load, or Stop Load")

    def _require_allowed(self, plan: Plan) -> None:
        """Guard rails of an attached stack hold for loads, too."""
        others = [running.plan.profile for running in self._running.values()]
        self._guard_rails.allow_connections(sum(one.peak_connections for one in others), plan.profile.peak_connections)
        already = sum(profile.peak_rate(one) for one in others)
        rate = profile.peak_rate(plan.profile)
        if rate:
            self._guard_rails.allow_rate(Rate(rate), already)
        elif plan.traffic.model == "closed" and (limit := self._guard_rails.max_rate):
            raise LoadError(
                f"the stack allows {limit} (max_rate of Attach To Stack), which no closed loop keeps: take model=open "
                "and a rate"
            )


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", text)[:60].strip("-").lower() or "load"
