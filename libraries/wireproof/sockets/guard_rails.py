"""What a stack that others use too allows this run: so many connections, so many messages a second.

The limits are those of `Attach To Stack`. A stack without limits, or no stack, allows everything.
"""

import threading

from wireproof import stack
from wireproof.journal import now_ns
from wireproof.quantities import Rate
from wireproof.sockets.errors import SocketsError
from wireproof.sockets.patience import Patience, sleep_until


class GuardRails:
    """Watches over what keywords open and send; what the protocol obliges a client to answer is not held back."""

    def __init__(self) -> None:
        self._next_send_ns = 0
        self._lock = threading.Lock()

    def allow_connections(self, already_open: int, more: int) -> None:
        """Refuses what would go beyond the limit.

        Raises:
            SocketsError: so many connections are not allowed.
        """
        limit = _guards().max_connections
        if limit is not None and already_open + more > limit:
            raise SocketsError(
                f"the stack allows {limit} connections (max_connections of Attach To Stack): {already_open} are open, "
                f"{more} more were asked for"
            )

    def allow_rate(self, rate: Rate, already: float = 0) -> None:
        """Refuses a rate beyond the limit.

        Args:
            rate: what is asked for.
            already: so many messages a second are being sent without that.

        Raises:
            SocketsError: the rate is not allowed.
        """
        limit = _guards().max_rate
        if limit is not None and already + rate.per_second > limit.per_second:
            running = f", and {Rate(already)} are being sent already" if already else ""
            raise SocketsError(f"the stack allows {limit} (max_rate of Attach To Stack), {rate} was asked for{running}")

    @property
    def max_rate(self) -> Rate | None:
        """The highest rate of messages; None where there is no limit."""
        return _guards().max_rate

    def wait_to_send(self) -> None:
        """Waits until the next message may go without exceeding the limit; callable from any thread."""
        limit = _guards().max_rate
        if limit is not None:
            with self._lock:
                turn_ns = max(self._next_send_ns, now_ns())
                self._next_send_ns = turn_ns + int(limit.interval_s * 1e9)
            sleep_until(turn_ns, Patience())


def _guards() -> stack.Guards:
    running = stack.running()
    return running.guards if running is not None else stack.Guards()
