"""Area `faults`: what a link without a fault costs, next to a direct connection in the same rounds.

What a link carries is measured in WebSocket messages, as its users send them: full ones of 64 KiB, and small ones with
many on their way at a time. Raw bytes are a figure without a goal: where two processes that do nothing but copy keep
both cores busy, one that stands between them and copies everything once more cannot let through half of it.
"""

import multiprocessing
import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

import websocket

from bench import echo
from bench.envelopes import ENVELOPE_BYTES
from bench.figures import Figure
from wireproof import Faults

ROUNDS, MESSAGES = 9, 1_000
STREAM_BYTES, CHUNK = 64_000_000, 65_536
PIPELINES = {"messages of 64 KiB": (65_536, 400, 8), f"messages of {ENVELOPE_BYTES} bytes": (ENVELOPE_BYTES, 4_000, 64)}
"""What is carried: the size of a message, how many a round, and how many are on their way at a time."""
CORE = 1


def measure() -> Iterator[Figure]:
    faults = Faults()
    yield from _round_trips(faults)
    for what, pipeline in PIPELINES.items():
        yield from _messages(faults, what, *pipeline)
    yield from _streams(faults)


def _round_trips(faults: Faults) -> Iterator[Figure]:
    with _peer(echo.server, CORE) as port:
        link = faults.start_fault_proxy("echo", f"ws://127.0.0.1:{port}/")
        direct, through = (
            websocket.create_connection(url, skip_utf8_validation=True) for url in (f"ws://127.0.0.1:{port}/", link.url)
        )
        body = "x" * ENVELOPE_BYTES
        _median_us(direct, body), _median_us(through, body)
        pairs = [(_median_us(direct, body), _median_us(through, body)) for _ in range(ROUNDS)]
        direct.close()
        through.close()
        faults.stop_fault_proxy("echo")
    how = f"p50 of {MESSAGES} round trips of {ENVELOPE_BYTES} bytes, median of {ROUNDS} interleaved rounds"
    bare = statistics.median(straight for straight, _ in pairs)
    added = statistics.median(linked - straight for straight, linked in pairs)
    yield Figure("faults", "round trip, direct", bare, "us", "", how)
    yield Figure("faults", "a link without a fault adds to a round trip", added, "us", "< 100 us", how)
    ratio = statistics.median(linked / straight for straight, linked in pairs)
    yield Figure("faults", "round trip, link to direct", ratio, "", "", "ratio in the same rounds")


def _median_us(connection: websocket.WebSocket, body: str) -> float:
    times = []
    for _ in range(MESSAGES):
        start = time.perf_counter_ns()
        connection.send(body)
        connection.recv()
        times.append(time.perf_counter_ns() - start)
    return statistics.median(times) / 1e3


def _messages(faults: Faults, what: str, size: int, count: int, window: int) -> Iterator[Figure]:
    with _peer(echo.server, CORE) as port:
        url = f"ws://127.0.0.1:{port}/"
        link = faults.start_fault_proxy("echo", url)
        direct, through = (Pipelined(address, size, window) for address in (url, link.url))
        direct.rate(count), through.rate(count)
        pairs = [(direct.rate(count), through.rate(count)) for _ in range(ROUNDS)]
        direct.close()
        through.close()
        faults.stop_fault_proxy("echo")
    how = f"{count} {what} echoed, {window} on their way at a time, median of {ROUNDS} interleaved rounds"
    bare, linked = (statistics.median(rates) for rates in zip(*pairs, strict=True))
    yield Figure("faults", f"{what}, direct", bare, "/s", "", how)
    yield Figure("faults", f"{what} through a link", linked, "/s", "", how)
    ratio = statistics.median(through / straight for straight, through in pairs)
    yield Figure("faults", f"{what}, link to direct", ratio, "", ">= 0.5", "ratio in the same rounds")


class Pipelined:
    """A client that keeps many messages on their way: it reads echoes while it sends.

    Args:
        url: an echo.
        size: of a message, in bytes.
        window: how many are on their way at a time.
    """

    def __init__(self, url: str, size: int, window: int) -> None:
        self._socket = websocket.create_connection(url, skip_utf8_validation=True)
        self._frame = websocket.ABNF.create_frame(b"x" * size, websocket.ABNF.OPCODE_BINARY).format()
        self._answer = size + (4 if size < 65_536 else 10) if size > 125 else size + 2
        self._window = window

    def rate(self, count: int) -> float:
        """Messages a second that come back."""
        sock, buffer = self._socket.sock, bytearray(CHUNK)
        room = threading.Semaphore(self._window)

        def read() -> None:
            read, answered = 0, 0
            while answered < count:
                read += sock.recv_into(buffer)
                for _ in range(read // self._answer - answered):
                    room.release()
                answered = read // self._answer

        reader = threading.Thread(target=read)
        start = time.perf_counter()
        reader.start()
        for _ in range(count):
            room.acquire()
            sock.sendall(self._frame)
        reader.join()
        return count / (time.perf_counter() - start)

    def close(self) -> None:
        self._socket.close()


def _streams(faults: Faults) -> Iterator[Figure]:
    with _peer(_sink) as port:
        link = faults.start_fault_proxy("sink", f"127.0.0.1:{port}")
        _rate(port), _rate(link.port)
        pairs = [(_rate(port), _rate(link.port)) for _ in range(ROUNDS)]
        faults.stop_fault_proxy("sink")
    how = f"{STREAM_BYTES / 1e6:.0f} MB until the peer says that it has all, median of {ROUNDS} interleaved rounds"
    direct, through = (statistics.median(rates) for rates in zip(*pairs, strict=True))
    yield Figure("faults", "raw bytes, direct", direct, "MB/s", "", how)
    yield Figure("faults", "raw bytes through a link", through, "MB/s", "", how)
    ratio = statistics.median(linked / bare for bare, linked in pairs)
    yield Figure("faults", "raw bytes, link to direct", ratio, "", "", "ratio in the same rounds")


def _rate(port: int) -> float:
    """Megabytes a second that get to the other end."""
    chunk = bytes(CHUNK)
    with socket.create_connection(("127.0.0.1", port)) as sock:
        start = time.perf_counter()
        for _ in range(STREAM_BYTES // CHUNK):
            sock.sendall(chunk)
        sock.shutdown(socket.SHUT_WR)
        sock.recv(1)
        return STREAM_BYTES / 1e6 / (time.perf_counter() - start)


def _sink(ready: Connection) -> None:
    """Reads every connection to its end, then says one byte."""
    buffer = bytearray(CHUNK)
    with socket.create_server(("127.0.0.1", 0)) as server:
        ready.send(server.getsockname()[1])
        while True:
            sock, _ = server.accept()
            with sock:
                while sock.recv_into(buffer):
                    pass
                sock.sendall(b"!")


@contextmanager
def _peer(serve: Callable[..., None], *arguments: object) -> Iterator[int]:
    """A server in a process of its own; its port."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs, *arguments), daemon=True)
    process.start()
    try:
        yield ours.recv()
    finally:
        process.terminate()
        process.join()
