"""From journal events to what recovery is measured by, in compact columns."""

import threading
from array import array
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wireproof.journal import Event
from wireproof.journal import current as journal
from wireproof.timing import loads
from wireproof.timing.fault import Fault
from wireproof.timing.figures import LOST, NOT_CONNECTED, REFUSED, UNKNOWN, UNSENT

if TYPE_CHECKING:
    from wireproof.timing.recovery import Observed

GIVEN_UP = frozenset({1002, 1003, 1007, 1009, 1010, 1011})
"""Close codes by which a client complains; by all others it leaves."""

_STALE_NS = 60 * 10**9
_DAMAGED = (TypeError, ValueError, KeyError, OverflowError, AttributeError)


@dataclass(slots=True)
class _Pending:
    """A message that is not done."""

    place: int
    sender: str
    audience: list[str]
    is_acked: bool = False


@dataclass(frozen=True, slots=True)
class Tally:
    """What a check counted: a ledger's verdict or a look at what was left behind.

    Attributes:
        at_ns: when.
        source: the ledger, empty for leaks.
        scope: the test or suite in which it was.
        counts: by word.
    """

    at_ns: int
    source: str
    scope: str
    counts: Mapping[str, int]


class Recorder:
    """Takes events, from the journal's thread, and hands out what it took; a message costs three numbers."""

    def __init__(self) -> None:
        self.damaged = 0
        """Events that could not be read."""
        self._lock = threading.Lock()
        self._sent, self._acked, self._delivered = array("q"), array("q"), array("q")
        self._pending: dict[str, _Pending] = {}
        self._acknowledges: dict[str, bool] = {}
        """By client, as it spoke last: what it sent may be noted when its connection has ended already."""
        self._errors: dict[str, array[int]] = {}
        self._steady: list[tuple[int, int, float]] = []
        self._running: dict[str, tuple[int, float]] = {}
        self._running_loads: dict[str, tuple[int, float]] = {}
        self._loads: dict[str, Observed | None] = {}
        """Of the loads that have ended, by their file; None for one that was not read yet."""
        self._faults: dict[int, Fault] = {}
        self._scopes: list[tuple[str, int]] = []
        self._verdicts: list[Tally] = []
        self._leaks: list[Tally] = []
        self._takers: dict[str, Callable[[Event, Mapping[str, Any]], None]] = {
            "received": self._take_received,
            "sent": self._take_sent,
            "expect": self._take_expect,
            "traffic": self._take_traffic,
            "load": self._take_load,
            "unsent": self._take_unsent,
            "connected": self._take_connected,
            "close": self._take_close,
            "refused": self._take_refused,
            "fault": self._take_fault,
            "scope": self._take_scope,
            "verdict": self._take_verdict,
            "leaks": self._take_leaks,
        }

    def take(self, event: Event) -> None:
        """Notes what an event says about recovery; events of other kinds change nothing."""
        taker = self._takers.get(event.kind)
        if taker is not None:
            with self._lock:
                try:
                    taker(event, event.data)
                except _DAMAGED:
                    self.damaged += 1  # told by the keywords: here an error would end the journal's writer

    # -- what was taken ----------------------------------------------------------------------------------------------

    def observed(self) -> "Observed":
        """Messages and errors so far, those of loads included; what is taken later does not change it.

        Raises:
            TimingError: the file of a load cannot be read.
        """
        import numpy as np

        from wireproof.timing.recovery import Observed, Steady

        with self._lock:
            columns = [column.tobytes() for column in (self._sent, self._acked, self._delivered)]
            errors = {kind: at.tobytes() for kind, at in self._errors.items()}
            steady = [*self._steady, *((begin_ns, 0, rate) for begin_ns, rate in self._running.values())]
        sent, acked, delivered = (np.frombuffer(column, np.int64) for column in columns)
        errors_at = {kind: np.frombuffer(at, np.int64) for kind, at in errors.items()}
        tracked = Observed(sent, acked, delivered, errors_at, [Steady(*span) for span in steady])
        return tracked.beside(self._of_loads())

    def _of_loads(self) -> "list[Observed]":
        with self._lock:
            unread = [name for name, known in self._loads.items() if known is None]
        for name in unread:
            self._loads[name] = loads.read((journal().folder or Path()) / name)
        return [known for known in self._loads.values() if known is not None]

    @property
    def running_loads(self) -> list[str]:
        """Loads whose messages are not known yet."""
        with self._lock:
            return list(self._running_loads)

    @property
    def faults(self) -> list[Fault]:
        """All faults so far, in the order in which they began."""
        with self._lock:
            return list(self._faults.values())

    @property
    def verdicts(self) -> list[Tally]:
        """What ledgers found."""
        with self._lock:
            return list(self._verdicts)

    @property
    def leaks(self) -> list[Tally]:
        """What was left behind, by every look at it."""
        with self._lock:
            return list(self._leaks)

    # -- messages ----------------------------------------------------------------------------------------------------

    def _take_expect(self, event: Event, data: Mapping[str, Any]) -> None:
        if data.get("elsewhere"):
            return
        self._pending[data["id"]] = _Pending(len(self._sent), event.source, list(data["audience"]))
        for column in (self._sent, self._acked, self._delivered):
            column.append(0)

    def _take_sent(self, event: Event, data: Mapping[str, Any]) -> None:
        pending = self._pending.get(data.get("id", ""))
        if pending is None or self._sent[pending.place]:
            return
        self._sent[pending.place] = event.at_ns
        if data.get("no_ack") or not self._acknowledges.get(event.source):
            self._is_acked(data["id"], pending, event.at_ns)

    def _take_received(self, event: Event, data: Mapping[str, Any]) -> None:
        id, reply_to = data.get("id", ""), data.get("reply_to", "")
        if reply_to:
            self._take_reply(event, reply_to, data.get("outcome", ""))
        if id == reply_to or (pending := self._pending.get(id)) is None or event.source not in pending.audience:
            return
        pending.audience.remove(event.source)
        if not pending.audience:
            self._delivered[pending.place] = event.at_ns
            if pending.is_acked:
                del self._pending[id]

    def _take_reply(self, event: Event, id: str, outcome: str) -> None:
        if outcome in (REFUSED, UNKNOWN):
            self._error(outcome, event.at_ns)
        pending = self._pending.get(id)
        if outcome == "acked" and pending is not None and pending.sender == event.source:
            self._is_acked(id, pending, event.at_ns)

    def _is_acked(self, id: str, pending: _Pending, at_ns: int) -> None:
        if not pending.is_acked:
            pending.is_acked = True
            self._acked[pending.place] = at_ns
            if not pending.audience:
                del self._pending[id]

    def _take_traffic(self, event: Event, data: Mapping[str, Any]) -> None:
        if data["phase"] == "on":
            self._running[event.source] = event.at_ns, float(data["rate"])
        elif event.source in self._running:
            begin_ns, rate = self._running.pop(event.source)
            self._steady.append((begin_ns, event.at_ns, rate))

    def _take_load(self, event: Event, data: Mapping[str, Any]) -> None:
        """A load is steady traffic whose messages are in a file, once it has ended."""
        if data["phase"] == "on":
            self._running_loads[event.source] = event.at_ns, float(data["rate"])
        elif event.source in self._running_loads:
            begin_ns, rate = self._running_loads.pop(event.source)
            if data["traffic"]:
                self._steady.append((begin_ns, int(data["until_ns"]), rate))
                self._loads[data["traffic"]] = None

    # -- errors ------------------------------------------------------------------------------------------------------

    def _error(self, kind: str, at_ns: int) -> None:
        self._errors.setdefault(kind, array("q")).append(at_ns)

    def _take_connected(self, event: Event, data: Mapping[str, Any]) -> None:
        self._acknowledges[event.source] = bool(data.get("acknowledges"))

    def _take_close(self, event: Event, data: Mapping[str, Any]) -> None:
        if data.get("by") != "client" or data.get("code") in GIVEN_UP:
            self._error(LOST, event.at_ns)

    def _take_refused(self, event: Event, data: Mapping[str, Any]) -> None:
        self._error(NOT_CONNECTED, event.at_ns)

    def _take_unsent(self, event: Event, data: Mapping[str, Any]) -> None:
        self._error(UNSENT, event.at_ns)

    # -- faults and what was found of them ---------------------------------------------------------------------------

    def _take_fault(self, event: Event, data: Mapping[str, Any]) -> None:
        number = data["number"]
        if data["phase"] == "on":
            scope, since_ns = self._scope
            due_off_ns = event.at_ns + int(data["duration_s"] * 1e9) if "duration_s" in data else 0
            self._faults[number] = Fault(
                number, event.source, data["name"], scope, event.at_ns, due_off_ns=due_off_ns, since_ns=since_ns
            )
        elif number in self._faults:
            self._faults[number] = replace(self._faults[number], off_ns=event.at_ns)

    def _take_scope(self, event: Event, data: Mapping[str, Any]) -> None:
        name = data["name"]
        if data["phase"] == "start":
            self._scopes.append((name, event.at_ns))
        elif name in (names := [known for known, _ in self._scopes]):
            del self._scopes[names.index(name) :]
            for number, fault in self._faults.items():
                if fault.scope == name and fault.until_ns is None:
                    self._faults[number] = replace(fault, until_ns=event.at_ns)
            self._forget(event.at_ns - _STALE_NS)

    @property
    def _scope(self) -> tuple[str, int]:
        """The test or suite that is running, and since when."""
        return self._scopes[-1] if self._scopes else ("", 0)

    def _forget(self, before_ns: int) -> None:
        """What was lost long ago is not waited for any more, unless a fault of a suite around is of interest."""
        if any(fault.until_ns is None for fault in self._faults.values()):
            return
        stale = [id for id, pending in self._pending.items() if self._sent[pending.place] < before_ns]
        for id in stale:
            del self._pending[id]

    def _take_verdict(self, event: Event, data: Mapping[str, Any]) -> None:
        if "criterion" not in data:
            self._verdicts.append(self._tally(event, data.get("anomalies", {})))

    def _take_leaks(self, event: Event, data: Mapping[str, Any]) -> None:
        self._leaks.append(self._tally(event, data))

    def _tally(self, event: Event, counts: Mapping[str, Any]) -> Tally:
        scope, _ = self._scope
        return Tally(event.at_ns, event.source, scope, {word: int(count) for word, count in counts.items()})
