"""Importing a library is fast and does nothing: editors and linters do it all the time."""

import subprocess
import sys

import pytest

LOOK = """
import os, sys, threading, time
import robot.run, robot.libraries.BuiltIn  # who imports the library has them
before = set(os.listdir('.'))
started = []
threading.Thread.start = lambda self: started.append(self.name)
sys.addaudithook(lambda event, args: started.append(event) if event in FORBIDDEN else None)
FORBIDDEN = {'socket.__new__', 'socket.connect', 'socket.bind', 'subprocess.Popen', 'os.system', 'os.fork', 'os.mkdir'}
begin = time.process_time()
import wireproof
library = getattr(wireproof, sys.argv[1])
library()
print((time.process_time() - begin) * 1000)
assert not started, started
assert set(os.listdir('.')) == before
assert threading.active_count() == 1
assert not {'numpy', 'psycopg', 'psycopg2', 'redis', 'aiohttp', 'asyncpg', 'requests'} & sys.modules.keys()
"""


@pytest.mark.parametrize("library", ["Delivery", "Faults", "Fixtures", "Load", "Report", "Sockets", "Stack", "Timing"])
def test_the_import_does_nothing(tmp_path, library):
    done = subprocess.run(
        [sys.executable, "-c", LOOK, library], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    print(f"wireproof.{library}: {float(done.stdout):.0f} ms of CPU to import and make")  # noqa: T201


@pytest.mark.parametrize("library", ["Delivery", "Faults", "Fixtures", "Load", "Report", "Sockets", "Stack", "Timing"])
def test_libdoc_needs_no_stack(tmp_path, library):
    done = subprocess.run(
        [sys.executable, "-m", "robot.libdoc", f"wireproof.{library}", str(tmp_path / "doc.json")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"doc.json"}
