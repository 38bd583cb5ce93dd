"""What there is to look at in a stack, and what there is not, and why."""

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from wireproof.monitor.containers import Containers
from wireproof.monitor.errors import MonitorError
from wireproof.monitor.looks import USED, Look
from wireproof.monitor.plan import PROBES, Plan
from wireproof.monitor.probes import HttpProbe, PostgresProbe, Probe, RedisProbe, WebSocketProbe
from wireproof.stack import Stack
from wireproof.stack.containers import ContainerService
from wireproof.wiretext import safe


def _nothing() -> None:
    """There is nothing to close."""


@dataclass(frozen=True, slots=True)
class Source:
    """Something to look at, from one thread.

    Attributes:
        name: what it is.
        look: gives the looks, by subject.
        close: to be called at the end, in the same thread.
    """

    name: str
    look: Callable[[], Mapping[str, Look]]
    close: Callable[[], object] = _nothing


@dataclass(frozen=True, slots=True)
class Sources:
    """All sources of a plan.

    Attributes:
        all: what is looked at.
        metrics: the numbers that they give.
        unseen: what is not looked at, and why.
    """

    all: list[Source] = field(default_factory=list)
    metrics: list[str] = field(default_factory=list)
    unseen: dict[str, str] = field(default_factory=dict)


def targets(plan: Plan, stack: Stack) -> tuple[str, ...]:
    """What a plan asks for: what it names, else all that there is in the stack now.

    Raises:
        MonitorError: a target is unknown.
    """
    known = dict.fromkeys((*stack.services, "server", "postgres", "redis", *plan.pids, PROBES))
    for target in plan.targets:
        if target not in known:
            raise MonitorError(f"there is nothing called '{safe(target, 60)}' to monitor; there are {', '.join(known)}")
    return plan.targets or tuple(known)


def find(plan: Plan, stack: Stack) -> Sources:
    """What a plan finds in a stack.

    Raises:
        MonitorError: a target is unknown.
    """
    sources, asked = Sources(), targets(plan, stack)
    _add_services(sources, [name for name in asked if name != PROBES], plan, stack)
    if PROBES in asked:
        _add_probes(sources, plan, stack)
    return sources


def _add_services(sources: Sources, names: list[str], plan: Plan, stack: Stack) -> None:
    roots: dict[str, Callable[[], int | None]] = {}
    containers: dict[str, str] = {}
    for name in names:
        service = stack.services.get(name)
        if name in plan.pids:
            roots[name] = partial(int, plan.pids[name])
        elif isinstance(service, ContainerService):
            containers[name] = service.container
        elif service is not None:
            roots[name] = partial(_process_of, stack, name)
        else:
            sources.unseen[name] = (
                "what it uses is not measured: it is no service of this run; give its process where it runs on this "
                f'machine, as in pids={{"{name}": 1234}}'
            )
    if roots and (lack := _lack("psutil", "monitor")):
        sources.unseen.update(dict.fromkeys(roots, lack))
        roots.clear()
    if roots:
        from wireproof.monitor.processes import ProcessTree

        trees = {f"{USED}{name}": ProcessTree(name, root) for name, root in roots.items()}
        sources.all.append(Source("processes", lambda: {subject: tree.look() for subject, tree in trees.items()}))
    if containers:
        group = Containers(containers)
        sources.all.append(Source("containers", lambda: {f"{USED}{name}": look for name, look in group.look().items()}))
    sources.metrics.extend(f"{metric}.{name}" for name in (*roots, *containers) for metric in ("memory", "cpu"))


def _add_probes(sources: Sources, plan: Plan, stack: Stack) -> None:
    addresses = stack.addresses
    greets = stack.mode != "external" if plan.greets is None else plan.greets
    possible: list[tuple[str, Probe]] = [
        (addresses.http, HttpProbe(addresses.http)),
        (addresses.ws, WebSocketProbe(addresses.ws, greets)),
        (addresses.postgres, PostgresProbe(addresses.postgres)),
        (addresses.redis, RedisProbe(addresses.redis)),
    ]
    for url, probe in possible:
        lack = _lack(probe.driver, "db") if url else "it is not probed: its address is not known"
        if not lack:
            sources.all.append(Source(probe.subject, partial(_ask, probe), probe.close))
            sources.metrics.extend(probe.metrics)
        else:
            sources.unseen[probe.subject] = lack


def _lack(module: str, extra: str) -> str:
    """Why there is nothing to look with; empty where there is."""
    if not module or importlib.util.find_spec(module) is not None:
        return ""
    return f"{module} is missing: pip install 'robotframework-wireproof[{extra}]'"


def _ask(probe: Probe) -> Mapping[str, Look]:
    return {probe.subject: probe.look()}


def _process_of(stack: Stack, name: str) -> int | None:
    """Asked at each look: a service that was started anew is another process."""
    service = stack.services.get(name)
    process = service.process if service is not None else None
    return process.pid if process is not None else None
