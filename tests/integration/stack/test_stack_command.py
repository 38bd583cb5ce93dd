"""``python -m wireproof stack up|status|down`` as a user calls it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from wireproof.stack import gate, janitor, readiness, state
from wireproof.stack.embedded import EmbeddedStack


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A checkout of its own with a state file of its own."""
    (tmp_path / "project").mkdir()
    (tmp_path / "project/robot.toml").touch()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path / "project")
    yield tmp_path / "project"
    wireproof("stack", "down")


def wireproof(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "wireproof", *arguments], capture_output=True, text=True, check=False, timeout=60
    )


def test_up_status_down(project):
    up = wireproof("stack", "up", "--json")
    assert (up.returncode, up.stderr) == (0, "")
    found = json.loads(up.stdout)
    assert sorted(found) == ["http", "mode", "pid", "postgres", "redis", "token_secret_file", "ws"]
    assert readiness.postgres(found["postgres"]) == readiness.redis(found["redis"]) == ""
    assert len(Path(found["token_secret_file"]).read_text()) >= 32

    (project / "suites").mkdir()
    os.chdir(project / "suites")
    again = wireproof("stack", "up", "--json")
    assert (again.returncode, json.loads(again.stdout)) == (0, found)

    lines = wireproof("stack", "up").stdout
    assert found["ws"] in lines
    assert found["postgres"] not in lines

    status = wireproof("stack", "status")
    assert status.returncode == 0
    assert [line.partition(":")[0] for line in status.stdout.splitlines()] == ["postgres", "redis", "http", "ws"]

    down = wireproof("stack", "down")
    assert (down.returncode, down.stdout) == (0, "the stack is down\n")
    assert not Path(found["token_secret_file"]).parent.exists()
    after = wireproof("stack", "status", "--json")
    assert (after.returncode, json.loads(after.stdout)["running"]) == (1, False)


def test_down_without_a_stack_is_fine(project):
    down = wireproof("stack", "down")
    assert (down.returncode, down.stdout, down.stderr) == (0, "no stack is running\n", "")


def test_two_at_the_same_time_give_one_stack(project):
    command = [sys.executable, "-m", "wireproof", "stack", "up", "--json"]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    first, second = (json.loads(process.communicate(timeout=60)[0]) for process in both)
    assert first == second


def test_a_run_uses_the_stack_that_is_up_and_leaves_it(project):
    found = json.loads(wireproof("stack", "up", "--json").stdout)
    stack = gate.open_stack("embedded", lambda name: "", Path.cwd(), None)
    assert stack.endpoint("ws") == found["ws"]
    stack.service("redis").kill()
    assert wireproof("stack", "status").returncode == 1
    refused = wireproof("stack", "up")
    assert refused.returncode == 1
    assert refused.stderr.startswith("a stack is running but not healthy: redis: ")
    stack.service("redis").start()
    stack.service("postgres").kill()
    stack.service("postgres").start()
    stack.stop()
    assert wireproof("stack", "status").returncode == 0


VISITOR = """
import sys
from pathlib import Path
from wireproof.stack.embedded import EmbeddedStack
stack = EmbeddedStack.attach(Path(sys.argv[1]))
server = stack.start_server({"maxConnections": int(sys.argv[2])})
print(server.name, server.http, stack.service(server.name).process.pid, flush=True)
sys.stdin.readline()
stack.stop()
"""


def test_visitors_do_not_meet_and_their_servers_end_with_them(project):
    """Two runs on one stack each start a server of the same name; one run is killed, one ends."""
    run_dir = str(Path(json.loads(wireproof("stack", "up", "--json").stdout)["token_secret_file"]).parent)
    commands = [[sys.executable, "-c", VISITOR, run_dir, str(limit)] for limit in (3, 4)]
    visitors = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for command in commands
    ]
    servers = [visitor.stdout.readline().split() for visitor in visitors]
    assert [name for name, _, _ in servers] == ["server-2", "server-2"]
    assert [readiness.version(http)["settings"]["maxConnections"] for _, http, _ in servers] == [3, 4]
    processes = [janitor.look_up(int(pid)).identity for _, _, pid in servers]

    visitors[0].kill()
    assert janitor.wait_until_dead(processes[:1], 20) == []
    assert janitor.is_alive(processes[1])
    visitors[1].communicate("\n", timeout=30)
    assert not janitor.is_alive(processes[1])
    assert wireproof("stack", "status").returncode == 0
    visitors[0].communicate()


def test_a_stack_that_is_up_but_not_healthy_is_not_used(project, monkeypatch):
    found = json.loads(wireproof("stack", "up", "--json").stdout)
    state_of_it = state.of_checkout(Path.cwd()).find()
    EmbeddedStack.attach(Path(state_of_it.run_dir)).service("redis").suspend()
    monkeypatch.setattr(EmbeddedStack, "start", lambda **_: "a new one")
    assert gate.open_stack("embedded", lambda name: "", Path.cwd(), None) == "a new one"
    assert found["mode"] == "embedded"


def test_a_killed_holder_leaves_nothing(project):
    found = json.loads(wireproof("stack", "up", "--json").stdout)
    run_dir = Path(found["token_secret_file"]).parent
    everything = janitor.working_below(run_dir)
    os.kill(found["pid"], signal.SIGKILL)
    assert janitor.wait_until_dead(everything, 20) == []
    deadline = time.monotonic() + 20
    while run_dir.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not run_dir.exists()
    assert wireproof("stack", "status").stdout.startswith("no stack is running")


def test_a_start_that_fails_says_why_in_one_line(project, monkeypatch):
    monkeypatch.setenv("PG_BIN", "/nowhere")
    up = wireproof("stack", "up")
    assert (up.returncode, up.stdout) == (1, "")
    assert up.stderr.startswith("the stack did not start: PG_BIN is /nowhere, but there is no initdb")
    assert up.stderr.count("\n") == 1


def test_help_and_wrong_usage():
    assert "keep a stack running between robot runs" in wireproof("--help").stdout
    assert "end it and remove all it left" in wireproof("stack", "--help").stdout
    for wrong in ((), ("stack",), ("stack", "sideways")):
        assert wireproof(*wrong).returncode == 2
