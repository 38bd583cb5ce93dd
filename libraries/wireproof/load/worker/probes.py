"""What the generator itself adds: how late its loop is, how long garbage is collected, what an echo to itself takes."""

import asyncio
import gc
import time
from array import array
from collections.abc import Callable

from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect, ws_create_server

from wireproof.journal import now_ns

LAG_EVERY_S = 0.01
ECHO_EVERY_S = 0.1


class Probes:
    """Measures the worker it runs in, from `start` to `stop`.

    Attributes:
        lag_at, lag_took: how late a timer of 10 ms was, each time.
        gc_at, gc_took: collections of garbage.
        echo_at, echo_took: round trips of a message to an echo in the same loop.
        cpu_s: of the process, while it was measured.
    """

    def __init__(self, each_lag: Callable[[], None]) -> None:
        self.lag_at, self.lag_took = array("q"), array("q")
        self.gc_at, self.gc_took = array("q"), array("q")
        self.echo_at, self.echo_took = array("q"), array("q")
        self.cpu_s = 0.0
        self.wall_s = 0.0
        self._each_lag = each_lag
        self._collecting = 0
        self._tasks: list[asyncio.Task[None]] = []
        self._server: asyncio.Server | None = None
        self._client: _Echoed | None = None

    async def open(self) -> None:
        """Starts the echo."""
        self._server = await ws_create_server(lambda _: _Echo(), "127.0.0.1", 0, use_aiofastnet=False)
        port = self._server.sockets[0].getsockname()[1]
        self._client = _Echoed(self)
        await ws_connect(lambda: self._client, f"ws://127.0.0.1:{port}/", use_aiofastnet=False)

    def start(self) -> None:
        """Begins to measure."""
        gc.callbacks.append(self._collected)
        self._tasks = [asyncio.ensure_future(self._lag()), asyncio.ensure_future(self._echo())]
        self._cpu_begin, self._wall_begin = time.process_time(), time.perf_counter()

    def stop(self) -> None:
        """Ends measuring."""
        if not self._tasks:
            return
        self.cpu_s = time.process_time() - self._cpu_begin
        self.wall_s = time.perf_counter() - self._wall_begin
        gc.callbacks.remove(self._collected)
        for task in self._tasks:
            task.cancel()
        self._tasks = []

    def close(self) -> None:
        """Ends the echo."""
        if self._client is not None:
            self._client.transport.disconnect()
        if self._server is not None:
            self._server.close()

    async def _lag(self) -> None:
        while True:
            due = now_ns() + int(LAG_EVERY_S * 1e9)
            await asyncio.sleep(LAG_EVERY_S)
            at = now_ns()
            self.lag_at.append(at)
            self.lag_took.append(max(0, at - due))
            self._each_lag()

    async def _echo(self) -> None:
        while self._client is not None:
            self._client.ask()
            await asyncio.sleep(ECHO_EVERY_S)

    def _collected(self, phase: str, _: object) -> None:
        if phase == "start":
            self._collecting = now_ns()
        else:
            at = now_ns()
            self.gc_at.append(at)
            self.gc_took.append(at - self._collecting)


class _Echo(WSListener):
    """Sends back what it gets."""

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type is WSMsgType.BINARY:
            transport.send(WSMsgType.BINARY, frame.get_payload_as_bytes())


class _Echoed(WSListener):
    """Sends the moment, and notes how long it took to come back."""

    def __init__(self, probes: Probes) -> None:
        self._probes = probes
        self.transport: WSTransport

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport

    def ask(self) -> None:
        self.transport.send(WSMsgType.BINARY, now_ns().to_bytes(8, "big"))

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        at = now_ns()
        if frame.msg_type is WSMsgType.BINARY:
            self._probes.echo_at.append(at)
            self._probes.echo_took.append(at - int.from_bytes(frame.get_payload_as_bytes(), "big"))
