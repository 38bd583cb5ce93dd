"""Why a measurement cannot be judged, and what to tell beside one that can."""

from wireproof.measures.estimate import Measured
from wireproof.quantities import Duration, Quantity
from wireproof.timing.shown import Scale, count

LATENESS = "send.lateness"
LATENESS_SHARE = 0.2
"""Of a limit: a generator whose own sends are later than that measures itself."""

OWN = (LATENESS, "loop.lag", "gc.pause", "self.echo")
"""What a generator says of its own error: no time of the system, so late sends do not spoil it."""

_LOST = "delivery.lost"


def problems(measured: Measured, metric: str, limit: Quantity) -> list[str]:
    """What makes a measurement worthless, a plain line each: its own complaints, late sends, gaps in readings."""
    found, measure = [*measured.problems], measured.measures[metric]
    if isinstance(limit, Duration) and metric not in OWN:
        found += _late_sends(measured, limit)
    if gaps := getattr(measure, "gaps", 0):
        found.append(f"the monitor missed {count(gaps)} of {count(measure.n + gaps)} readings")
    return found


def remarks(measured: Measured, metric: str) -> list[str]:
    """What belongs beside a value: how many messages a latency does not speak of, because they never came."""
    lost = measured.measures.get(_LOST)
    if not metric.startswith("delivery.") or metric == _LOST or lost is None or not lost.n:
        return []
    value = lost.estimate("count").value
    return [f"{Scale.of(value, value).text(value)} lost"]


def _late_sends(measured: Measured, limit: Duration) -> list[str]:
    lateness = measured.measures.get(LATENESS)
    if lateness is None or not lateness.n:
        return []
    late = lateness.estimate("p99").value
    allowed = Duration(limit.seconds * LATENESS_SHARE)
    if not isinstance(late, Duration) or late.seconds <= allowed.seconds:
        return []
    scale = Scale.of(late, allowed)
    return [f"sends were late: p99 = {scale.text(late)} is more than {LATENESS_SHARE * 100:.0f} % of {limit}"]
