"""The journal: everything that happens in a run, as events on one monotonic clock.

Recorders call `Journal.record` from any thread; it costs an append. A writer thread turns what was recorded into
`Event`s and JSON lines. It is also the door where a message is reduced to length, hash and a `safe` excerpt: no event
holds more.
"""

import hashlib
import itertools
import json
import marshal
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TextIO

from wireproof.wiretext import safe

VERSION = 1
RECENT = 10_000
"""Events kept in memory, the last ones; the file has all."""

_FLUSH_EVERY_S = 0.2
_DIGITS = 16
_IDS = frozenset({"id", "reply_to", "about"})
_LONGEST_ID = 128
_NOTHING = object()


def digest(value: Any) -> str:
    """What a JSON value says, as 16 hexadecimal digits: of the SHA-256 of its canonical text, or of bytes as they are.

    The order of keys, spaces and escapes do not change it; everything else does.

    Raises:
        ValueError: it has no such text: it nests deeper than Python writes, or has keys that cannot be put in order.
    """
    if not isinstance(value, bytes | bytearray):
        try:
            value = json.dumps(value, sort_keys=True, separators=(",", ":"), default=str).encode()
        except (TypeError, RecursionError) as error:
            raise ValueError(f"it has no canonical JSON text: {error}") from None
    return hashlib.sha256(value).hexdigest()[:_DIGITS]


