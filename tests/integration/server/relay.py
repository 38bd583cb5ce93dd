"""A TCP relay that tests put before a service or a gateway, to hold, lose and cut what goes through it."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

CHUNK = 65_536
AT_ONCE = struct.pack("ii", 1, 0)
"""SO_LINGER that makes a close an RST."""


class Gate:
    """What may go through, in each direction."""

    def __init__(self) -> None:
        self.answers = asyncio.Event()
        self.questions = asyncio.Event()
        self.open()

    def open(self) -> None:
        """Everything."""
        self.answers.set()
        self.questions.set()

    def close(self) -> None:
        """Nothing, and nobody hears of an end."""
        self.answers.clear()
        self.questions.clear()


class Relay:
    """Carries every connection to one port, until told otherwise."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._server: asyncio.Server | None = None
        self._pairs: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._gates = [Gate()]
        self.budget: int | None = None
        """Bytes from the service after which the connection that carries them is cut, once; None for any number."""

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def open(self) -> int:
        """How many connections go through it."""
        return len(self._pairs)

    def hold_answers(self) -> None:
        """What the service says stays here."""
        self._gates[-1].answers.clear()

    def strand(self) -> None:
        """The connections of now lead into a black hole; new ones go through."""
        self._gates[-1].close()
        self._gates.append(Gate())

    def release(self) -> None:
        """Everything goes through, also what was held."""
        for gate in self._gates:
            gate.open()

    def cut(self) -> None:
        """Reset every connection, both ways; what is held is lost."""
        for pair in list(self._pairs):
            self._reset(*pair)

    def _reset(self, *writers: asyncio.StreamWriter) -> None:
        for writer in writers:
            sock = writer.get_extra_info("socket")
            if sock is not None and sock.fileno() >= 0:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
            writer.transport.abort()

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)

    async def stop(self) -> None:
        """End everything."""
        assert self._server is not None
        self._server.close()
        self.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            to_service = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            self._reset(writer)
            return
        pair, gate = (writer, to_service[1]), self._gates[-1]
        self._pairs.add(pair)
        pumps = (
            asyncio.create_task(self._pump(reader, to_service[1], gate.questions, pair, spends=False)),
            asyncio.create_task(self._pump(to_service[0], writer, gate.answers, pair, spends=True)),
        )
        self._tasks.update(pumps)
        await asyncio.gather(*pumps, return_exceptions=True)
        self._tasks.difference_update(pumps)
        self._pairs.discard(pair)

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        allowed: asyncio.Event,
        pair: tuple[asyncio.StreamWriter, asyncio.StreamWriter],
        *,
        spends: bool,
    ) -> None:
        try:
            while data := await reader.read(CHUNK):
                await allowed.wait()
                if spends and self.budget is not None:
                    if len(data) >= self.budget:
                        writer.write(data[: self.budget])
                        self.budget = None
                        await self._sent(writer)
                        break
                    self.budget -= len(data)
                writer.write(data)
                await writer.drain()
            else:
                await allowed.wait()
        except OSError:
            pass
        self._reset(*pair)

    async def _sent(self, writer: asyncio.StreamWriter) -> None:
        """What was written has left: an RST would take it away."""
        writer.transport.set_write_buffer_limits(0)
        await writer.drain()


@asynccontextmanager
async def relay(port: int) -> AsyncIterator[Relay]:
    """A relay before a port of this machine."""
    started = Relay(port)
    await started.start()
    try:
        yield started
    finally:
        await started.stop()
