"""Area `sockets`: what a keyword costs on top of a bare websocket-client loop against the same echo server."""

import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import websocket
from robot.api import ExecutionResult
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from bench.figures import Figure
from wireproof import Sockets
from wireproof.sockets.arguments import CONVERTERS, Since

ROUNDS, MESSAGES = 7, 300
BODY = '{"type": "say", "text": "hello"}'

SUITE = f"""\
*** Settings ***
Library         wireproof.Sockets

*** Test Cases ***
Robot Alone
    FOR    ${{n}}    IN RANGE    {MESSAGES}
        No Operation
        No Operation
    END

Send And Wait
    Open Client    alice    %{{ECHO_URL}}
    FOR    ${{n}}    IN RANGE    {MESSAGES}
        ${{sent}}    Send Message    alice    {BODY}
        Wait For Message    alice    json={{"id": "${{sent.id}}"}}    since=${{sent}}
    END
"""


def measure() -> Iterator[Figure]:
    with _echo() as url:
        bare, keywords = _interleaved(url)
        in_robot = statistics.median(_robot(url) for _ in range(3))
    added = [ours - theirs for ours, theirs in zip(keywords, bare, strict=True)]
    how = f"median of {ROUNDS} interleaved rounds of {MESSAGES} round trips against one echo server"
    yield Figure("sockets", "round trip of a bare websocket-client loop", statistics.median(bare), "ms", "", how)
    yield Figure("sockets", "Send Message + Wait For Message add", statistics.median(added), "ms", "< 0.5 ms", how)
    ratio = statistics.median(ours / theirs for ours, theirs in zip(keywords, bare, strict=True))
    yield Figure("sockets", "keywords to bare loop", ratio, "", "", "ratio in the same rounds")
    how = "the same pair run by Robot, less two No Operation: argument conversion and logging included"
    yield Figure("sockets", "Send Message + Wait For Message in a robot run", in_robot, "ms", "", how)


def _interleaved(url: str) -> tuple[list[float], list[float]]:
    connection = websocket.create_connection(url)
    sockets = Sockets()
    sockets.open_client("alice", url)

    def bare() -> None:
        connection.send(BODY)
        connection.recv()

    def keywords() -> None:
        sent = sockets.send_message("alice", {"type": "say", "text": "hello"})
        sockets.wait_for_message("alice", json={"id": sent.id}, since=CONVERTERS[Since](sent))

    bare()
    keywords()
    times = [(_mean_ms(bare), _mean_ms(keywords)) for _ in range(ROUNDS)]
    sockets.close_all_clients()
    connection.close()
    return [pair[0] for pair in times], [pair[1] for pair in times]


def _mean_ms(action: Callable[[], None]) -> float:
    start = time.perf_counter()
    for _ in range(MESSAGES):
        action()
    return (time.perf_counter() - start) / MESSAGES * 1e3


def _robot(url: str) -> float:
    with tempfile.TemporaryDirectory() as folder:
        suite = Path(folder, "cost.robot")
        suite.write_text(SUITE)
        command = [sys.executable, "-m", "robot", "--console", "none", "--outputdir", folder, str(suite)]
        subprocess.run(command, check=True, env={"ECHO_URL": url})
        alone, pair = ExecutionResult(Path(folder, "output.xml")).suite.tests
        return (pair.elapsed_time - alone.elapsed_time).total_seconds() / MESSAGES * 1e3


@contextmanager
def _echo() -> Iterator[str]:
    def echo(connection: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            for message in connection:
                connection.send(message)

    with serve(echo, "127.0.0.1", 0, compression=None) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}/"
        server.shutdown()
        thread.join()
