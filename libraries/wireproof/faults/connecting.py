"""What goes wrong before a connection carries a byte: it is not taken, not answered, or answered wrongly."""

import asyncio
from collections.abc import Callable
from typing import Literal, Protocol

from wireproof.faults.connection import abort
from wireproof.faults.fault import Fault

LARGEST_HEAD = 16_384
"""Of an upgrade that is answered here; a longer one is answered all the same."""


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


class Turns:
    """Which connections a gate lets pass: every n-th, none for 0."""

    def __init__(self, except_every: int) -> None:
        self._except_every = except_every
        self._count = 0

    def passes(self) -> bool:
        self._count += 1
        return self._except_every > 0 and self._count % self._except_every == 0


class AnsweringGate:
    """Ends connections, or answers the first request, without asking the server.

    Args:
        how: "close" sends a FIN, "reset" an RST, bytes are an answer to an HTTP request.
    """

    def __init__(self, fault: Fault, how: Literal["close", "reset"] | bytes, except_every: int = 0) -> None:
        self.fault = fault
        self._how = how
        self._turns = Turns(except_every)

    def admits(self) -> bool:
        return self._turns.passes()

    def answerer(self, gone: Callable[[], None]) -> asyncio.Protocol:
        return Ending(self._how == "reset", gone) if isinstance(self._how, str) else Answering(self._how, gone)

    async def delay(self) -> None:
        raise AssertionError("who is answered does not go on")

    def open(self) -> None:
        """Nobody waits."""


class WaitingGate:
    """Takes connections and lets them go on to the server after a while, or when it is healed.

    Args:
        seconds: how long; None for as long as the fault is on.
    """

    def __init__(self, fault: Fault, seconds: float | None, except_every: int = 0) -> None:
        self.fault = fault
        self._seconds = seconds
        self._turns = Turns(except_every)
        self._healed = asyncio.Event()

    def admits(self) -> bool:
        return self._turns.passes()

    def answerer(self, gone: Callable[[], None]) -> None:
        return None

    async def delay(self) -> None:
        try:
            await asyncio.wait_for(self._healed.wait(), self._seconds)
        except TimeoutError:
            return

    def open(self) -> None:
        self._healed.set()


class Ending(asyncio.Protocol):
    """Ends a connection as soon as it is there; what comes in is dropped."""

    def __init__(self, reset: bool, gone: Callable[[], None]) -> None:
        self._reset = reset
        self._gone = gone

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # a stream's, always
        if self._reset:
            abort(transport)
        else:
            transport.write_eof()  # to close would be a reset where the peer has said something already

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone()


class Answering(asyncio.Protocol):
    """Reads one HTTP request's head, answers it and ends the connection."""

    transport: asyncio.Transport

    def __init__(self, answer: bytes, gone: Callable[[], None]) -> None:
        self._answer = answer
        self._gone = gone
        self._head = b""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # a stream's, always
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._head += data
        if b"\r\n\r\n" in self._head or len(self._head) > LARGEST_HEAD:
            self.transport.write(self._answer)
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone()
