"""The peers of area `load`: an echo of picows, and bare loops of picows against it.

These serve and print their port first:

- `python -m bench.load_peers echo [STALL_S EVERY_S]` prints when each of its stalls began and ended.
- `... late DELAY_S` answers so much later; ended by SIGTERM, it prints the id of each message, when it came and went.
- `... door` costs less than any client: what a connection costs the client can be seen.

`... bare URL CONNECTIONS SECONDS` prints what round trips and connections cost a client that does nothing else, and
`... paced URL CONNECTIONS SECONDS RATE` what share of a core it takes to send that many messages a second.
"""

import asyncio
import base64
import gc
import hashlib
import json
import re
import signal
import sys
import time
from array import array
from collections import deque
from typing import ClassVar

import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect, ws_create_server

BYTES = 250


class Echo(WSListener):  # type: ignore[misc]
    """Sends back what it gets."""

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.TEXT:
            transport.send(WSMsgType.TEXT, frame.get_payload_as_bytes())
        elif frame.msg_type == WSMsgType.CLOSE:
            transport.disconnect()


class LateEcho(WSListener):  # type: ignore[misc]
    """Sends back what it gets, so much later."""

    waiting: ClassVar[deque[tuple[int, WSTransport, bytes]]] = deque()

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.TEXT:
            LateEcho.waiting.append((time.monotonic_ns(), transport, frame.get_payload_as_bytes()))
        elif frame.msg_type == WSMsgType.CLOSE:
            transport.disconnect()


