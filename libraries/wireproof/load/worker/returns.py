"""Clients whose connection ended come back: after random parts of waits that double, so that they do not meet."""

import asyncio
import random
from array import array
from collections import Counter
from collections.abc import Awaitable, Callable

from wireproof.journal import now_ns
from wireproof.quantities import Backoff


class Returns:
    """Opens the connections of clients again that have lost theirs.

    Args:
        backoff: how long to wait before each attempt; None lets them stay away.
        enter: makes one attempt for a member, by its index; says whether that went well.

    Attributes:
        at, took: when clients were back, and how long they had been away.
    """

    def __init__(self, backoff: Backoff | None, enter: Callable[[int], Awaitable[bool]]) -> None:
        self.at, self.took = array("q"), array("q")
        self._backoff, self._enter = backoff, enter
        self._jitter = random.Random()  # noqa: S311 - spreads clients, guards nothing
        self._attempts: Counter[int] = Counter()
        self._tasks: dict[int, asyncio.Task[None]] = {}

    @property
    def pending(self) -> bool:
        """Whether somebody is on the way back."""
        return any(not task.done() for task in self._tasks.values())

    def lost(self, client: int, since_ns: int) -> None:
        """A client's connection has ended, which had stood since then."""
        if self._backoff is None:
            return
        # Who is let in and thrown out again at once must not come twenty times a second.
        if now_ns() - since_ns > self._backoff.limit_s * 1e9:
            del self._attempts[client]
        self._tasks[client] = asyncio.ensure_future(self._bring_back(client, self._backoff))

    async def _bring_back(self, client: int, backoff: Backoff) -> None:
        lost_ns, is_back = now_ns(), False
        while not is_back:
            self._attempts[client] += 1
            await asyncio.sleep(self._jitter.uniform(0, backoff.delay_s(self._attempts[client])))
            is_back = await self._enter(client - 1)
        back_ns = now_ns()
        self.at.append(back_ns)
        self.took.append(back_ns - lost_ns)

    def forget(self, client: int) -> None:
        """A client need not come back."""
        if client in self._tasks:
            self._tasks[client].cancel()

    def close(self) -> None:
        """Nobody comes back any more."""
        self._backoff = None
        for task in self._tasks.values():
            task.cancel()
