"""What ``stack up``, ``stack status`` and ``stack down`` do."""

import json
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from wireproof.stack import janitor, readiness, state
from wireproof.stack.embedded import EmbeddedStack
from wireproof.stack.errors import StackError
from wireproof.stack.services import recover
from wireproof.stack.state import State, StateFile
from wireproof.wiretext import safe

_UP_S = 60.0
_DOWN_S = 20.0
_POLL_S = 0.02
_NONE = "no stack is running: start one with python -m wireproof stack up"


def up(as_json: bool) -> int:
    """Starts the stack of this checkout, or finds it running, and tells where it is.

    Raises:
        StackError: it could not be started, or the one that runs is not healthy.
    """
    file = state.of_checkout(Path.cwd())
    with file.locked():  # two at the same time give one stack
        found = file.find() or _start(file)
        stack = EmbeddedStack.attach(Path(found.run_dir))
        for warning in recover(stack.mode, stack.services.values()):
            sys.stderr.write(f"{warning}\n")
    if problem := readiness.reasons(stack.checks()):
        raise StackError(f"a stack is running but not healthy: {problem}; end it with python -m wireproof stack down")
    description = {
        "ws": stack.addresses.ws,
        "http": stack.addresses.http,
        "postgres": stack.addresses.postgres,
        "redis": stack.addresses.redis,
        "token_secret_file": str(stack.token_secret_file),
        "mode": stack.mode,
        "pid": found.pid,
    }
    shown = {**description, "postgres": stack.endpoint("postgres"), "redis": stack.endpoint("redis")}
    _print(description if as_json else "\n".join(f"{name:18}{value}" for name, value in shown.items()))
    return 0


def status(as_json: bool) -> int:
    """Tells how each part of the stack is; 1 when there is none or a part is not well."""
    found = state.of_checkout(Path.cwd()).find()
    if found is None:
        _print({"running": False, "healthy": False, "checks": []} if as_json else _NONE)
        return 1
    checks = EmbeddedStack.attach(Path(found.run_dir)).checks()
    healthy = all(check.healthy for check in checks)
    if as_json:
        _print({"running": True, "healthy": healthy, "pid": found.pid, "checks": [asdict(check) for check in checks]})
    else:
        _print("\n".join(str(check) for check in checks))
    return 0 if healthy else 1


def down(as_json: bool) -> int:
    """Ends the stack; fine when there is none."""
    file = state.of_checkout(Path.cwd())
    found = file.find()
    if found is not None:
        _end(found)
    file.remove()
    _print({"stopped": found is not None} if as_json else ("the stack is down" if found else "no stack is running"))
    return 0


def _start(file: StateFile) -> State:
    program = [sys.executable, "-m", "wireproof.stack.holder"]
    with file.log.open("wb") as log:
        holder = subprocess.Popen(
            program, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        return _await_state(file, holder)
    except BaseException:
        holder.terminate()
        raise


def _await_state(file: StateFile, holder: subprocess.Popen[bytes]) -> State:
    deadline = time.monotonic() + _UP_S
    while time.monotonic() < deadline:
        ended = holder.poll() is not None
        if found := file.find():
            return found
        if ended:
            lines = file.log.read_text(errors="replace").strip().splitlines() or ["it said nothing"]
            raise StackError(f"the stack did not start: {safe(lines[-1], 1000)}")
        time.sleep(_POLL_S)
    raise StackError(f"the stack did not start within {_UP_S:g} s: see {file.log}")


def _end(found: State) -> None:
    """Asks the holder to end its stack; should it not, the janitor clears up after the killed holder."""
    run_dir = Path(found.run_dir)
    deadline = time.monotonic() + _DOWN_S
    janitor.end_tree(found.holder, signal.SIGTERM, _DOWN_S)
    while run_dir.exists() and time.monotonic() < deadline:
        time.sleep(_POLL_S)
    if run_dir.exists():
        janitor.clear(run_dir)


def _print(what: dict[str, Any] | str) -> None:
    sys.stdout.write(f"{what if isinstance(what, str) else json.dumps(what)}\n")
