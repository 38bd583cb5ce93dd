"""From journal events to the columns of a history, one event at a time."""

import threading
from array import array
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from wireproof.delivery.columns import ABSENT, OUTCOMES, TABLES
from wireproof.journal import Event

if TYPE_CHECKING:
    from wireproof.delivery.history import History

DAMAGED = (TypeError, ValueError, KeyError, OverflowError, AttributeError)
"""What `Recorder.take` raises for an event that is not as the journal's events are."""


class Numbers:
    """Texts and their numbers, from 0, in order of appearance."""

    def __init__(self, *texts: str) -> None:
        self.texts = list(texts)
        self._numbers = {text: number for number, text in enumerate(texts)}

    def of(self, text: str) -> int:
        number = self._numbers.get(text)
        if number is None:
            number = self._numbers[text] = len(self.texts)
            self.texts.append(text)
        return number


class Standing:
    """What holds when a ledger begins: the connections there are, and what was sent before.

    Without it a ledger would not know what a protocol promises, nor a late message of an earlier test from a phantom.
    """

    KINDS = frozenset({"connected", "login", "close"})

    def __init__(self) -> None:
        self._events: dict[str, list[Event]] = {}
        self.sent: set[str] = set()

    def take(self, event: Event) -> None:
        """Notes an event that says something about later ones."""
        if event.kind in self.KINDS:
            if event.kind == "connected" and event.data.get("connection") == 1:
                self._events[event.source] = []  # another client of that name
            self._events.setdefault(event.source, []).append(event)
        elif event.kind == "sent" and event.data.get("id"):
            self.sent.add(event.data["id"])

    def events(self) -> list[Event]:
        """Connections, logins and closes of the clients there were last, in order."""
        return sorted((event for events in self._events.values() for event in events), key=lambda event: event.at_ns)

    def recorder(self, ledger: str, run: str) -> "Recorder":
        """A recorder that knows what holds by now."""
        recorder = Recorder(ledger, run, self.sent)
        for event in self.events():
            recorder.take(event)
        return recorder


