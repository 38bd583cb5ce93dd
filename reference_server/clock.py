"""The server's clock: every time that means something comes from here, so that a test can move it."""

import time
from datetime import UTC, datetime

FARTHEST = 10 * 366 * 86_400
"""Seconds that a clock may be ahead of the real time: beyond every setting, and still a date that all can write."""


class Clock:
    """Wall time for what is stored and shown, monotonic time for what is waited for; a test can move both on."""

    def __init__(self) -> None:
        self._skipped = 0.0
        self.ahead = 0.0
        """Seconds that the wall time is ahead of the real one."""
        self._stamp = (0, b"")

    def advance(self, seconds: float) -> None:
        """Move on; raises ValueError for a step back, or one beyond FARTHEST."""
        if not 0 <= seconds <= FARTHEST - self.ahead:
            raise ValueError(f"a clock moves forward, at most {FARTHEST} seconds ahead of the real time")
        self.ahead += seconds
        self._skipped += seconds

    def put_back(self) -> None:
        """Show the real time again. Monotonic time stays where it is: whoever waits has waited."""
        self.ahead = 0.0

    def wall(self) -> float:
        """Seconds since 1970 in UTC."""
        return time.time() + self.ahead

    def now(self) -> datetime:
        """The same moment as an aware datetime, as the database wants it."""
        return datetime.fromtimestamp(self.wall(), UTC)

    def stamp(self) -> bytes:
        """The same moment as every message carries it; the text is made once a millisecond."""
        millisecond = int(self.wall() * 1000)
        if self._stamp[0] != millisecond:
            self._stamp = (millisecond, iso(datetime.fromtimestamp(millisecond / 1000, UTC)).encode())
        return self._stamp[1]

    def monotonic(self) -> float:
        """Seconds on a clock that never goes back."""
        return time.monotonic() + self._skipped


def iso(moment: datetime) -> str:
    """A moment as ISO-8601 in UTC with milliseconds, as every message carries it: 2026-11-22T12:00:00.000Z."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
