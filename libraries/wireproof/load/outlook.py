"""How a load goes: what a worker tells while it runs, and whether anything is still on its way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wireproof.delivery.columns import ACKED, REFUSED
from wireproof.journal import now_ns
from wireproof.load.audience import audience_sizes
from wireproof.load.plan import Plan

if TYPE_CHECKING:
    from wireproof.delivery.history import Ints
    from wireproof.load.worker.probes import Probes
    from wireproof.load.worker.shared import Worker


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a load is. Rates and percentiles are of the time since the last telling; None where nothing came.

    Attributes:
        phase: `connecting`, `running`, `draining` or `done`.
        elapsed_s: since the start.
        connected, refused: connections that are open, and that were not made.
        sent, acked, delivered: messages so far.
        failed: messages that were due and could not be sent, were refused, or whose dialect raised.
        rate: sent per second.
        p50_ms, p95_ms: from when a message was due to its arrival; of several workers those of the slowest.
        lag_ms: how late the worker's own timers were, at most.
    """

    phase: str = "connecting"
    elapsed_s: float = 0.0
    connected: int = 0
    refused: int = 0
    sent: int = 0
    acked: int = 0
    delivered: int = 0
    failed: int = 0
    rate: float = 0.0
    p50_ms: float | None = None
    p95_ms: float | None = None
    lag_ms: float = 0.0
    errors: Mapping[str, int] = field(default_factory=dict)


def together(parts: Sequence[Progress]) -> Progress:
    """How far several workers are."""
    if not parts:
        return Progress()
    phases = ("connecting", "running", "draining", "done")
    errors: dict[str, int] = {}
    for part in parts:
        for name, count in part.errors.items():
            errors[name] = errors.get(name, 0) + count
    return Progress(
        phase=min((part.phase for part in parts), key=phases.index),
        elapsed_s=max(part.elapsed_s for part in parts),
        connected=sum(part.connected for part in parts),
        refused=sum(part.refused for part in parts),
        sent=sum(part.sent for part in parts),
        acked=sum(part.acked for part in parts),
        delivered=sum(part.delivered for part in parts),
        failed=sum(part.failed for part in parts),
        rate=sum(part.rate for part in parts),
        p50_ms=max((part.p50_ms for part in parts if part.p50_ms is not None), default=None),
        p95_ms=max((part.p95_ms for part in parts if part.p95_ms is not None), default=None),
        lag_ms=max(part.lag_ms for part in parts),
        errors=errors,
    )


class Outlook:
    """Looks at one worker's tally while it grows."""

    def __init__(self, plan: Plan, worker: "Worker") -> None:
        self._worker, self._tally = worker, worker.tally
        self._sizes = audience_sizes(plan)
        self._seen_sent = self._seen_received = self._seen_lag = self._verdicts = self._acked = self._refused = 0
        self._at_ns = now_ns()

    def progress(self, phase: str, start_ns: int, probes: "Probes") -> Progress:
        """What happened since the last call."""
        tally, now = self._tally, now_ns()
        outcomes = tally.columns("verdicts", self._verdicts)["outcome"]
        acked = int((outcomes == ACKED).sum())
        self._acked += acked
        self._refused += len(outcomes) - acked
        self._verdicts += len(outcomes)
        p50, p95 = self._percentiles()
        lag = max(probes.lag_took[self._seen_lag :], default=0)
        sent, seconds = tally.sent - self._seen_sent, (now - self._at_ns) / 1e9
        self._seen_sent, self._seen_lag, self._at_ns = tally.sent, len(probes.lag_took), now
        return Progress(
            phase=phase,
            elapsed_s=(now - start_ns) / 1e9 if start_ns else 0.0,
            connected=sum(connection.is_open for connection in self._worker.connections.values()),
            refused=tally.connects.refused,
            sent=tally.sent,
            acked=self._acked,
            delivered=tally.count("received"),
            failed=tally.unsent + self._refused + self._worker.faults,
            rate=sent / seconds if seconds else 0.0,
            p50_ms=p50,
            p95_ms=p95,
            lag_ms=lag / 1e6,
            errors=dict(tally.errors),
        )

    def _percentiles(self) -> tuple[float | None, float | None]:
        import numpy as np

        tally, begin = self._tally, self._seen_received
        received = tally.columns("received", begin)
        row, at = received["message"] - tally.first, received["at"]
        self._seen_received += len(row)
        ours = (row >= 0) & (row < tally.sent)
        if not ours.any():
            return None, None
        earliest = int(row[ours].min())
        due = tally.columns("sent", earliest)["due"]
        p50, p95 = np.percentile((at[ours] - due[row[ours] - earliest]) / 1e6, [50, 95])
        return float(p50), float(p95)

    def is_quiet(self, *, somebody_returns: bool) -> bool:
        """Whether nothing more can come: all that was sent has an outcome and has arrived, or nobody is there."""
        if not somebody_returns and not any(connection.is_open for connection in self._worker.connections.values()):
            return True
        tally = self._tally
        if self._worker.acknowledged and tally.count("verdicts") < tally.sent:
            return False
        wanted = self._wanted()
        return tally.count("received") >= len(wanted) and not len(_missing(wanted, self._got()))

    def _wanted(self) -> "Ints":
        """The pairs that have to arrive, as one number each: which message, and how many recipients it has."""
        import numpy as np

        tally = self._tally
        sender = tally.columns("sent")["client"]
        rows = np.arange(len(sender))
        if self._worker.acknowledged:
            verdicts = tally.columns("verdicts")
            refused = verdicts["message"][verdicts["outcome"] == REFUSED] - tally.first
            rows = np.setdiff1d(rows, refused)
        return np.repeat(rows, self._sizes[sender[rows]])

    def _got(self) -> "Ints":
        """The messages that arrived, once for each client that got them."""
        import numpy as np

        tally = self._tally
        received = tally.columns("received")
        pairs = np.stack([received["message"], received["client"]])
        got: Ints = np.unique(pairs, axis=1)[0] - tally.first
        return got


def _missing(wanted: "Ints", got: "Ints") -> "Ints":
    """The messages that arrived less often than they should."""
    import numpy as np

    if not len(wanted):
        return wanted
    count = int(wanted[-1]) + 1
    ours = got[(got >= 0) & (got < count)]
    lacking: Ints = np.flatnonzero(np.bincount(wanted, minlength=count) > np.bincount(ours, minlength=count))
    return lacking
