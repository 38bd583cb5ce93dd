"""What recovery from a fault is, in numbers: definitions without I/O.

A tracked message is *done* when its sender has its acknowledgement (where the protocol has one) and everybody in its
audience has it. A fault is healed at the moment its healing was ordered, so what the healing takes counts as recovery.

detect: fault on → the first error at a client: a connection lost or refused, a message refused, of unknown outcome, or
    due and not sent.
first success: heal → the first message that was both taken over and delivered after the heal.
rate: heal → the end of the first window in which as many new messages get done as `share` of the rate before the fault
    asks for. The window is `WINDOW_S` long, or as long as `FEWEST` messages take. What went well until the heal proves
    nothing of what comes after it, and a backlog that comes at once is no rate, be it one that piled up while a server
    started. So those are new that were sent after the first one that was sent after the heal was done. The rate before
    is that of the last second before the fault, or of the last `FEWEST` messages if those took longer, of what was sent
    since steady traffic began or ended last; it is not more than what steady traffic had due.
drained: heal → the moment from which nothing was outstanding any more: the rate is back, and whatever had been taken
    over until then is delivered. Without a rate before the fault the first success takes the place of the rate.

A fault that begins before the recovery from an earlier one is drained becomes part of it: the earlier one counts from
the last heal, and the rate to come back to is that before the earlier one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from wireproof.timing.fault import Fault
from wireproof.timing.figures import FEWEST, KINDS, LONGEST_BEFORE_S, WINDOW_S, Recovery

Ints: TypeAlias = npt.NDArray[np.int64]

_BEFORE_S = 1.0
_NEVER = np.iinfo(np.int64).max


class Steady(NamedTuple):
    """When steady traffic was on, 0 as its end for still, and how many messages a second it had due."""

    begin_ns: int
    end_ns: int
    rate: float


@dataclass(frozen=True, eq=False)
class Observed:
    """What was seen of tracked messages and of errors at clients, on the journal's clock.

    Attributes:
        sent, acked, delivered: of each message when it was sent, taken over, and delivered to its whole audience; 0 for
            never. What needs no acknowledgement is taken over when it is sent.
        errors: when errors of each kind were.
        steady: the steady traffics.
    """

    sent: Ints
    acked: Ints
    delivered: Ints
    errors: Mapping[str, Ints] = field(default_factory=dict)
    steady: Sequence[Steady] = ()

    def between(self, begin_ns: int, end_ns: int) -> "Observed":
        """The messages that were sent then and what was known of them at its end, and the errors of that time."""
        ours = (self.sent >= begin_ns) & (self.sent <= end_ns)

        def known(column: Ints) -> Ints:
            at = column[ours]
            return np.where((at > 0) & (at <= end_ns), at, _NEVER)

        errors = {kind: at[(at >= begin_ns) & (at <= end_ns)] for kind, at in self.errors.items()}
        begun = [one for one in self.steady if one.begin_ns <= end_ns]
        steady = [one._replace(end_ns=0) if one.end_ns > end_ns else one for one in begun]
        return Observed(self.sent[ours], known(self.acked), known(self.delivered), errors, steady)

    def beside(self, others: "Sequence[Observed]") -> "Observed":
        """These messages and errors, and those that others saw at the same time."""
        if not others:
            return self
        every = (self, *others)
        kinds = dict.fromkeys(kind for one in every for kind in one.errors)
        nothing = np.empty(0, np.int64)
        return Observed(
            np.concatenate([one.sent for one in every]),
            np.concatenate([one.acked for one in every]),
            np.concatenate([one.delivered for one in every]),
            {kind: np.concatenate([one.errors.get(kind, nothing) for one in every]) for kind in kinds},
            [steady for one in every for steady in one.steady],
        )

    @property
    def done(self) -> Ints:
        return np.maximum(self.acked, self.delivered)

    @property
    def ended_ns(self) -> int:
        """When the last message was sent, or was to be; `_NEVER` while steady traffic is on."""
        ends = [one.end_ns or _NEVER for one in self.steady]
        return max(int(self.sent.max(initial=0)), *ends, 0)

    def changed_before(self, at_ns: int) -> int:
        """When steady traffic began or ended last before a moment."""
        changes = (change for one in self.steady for change in (one.begin_ns, one.end_ns))
        return max((change for change in changes if change < at_ns), default=0)

    def due_at(self, at_ns: int) -> float:
        """How many messages a second steady traffic had due at a moment."""
        return sum(one.rate for one in self.steady if one.begin_ns < at_ns <= (one.end_ns or _NEVER))


def measure(fault: Fault, faults: Iterable[Fault], observed: Observed, now_ns: int, share: float = 0.9) -> Recovery:
    """How the system recovered from a fault, as far as was to be seen until now or the end of the fault's test.

    Args:
        fault: the one in question.
        faults: all there were.
        observed: of the whole run.
        now_ns: this moment.
        share: of the former rate that is to be reached.
    """
    faults = sorted(faults, key=_began)
    alone = _measure(fault, faults, observed, now_ns, share)
    earlier = _healed_with(fault, faults, alone)
    if earlier is None or observed.changed_before(fault.on_ns) > earlier.on_ns:
        return alone
    whole = measure(earlier, faults, observed, fault.on_ns - 1, share)
    if whole.drained_ms is not None or whole.rate_before is None:
        return alone
    return _measure(fault, faults, observed, now_ns, share, whole.rate_before)


def _measure(
    fault: Fault, faults: Sequence[Fault], observed: Observed, now_ns: int, share: float, rate: float | None = None
) -> Recovery:
    """The same, for a rate to come back to, or for that before the fault."""
    end_ns = min(now_ns, fault.until_ns or now_ns)
    seen = observed.between(min(fault.since_ns, fault.on_ns - _ns(LONGEST_BEFORE_S)), end_ns)
    look = _Look(fault, seen, end_ns, share, rate or _rate_before(seen, fault.on_ns))
    if fault.off_ns is None or fault.off_ns > end_ns:
        return look.unhealed(fault)
    recovery = look.since(fault.off_ns)
    for other in faults:
        if _began(other) <= _began(fault):
            continue
        if other.on_ns > end_ns or _drained_ns(recovery) <= other.on_ns:
            break
        if other.off_ns is None or other.off_ns > end_ns:
            return look.unhealed(other)
        recovery = look.since(max(other.off_ns, recovery.healed_ns or 0))
    return recovery


def _began(fault: Fault) -> tuple[int, int]:
    return fault.on_ns, fault.number


def _healed_with(fault: Fault, faults: Sequence[Fault], alone: Recovery) -> Fault | None:
    """The last earlier fault of the same test that did not outlast the recovery: what it left is no rate to keep."""
    earlier = (
        other
        for other in reversed(faults)
        if _began(other) < _began(fault)
        and (other.until_ns is None or other.until_ns >= fault.on_ns)
        and other.off_ns is not None
        and other.off_ns <= _drained_ns(alone)
    )
    return next(earlier, None)


def _drained_ns(recovery: Recovery) -> int:
    if recovery.drained_ms is None or recovery.healed_ns is None:
        return _NEVER
    return recovery.healed_ns + _ns(recovery.drained_ms / 1000)


class _Look:
    """A look at what was observed of one fault, for one heal or another."""

    def __init__(self, fault: Fault, seen: Observed, end_ns: int, share: float, rate: float | None) -> None:
        self._fault = fault
        self._seen = seen
        self._end_ns = end_ns
        self._rate = rate
        self._window_ns = _ns(max(WINDOW_S, FEWEST / self._rate if self._rate else 0))
        self._due = (seen.acked < _NEVER) & (seen.sent >= fault.since_ns)
        self._needed = max(1, ceil(share * (self._rate or 0) * self._window_ns / 1e9 - 1e-6))

    def unhealed(self, still_on: Fault) -> Recovery:
        """So far: a fault is on."""
        return replace(self._basis(self._fault.on_ns, self._end_ns), still_on=still_on)

    def since(self, heal_ns: int) -> Recovery:
        """Counted from a heal."""
        seen = self._seen
        first = _first(seen.done[(seen.acked >= heal_ns) & (seen.delivered >= heal_ns)])
        rate = self._rate_is_back(heal_ns) if self._rate else None
        back = rate if self._rate else first
        drained = self._drained(back) if back is not None else None
        return replace(
            self._basis(heal_ns, self._end_ns if drained is None else drained),
            healed_ns=heal_ns,
            looked_ms=(self._end_ns - heal_ns) / 1e6,
            first_success_ms=_ms(heal_ns, first),
            rate_ms=_ms(heal_ns, rate),
            drained_ms=_ms(heal_ns, drained),
            traffic_ended_ms=None if seen.ended_ns == _NEVER else _ms(heal_ns, seen.ended_ns),
        )

    def _basis(self, since_ns: int, until_ns: int) -> Recovery:
        """What there is beside the times: the rate now, of what got done since a moment, and errors until a moment."""
        seen, on_ns = self._seen, self._fault.on_ns
        errors = {kind: at[(at >= on_ns) & (at <= until_ns)] for kind, at in seen.errors.items()}
        done = seen.done
        recent_ns = max(since_ns, self._end_ns - self._window_ns)
        return Recovery(
            fault=self._fault,
            detect_ms=_ms(on_ns, _first(np.concatenate([np.empty(0, np.int64), *errors.values()]))),
            kinds={kind: len(errors.get(kind, ())) for kind in KINDS},
            rate_before=self._rate,
            rate_now=int(np.count_nonzero((done > recent_ns) & (done <= self._end_ns))) / self._window_ns * 1e9,
            window_s=self._window_ns / 1e9,
            outstanding=int(np.count_nonzero(self._due & (seen.delivered == _NEVER))),
            has_traffic=seen.ended_ns >= on_ns,
        )

    def _rate_is_back(self, heal_ns: int) -> int | None:
        """The end of the first window in which enough gets done."""
        seen, window_ns, needed = self._seen, self._window_ns, self._needed
        flows_ns = seen.done[seen.sent >= heal_ns].min(initial=_NEVER)
        done = np.sort(seen.done[(seen.sent >= flows_ns) & (seen.done < _NEVER)])
        ends, begins = done[needed - 1 :], done[: max(0, len(done) - needed + 1)]
        return _first(ends[ends - begins < window_ns])

    def _drained(self, back_ns: int) -> int | None:
        """When the last of what was taken over until the rate was back was delivered."""
        seen = self._seen
        last = int(seen.done[self._due & (seen.sent <= back_ns)].max(initial=back_ns))
        return None if last == _NEVER else last


def _rate_before(seen: Observed, on_ns: int) -> float | None:
    """Messages done per second before the fault."""
    since = max(on_ns - _ns(LONGEST_BEFORE_S), seen.changed_before(on_ns))
    before = (seen.done < on_ns) & (seen.sent >= since)
    done, sent = seen.done[before], seen.sent[before]
    if len(done) < FEWEST:
        return None
    begin = min(on_ns - _ns(_BEFORE_S), int(np.sort(done)[-FEWEST]))
    lately = done >= begin
    # The time in which there was no traffic yet does not lower its rate.
    begin = max(begin, int(sent[lately].min()))
    rate = float(np.count_nonzero(lately)) / ((on_ns - begin) / 1e9)
    return min(rate, seen.due_at(on_ns) or rate)


def _first(at: Ints) -> int | None:
    return None if (first := int(at.min(initial=_NEVER))) == _NEVER else first


def _ms(from_ns: int, to_ns: int | None) -> float | None:
    return None if to_ns is None else (to_ns - from_ns) / 1e6


def _ns(seconds: float) -> int:
    return int(seconds * 1e9)
