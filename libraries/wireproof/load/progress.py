"""What people see of a running load: one line that changes on a terminal, a line every ten seconds elsewhere."""

import os
from collections.abc import Callable, Mapping
from typing import TextIO

from wireproof.load.live import Live
from wireproof.quantities import Duration
from wireproof.wiretext import safe

TERMINAL_EVERY_S = 0.25
PLAIN_EVERY_S = 10.0

_NEW_LINE = "\n"
_CLEAR = "\r\x1b[2K"


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


class ProgressLine:
    """Writes the lines of one load, no more of them than anybody reads.

    Args:
        write: puts text where people look.
        terminal: whether that is a terminal.
        name: the load's.
        duration_s: how long it takes.
        begin: what goes before the first line: Robot leaves the cursor behind a test's name.
    """

    def __init__(
        self, write: Callable[[str], object], *, terminal: bool, name: str, duration_s: float, begin: str = ""
    ) -> None:
        self._write = write
        self._terminal = terminal
        self._name = name
        self._duration_s = duration_s
        self._every_s = TERMINAL_EVERY_S if terminal else PLAIN_EVERY_S
        self._next_s = 0.0 if terminal else PLAIN_EVERY_S
        self._begin = begin
        self._is_open = False

    def show(self, live: Live) -> None:
        """Shows the figures, if it is time to."""
        if live.elapsed_s < self._next_s and not (live.is_connecting and self._terminal):
            return
        text = line(self._name, live, self._duration_s)
        self._write(f"{_CLEAR if self._is_open else self._begin}{text}{'' if self._terminal else _NEW_LINE}")
        self._is_open = self._terminal
        self._begin = ""
        self._next_s = (live.elapsed_s // self._every_s + 1) * self._every_s

    def end(self, text: str = "") -> None:
        """Leaves the line, with last words in its place."""
        if self._is_open:
            self._write(f"{_CLEAR}{text}\n")
        elif text:
            self._write(f"{text}\n")
        self._is_open = False


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"


def _time(seconds: float) -> str:
    """Three digits of it: people read a live figure, they do not judge it."""
    return str(Duration(float(f"{seconds:.3g}")))