async def late_echo(delay_s: float) -> None:
    """Serves, everything so much later; it never sleeps, because timers are a millisecond off."""
    delay_ns, waiting, ended = int(delay_s * 1e9), LateEcho.waiting, asyncio.Event()
    answered: list[tuple[bytes, int, int]] = []
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    server = await ws_create_server(lambda _: LateEcho(), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    while not ended.is_set():
        while waiting and waiting[0][0] + delay_ns <= time.monotonic_ns():
            came_ns, transport, payload = waiting.popleft()
            transport.send(WSMsgType.TEXT, payload)
            answered.append((payload, came_ns, time.monotonic_ns()))
        await asyncio.sleep(0)
    for payload, came_ns, went_ns in answered:
        print(json.loads(payload)["id"], came_ns, went_ns)


async def echo(stall_s: float, every_s: float) -> None:
    """Serves; every so often it does nothing at all for a while."""
    server = await ws_create_server(lambda _: Echo(), "127.0.0.1", 0, backlog=10_000, read_buffer_init_size=2048)
    print(server.sockets[0].getsockname()[1], flush=True)
    while True:
        await asyncio.sleep(every_s - stall_s)
        began_ns = time.monotonic_ns()
        time.sleep(stall_s)  # noqa: ASYNC251 - the stall that a closed loop would hide
        print(began_ns, time.monotonic_ns(), flush=True)


class Door(asyncio.Protocol):
    """Lets everybody in, and sends back what it gets in whole frames: a few messages a second."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport, self._is_in = transport, False

    def data_received(self, data: bytes) -> None:
        if self._is_in:
            self._echo(data)
            return
        key = re.search(rb"Sec-WebSocket-Key: *([^\r]+)", data, re.IGNORECASE)
        if key is None:
            self._transport.close()
            return
        accept = base64.b64encode(hashlib.sha1(key[1] + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())  # noqa: S324
        head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        self._transport.write(head + b"Sec-WebSocket-Accept: %b\r\n\r\n" % accept)
        self._is_in = True

    def _echo(self, data: bytes) -> None:
        while data:
            size, at = data[1] & 127, 2
            if size == 126:
                size, at = int.from_bytes(data[2:4], "big"), 4
            head, mask = bytes([data[0], data[1] & 127]) + data[2:at], data[at : at + 4] * (size // 4 + 1)
            masked, data = data[at + 4 : at + 4 + size], data[at + 4 + size :]
            payload = int.from_bytes(masked, "big") ^ int.from_bytes(mask[:size], "big")
            self._transport.write(head + payload.to_bytes(size, "big"))


async def door() -> None:
    """Serves."""
    gc.disable()
    server = await asyncio.get_running_loop().create_server(Door, "127.0.0.1", 0, backlog=10_000)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


class Bare(WSListener):  # type: ignore[misc]
    """Sends the next message when the last came back, and notes how long it took: the least that any client does."""

    took = array("q")

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport, self.message = transport, b"x" * BYTES

    def begin(self) -> None:
        self.sent_ns = time.monotonic_ns()
        self.transport.send(WSMsgType.TEXT, self.message)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type is WSMsgType.TEXT:
            now = time.monotonic_ns()
            Bare.took.append(now - self.sent_ns)
            frame.get_payload_as_bytes()
            self.sent_ns = now
            transport.send(WSMsgType.TEXT, self.message)


class Paced(Bare):
    """Sends when it is told to."""

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type is WSMsgType.TEXT:
            Bare.took.append(time.monotonic_ns() - self.sent_ns)
            frame.get_payload_as_bytes()


async def connected(kind: type[Bare], url: str, connections: int) -> list[Bare]:
    """Opens connections, a hundred at once."""
    gate = asyncio.Semaphore(100)

    async def one() -> Bare:
        async with gate:
            _, client = await ws_connect(kind, url, use_aiofastnet=False, read_buffer_init_size=2048)
        return client

    return await asyncio.gather(*(one() for _ in range(connections)))


async def paced(url: str, connections: int, seconds: float, rate: float) -> dict[str, float]:
    """The share of a core that it takes to send so many messages a second, in ticks of a millisecond."""
    loop, clients = asyncio.get_running_loop(), await connected(Paced, url, connections)
    start, count = time.monotonic(), 0

    def tick() -> None:
        nonlocal count
        due = int((time.monotonic() - start) * rate)
        while count < due:
            clients[count % connections].begin()
            count += 1
        loop.call_later(0.001, tick)

    tick()
    await asyncio.sleep(0.5)
    cpu, begin = time.process_time(), time.perf_counter()
    await asyncio.sleep(seconds)
    return {"share": (time.process_time() - cpu) / (time.perf_counter() - begin)}


async def bare(url: str, connections: int, seconds: float) -> dict[str, float]:
    """Round trips and connections per second, and the processor time of each."""
    gc.disable()  # as a worker does while it connects
    begin, cpu = time.perf_counter(), time.process_time()
    clients = await connected(Bare, url, connections)
    connects, connect_us = connections / (time.perf_counter() - begin), (time.process_time() - cpu) / connections * 1e6
    gc.enable()
    if not seconds:
        return {"connects": connects, "connect_us": connect_us}
    for client in clients:  # at once, as a load begins: what is spread costs more system calls
        client.begin()
    await asyncio.sleep(0.5)
    count, cpu, start = len(Bare.took), time.process_time(), time.perf_counter()
    await asyncio.sleep(seconds)
    count = len(Bare.took) - count
    cpu, wall = time.process_time() - cpu, time.perf_counter() - start
    return {"rate": count / wall, "cpu_us": cpu / count * 1e6, "connects": connects, "connect_us": connect_us}


def main() -> None:
    what, *rest = sys.argv[1:]
    if what == "late":
        uvloop.run(late_echo(float(rest[0])))
    elif what == "echo":
        stall_s, every_s = (float(rest[0]), float(rest[1])) if rest else (0.0, 3600.0)
        uvloop.run(echo(stall_s, every_s))
    elif what == "door":
        uvloop.run(door())
    else:
        url, connections, *numbers = rest
        measured = {"bare": bare, "paced": paced}[what]
        print(json.dumps(uvloop.run(measured(url, int(connections), *map(float, numbers)))), flush=True)


if __name__ == "__main__":
    main()
