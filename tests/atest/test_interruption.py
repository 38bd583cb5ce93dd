"""A run that is ended from outside closes its clients, writes what it can, and leaves no process or directory."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from harness import GENEROUS_S, Run, command, environment, write_suites
from peers import Echo, echo_server

from wireproof import journal_file
from wireproof.stack import janitor

SUITE = """
*** Settings ***
Library    wireproof.Sockets
Library    wireproof.Stack

*** Test Cases ***
Waits
    Ensure Stack
    Open Clients    member    3    ${URL}/member
    Evaluate    open('run', 'w').write(str(wireproof.stack.current().run.path))    modules=wireproof.stack
    Evaluate    os.rename('run', 'ready')    modules=os
    Wait For Message    member-001    text=never    timeout=1 min

Does Not Begin
    Open Client    late    ${URL}/late
"""


@pytest.fixture
def echo_of_its_own():
    """An echo server that only this run talks to."""
    with echo_server() as server:
        yield server


def ended_by(number: signal.Signals, directory: Path, echo: Echo) -> tuple[Run, Path, list[janitor.Identity]]:
    """A run that got a signal while a client waited, the stack's directory, and the processes that belonged to it."""
    ready = directory / "ready"
    process = subprocess.Popen(
        command(write_suites(directory, SUITE), directory / "results", "--variable", f"URL:{echo.url}"),
        cwd=directory,
        # The run takes no stack that somebody keeps up, and nobody takes its.
        env=environment({"XDG_RUNTIME_DIR": str(directory)}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        wait_until(lambda: ready.exists() or process.poll() is not None)
        stack = Path(ready.read_text())
        everything = list(janitor.working_below(stack))
        assert len(everything) > 3
        os.kill(process.pid, number)
        console, _ = process.communicate(timeout=GENEROUS_S)
    finally:
        process.kill()
    return Run(process.returncode, console, directory / "results"), stack, everything


def wait_until(condition) -> None:
    """Waits for something that another process does."""
    deadline = time.monotonic() + GENEROUS_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_ctrl_c_ends_the_run_in_good_order(tmp_path, echo_of_its_own):
    run, stack, everything = ended_by(signal.SIGINT, tmp_path, echo_of_its_own)
    assert run.failure("Waits") == "Execution terminated by signal"
    assert run.failure("Does Not Begin") == "Test execution stopped due to a fatal error."
    assert [echo_of_its_own.closes.get(timeout=GENEROUS_S) for _ in range(3)] == [("/member", 1000)] * 3
    kinds = [event.kind for event in journal_file.read(run.directory / "wireproof" / "journal.jsonl")]
    assert kinds.count("close") == 3
    assert kinds[-1] == "scope"
    wait_until(lambda: not stack.exists())
    assert janitor.wait_until_dead(everything, GENEROUS_S) == []


def test_kill_9_leaves_nothing(tmp_path, echo_of_its_own):
    run, stack, everything = ended_by(signal.SIGKILL, tmp_path, echo_of_its_own)
    assert run.rc == -signal.SIGKILL
    assert [echo_of_its_own.closes.get(timeout=GENEROUS_S) for _ in range(3)] == [("/member", 1006)] * 3
    wait_until(lambda: not stack.exists())
    assert janitor.wait_until_dead(everything, GENEROUS_S) == []
