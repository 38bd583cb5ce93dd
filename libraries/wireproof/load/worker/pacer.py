"""Sends when it is due: an open loop, which does not wait for what it sent before."""

import asyncio
from collections.abc import Callable, Sequence

from wireproof.journal import now_ns

TICK_S = 0.001
"""Between two looks at what is due. A shorter one costs a core: event loops count in milliseconds."""

LONGEST_S = 0.05
"""Between two looks where nothing is due for long: somebody may have stopped it."""

AT_ONCE = 500
"""After so many late messages what came is read first, or a pacer that is late would be the only one who works."""


async def pace(
    start_ns: int, due_ns: Sequence[int], send: Callable[[int, int], None], stopped: Callable[[], bool], *, spin: bool
) -> int:
    """Calls `send` with the place and the moment of each message, then or soon after; says how many there were.

    Args:
        start_ns: what the moments count from.
        due_ns: the moments, in order.
        send: what to do.
        stopped: whether to give up.
        spin: whether to look without pause.
    """
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[int] = loop.create_future()
    place, count = 0, len(due_ns)

    def tick() -> None:
        """Sends what is due. A timer's callback: a task that sleeps costs three times as much."""
        nonlocal place
        if ended.done():
            return
        if stopped() or place == count:
            ended.set_result(place)
            return
        latest, now = min(count, place + AT_ONCE), now_ns() - start_ns
        try:
            while place < latest and due_ns[place] <= now:
                send(place, start_ns + due_ns[place])
                place += 1
        except Exception as error:  # noqa: BLE001 - raised where it is awaited, not lost in the loop
            ended.set_exception(error)
            return
        if spin or place == latest:
            loop.call_soon(tick)
        else:
            loop.call_later(min(max((due_ns[place] - now) / 1e9, TICK_S), LONGEST_S), tick)

    tick()
    return await ended
