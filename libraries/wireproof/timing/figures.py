"""What recovery from a fault came to: the figures, without what computes them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from wireproof.timing.fault import Fault

Until = Literal["first success", "rate", "drained"]

WINDOW_S = 0.5
"""How long enough messages have to get done for the rate to be back."""

FEWEST = 10
"""With fewer messages there is no rate."""

LONGEST_BEFORE_S = 10.0
"""How far back before a fault messages have to do with it."""

LOST, NOT_CONNECTED, REFUSED, UNKNOWN, UNSENT = KINDS = (
    "lost connections",
    "refused connections",
    "refused",
    "unknown",
    "unsent",
)
"""Kinds of errors at clients."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """How a system recovered from a fault; None where something did not happen or cannot be told.

    Attributes:
        fault: what it was.
        detect_ms: from the fault to the first error at a client.
        first_success_ms: from the heal to the first message that was taken over and delivered after it.
        rate_ms: from the heal until the former rate was back.
        drained_ms: from the heal until nothing was outstanding any more.
        kinds: how many errors of each kind clients had until then.
        healed_ns: the heal it is measured from; None while a fault is on.
        looked_ms: from the heal to the end of what was observed.
        still_on: the fault that is on.
        rate_before: messages done per second before the fault; None if there were too few.
        rate_now: likewise at the end of what was observed.
        window_s: how long the window of the rate is.
        outstanding: messages that were taken over and not delivered.
        has_traffic: whether tracked messages were sent after the fault began, or were to be.
        traffic_ended_ms: from the heal to the last of them, less than 0 for before it; None while they are to be sent.
    """

    fault: Fault
    detect_ms: float | None = None
    first_success_ms: float | None = None
    rate_ms: float | None = None
    drained_ms: float | None = None
    kinds: Mapping[str, int] = field(default_factory=dict)
    healed_ns: int | None = None
    looked_ms: float = 0.0
    still_on: Fault | None = None
    rate_before: float | None = None
    rate_now: float = 0.0
    window_s: float = WINDOW_S
    outstanding: int = 0
    has_traffic: bool = False
    traffic_ended_ms: float | None = None

    @property
    def errors(self) -> int:
        """How many errors clients had."""
        return sum(self.kinds.values())

    @property
    def is_healed(self) -> bool:
        """Whether the fault was healed, and every later one that this recovery has to do with."""
        return self.still_on is None

    def reached_ms(self, until: Until) -> float | None:
        """From the heal until that was reached."""
        return {"first success": self.first_success_ms, "rate": self.rate_ms, "drained": self.drained_ms}[until]

    def deadline_ns(self, begin_ns: int, limit_s: float) -> int:
        """Until when to wait, for who begins to wait at that moment and allows so long from the heal on."""
        due_off_ns = self.still_on.due_off_ns if self.still_on else 0
        return (self.healed_ns or max(begin_ns, due_off_ns)) + int(limit_s * 1e9)

    def __repr__(self) -> str:
        told = (
            ("detected after", self.detect_ms),
            ("first success after", self.first_success_ms),
            ("rate after", self.rate_ms),
            ("drained after", self.drained_ms),
        )
        parts = [f"{words} {ms:.0f} ms" for words, ms in told if ms is not None]
        return f"<recovery from {self.fault.label}: {', '.join([*parts, f'{self.errors} errors'])}>"
