"""When what of a load is due: the moments of all messages, and of every connection's opening and closing.

The k-th message is due when the integral of the rate reaches k. So a ramp sends exactly the messages that its mean rate
asks for, and an hour at 1000/s does not drift.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from wireproof.load.errors import LoadError
from wireproof.load.plan import Profile, Stage
from wireproof.quantities import Duration

if TYPE_CHECKING:
    from wireproof.delivery.history import Ints

STAYS = -1
"""When a connection is closed that stays to the end."""

AT_ONCE_S = 1e-6
"""How long a burst lasts that was given no time: all its messages are due within a microsecond."""

_ROUNDING = 1e-6
"""Of a message: what the sum of many stages may be off."""


# -- stages ----------------------------------------------------------------------------------------------------------


def hold(rate: float, connections: int, duration_s: float) -> Stage:
    """Nothing changes: a constant rate, constant connections, or both."""
    return Stage(duration_s, rate, rate, connections, connections)


def burst(messages: int, connections: int, within_s: float = AT_ONCE_S) -> Stage:
    """So many messages as fast as that."""
    if messages < 1:
        raise LoadError(f"a burst of {messages} messages is none: it has 1 or more")
    if not within_s > 0:
        raise LoadError(f"a burst takes more than 0 s, not {within_s:g} s; leave the time out for all at once")
    return hold(messages / within_s, connections, within_s)


def steps(rates: tuple[float, float], connections: tuple[int, int], count: int, each_s: float) -> list[Stage]:
    """From one value to another in equal steps, the first and the last of which are those values."""
    if count < 2:
        raise LoadError(f"{count} is no number of steps: there are 2 or more")

    def at(ends: tuple[float, float], step: int) -> float:
        return ends[0] + (ends[1] - ends[0]) * step / (count - 1)

    return [hold(at(rates, step), round(at(connections, step)), each_s) for step in range(count)]


# -- profiles --------------------------------------------------------------------------------------------------------


def profile_of(stages: Sequence[Stage]) -> Profile:
    """A profile of these stages.

    Raises:
        LoadError: there is none, or one cannot be.
    """
    for number, stage in enumerate(stages, 1):
        if problem := _problem(stage):
            raise LoadError(f"stage {number} {problem}")
    if not stages:
        raise LoadError("a load has at least one stage, such as 1000/s for 30s")
    counts = [count for stage in stages for count in (stage.connections, stage.connections_end)]
    has_fallen = False
    for before, after in pairwise(counts):
        has_fallen = has_fallen or after < before
        if has_fallen and after > before:
            raise LoadError(
                f"connections rise to {after} after they have fallen to {before}: a connection that is closed does not "
                "come back; let them rise first and fall then, or start a second load"
            )
    return Profile(tuple(stages))


def constant_rate(rate: float, connections: int, duration_s: float) -> Profile:
    """The same rate from begin to end; rate 0 for connections that are only held."""
    return profile_of([hold(rate, connections, duration_s)])


def _problem(stage: Stage) -> str:
    rates, counts = (stage.rate, stage.rate_end), (stage.connections, stage.connections_end)
    if not (math.isfinite(stage.duration_s) and stage.duration_s > 0):
        return f"lasts {stage.duration_s:g} s: give it more than 0 s"
    for rate in rates:
        if not (math.isfinite(rate) and rate >= 0):
            return f"has a rate of {rate:g}/s: a rate is a number, 0/s or more"
    if min(counts) < 0:
        return f"has {min(counts)} connections: there are 0 or more"
    if not max(counts):
        return "has no connections: say how many, with connections=100 or 100 connections for 30s"
    return ""


def messages(profile: Profile) -> int:
    """How many messages it sends."""
    total = math.fsum((stage.rate + stage.rate_end) / 2 * stage.duration_s for stage in profile.stages)
    return math.ceil(total - _ROUNDING)


def peak_rate(profile: Profile) -> float:
    """The highest rate in it."""
    return max(max(stage.rate, stage.rate_end) for stage in profile.stages)


def falls_s(profile: Profile) -> float | None:
    """When the first connection is closed, in seconds from the start; None where all stay to the end."""
    closes = close_ns(profile)
    leaving = closes[closes != STAYS]
    return float(leaving.min()) / 1e9 if len(leaving) else None


def rate_at(profile: Profile, at_s: float) -> float:
    """The rate at a moment; 0 after the end."""
    for stage in profile.stages:
        if at_s < stage.duration_s:
            return stage.rate + (stage.rate_end - stage.rate) * at_s / stage.duration_s
        at_s -= stage.duration_s
    return 0.0


def shown(profile: Profile) -> str:
    """It in a few words: what it comes to."""
    sent, peak = messages(profile), peak_rate(profile)
    pace = "many at once" if peak * AT_ONCE_S >= 1 else f"up to {peak:.10g}/s"
    told = f"{_counted(sent, 'message')}, {pace}, " if sent else ""
    return f"{told}{_counted(profile.peak_connections, 'connection')}, {Duration(profile.duration_s)}"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'s' if count > 1 else ''}"


# -- moments ---------------------------------------------------------------------------------------------------------


def due_ns(profile: Profile) -> "Ints":
    """When each message is due, in nanoseconds from the start, in order."""
    import numpy as np

    parts, start, sent = [], 0.0, 0.0
    for stage in profile.stages:
        begin, growth = stage.rate, (stage.rate_end - stage.rate) / stage.duration_s
        total = sent + (stage.rate + stage.rate_end) / 2 * stage.duration_s
        numbers = np.arange(math.ceil(sent - _ROUNDING), math.ceil(total - _ROUNDING)) - sent
        numbers = np.maximum(numbers, 0.0)
        # begin·t + growth·t²/2 = k, solved in the form that neither divides by a growth of 0 nor cancels digits.
        divisor = begin + np.sqrt(np.maximum(begin**2 + 2 * growth * numbers, 0.0))
        at = np.divide(2 * numbers, divisor, out=np.zeros_like(divisor), where=divisor > 0)
        parts.append(start + np.minimum(at, stage.duration_s))
        start, sent = start + stage.duration_s, total
    due: Ints = np.rint(np.maximum.accumulate(np.concatenate(parts)) * 1e9).astype(np.int64)
    return due


def open_ns(profile: Profile) -> "Ints":
    """When each connection is opened, in nanoseconds from the start; 0 for those that are open before it."""
    return _reached(profile, falling=False)


def close_ns(profile: Profile) -> "Ints":
    """When each connection is closed, in nanoseconds from the start; `STAYS` for those that stay to the end."""
    return _reached(profile, falling=True)


def _reached(profile: Profile, *, falling: bool) -> "Ints":
    """When the number of connections rises above each number, or falls to it."""
    import numpy as np

    at = np.full(profile.peak_connections, STAYS if falling else 0, np.int64)
    start, now = 0.0, profile.stages[0].connections
    for stage in profile.stages:
        for target, duration_s in ((stage.connections, 0.0), (stage.connections_end, stage.duration_s)):
            change = now - target if falling else target - now
            if change > 0:
                # Evenly over the time: the first after one part of it, the last at its end.
                shares = np.arange(1, change + 1) / change
                moments = np.rint((start + shares * duration_s) * 1e9).astype(np.int64)
                at[min(now, target) : max(now, target)] = moments[::-1] if falling else moments
            now = target
        start += stage.duration_s
    return at