now_ns: Final = time.monotonic_ns
"""The clock of every event: nanoseconds, monotonic, comparable only within one machine's uptime."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A named moment. Waits look at what came after it."""

    name: str
    at_ns: int

    @property
    def at_ms(self) -> float:
        return self.at_ns / 1e6

    def __repr__(self) -> str:
        return f"Mark({self.name!r})"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened: when, what kind, at whom, and its details as JSON values."""

    at_ns: int
    kind: str
    source: str
    data: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> str:
        return json.dumps({"at_ns": self.at_ns, "kind": self.kind, "source": self.source, **self.data})


class Journal:
    """The events of one run. `current` gives the one that all rooms share."""

    def __init__(self) -> None:
        self.started_ns = now_ns()
        self.run = os.urandom(6).hex()
        self._inbox: deque[tuple[Callable[..., Event], tuple[Any, ...]]] = deque()
        self._sinks: tuple[Callable[[Event], object], ...] = ()
        self._recent: deque[Event] = deque(maxlen=RECENT)
        self._marks: dict[str, Mark] = {}
        self._numbers = itertools.count(1)
        self._drain_lock = threading.Lock()
        self.folder: Path | None = None
        """Where the file is, and the files that events name: of the run that is written, or was last."""
        self._file: TextIO | None = None
        self._writer: threading.Thread | None = None
        self._closing = threading.Event()

    def record(
        self,
        kind: str,
        source: str,
        *,
        at_ns: int | None = None,
        payload: bytes | None = None,
        body: Any = _NOTHING,
        **data: Any,
    ) -> None:
        """Notes an event; callable from any thread.

        Args:
            kind: what happened: connect, connected, refused, sent, received, close, mark, service, note, ...
            source: the client, service or fixture it happened to.
            at_ns: when, by `now_ns`; now if not given.
            payload: a message's bytes, kept as length, sha256 and excerpt. Leave it out for anything confidential.
            body: what a message says, a JSON value or bytes, kept as `digest`.
            data: further details, JSON values; texts in them are made `safe`, and so is what is no JSON value.
        """
        frozen = None if body is _NOTHING else freeze(body)
        self.tell(event, now_ns() if at_ns is None else at_ns, kind, source, data, payload, frozen)

    def tell(self, make: Callable[..., Event], *arguments: Any) -> None:
        """Notes the event that `make(*arguments)` gives, where even putting it together would cost too much now.

        Args:
            make: called soon, in another thread; it may not record.
            arguments: nobody changes them any more.
        """
        self._inbox.append((make, arguments))
        if self._file is None and len(self._inbox) > RECENT:
            self.flush()

    def mark(self, name: str = "") -> Mark:
        """Sets a mark at this moment; without a name it gets a number."""
        mark = Mark(name or f"mark {next(self._numbers)}", now_ns())
        self._marks.pop(mark.name, None)
        self._marks[mark.name] = mark
        self.record("mark", mark.name, at_ns=mark.at_ns)
        return mark

    def find_mark(self, name: str) -> Mark:
        """The latest mark of that name.

        Raises:
            ValueError: there is none; the message lists those there are.
        """
        if name not in self._marks:
            known = ", ".join(f"'{safe(mark)}'" for mark in self._marks) or "none"
            raise ValueError(f"no mark named '{safe(name)}' was set; known marks: {known}")
        return self._marks[name]

    def last_mark(self, since_ns: int) -> Mark | None:
        """The latest mark set at or after `since_ns`."""
        latest = next(reversed(self._marks.values()), None)
        return latest if latest and latest.at_ns >= since_ns else None

    def forget_marks(self, since_ns: int) -> None:
        """Forgets the marks set at or after `since_ns`: what a test calls a moment means nothing to the next."""
        self._marks = {name: mark for name, mark in self._marks.items() if mark.at_ns < since_ns}

    def subscribe(self, sink: Callable[[Event], object], *, recent: bool = False) -> Callable[[], None]:
        """Calls `sink` with every event recorded from now on, in order, soon after; `flush` waits for it.

        Args:
            sink: called by one thread at a time, the writer's or one that flushes; it may not record.
            recent: first call it with the last `RECENT` events; of those recorded meanwhile none is left out.

        Returns:
            What ends the subscription.
        """
        with self._drain_lock:
            self._drain()
            for known in self._recent if recent else ():
                sink(known)
            self._sinks = (*self._sinks, sink)

        def unsubscribe() -> None:
            with self._drain_lock:
                self._sinks = tuple(other for other in self._sinks if other is not sink)

        return unsubscribe

    def recent(self) -> list[Event]:
        """The last `RECENT` events, in the order in which they were recorded."""
        with self._drain_lock:
            self._drain()
            return list(self._recent)

    @property
    def is_open(self) -> bool:
        return self._file is not None

    def open(self, path: Path) -> None:
        """Writes to `path` from now on, what is already in memory first."""
        self.close()
        path.parent.mkdir(parents=True, exist_ok=True)
        header = {
            "journal": VERSION,
            "run": self.run,
            "clock": "monotonic",
            "started_ns": self.started_ns,
            "now_ns": now_ns(),
            "now": datetime.now(UTC).isoformat(),
        }
        file = path.open("w", encoding="utf-8")
        file.write(json.dumps(header) + "\n")
        self._file = file
        self.folder = path.parent
        self._closing.clear()
        self._writer = threading.Thread(target=self._write_until_closed, name="wireproof-journal", daemon=True)
        self._writer.start()

    def close(self) -> None:
        """Writes what is left and closes the file; recording goes on in memory."""
        if self._file is None:
            return
        self._closing.set()
        if self._writer is not None:
            self._writer.join()
        self.flush()
        self._file.close()
        self._file = None

    def flush(self) -> None:
        """Brings everything recorded so far to `recent` and to the file."""
        with self._drain_lock:
            self._drain()

    def _drain(self) -> None:
        lines = []
        # What is recorded meanwhile is for the next time: it may come as fast as it is taken.
        for _ in range(len(self._inbox)):
            make, arguments = self._inbox.popleft()
            made = make(*arguments)
            self._recent.append(made)
            for sink in self._sinks:
                sink(made)
            if self._file is not None:
                lines.append(made.to_json() + "\n")
        if self._file is not None and lines:
            self._file.writelines(lines)
            self._file.flush()

    def _write_until_closed(self) -> None:
        while not self._closing.wait(_FLUSH_EVERY_S):
            self.flush()


def freeze(body: Any) -> bytes | str | None:
    """What a JSON value or bytes say now, for `event`: the text of a message is its reader's to change.

    None if that cannot be digested: what a peer sends may nest too deep, and the journal goes on without a digest.
    """
    try:
        return marshal.dumps(body)
    except ValueError:  # some dialect's own type
        return _digest_if_any(body)


def _digest_if_any(body: Any) -> str | None:
    try:
        return digest(body)
    except ValueError:
        return None


def event(
    at_ns: int,
    kind: str,
    source: str,
    data: Mapping[str, Any],
    payload: bytes | None = None,
    frozen: bytes | str | None = None,
) -> Event:
    """An event as a journal holds it; the arguments are those of `Journal.record`, the body as `freeze` gives it."""
    details = {key: _at_the_door(value) for key, value in data.items()}
    for key in _IDS & data.keys():
        if isinstance(data[key], str) and len(data[key]) > _LONGEST_ID:
            # Two that begin alike stay two.
            details[key] = f"{safe(data[key], _LONGEST_ID)} {digest(data[key])}"
    if payload is not None:
        details["length"] = len(payload)
        details["sha256"] = hashlib.sha256(payload).hexdigest()
        details["excerpt"] = safe(payload)
    if isinstance(frozen, bytes):
        frozen = _digest_if_any(marshal.loads(frozen))  # noqa: S302 - our own
    if frozen is not None:
        details["digest"] = frozen
    return Event(at_ns, safe(kind), safe(source), details)


def _at_the_door(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {safe(key): _at_the_door(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_at_the_door(item) for item in value]
    return safe(value)


_current = Journal()


def current() -> Journal:
    """The journal of this process."""
    return _current
