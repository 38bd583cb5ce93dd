"""What goes wrong before a connection carries a byte: it is not taken, not answered, or answered wrongly."""

import asyncio
from collections.abc import Callable
from typing import Literal

from wireproof.faults.fault import Fault
from wireproof.faults.links.connection import abort

LARGEST_HEAD = 16_384
"""Of an upgrade that is answered here; a longer one is answered all the same."""


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
        if isinstance(self._how, bytes):
            return Answering(self._how, gone)
        return Resetting(gone) if self._how == "reset" else Closing(gone)

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


class Resetting(asyncio.Protocol):
    """Resets a connection as soon as it is there."""

    def __init__(self, gone: Callable[[], None]) -> None:
        self._gone = gone

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # a stream's, always
        abort(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone()


class Closing(asyncio.Protocol):
    """Ends a connection by FIN as soon as it is there.

    What the client says is read until it ends its side too: a system resets a connection that is closed unread.
    """

    transport: asyncio.Transport

    def __init__(self, gone: Callable[[], None]) -> None:
        self._gone = gone

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # a stream's, always
        self.transport = transport
        transport.write_eof()

    def data_received(self, data: bytes) -> None:
        """Nobody listens."""

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone()


class Answering(Closing):
    """Reads one HTTP request's head, answers it and ends the connection by FIN."""

    def __init__(self, answer: bytes, gone: Callable[[], None]) -> None:
        super().__init__(gone)
        self._answer = answer
        self._head = b""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # a stream's, always
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if not self._answer:
            return
        self._head += data
        if b"\r\n\r\n" in self._head or len(self._head) > LARGEST_HEAD:
            self.transport.write(self._answer)
            self.transport.write_eof()
            self._answer = self._head = b""
