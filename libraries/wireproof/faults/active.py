"""The faults that are on: which may not meet, when each ends, and that each was felt."""

import threading
from functools import partial

from wireproof import scopes, stack
from wireproof.disturbances import Disturbance, begin
from wireproof.faults.errors import FaultError, NoEffectError
from wireproof.faults.fault import Fault
from wireproof.journal import now_ns
from wireproof.wiretext import safe


class ActiveFaults:
    """Every fault of the run that is not healed yet; callable from any thread."""

    def __init__(self) -> None:
        self._on: dict[Fault, Disturbance] = {}
        self._last: Fault | None = None
        self._withdrawn: set[Fault] = set()
        self._lock = threading.RLock()

    def begin(self, fault: Fault) -> Fault:
        """Notes that a fault is on; it is healed when the running test or suite ends, at the latest.

        Whoever calls this has not done anything yet, or heals it when this raises.

        Raises:
            FaultError: a fault that is on claims the same of the same place.
        """
        with self._lock:
            for other in self._on:
                if other.place == fault.place and set(other.claims) & set(fault.claims):
                    since = (now_ns() - other.began_ns) / 1e9
                    raise FaultError(
                        f"{safe(fault.place)} has {other.name} since {since:.1f} s, which contradicts {fault.name}: "
                        "heal it first with Heal Fault or Heal All Faults"
                    )
            self._on[fault] = begin(fault.place, fault.name)
            self._last = fault
        scopes.current().defer(partial(self._end_with_scope, fault), check=True)
        return fault

    def heal(self, fault: Fault) -> bool:
        """Undoes a fault; False when it was healed before."""
        with self._lock:
            disturbance = self._on.pop(fault, None)
        if disturbance is None:
            return False
        at_ns = now_ns()
        try:
            fault.undo()
        finally:
            disturbance.end(touched=fault.touched, effect=fault.effect, at_ns=at_ns)
        return True

    def withdraw(self, fault: Fault) -> None:
        """Undoes a fault that could not be made; nobody demands an effect of it."""
        self._withdrawn.add(fault)
        self.heal(fault)

    def heal_all(self, place: str = "") -> list[Fault]:
        """Undoes all faults, or those of one place, the last one first; all of them, whatever one of them raises.

        Raises:
            FaultError: some could not be undone.
        """
        healed: list[Fault] = []
        problems: list[str] = []
        for fault in reversed(self.on):
            if place in ("", fault.place):
                try:
                    if self.heal(fault):
                        healed.append(fault)
                except Exception as problem:  # noqa: BLE001 - the others must be undone, and all are raised together
                    problems.append(f"{fault.shown}: {safe(problem)}")
        if problems:
            raise FaultError(f"not everything could be healed: {'; '.join(problems)}")
        return healed

    @property
    def on(self) -> list[Fault]:
        """The faults that are on, the oldest first."""
        with self._lock:
            return list(self._on)

    @property
    def last(self) -> Fault | None:
        """The fault that began last, healed or not."""
        return self._last

    def _end_with_scope(self, fault: Fault) -> None:
        self.heal(fault)
        if fault not in self._withdrawn:
            require_effect(fault)


def require_effect(fault: Fault) -> None:
    """Fails a test whose fault nothing has felt.

    Raises:
        NoEffectError: it touched nothing.
    """
    if not fault.touched:
        raise NoEffectError(
            f"the fault {fault.shown} touched nothing: what was tested did not go through it; "
            "check that the clients or the server use the link, and that something happened while it was on"
        )


def require_disposable() -> None:
    """Faults are for stacks whose data may be thrown away.

    Raises:
        FaultError: the running stack is not one.
    """
    running = stack.current()
    if not running.disposable:
        raise FaultError(
            f"faults of databases, caches and services are for disposable stacks; the {running.mode} stack is used by "
            "others: run against the embedded or the compose stack, or call Skip Unless Stack Can    be disturbed"
        )
