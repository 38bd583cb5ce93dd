"""What keyword components of faults share, wherever the fault is."""

from datetime import timedelta

from wireproof import stack
from wireproof.faults.active import ActiveFaults, require_disposable
from wireproof.faults.errors import FaultError, UnableError


class Component:
    """One topic's keywords.

    Args:
        active: the faults that are on, of all topics.
    """

    def __init__(self, active: ActiveFaults) -> None:
        self.active = active


class DataComponent(Component):
    """One topic's keywords of databases and caches."""

    def require(self, ability: str) -> None:
        """Asks whether the running stack may be disturbed, and in this way.

        Raises:
            UnableError: it cannot.
            FaultError: it is not disposable.
        """
        running = stack.current()
        if not running.can(ability):
            raise UnableError(f"the {running.mode} stack cannot {running.lack(ability)}")
        require_disposable()

    def require_repetition(self, every: timedelta | None, duration: timedelta | None) -> None:
        """Refuses a duration of what is done only once.

        Raises:
            FaultError: it has one.
        """
        if every is None and duration is not None:
            raise FaultError("duration is for what is done again and again: give every as well, such as every=1s")


def positive_s(time: timedelta, what: str) -> float:
    """Seconds of a time that has to be more than none.

    Raises:
        FaultError: it is none, or less.
    """
    seconds = time.total_seconds()
    if seconds <= 0:
        raise FaultError(f"{what} is {seconds:g} s: give more than 0 s")
    return seconds


def lasting_s(duration: timedelta | None) -> float | None:
    """Seconds that a fault lasts; None when nobody says how long.

    Raises:
        FaultError: it is none, or less.
    """
    return None if duration is None else positive_s(duration, "duration")
