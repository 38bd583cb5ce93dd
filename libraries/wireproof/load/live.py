"""What is known of a load while it runs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from wireproof.quantities import Count, Duration, Fraction, Quantity, Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """The figures of a running load; rates, shares and times are those of its last second.

    Attributes:
        elapsed_s: since its start; less than 0 while clients connect.
        connections: held now.
        sent: messages so far.
        asked_rate: messages per second that are due now.
        send_rate, delivery_rate: messages per second.
        p95_s: of the delivery time; None if nothing was delivered.
        outstanding: sent and not delivered.
        failed: connects, sendings and messages that the server refused or broke off, so far.
        error_rate: their share of all that was tried.
        cpu: of the busiest worker, of one core.
    """

    elapsed_s: float = 0.0
    connections: int = 0
    sent: int = 0
    asked_rate: float = 0.0
    send_rate: float = 0.0
    delivery_rate: float = 0.0
    p95_s: float | None = None
    outstanding: int = 0
    failed: int = 0
    error_rate: float = 0.0
    cpu: float = 0.0


FIGURES: Mapping[str, tuple[type[Quantity], Callable[[Live], Quantity | None]]] = {
    "connections.held": (Count, lambda live: Count(live.connections)),
    "send.rate": (Rate, lambda live: Rate(live.send_rate)),
    "delivery.rate": (Rate, lambda live: Rate(live.delivery_rate)),
    "delivery.p95": (Duration, lambda live: None if live.p95_s is None else Duration(live.p95_s)),
    "delivery.outstanding": (Count, lambda live: Count(live.outstanding)),
    "error.count": (Count, lambda live: Count(live.failed)),
    "error.rate": (Fraction, lambda live: Fraction(live.error_rate)),
    "server.error_rate": (Fraction, lambda live: Fraction(live.error_rate)),
    "generator.cpu": (Fraction, lambda live: Fraction(live.cpu)),
}
"""What a condition may look at: its kind of quantity, and what it is now; None while that is not known."""
