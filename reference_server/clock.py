"""The server's clock: every time that means something comes from here, so that a test can move it."""

import time
from datetime import UTC, datetime


class Clock:
    """Wall time for what is stored and shown, monotonic time for what is waited for."""

    def wall(self) -> float:
        """Seconds since 1970 in UTC."""
        return time.time()

    def now(self) -> datetime:
        """The same moment as an aware datetime, as the database wants it."""
        return datetime.fromtimestamp(self.wall(), UTC)

    def monotonic(self) -> float:
        """Seconds on a clock that never goes back."""
        return time.monotonic()


def iso(moment: datetime) -> str:
    """A moment as ISO-8601 in UTC with milliseconds, as every message carries it: 2026-11-22T12:00:00.000Z."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
