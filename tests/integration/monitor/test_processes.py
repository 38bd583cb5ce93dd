"""What trees of real processes use, against what is known of them."""

import contextlib
import math
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from wireproof.monitor.processes import ProcessTree

MiB = 2**20
PROGRAM = """
import os, sys, time

def burn(seconds):
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass

def in_child(deed):
    child = os.fork()
    if child == 0:
        deed()
        os._exit(0)
    return child

kept = []
for line in sys.stdin:
    order, _, argument = line.strip().partition(" ")
    if order == "allocate":
        kept.append(b"x" * int(argument))
    elif order == "fork":
        in_child(lambda: time.sleep(600))
    elif order == "burn":
        burn(float(argument))
    elif order == "burn-in-children":
        for _ in range(4):
            os.waitpid(in_child(lambda: burn(float(argument) / 4)), 0)
    print("done", flush=True)
"""


class Planted:
    """A process that does as it is told."""

    def __init__(self, child: subprocess.Popen[str]) -> None:
        self._child = child
        self.pid = child.pid

    def tell(self, order: str) -> None:
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.write(f"{order}\n")
        self._child.stdin.flush()
        assert self._child.stdout.readline() == "done\n"

    def end(self) -> None:
        self._child.kill()
        self._child.wait()


@pytest.fixture
def planted() -> Iterator[Planted]:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as child:
        yield Planted(child)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)


@pytest.fixture
def tree(planted: Planted) -> ProcessTree:
    return ProcessTree("planted", lambda: planted.pid, most_s=math.inf)


def memory(tree: ProcessTree) -> float:
    return tree.look().values["memory.planted"]


def used_s(tree: ProcessTree, deed: Callable[[], None]) -> float:
    """The processor time that a deed costs as the tree tells it."""
    first = tree.look()
    deed()
    second = tree.look()
    return second.values["cpu.planted"] * (second.began_ns - first.began_ns) / 1e9


def test_what_is_allocated_is_seen(planted: Planted, tree: ProcessTree) -> None:
    before = memory(tree)
    planted.tell(f"allocate {64 * MiB}")
    assert 64 * MiB * 0.95 < memory(tree) - before < 64 * MiB * 1.1
    assert tree.look().remark == "", "it is the proportional set"


def test_pages_that_processes_share_count_once(planted: Planted, tree: ProcessTree) -> None:
    planted.tell(f"allocate {64 * MiB}")
    before = memory(tree)
    for _ in range(3):
        planted.tell("fork")
    assert memory(tree) - before < 32 * MiB


def test_work_is_seen(planted: Planted, tree: ProcessTree) -> None:
    assert 0.28 <= used_s(tree, lambda: planted.tell("burn 0.3")) <= 0.6


def test_work_of_children_that_have_ended_is_seen(planted: Planted, tree: ProcessTree) -> None:
    assert 0.25 <= used_s(tree, lambda: planted.tell("burn-in-children 0.3")) <= 0.6


def test_memory_that_takes_long_to_read_is_read_less_often(planted: Planted) -> None:
    tree = ProcessTree("planted", lambda: planted.pid, most_s=1e-9)
    first, second = tree.look(), tree.look()
    assert list(first.values) == ["memory.planted"]
    assert list(second.values) == ["cpu.planted"], "the next one is due in ages"


def test_a_tree_without_a_root_is_a_gap(planted: Planted, tree: ProcessTree) -> None:
    tree.look()
    planted.end()
    look = tree.look()
    assert (look.problem, look.values) == ("planted has no process", {})


def test_a_zombie_is_no_process(planted: Planted, tree: ProcessTree) -> None:
    os.kill(planted.pid, signal.SIGKILL)
    os.waitid(os.P_PID, planted.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and nobody has taken its end
    assert tree.look().problem == "planted has no process"
