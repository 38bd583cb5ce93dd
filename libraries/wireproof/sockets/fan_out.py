"""One message at many clients: who got it, when, and who got it twice or should not have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from wireproof.dialects import Message
from wireproof.sockets.client import Client
from wireproof.sockets.waits import Wait
from wireproof.wiretext import safe

if TYPE_CHECKING:
    from wireproof.measures.estimate import Measure

_NAMED = 5


@dataclass(frozen=True, slots=True)
class FanOut:
    """How a message spread; it can be judged as a measurement, of its latencies.

    Attributes:
        latencies_ms: by client, from the moment the check looked from to the arrival, milliseconds.
        messages: by client, the first that came.
    """

    name: ClassVar[str] = "fan-out"
    problems: ClassVar[tuple[str, ...]] = ()

    latencies_ms: Mapping[str, float]
    messages: Mapping[str, Message]

    @property
    def measures(self) -> "Mapping[str, Measure]":
        from wireproof.measures.durations import Durations

        return {"delivery.time": Durations.from_seconds(ms / 1000 for ms in self.latencies_ms.values())}

    @property
    def first_ms(self) -> float:
        return min(self.latencies_ms.values(), default=0.0)

    @property
    def last_ms(self) -> float:
        return max(self.latencies_ms.values(), default=0.0)

    def __repr__(self) -> str:
        return f"<{len(self.messages)} clients, {self.first_ms:.1f} to {self.last_ms:.1f} ms>"


def expect_everywhere(wait: Wait, clients: Sequence[Client], settle_s: float | None) -> FanOut | str:
    """Waits for the first message meant at each client; a failure's line if some did not get it.

    Args:
        wait: its time is for all together.
        clients: who has to get it.
        settle_s: how long to listen on for a second copy; None if copies do not matter.
    """
    # One client after the other, to the same deadline: what came meanwhile is in the others' inboxes.
    found = {client.name: wait.collect(client, 1) for client in clients}
    missing = [client for client in clients if not found[client.name]]
    if missing:
        return f"{_names(missing)} of {len(clients)} clients did not receive: {wait.missing(missing[0], 0, 1)}"
    if settle_s is not None:
        wait = Wait.begin(wait.matcher, wait.since, settle_s)
        counted = {client.name: list(wait.matches(client)) for client in clients}
        twice = [client for client in clients if len(counted[client.name]) > 1]
        if twice:
            return f"{_names(twice)} of {len(clients)} clients: {wait.too_many(twice[0], counted[twice[0].name], 1)}"
    first = {name: messages[0] for name, messages in found.items()}
    latencies = {name: (message.at_ns - wait.since.at_ns) / 1e6 for name, message in first.items()}
    return FanOut(latencies, first)


def expect_nowhere(wait: Wait, clients: Sequence[Client]) -> str:
    """A failure's line if the message has come to one of the clients, or one was cut off meanwhile; "" if not.

    Who was closed before the wait began cannot get the message, and that is no failure.
    """
    got = [client for client in clients if wait.so_far(client)]
    if not got:
        cut_off = (
            wait.deaf(client, ending) for client in clients for ending in client.closures.snapshot(wait.started_ns)
        )
        return next(cut_off, "")
    return f"{_names(got)} of {len(clients)} others: {wait.unwanted(got[0], wait.so_far(got[0])[0])}"


def _names(clients: Sequence[Client]) -> str:
    names = ", ".join(safe(client.name, 40) for client in clients[:_NAMED])
    return f"{len(clients)} ({names}{', …' if len(clients) > _NAMED else ''})"
