"""Recoveries in words: one line for a check that passed, one for each way in which it fails."""

from collections.abc import Sequence

from wireproof.timing.figures import FEWEST, Recovery, Until
from wireproof.wiretext import safe

_REACHED: dict[Until, str] = {
    "first success": "the first success",
    "rate": "the former rate was back",
    "drained": "everything was drained",
}


def duration(ms: float) -> str:
    """A time as people read it: `12 ms`, `1.2 s`, `2 min 5 s`."""
    if 0 < ms < 1:
        return "< 1 ms"
    if ms < 999.5:
        return f"{ms:.0f} ms"
    if ms < 59_950:
        return f"{ms / 1000:.1f} s"
    minutes, seconds = divmod(round(ms / 1000), 60)
    return f"{minutes} min {seconds} s"


def summary(recovery: Recovery) -> str:
    """What was measured."""
    parts = [
        _told("detected after", recovery.detect_ms) or "no client noticed",
        _told("first success after", recovery.first_success_ms),
        _told("former rate after", recovery.rate_ms),
        _told("drained after", recovery.drained_ms),
        _errors(recovery),
    ]
    return f"recovery from '{recovery.fault.label}': {', '.join(part for part in parts if part)}"


def unmeasurable(recovery: Recovery, until: Until, running_loads: Sequence[str] = ()) -> str:
    """Why waiting for that is of no use; empty where it is."""
    if not recovery.has_traffic and running_loads:
        return (
            f"nothing shows a recovery from '{recovery.fault.label}' yet: the load '{safe(running_loads[0], 60)}' is "
            "still running; call Wait For Load first"
        )
    if not recovery.has_traffic:
        return (
            f"nothing shows a recovery from '{recovery.fault.label}': no tracked message was sent after it "
            "began; call Start Tracked Traffic before the fault"
        )
    if until == "rate" and recovery.rate_before is None:
        return (
            f"there is no rate to come back to: the traffic before '{recovery.fault.label}' had delivered fewer than "
            f"{FEWEST} messages; start it earlier, or give until=drained"
        )
    return _ended_early(recovery) if until != "first success" and recovery.reached_ms(until) is None else ""


def _ended_early(recovery: Recovery) -> str:
    ended_ms, window_s = recovery.traffic_ended_ms, recovery.window_s
    if recovery.rate_before is None or ended_ms is None or ended_ms >= window_s * 1000:
        return ""
    return (
        f"no rate shows the recovery from '{recovery.fault.label}': {_ended(ended_ms)}; "
        f"let it go on for {window_s:.3g} s or longer after the heal"
    )


def _ended(ms: float) -> str:
    return f"the traffic ended {duration(abs(ms))} {'before' if ms < 0 else 'after'} the heal"


def still_on(recovery: Recovery) -> str:
    """That a fault is on, empty where none is."""
    if recovery.still_on is None:
        return ""
    return f"the fault '{recovery.still_on.label}' is still on: recovery begins when it is healed"


def shortfall(recovery: Recovery, until: Until, limit_ms: float) -> str:
    """What is wrong with a recovery that was to take at most so long; empty if nothing is."""
    reached = recovery.reached_ms(until)
    if problem := still_on(recovery):
        return problem
    if reached is None:
        return _incomplete(recovery, limit_ms)
    if reached > limit_ms:
        return (
            f"recovery from '{recovery.fault.label}' took {duration(reached)} until {_REACHED[until]}, "
            f"at most {duration(limit_ms)} is allowed; {_errors(recovery)}"
        )
    return ""


def _incomplete(recovery: Recovery, limit_ms: float) -> str:
    first = _told("first success after", recovery.first_success_ms)
    parts = [first or "no message was acked and delivered", _rate(recovery), _outstanding(recovery), _errors(recovery)]
    word = "" if first else "no-progress-after-heal: "
    told = ", ".join(part for part in parts if part)
    return f"{word}recovery from '{recovery.fault.label}' is not complete after {duration(limit_ms)}: {told}"


def _rate(recovery: Recovery) -> str:
    before = recovery.rate_before
    if recovery.traffic_ended_ms is not None:
        return _ended(recovery.traffic_ended_ms)
    if before is None:
        return ""
    share = f"{recovery.rate_now / before * 100:.0f} % of {before:.3g}/s"
    return f"{share} in the last {recovery.window_s:.3g} s"


def _outstanding(recovery: Recovery) -> str:
    count = recovery.outstanding
    return f"{count} acked {'message' if count == 1 else 'messages'} not delivered" if count else ""


def _errors(recovery: Recovery) -> str:
    count = recovery.errors
    if not count:
        return "no error at a client"
    kinds = ", ".join(f"{number} {kind}" for kind, number in recovery.kinds.items() if number)
    return f"{count} {'error' if count == 1 else 'errors'} at clients ({kinds})"


def _told(words: str, ms: float | None) -> str:
    return "" if ms is None else f"{words} {duration(ms)}"
