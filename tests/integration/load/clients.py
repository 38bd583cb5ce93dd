"""What authors write: a dialect that breaks, and users of a protocol of their own."""

import asyncio
import time
from dataclasses import replace

from wireproof.dialects import Draft, Frame, Message, Outgoing, PlainJson
from wireproof.load import User


class Brittle(PlainJson):
    """Breaks at frames that it does not know."""

    name = "brittle"

    def feed(self, frame: Frame) -> list[Message]:
        if frame.payload == b"strange":
            raise RuntimeError("what a strange frame")
        return super().feed(frame)


class Fickle(PlainJson):
    """Reads a frame by what came before it: later ones say nothing."""

    name = "fickle"
    read = 0

    def feed(self, frame: Frame) -> list[Message]:
        Fickle.read += 1
        return super().feed(frame) if Fickle.read <= 2 else []


class Wordy(PlainJson):
    """Takes 5 ms for each message and writes it differently each time: nothing is sent without it."""

    name = "wordy"
    written = 0

    def encode(self, draft: Draft) -> Outgoing:
        until = time.monotonic() + 0.005
        while time.monotonic() < until:
            pass
        self.written += 1
        outgoing = super().encode(draft)
        return replace(outgoing, payload=outgoing.payload + b" " * (self.written % 7))


class Caller(User):
    """Sends lines over TCP and waits for their echo."""

    async def connect(self) -> None:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.settings["port"])

    async def step(self) -> None:
        with self.measure("line.time"):
            self.writer.write(b"hello\n")
            line = await self.reader.readline()
        if line != b"hello\n":
            self.fail("no echo")

    async def close(self) -> None:
        self.writer.close()
        await self.writer.wait_closed()


class Mistaken(User):
    """Has a mistake in it."""

    async def step(self) -> None:
        raise KeyError("what the author forgot")
