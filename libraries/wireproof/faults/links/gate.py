"""What decides about connections that come in while their taking is disturbed."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from wireproof.faults.fault import Fault


class Gate(Protocol):
    """Stands before the connections of a link."""

    fault: Fault

    def admits(self) -> bool:
        """Whether the next connection passes as if nothing was wrong."""
        ...

    def answerer(self, gone: Callable[[], None]) -> asyncio.Protocol | None:
        """What the client talks to in the server's place; `gone` is called when it is done. None: the server, later."""
        ...

    async def delay(self) -> None:
        """Waits until a connection that is taken may go on to the server."""
        ...

    def open(self) -> None:
        """The fault is healed: whoever waits goes on."""
        ...
