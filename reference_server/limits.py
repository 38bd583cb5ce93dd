"""How much one connection may do. Pure: the time is given."""


class TokenBucket:
    """`rate` per second, with a burst of `burst` seconds of it."""

    __slots__ = ("_at", "_capacity", "_rate", "_tokens")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate = rate
        self._capacity = max(rate * burst, 1.0)
        self._tokens = self._capacity
        self._at = now

    def take(self, now: float) -> float:
        """Take one: 0.0 when there was one, else the seconds until there is."""
        tokens = min(self._capacity, self._tokens + (now - self._at) * self._rate)
        self._at = now
        if tokens >= 1.0:
            self._tokens = tokens - 1.0
            return 0.0
        self._tokens = tokens
        return (1.0 - tokens) / self._rate


class Window:
    """At most `limit` events within `seconds`."""

    __slots__ = ("_count", "_limit", "_seconds", "_since")

    def __init__(self, limit: int, seconds: float, now: float) -> None:
        self._limit = limit
        self._seconds = seconds
        self._since = now
        self._count = 0

    def exceeded(self, now: float) -> bool:
        """Count one event and tell whether that is one too many; the window starts over when it has passed."""
        if now - self._since > self._seconds:
            self._since = now
            self._count = 0
        self._count += 1
        return self._count > self._limit


class InFlight:
    """What one connection has waiting for the database: at a limit it is full, until half of that is done."""

    __slots__ = ("_bytes", "_bytes_limit", "_messages", "_messages_limit", "full")

    def __init__(self, messages: int, size: int) -> None:
        """`size` is the limit in bytes."""
        self._messages_limit = messages
        self._bytes_limit = size
        self._messages = 0
        self._bytes = 0
        self.full = False

    def add(self, size: int) -> bool:
        """One more; True when it is full from now on."""
        self._messages += 1
        self._bytes += size
        if self.full or (self._messages < self._messages_limit and self._bytes < self._bytes_limit):
            return False
        self.full = True
        return True

    def remove(self, size: int) -> bool:
        """One is done; True when there is room again from now on."""
        self._messages -= 1
        self._bytes -= size
        if not self.full or self._messages > self._messages_limit // 2 or self._bytes > self._bytes_limit // 2:
            return False
        self.full = False
        return True
