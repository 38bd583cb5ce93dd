"""Drives a CloudMessage server with pairs of devices.

It shares PostgreSQL's core, so it is cheaper than a worker of a load: 5 µs of CPU a message instead of 55. It knows the
protocol, looks at nothing that the figures do not need, and writes what belongs to one turn of its loop in one system
call. A message counts when it was acked to its sender and delivered to its partner, who confirms it. A process of its
own:
`python -m bench.generator closed|open|hold`, with the target (`ws`, `token_secret`) as a JSON line on standard input.
"""

import argparse
import asyncio
import json
import sys
import time
import uuid
from array import array
from typing import Any

import msgspec
import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from bench.envelopes import Envelopes, text_frame

HANDSHAKES_AT_ONCE, TICK_S = 50, 0.001
RETRY_S = 1.0
"""What the server says in `retryAfter`."""


class Received(msgspec.Struct):
    """What the generator looks at; the payload stays unparsed."""

    type: str
    id: str
    payload: msgspec.Raw = msgspec.Raw(b"null")
    seq: int = 0


_decode = msgspec.json.Decoder(Received).decode


class Tally:
    """What all devices of a run saw."""

    def __init__(self) -> None:
        self.nonce = uuid.uuid4().hex[:8]
        self.acked = 0
        self.errors: list[str] = []
        self.intended_ns, self.latencies_ms = array("q"), array("d")

    def summary(self, seconds: float) -> dict[str, Any]:
        """Counts, messages per second, percentiles of the delivery latency in ms."""
        ordered = sorted(self.latencies_ms)
        percentiles = {f"p{share}_ms": ordered[len(ordered) * share // 100] for share in (50, 95, 99)}
        counts = {"sent": len(self.intended_ns), "acked": self.acked, "delivered": len(ordered)}
        return {**counts, "errors": self.errors[:3], "rate": min(counts.values()) / seconds, **percentiles}


class Device(WSListener):  # type: ignore[misc]
    """One registered connection. In a closed loop each ack sends the next message."""

    def __init__(self, tally: Tally, number: int, token_secret: str) -> None:
        self.tally, self.envelopes, self.closed_loop = tally, Envelopes(tally.nonce, number), False
        self.registration = self.envelopes.registration(token_secret)
        self._loop, self._frames = asyncio.get_running_loop(), list[bytes]()
        self.ready: asyncio.Future[None] = self._loop.create_future()

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport.underlying_transport

    def _write(self, message: bytes) -> None:
        """Frames written in one turn of the loop leave in one system call."""
        if not self._frames:
            self._loop.call_soon(self._flush)
        self._frames.append(text_frame(message))

    def _flush(self) -> None:
        frames, self._frames = self._frames, []
        self.transport.write(b"".join(frames))

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        if not self.ready.done():
            self.ready.set_exception(ConnectionError(f"closed before it was registered: {self.tally.errors}"))

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type != WSMsgType.TEXT:
            return
        message = _decode(frame.get_payload_as_bytes())
        if message.type == "user_message":
            sent_ns = self.tally.intended_ns[int(message.id[9:])]
            self.tally.latencies_ms.append((time.monotonic_ns() - sent_ns) / 1e6)
            self._write(self.envelopes.confirmation(message.id, message.seq))
        elif message.type == "device_register":
            self._write(self.registration)
        elif not self.ready.done() and b'"UNAVAILABLE"' in bytes(message.payload):
            self._loop.call_later(RETRY_S, self._write, self.registration)
        elif message.type == "error" or b'"failed"' in bytes(message.payload):
            self.tally.errors.append(bytes(message.payload).decode())
        elif not self.ready.done():
            self.ready.set_result(None)
        else:
            self.tally.acked += 1
            if self.closed_loop:
                self.send(time.monotonic_ns())

    def send(self, intended_ns: int) -> None:
        number = len(self.tally.intended_ns)
        self.tally.intended_ns.append(intended_ns)
        self._write(self.envelopes.message(number))


async def connect(target: dict[str, str], tally: Tally, count: int) -> list[Device]:
    """Registers `count` devices, two to a user, each the other's partner."""
    gate = asyncio.Semaphore(HANDSHAKES_AT_ONCE)

    async def one(number: int) -> Device:
        async with gate:
            _, device = await ws_connect(lambda: Device(tally, number, target["token_secret"]), target["ws"])
            await device.ready
        return device

    return await asyncio.gather(*(one(number) for number in range(count)))


async def settle(tally: Tally, timeout_s: float = 20) -> None:
    """Waits until every message was acked and delivered; polled, since an event a message would be measured too."""
    deadline = time.monotonic() + timeout_s
    while min(tally.acked, len(tally.latencies_ms)) < len(tally.intended_ns) and time.monotonic() < deadline:
        await asyncio.sleep(TICK_S)


async def drive(devices: list[Device], tally: Tally, options: argparse.Namespace) -> dict[str, Any]:
    """Sends by the chosen model and says what came of it."""
    start = time.monotonic_ns()
    if options.model == "closed":
        for device in devices * options.depth:
            device.closed_loop = True
            device.send(time.monotonic_ns())
        await asyncio.sleep(options.seconds)
        for device in devices:
            device.closed_loop = False
    elif options.model == "open":
        for number in range(options.rate * options.seconds):
            due = start + number * 1_000_000_000 // options.rate
            while time.monotonic_ns() < due:
                await asyncio.sleep(TICK_S)
            devices[number % len(devices)].send(due)
    else:
        for device in devices:
            device.send(start)
    await settle(tally)
    return tally.summary((time.monotonic_ns() - start) / 1e9)


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("model", choices=["closed", "open", "hold"])
    for name, default in (("connections", 100), ("depth", 4), ("rate", 1000), ("seconds", 5)):
        parser.add_argument(f"--{name}", type=int, default=default)
    options, tally = parser.parse_args(), Tally()
    devices = await connect(json.loads(sys.stdin.readline()), tally, options.connections)
    print(json.dumps(await drive(devices, tally, options)), flush=True)
    if options.model == "hold":
        sys.stdin.readline()


if __name__ == "__main__":
    uvloop.run(main())
