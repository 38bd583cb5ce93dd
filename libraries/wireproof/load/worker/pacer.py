"""Sends when it is due: an open loop, which does not wait for what it sent before."""

import asyncio
from collections.abc import Callable, Sequence

from wireproof.journal import now_ns

TICK_S = 0.001
"""Between two looks at what is due. A shorter sleep costs a core: event loops count in milliseconds."""

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
    place, count = 0, len(due_ns)
    tick = 0.0 if spin else TICK_S
    while place < count and not stopped():
        latest = min(count, place + AT_ONCE)
        now = now_ns() - start_ns
        while place < latest and due_ns[place] <= now:
            send(place, start_ns + due_ns[place])
            place += 1
        await asyncio.sleep(0 if place == latest < count else tick)
    return place
