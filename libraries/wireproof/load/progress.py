"""What people see of a running load: one line that changes on a terminal, a line every ten seconds elsewhere."""

import os
import shutil
import threading
from collections.abc import Callable, Mapping
from typing import Protocol, TextIO

from wireproof.load.live import Live
from wireproof.quantities import Duration
from wireproof.wiretext import safe

_CLEAR = "\x1b[K"
"""What is right of the cursor."""


def is_terminal(stream: TextIO | None, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether a line may be written over: a terminal that is no CI's log and wants more than plain text."""
    if stream is None or not stream.isatty():
        return False
    return not (environment.get("CI") or environment.get("NO_COLOR") or environment.get("TERM") == "dumb")


def line(name: str, live: Live, duration_s: float) -> str:
    """A load in one line."""
    head = f"[load] {safe(name, 40)}"
    if live.is_connecting:
        return f"{head}  connecting  {live.connections} connections  {live.errors} errors"
    parts = [
        f"{head}  {_clock(min(live.elapsed_s, duration_s))}/{_clock(duration_s)}",
        f"{live.connections} connections",
        f"{live.send_rate:.0f}/s" + (f" ({live.asked_rate:.0f})" if live.asked_rate else ""),
    ]
    if live.p95_s is not None:
        parts.append(f"p95 {_time(live.p95_s)}")
    return "  ".join([*parts, f"{live.outstanding} outstanding", f"{live.errors} errors"])


def brief(name: str, live: Live, duration_s: float) -> str:
    """The same in few words, where several loads share a line."""
    where = "connecting" if live.is_connecting else f"{_clock(min(live.elapsed_s, duration_s))}/{_clock(duration_s)}"
    return f"{safe(name, 20)} {where} {live.send_rate:.0f}/s {live.errors} errors"


class Outlet(Protocol):
    """Where people look. Callable from any thread.

    Attributes:
        every_s: how often it is worth while to show something.
        shows_connecting: whether that is, before a load has begun.
    """

    every_s: float
    shows_connecting: bool

    def show(self, load: "ProgressLine", full: str, brief: str) -> None:
        """Shows how a load goes, in as many words as there is room for."""

    def leave(self, load: "ProgressLine") -> None:
        """The load is over."""


class Screen:
    """A terminal: all loads that run share its last line.

    Args:
        write: puts text there.
        begin: what goes before a new line: Robot leaves the cursor behind a test's name.
        width: how many characters fit; a line that wraps could not be written over.
    """

    every_s = 0.25
    shows_connecting = True

    def __init__(
        self,
        write: Callable[[str], object],
        begin: str = "",
        width: Callable[[], int] = lambda: shutil.get_terminal_size().columns,
    ) -> None:
        self._write, self._begin, self._width = write, begin, width
        self._lock = threading.Lock()
        self._loads: dict[ProgressLine, tuple[str, str]] = {}

    def show(self, load: "ProgressLine", full: str, brief: str) -> None:
        with self._lock:
            begin = "\r" if self._loads else self._begin
            self._loads[load] = full, brief
            self._write(f"{begin}{self._line()}")

    def leave(self, load: "ProgressLine") -> None:
        with self._lock:
            if self._loads.pop(load, None):
                self._write(f"\r{self._line()}" if self._loads else f"\r{_CLEAR}\n")

    def _line(self) -> str:
        """What is over the old line; clearing only what is left of that does not flicker."""
        fulls, briefs = zip(*self._loads.values(), strict=True)
        text = fulls[0] if len(fulls) == 1 else f"[load] {' | '.join(briefs)}"
        room = self._width() - 1
        return f"{text if len(text) <= room else text[: room - 1] + '…'}{_CLEAR}"


class Paper:
    """A log: what is written stays, so each load adds a line now and then.

    Args:
        write: puts text there.
        begin: what goes before a load's first line.
    """

    every_s = 10.0
    shows_connecting = False

    def __init__(self, write: Callable[[str], object], begin: str = "") -> None:
        self._write, self._begin = write, begin
        self._known: set[ProgressLine] = set()

    def show(self, load: "ProgressLine", full: str, brief: str) -> None:
        begin = "" if load in self._known else self._begin
        self._known.add(load)
        self._write(f"{begin}{full}\n")

    def leave(self, load: "ProgressLine") -> None:
        self._known.discard(load)


class ProgressLine:
    """Tells how one load goes, no more often than anybody reads.

    Args:
        outlet: where people look.
        name: the load's.
        duration_s: how long it takes.
    """

    def __init__(self, outlet: Outlet, name: str, duration_s: float) -> None:
        self._outlet, self._name, self._duration_s = outlet, name, duration_s
        self._next_s = 0.0 if outlet.shows_connecting else outlet.every_s

    def show(self, live: Live) -> None:
        """Shows the figures, if it is time to."""
        if live.elapsed_s < self._next_s and not (live.is_connecting and self._outlet.shows_connecting):
            return
        self._outlet.show(self, *(told(self._name, live, self._duration_s) for told in (line, brief)))
        self._next_s = (live.elapsed_s // self._outlet.every_s + 1) * self._outlet.every_s

    def end(self) -> None:
        """The load is over."""
        self._outlet.leave(self)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"


def _time(seconds: float) -> str:
    """Three digits of it: people read a live figure, they do not judge it."""
    return str(Duration(float(f"{seconds:.3g}")))