class Recorder:
    """Takes events and hands out the `History` of what it took; events of other kinds change nothing.

    Args:
        ledger: the name of the ledger: what is expected of another one is not for this one.
        run: the nonce in the ids of this run's tracked messages.
        earlier: ids that were sent before; what comes of them is none of this ledger's business, unless they are sent
            again.
    """

    def __init__(self, ledger: str = "default", run: str = "", earlier: Iterable[str] = ()) -> None:
        self.ledger = ledger
        self.run = run
        self._earlier = set(earlier)
        self._lock = threading.Lock()
        self._ids = Numbers()
        self._names = Numbers("")
        self._columns = {table: array("q") for table in TABLES}
        self._sockets: dict[tuple[str, int], int] = {}
        self._opened = 0
        self._acknowledges: dict[int, bool] = {}
        self._takers: dict[str, Callable[[Event, Mapping[str, Any]], None]] = {
            "sent": self._sent,
            "received": self._received,
            "expect": self._expect,
            "connected": self._connected,
            "login": self._login,
            "close": self._close,
            "row": self._row,
            "rows": self._rows,
            "wire": self._wire,
            "fault": self._fault,
            "ledger": self._ledger,
        }

    def take(self, event: Event) -> None:
        """Notes what an event says about deliveries.

        Raises:
            DAMAGED: the event is not as it should be.
        """
        taker = self._takers.get(event.kind)
        if taker is None:
            return
        with self._lock:
            taker(event, event.data)

    def history(self) -> "History":
        """What was taken so far; what is taken later does not change it."""
        from wireproof.delivery.history import History

        with self._lock:
            rows = {table: column.tobytes() for table, column in self._columns.items()}
            return History.from_rows(rows, list(self._ids.texts), list(self._names.texts), self.run)

    def rows(self, *tables: str) -> int:
        """How many rows these tables have together."""
        return sum(len(self._columns[table]) // len(TABLES[table]) for table in tables)

    def _socket(self, event: Event) -> int:
        """The number of the event's socket."""
        key = event.source, int(event.data.get("connection", 0))
        return self._sockets[key] if key in self._sockets else self._open(key)

    def _open(self, key: tuple[str, int]) -> int:
        # One of its own for each: a client that is opened again under a name counts its connections from 1 again.
        self._opened += 1
        self._sockets[key] = self._opened
        return self._opened

    def _add(self, table: str, *values: int) -> None:
        # A whole row or none: what does not fit must not shift the columns.
        self._columns[table].extend(array("q", values))

    def _sent(self, event: Event, data: Mapping[str, Any]) -> None:
        name, socket = self._names.of(event.source), self._socket(event)
        if about := data.get("about"):
            self._add("confirmed", self._ids.of(about), name, socket, event.at_ns)
        if data.get("control") or not data.get("id"):
            return
        self._earlier.discard(data["id"])
        acknowledged = self._acknowledges.get(socket, False) and not data.get("no_ack")
        to, kind = self._names.of(data.get("to", "")), self._names.of(data.get("message_kind", ""))
        due = data.get("intended_ns", ABSENT)
        self._add(
            "sent",
            self._ids.of(data["id"]),
            name,
            socket,
            to,
            kind,
            event.at_ns,
            _digest(data),
            int(acknowledged),
            due,
        )

    def _received(self, event: Event, data: Mapping[str, Any]) -> None:
        name, id, reply_to = self._names.of(event.source), data.get("id", ""), data.get("reply_to", "")
        if reply_to and (outcome := OUTCOMES.get(data.get("outcome", ""))):
            self._add("verdicts", self._ids.of(reply_to), name, outcome, event.at_ns)
        if "gap" in data:
            first, last = data["gap"]
            self._add("gaps", name, self._socket(event), first, last)
        seq = data.get("seq", ABSENT)
        if data.get("control") or (not id and seq == ABSENT) or id in self._earlier:
            return
        self._add(
            "received",
            self._ids.of(id) if id else ABSENT,
            name,
            self._socket(event),
            event.at_ns,
            seq,
            data.get("retry", 0),
            _digest(data),
            self._names.of(data.get("message_kind", "")),
            self._names.of(data.get("flow", "")),
            int(bool(reply_to)),
        )

    def _expect(self, event: Event, data: Mapping[str, Any]) -> None:
        if data.get("ledger", self.ledger) != self.ledger:
            return
        self._earlier.discard(data["id"])
        message, sender = self._ids.of(data["id"]), self._names.of(data.get("sender", event.source))
        for client in data["audience"]:
            elsewhere = int(bool(data.get("elsewhere")))
            self._add("expected", message, self._names.of(client), sender, elsewhere, event.at_ns)

    def _connected(self, event: Event, data: Mapping[str, Any]) -> None:
        socket = self._open((event.source, int(data.get("connection", 0))))
        self._acknowledges[socket] = bool(data.get("acknowledges"))
        marks, flows = int(bool(data.get("marks_redelivery"))), int(bool(data.get("counts_flows")))
        redelivery_ns = int(data.get("redelivery_s", 0) * 1e9)
        self._add("connections", self._names.of(event.source), socket, event.at_ns, marks, flows, redelivery_ns)

    def _login(self, event: Event, data: Mapping[str, Any]) -> None:
        name, identity = self._names.of(event.source), self._names.of(data.get("identity", ""))
        epoch, last_seq = self._names.of(data.get("epoch", "")), data.get("last_seq", ABSENT)
        recovered = int(data.get("recovered", ABSENT))
        self._add("logins", name, self._socket(event), identity, event.at_ns, epoch, last_seq, recovered)

    def _close(self, event: Event, data: Mapping[str, Any]) -> None:
        self._add("closes", self._names.of(event.source), self._socket(event), event.at_ns)

    def _row(self, event: Event, data: Mapping[str, Any]) -> None:
        table, owner = self._names.of(data.get("table", "")), self._names.of(data.get("owner") or "")
        self._add(
            "rows",
            self._ids.of(str(data["id"])),
            table,
            data.get("scan", 0),
            event.at_ns,
            _digest(data),
            owner,
            data.get("copies", 1),
        )

    def _rows(self, event: Event, data: Mapping[str, Any]) -> None:
        self._add("scans", data["scan"], self._names.of(data.get("table", "")), data["asked_ns"], event.at_ns)

    def _wire(self, event: Event, data: Mapping[str, Any]) -> None:
        place = f"{event.source} {data.get('direction', '')}".rstrip()
        self._add("wire", self._ids.of(data["id"]), self._names.of(place), event.at_ns)

    def _fault(self, event: Event, data: Mapping[str, Any]) -> None:
        name = self._names.of(data.get("name") or event.source)
        self._add("faults", name, int(data["phase"] == "on"), event.at_ns, data.get("touched", ABSENT))

    def _ledger(self, event: Event, data: Mapping[str, Any]) -> None:
        if event.source == self.ledger and data.get("phase") == "overdue":
            self._add("overdue", event.at_ns)


def _digest(data: Mapping[str, Any]) -> int:
    """63 bits of a digest, so that it fits a column; 0 where there is none."""
    return int(data.get("digest") or "0", 16) >> 1
