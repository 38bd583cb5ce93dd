"""The faults that are on: which may not meet, when each ends, and that each was felt."""

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from wireproof import scopes, stack
from wireproof.disturbances import Disturbance, begin
from wireproof.faults.errors import FaultError, NoEffectError
from wireproof.faults.fault import Fault
from wireproof.journal import now_ns
from wireproof.wiretext import safe

_WHERE = {"postgres": "this database", "redis": "this Redis"}
"""What a fault is in that is not in a link, for who did not feel it."""


def nothing() -> None:
    """What is done is done: nothing makes it true any more, or undoes it."""


@dataclass(eq=False, slots=True)
class _Activation:
    """How long a fault is on.

    Attributes:
        disturbance: what tells the journal.
        timer: heals it when its duration is over; None when it has none.
        is_wanted: whether it could be made, so that an effect is demanded.
        problem: why it could not be healed when its duration was over.
    """

    fault: Fault
    disturbance: Disturbance
    timer: threading.Timer | None = None
    is_wanted: bool = True
    problem: Exception | None = None


class ActiveFaults:
    """Every fault of the run that is not healed yet; callable from any thread."""

    def __init__(self) -> None:
        self._activations: dict[Fault, _Activation] = {}
        self._last: Fault | None = None
        self._lock = threading.Lock()

    def begin(self, fault: Fault, do: Callable[[], object] = nothing, duration_s: float | None = None) -> Fault:
        """Notes that a fault is on and makes it true.

        It is healed when its duration is over, and when the running test or suite ends, at the latest. When it cannot
        be made, or Robot's time-out strikes meanwhile, whatever was done of it is undone.

        Args:
            fault: what is going to be wrong.
            do: makes it so.
            duration_s: for how long.

        Raises:
            FaultError: a fault that is on claims the same of the same place.
        """
        try:
            activation = self._note(fault, duration_s)
            scopes.current().defer(partial(self._end_with_scope, activation), check=True)
            do()
            if duration_s is not None:
                activation.timer = threading.Timer(duration_s, self._expire, (activation,))
                activation.timer.daemon = True
                activation.timer.start()
        except BaseException:
            self._withdraw(fault)
            raise
        return fault

    def once(self, fault: Fault, do: Callable[[], object]) -> Fault:
        """A fault that is over as soon as it is done."""
        self.begin(fault, do)
        self.heal(fault)
        return fault

    def heal(self, fault: Fault) -> bool:
        """Undoes a fault; False when it was healed before, also when another thread was at it just now.

        One that cannot be undone stays on: the end of its test or suite tries again.
        """
        at_ns = now_ns()
        with fault.healing:
            activation = self._activations.get(fault)
            if activation is None:
                return False
            fault.undo()
            self._close(activation, at_ns)
        return True

    def heal_all(self, owner: object = None) -> list[Fault]:
        """Undoes all faults, or those of one owner, the last one first; all of them, whatever one of them raises.

        Raises:
            FaultError: some could not be undone.
        """
        healed: list[Fault] = []
        problems: list[str] = []
        for fault in reversed(self.on):
            if owner is None or fault.owner is owner:
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
            return list(self._activations)

    @property
    def last(self) -> Fault | None:
        """The fault that began last, healed or not."""
        return self._last

    def _note(self, fault: Fault, duration_s: float | None) -> _Activation:
        with self._lock:
            for other in self._activations:
                if other.place == fault.place and set(other.claims) & set(fault.claims):
                    since = (now_ns() - other.began_ns) / 1e9
                    raise FaultError(
                        f"{safe(fault.place)} has {other.name} since {since:.1f} s, which contradicts {fault.name}: "
                        "heal it first with Heal Fault or Heal All Faults"
                    )
            disturbance = begin(fault.place, fault.name, duration_s=duration_s)
            activation = self._activations[fault] = _Activation(fault, disturbance)
            self._last = fault
        return activation

    def _close(self, activation: _Activation, at_ns: int, *, is_healed: bool = True) -> None:
        fault = activation.fault
        if activation.timer is not None:
            activation.timer.cancel()
        effect, touched = (fault.effect, fault.touched) if is_healed else ({}, 0)
        activation.disturbance.end(touched=touched, effect=effect, at_ns=at_ns)
        with self._lock:
            self._activations.pop(fault, None)

    def _withdraw(self, fault: Fault) -> None:
        """Undoes a fault that could not be made; nobody demands an effect of it."""
        if (activation := self._activations.get(fault)) is not None:
            activation.is_wanted = False
            with suppress(Exception):  # why it could not be made is what the author needs; the scope's end tries again
                self.heal(fault)

    def _expire(self, activation: _Activation) -> None:
        try:
            self.heal(activation.fault)
        except Exception as problem:  # noqa: BLE001 - there is nobody here to tell; the end of the scope does
            activation.problem = problem

    def _end_with_scope(self, activation: _Activation) -> None:
        fault, at_ns = activation.fault, now_ns()
        try:
            self.heal(fault)
        except BaseException:
            self._close(activation, at_ns, is_healed=False)  # nobody tries a third time
            raise
        if activation.problem is not None:
            raise activation.problem
        if activation.is_wanted:
            require_effect(fault)


def require_effect(fault: Fault) -> None:
    """Fails a test whose fault nothing has felt.

    Raises:
        NoEffectError: it touched nothing.
        FaultError: nobody knows whether it did.
    """
    if fault.uncounted:
        raise FaultError(f"what the fault {fault.shown} touched could not be counted: {fault.uncounted}")
    if not fault.touched:
        raise NoEffectError(
            f"the fault {fault.shown} touched nothing: what was tested did not go through it; check that the clients "
            f"or the server use {_what(fault)}, and that something happened while it was on"
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


def _what(fault: Fault) -> str:
    return "the link" if fault.owner is not None else _WHERE.get(fault.place, safe(fault.place))
