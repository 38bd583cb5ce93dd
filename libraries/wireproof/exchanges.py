"""Exchanges of psycopg with a server, as it runs them: generators that are to end in time."""

import time
from collections.abc import Callable, Generator
from typing import Any


def bounded(
    exchange: Generator[Any, Any, Any], longest_s: float, late: Callable[[], Exception]
) -> Generator[Any, Any, Any]:
    """The exchange, which ends when it takes too long: psycopg comes by ten times a second, whatever the server does.

    Args:
        exchange: what `Connection.wait` was given.
        longest_s: how long it may take, from now on.
        late: makes the error for one that takes longer.
    """
    deadline = time.monotonic() + longest_s
    try:
        wanted = next(exchange)
        while True:
            wanted = exchange.send((yield wanted))
            if time.monotonic() > deadline:
                raise late()
    except StopIteration as end:
        return end.value
