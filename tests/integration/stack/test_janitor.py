"""Processes known by number and start time, and how trees of them end."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from wireproof.stack import janitor
from wireproof.stack.janitor import Identity

FAMILY = """
import subprocess, sys, time
forever = "print(flush=True); import time; time.sleep(60)"
child = subprocess.Popen([sys.executable, "-c", forever], start_new_session=True)
print(child.pid, flush=True)
child.wait()
"""

HEADLESS = """
import ctypes, socket, threading
listener = socket.create_server(("127.0.0.1", 0))
threading.Thread(target=threading.Event().wait).start()
print(listener.getsockname()[1], flush=True)
ctypes.CDLL(None).pthread_exit(None)
"""
"""The first thread ends, as it does before the others when a process is killed; another lives and keeps the files."""

BUSY = "print(flush=True)\nwhile True: pass"


@pytest.fixture
def starved():
    """A process that hardly ever comes to run: it waits for the one core where another one is busy."""
    with ExitStack() as undo:
        command = [sys.executable, "-c", BUSY]
        processes = [undo.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE)) for _ in range(2)]
        for process in processes:
            undo.callback(process.kill)
            process.stdout.readline()
            os.sched_setaffinity(process.pid, {min(os.sched_getaffinity(0))})
        os.sched_setscheduler(processes[0].pid, os.SCHED_IDLE, os.sched_param(0))
        yield janitor.look_up(processes[0].pid).identity


@pytest.fixture
def family():
    """A process with a child in a session of its own."""
    parent = subprocess.Popen([sys.executable, "-c", FAMILY], stdout=subprocess.PIPE)
    numbers = [parent.pid]
    while len(numbers) < 2:  # the two print at the same time
        numbers += [int(word) for word in parent.stdout.readline().split()]
    yield [janitor.look_up(pid).identity for pid in numbers]
    janitor.kill_tree(janitor.look_up(parent.pid).identity)
    parent.stdout.close()
    parent.wait()


def test_a_tree_reaches_into_other_sessions(family):
    assert janitor.tree(family[0]) == family


def test_killing_a_tree_kills_all_of_it(family):
    janitor.kill_tree(family[0])
    assert not any(janitor.is_alive(member) for member in family)


@pytest.mark.skipif(sys.platform != "linux", reason="idle processes and cores are Linux's")
def test_who_suspends_goes_on_when_the_process_stands_still(starved):
    for _ in range(10):
        janitor.suspend([starved])
        assert janitor.look_up(starved.pid).stopped
        janitor.send(signal.SIGCONT, [starved])


def test_a_suspended_tree_ends_by_its_signal(family):
    janitor.send(signal.SIGSTOP, family)
    assert all(janitor.is_alive(member) for member in family)
    assert janitor.end_tree(family[0], signal.SIGTERM, 0.2) is False  # the child does not end by itself
    assert not any(janitor.is_alive(member) for member in family)


def test_another_process_with_the_same_number_is_left_alone(family):
    impostor = Identity(family[0].pid, "another start")
    assert not janitor.is_alive(impostor)
    assert janitor.tree(impostor) == []
    janitor.kill_tree(impostor)
    janitor.send(signal.SIGKILL, [impostor])
    assert janitor.is_alive(family[0])


def test_a_zombie_is_dead():
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    identity = janitor.look_up(child.pid).identity
    assert janitor.wait_until_dead([identity], 20) == []
    assert janitor.look_up(child.pid).state == "Z"
    child.wait()
    assert janitor.look_up(child.pid) is None


@pytest.mark.skipif(sys.platform != "linux", reason="the state of single threads is Linux's")
def test_a_zombie_whose_other_threads_still_hold_its_port_is_not_dead():
    with subprocess.Popen([sys.executable, "-c", HEADLESS], stdout=subprocess.PIPE) as process, ExitStack() as undo:
        undo.callback(process.kill)
        port = int(process.stdout.readline())
        identity = janitor.look_up(process.pid).identity
        while janitor.look_up(process.pid).state != "Z":
            pass
        assert janitor.is_alive(identity)
        janitor.kill_tree(identity)
        assert not janitor.is_alive(identity)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))


@pytest.mark.skipif(shutil.which("ps") is None, reason="this system has no ps")
def test_a_system_without_proc_is_asked_by_ps(monkeypatch, tmp_path, family):
    by_proc = janitor.look_up(os.getpid())
    monkeypatch.setattr(janitor, "_PROC", tmp_path)
    by_ps = janitor.look_up(os.getpid())
    assert (by_ps.identity.pid, by_ps.parent, by_ps.dead) == (os.getpid(), by_proc.parent, False)
    assert janitor.is_alive(by_ps.identity)
    assert [member.pid for member in janitor.tree(janitor.look_up(family[0].pid).identity)] == [m.pid for m in family]
    assert janitor.working_below(Path("/")) == []


def test_the_janitor_needs_nothing_but_the_standard_library(tmp_path):
    """As it is started, with no environment, on a directory that its owner has removed."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", janitor.__file__, str(tmp_path / "gone")],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env={},
        timeout=20,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_damaged_record_does_not_stop_the_janitor(tmp_path):
    run_dir = tmp_path / "run"
    (run_dir / janitor.RECORDS).mkdir(parents=True)
    for name, text in (("a", "{"), ("b", "{}"), ("c", '{"pid": 1, "started": "never", "quick_signal": 9}')):
        (run_dir / janitor.RECORDS / f"{name}.json").write_text(text)
    janitor.clear(run_dir)
    assert not run_dir.exists()
