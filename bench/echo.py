"""`python -m bench.echo CORE SECONDS`: how many messages a second a bare `websockets` echo carries on CORE."""

import asyncio
import multiprocessing
import sys
import time
from multiprocessing.connection import Connection

import psutil
import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect
from websockets.asyncio.server import ServerConnection, serve

from bench.envelopes import ENVELOPE_BYTES

CONNECTIONS, DEPTH = 100, 4


async def _serve(ready: Connection) -> None:
    async def echo(connection: ServerConnection) -> None:
        async for message in connection:
            await connection.send(message)

    async with serve(echo, "127.0.0.1", 0, compression=None) as server:
        ready.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()


def server(ready: Connection, core: int) -> None:
    psutil.Process().cpu_affinity([core])
    uvloop.run(_serve(ready))


class Client(WSListener):  # type: ignore[misc]
    """Sends back what it gets, and counts."""

    received = 0

    def on_ws_connected(self, transport: WSTransport) -> None:
        for _ in range(DEPTH):
            transport.send(WSMsgType.TEXT, b"x" * ENVELOPE_BYTES)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        Client.received += 1
        transport.send(WSMsgType.TEXT, frame.get_payload_as_bytes())


async def _rate(port: int, seconds: float) -> float:
    await asyncio.gather(*(ws_connect(Client, f"ws://127.0.0.1:{port}/") for _ in range(CONNECTIONS)))
    before, start = Client.received, time.perf_counter()
    await asyncio.sleep(seconds)
    return (Client.received - before) / (time.perf_counter() - start)


def main() -> None:
    core, seconds = int(sys.argv[1]), float(sys.argv[2])
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=server, args=(theirs, core), daemon=True)
    process.start()
    print(uvloop.run(_rate(ours.recv(), seconds)), flush=True)
    process.terminate()


if __name__ == "__main__":
    main()
