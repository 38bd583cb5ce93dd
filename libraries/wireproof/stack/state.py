"""The state file of a running ``stack up``: how a later command or robot run finds the stack of the same checkout."""

import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from wireproof.stack import janitor
from wireproof.stack.errors import StackError
from wireproof.stack.janitor import Identity
from wireproof.stack.rundir import write_private

_PROJECT_MARKS = (".git", "pyproject.toml", "robot.toml", "docker-compose.yml")


@dataclass(frozen=True, slots=True)
class State:
    """A stack that a holder process keeps running.

    Attributes:
        pid: the holder's process number.
        started: when the holder started, in the system's notation.
        run_dir: the stack's run directory.
    """

    pid: int
    started: str
    run_dir: str

    @property
    def holder(self) -> Identity:
        return Identity(self.pid, self.started)

    def to_json(self) -> str:
        return json.dumps(asdict(self))


def parse(text: str) -> State:
    """Reads a state file.

    Raises:
        ValueError: it is none.
    """
    fields = json.loads(text)
    try:
        return State(int(fields["pid"]), str(fields["started"]), str(fields["run_dir"]))
    except (TypeError, KeyError):
        raise ValueError("not the state of a stack") from None


class StateFile:
    """Where the state of one checkout's stack is kept: in a directory of the user's own: it leads to passwords."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def log(self) -> Path:
        """What the holder said."""
        return self.path.with_suffix(".log")

    def find(self) -> State | None:
        """The state of a stack whose holder is alive, else None.

        Raises:
            StackError: the directory belongs to somebody else.
        """
        if not self.path.parent.exists():
            return None
        _require_own(self.path.parent)
        try:
            state = parse(self.path.read_text())
        except (OSError, ValueError):
            return None
        return state if janitor.is_alive(state.holder) else None

    @contextmanager
    def locked(self) -> Iterator[None]:
        """One process at a time; makes the directory.

        Raises:
            StackError: the directory belongs to somebody else.
        """
        import fcntl  # not on Windows, where no embedded stack runs

        self.path.parent.mkdir(mode=0o700, exist_ok=True)
        _require_own(self.path.parent)
        with self.path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def write(self, state: State) -> None:
        write_private(self.path, state.to_json())

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)


def of_checkout(directory: Path, environment: Mapping[str, str] = os.environ) -> StateFile:
    """The state file for the project that `directory` lies in.

    Raises:
        StackError: this is Windows, where neither PostgreSQL nor Redis can be run as the embedded stack does.
    """
    if sys.platform == "win32":
        raise StackError("the embedded stack does not run on Windows: use --variable STACK:compose or external")
    key = hashlib.sha256(str(project_of(directory)).encode()).hexdigest()[:12]
    return StateFile(_home(environment) / f"stack-{key}.json")


def project_of(directory: Path) -> Path:
    """The nearest directory upwards that looks like a project's root, else `directory` itself."""
    directory = directory.resolve()
    candidates = (directory, *directory.parents)
    return next((path for path in candidates if any((path / mark).exists() for mark in _PROJECT_MARKS)), directory)


def _home(environment: Mapping[str, str]) -> Path:
    if runtime := environment.get("XDG_RUNTIME_DIR"):
        return Path(runtime) / "wireproof"
    return Path(tempfile.gettempdir()) / f"wireproof-state-{os.getuid()}"


def _require_own(home: Path) -> None:
    status = home.lstat()
    if status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise StackError(f"{home} must be yours and closed to others (mode 0700): remove it or set XDG_RUNTIME_DIR")
