"""Profiles of loads, and when what of them is due."""

from typing import TYPE_CHECKING

from wireproof.load.plan import Profile, Stage

if TYPE_CHECKING:
    from wireproof.delivery.history import Ints

STAYS = -1
"""When a connection is closed that stays to the end."""


def constant_rate(rate: float, connections: int, duration_s: float) -> Profile:
    """The same rate from begin to end."""
    return Profile((Stage(duration_s, rate, rate, connections, connections),))


def due_ns(profile: Profile) -> "Ints":
    """When each message is due, in nanoseconds from the start, in order."""
    import numpy as np

    parts, start, sent = [], 0.0, 0.0
    for stage in profile.stages:
        begin, growth = stage.rate, (stage.rate_end - stage.rate) / stage.duration_s
        total = sent + (stage.rate + stage.rate_end) / 2 * stage.duration_s
        numbers = np.arange(np.ceil(sent - 1e-9), np.ceil(total - 1e-9)) - sent
        # The k-th is due when the integral of the rate is k: begin·t + growth·t²/2 = k, in the form that has no 0/0.
        at = 2 * numbers / (begin + np.sqrt(np.maximum(begin**2 + 2 * growth * numbers, 0))) if len(numbers) else numbers
        parts.append(start + np.nan_to_num(at))
        start, sent = start + stage.duration_s, total
    return (np.concatenate(parts) * 1e9).astype(np.int64)


def open_ns(profile: Profile) -> "Ints":
    """When each connection is opened, in nanoseconds from the start; 0 for those that are open before it."""
    import numpy as np

    opens = np.zeros(profile.peak_connections, np.int64)
    start, reached = 0.0, profile.stages[0].connections
    for stage in profile.stages:
        rise = stage.connections_end - stage.connections
        for number in range(reached, max(reached, stage.connections, stage.connections_end)):
            share = (number + 1 - stage.connections) / rise if rise > 0 else 0.0
            opens[number] = int((start + max(0.0, share) * stage.duration_s) * 1e9)
        reached = max(reached, stage.connections, stage.connections_end)
        start += stage.duration_s
    return opens
