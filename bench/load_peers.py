"""The peers of area `load`: an echo of picows, and a bare loop of picows against it.

`python -m bench.load_peers echo [STALL_S EVERY_S]` and `... late DELAY_S` serve and print their port, then when each
stall began and ended; `... bare URL CONNECTIONS SECONDS` prints round trips per second and what each costs.
"""

import asyncio
import json
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
    delay_ns: ClassVar[int] = 0

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.TEXT:
            due_ns = time.monotonic_ns() + LateEcho.delay_ns
            LateEcho.waiting.append((due_ns, transport, frame.get_payload_as_bytes()))
        elif frame.msg_type == WSMsgType.CLOSE:
            transport.disconnect()


async def late_echo(delay_s: float) -> None:
    """Serves, everything so much later; it never sleeps, because timers are a millisecond off."""
    LateEcho.delay_ns, waiting = int(delay_s * 1e9), LateEcho.waiting
    server = await ws_create_server(lambda _: LateEcho(), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    while True:
        while waiting and waiting[0][0] <= time.monotonic_ns():
            _, transport, payload = waiting.popleft()
            transport.send(WSMsgType.TEXT, payload)
        await asyncio.sleep(0)


async def echo(stall_s: float, every_s: float) -> None:
    """Serves; every so often it does nothing at all for a while."""
    server = await ws_create_server(lambda _: Echo(), "127.0.0.1", 0, backlog=10_000, read_buffer_init_size=2048)
    print(server.sockets[0].getsockname()[1], flush=True)
    while True:
        await asyncio.sleep(every_s - stall_s)
        began_ns = time.monotonic_ns()
        time.sleep(stall_s)  # noqa: ASYNC251 - the stall that a closed loop would hide
        print(began_ns, time.monotonic_ns(), flush=True)


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


async def bare(url: str, connections: int, seconds: float) -> dict[str, float]:
    """Round trips per second, and the processor time of each."""
    gate, begin = asyncio.Semaphore(100), time.perf_counter()

    async def one() -> Bare:
        async with gate:
            _, client = await ws_connect(Bare, url, use_aiofastnet=False, read_buffer_init_size=2048)
        return client

    clients = await asyncio.gather(*(one() for _ in range(connections)))
    connects = connections / (time.perf_counter() - begin)
    for client in clients:  # at once, as a load begins: what is spread costs more system calls
        client.begin()
    await asyncio.sleep(0.5)
    count, cpu, start = len(Bare.took), time.process_time(), time.perf_counter()
    await asyncio.sleep(seconds)
    count = len(Bare.took) - count
    cpu, wall = time.process_time() - cpu, time.perf_counter() - start
    return {"rate": count / wall, "cpu_us": cpu / count * 1e6, "connects": connects}


def main() -> None:
    what, *rest = sys.argv[1:]
    if what == "late":
        uvloop.run(late_echo(float(rest[0])))
    elif what == "echo":
        stall_s, every_s = (float(rest[0]), float(rest[1])) if rest else (0.0, 3600.0)
        uvloop.run(echo(stall_s, every_s))
    else:
        print(json.dumps(uvloop.run(bare(rest[0], int(rest[1]), float(rest[2])))), flush=True)


if __name__ == "__main__":
    main()
