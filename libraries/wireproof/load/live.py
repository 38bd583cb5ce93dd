"""What is known of a load while it runs: the figures of its last second, from what workers tell."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from wireproof.load import profile
from wireproof.load.outlook import Progress
from wireproof.load.plan import Profile
from wireproof.quantities import Count, Duration, Fraction, Quantity, Rate

_LATELY_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """The figures of a running load.

    Attributes:
        is_connecting: whether it has not started yet.
        elapsed_s: since its start.
        connections: held now.
        asked_rate: messages per second that are due now.
        send_rate, delivery_rate: messages per second, lately.
        p95_s: of the delivery time, lately; None if nothing was delivered.
        outstanding: sent and not delivered.
        errors: connections that were not made and messages that failed, so far.
        error_rate: their share of what was tried lately.
        lag_s: how late the worker's own timers were, at most.
    """

    is_connecting: bool = False
    elapsed_s: float = 0.0
    connections: int = 0
    asked_rate: float = 0.0
    send_rate: float = 0.0
    delivery_rate: float = 0.0
    p95_s: float | None = None
    outstanding: int = 0
    errors: int = 0
    error_rate: float = 0.0
    lag_s: float = 0.0


FIGURES: Mapping[str, tuple[type[Quantity], Callable[[Live], Quantity | None]]] = {
    "connections.held": (Count, lambda live: Count(live.connections)),
    "delivery.outstanding": (Count, lambda live: Count(live.outstanding)),
    "delivery.p95": (Duration, lambda live: None if live.p95_s is None else Duration(live.p95_s)),
    "delivery.rate": (Rate, lambda live: Rate(live.delivery_rate)),
    "generator.lag": (Duration, lambda live: Duration(live.lag_s)),
    "send.rate": (Rate, lambda live: Rate(live.send_rate)),
    "server.error_rate": (Fraction, lambda live: Fraction(live.error_rate)),
    "server.errors": (Count, lambda live: Count(live.errors)),
}
"""What a condition may look at: its kind of quantity, and what it is now; None while that is not known."""


class Lately:
    """Makes figures of what workers tell, one telling after another."""

    def __init__(self, wanted: Profile) -> None:
        self._profile = wanted
        self._told: deque[Progress] = deque([Progress()])

    def look(self, now: Progress) -> Live:
        """The figures as of this telling."""
        self._told.append(now)
        while len(self._told) > 2 and self._told[1].elapsed_s <= now.elapsed_s - _LATELY_S:
            self._told.popleft()
        before = self._told[0]
        span_s = now.elapsed_s - before.elapsed_s
        failed = _errors(now) - _errors(before)
        tried = failed + now.sent - before.sent + max(0, now.connected - before.connected)
        return Live(
            is_connecting=now.phase == "connecting",
            elapsed_s=now.elapsed_s,
            connections=now.connected,
            asked_rate=profile.rate_at(self._profile, now.elapsed_s),
            send_rate=(now.sent - before.sent) / span_s if span_s > 0 else 0.0,
            delivery_rate=(now.delivered - before.delivered) / span_s if span_s > 0 else 0.0,
            p95_s=None if now.p95_ms is None else now.p95_ms / 1000,
            outstanding=max(0, now.sent - now.delivered),
            errors=_errors(now),
            error_rate=failed / tried if failed > 0 and tried > 0 else 0.0,
            lag_s=now.lag_ms / 1000,
        )


def _errors(told: Progress) -> int:
    return told.refused + told.failed
