"""Area `faults`: what a link without a fault costs, next to a direct connection in the same rounds."""

import multiprocessing
import socket
import statistics
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
CORE = 1


def measure() -> Iterator[Figure]:
    faults = Faults()
    yield from _round_trips(faults)
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


def _streams(faults: Faults) -> Iterator[Figure]:
    with _peer(_sink) as port:
        link = faults.start_fault_proxy("sink", f"127.0.0.1:{port}")
        _rate(port), _rate(link.port)
        pairs = [(_rate(port), _rate(link.port)) for _ in range(ROUNDS)]
        faults.stop_fault_proxy("sink")
    how = f"{STREAM_BYTES / 1e6:.0f} MB until the peer says that it has all, median of {ROUNDS} interleaved rounds"
    direct, through = (statistics.median(rates) for rates in zip(*pairs, strict=True))
    yield Figure("faults", "throughput, direct", direct, "MB/s", "", how)
    yield Figure("faults", "throughput through a link", through, "MB/s", "", how)
    ratio = statistics.median(linked / bare for bare, linked in pairs)
    yield Figure("faults", "throughput, link to direct", ratio, "", ">= 0.5", "ratio in the same rounds")


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
