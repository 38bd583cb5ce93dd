"""How long to wait, in slices, so that Robot's time-outs and other threads can end every wait."""

import random
import threading
import time
from collections.abc import Iterator

from wireproof.history import SLICE_S
from wireproof.journal import now_ns
from wireproof.quantities import Backoff, Rate
from wireproof.sockets.errors import CancelledError

_READER_SLICE_S = 1.0
_jitter = random.SystemRandom()


class Patience:
    """Until when to wait, and whether somebody called it off.

    Args:
        seconds: how long; None waits for ever.
        cancelled: set by another thread to stop the wait within one slice.
        slice_s: the longest uninterrupted sleep.
    """

    def __init__(
        self, seconds: float | None = None, cancelled: threading.Event | None = None, slice_s: float = SLICE_S
    ) -> None:
        self._until_ns = None if seconds is None else now_ns() + int(seconds * 1e9)
        self._cancelled = cancelled
        self._slice_s = slice_s

    def slice_s(self) -> float:
        """How long to sleep next.

        Raises:
            TimeoutError: the time is over.
            CancelledError: it was called off.
        """
        if self._cancelled is not None and self._cancelled.is_set():
            raise CancelledError("called off")
        if self._until_ns is None:
            return self._slice_s
        left = (self._until_ns - now_ns()) / 1e9
        if left <= 0:
            raise TimeoutError
        return min(self._slice_s, left)

    @property
    def is_over(self) -> bool:
        """Whether its time has passed."""
        return self._until_ns is not None and now_ns() >= self._until_ns

    def at_most(self, seconds: float) -> "Patience":
        """The same patience, but for no longer than `seconds` from now."""
        shorter = Patience(seconds, self._cancelled, self._slice_s)
        if self._until_ns is not None and shorter._until_ns is not None:
            shorter._until_ns = min(self._until_ns, shorter._until_ns)
        return shorter


def reader_patience(seconds: float | None = None) -> Patience:
    """The patience of a reader's thread: it is woken, so it need not look often."""
    return Patience(seconds, slice_s=_READER_SLICE_S)


def sleep_until(at_ns: int, patience: Patience) -> bool:
    """Sleeps until a moment of the journal's clock; False if patience ended before.

    Raises:
        CancelledError: it was called off.
    """
    try:
        while (left_s := (at_ns - now_ns()) / 1e9) > 0:
            time.sleep(min(left_s, patience.slice_s()))
        patience.slice_s()
    except TimeoutError:
        return False
    return True


def back_off(backoff: Backoff, attempt: int, patience: Patience) -> bool:
    """Sleeps a random part of the backoff, so that many do not come at once; False if patience ended before.

    Raises:
        CancelledError: it was called off.
    """
    return sleep_until(now_ns() + int(_jitter.uniform(0, backoff.delay_s(attempt)) * 1e9), patience)


def paced(count: int, rate: Rate | None) -> Iterator[int]:
    """0, 1, … `count` - 1, each when its turn has come; all at once without a rate.

    Turns are counted from the first one: a late turn does not delay those after it.
    """
    begin_ns = now_ns()
    for turn in range(count):
        if rate is not None:
            sleep_until(begin_ns + int(turn * rate.interval_s * 1e9), Patience())
        yield turn
