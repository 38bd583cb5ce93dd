"""Faults as the journal tells of them, and which one an author means."""

from collections.abc import Sequence
from dataclasses import dataclass

from wireproof.timing.errors import TimingError
from wireproof.wiretext import safe


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: what was done to whom, from when to when.

    Attributes:
        number: unique in the run.
        place: what it was done to: a link, a service, an outage's name.
        name: what it was, in words.
        scope: the full name of the test or suite that was running.
        on_ns: when it was ordered.
        off_ns: when its healing was ordered; None while it is on.
        due_off_ns: when its own duration ends it; 0 when it has none.
        since_ns, until_ns: when that test or suite began and ended, None while it runs. What was not delivered before,
            and whatever comes later, is none of its business.
    """

    number: int
    place: str
    name: str
    scope: str
    on_ns: int
    off_ns: int | None = None
    due_off_ns: int = 0
    since_ns: int = 0
    until_ns: int | None = None

    @property
    def label(self) -> str:
        """What it is called in messages."""
        return safe(f"{self.place} {self.name}".strip(), 80)

    def answers_to(self, wanted: str) -> bool:
        """Whether an author may call it so: by its place, by what it was, or by both."""
        names = (self.name, self.place, f"{self.place} {self.name}")
        return wanted.casefold() in {name.casefold() for name in names}


def choose(faults: Sequence[Fault], wanted: str, since_ns: int) -> Fault:
    """The fault that is meant: the last one of that name, or of all, that was on at some time since `since_ns`.

    Raises:
        TimingError: there is none; the text lists those there are.
    """
    ours = [fault for fault in faults if fault.off_ns is None or fault.off_ns >= since_ns]
    meant = [fault for fault in ours if not wanted or fault.answers_to(wanted)]
    if meant:
        return max(meant, key=lambda fault: (fault.on_ns, fault.number))
    if not ours:
        raise TimingError("there was no fault to recover from: bring one about first, or tell of one by Record Outage")
    known = ", ".join(dict.fromkeys(f"'{fault.label}'" for fault in ours))
    raise TimingError(f"there was no fault '{safe(wanted, 80)}'; there were: {known}")
