"""The run directory: all that a stack, or a run that adds servers to one, has on disk, and the janitor watching it.

::

    <base>/wireproof-run-XXXXXXXX/     0755, so that the account PostgreSQL runs under reaches its part
        owner.json         who owns it: a later start removes what a dead owner left
        processes/         one record for each running service: number, start time, the signal that ends it
        logs/              one file for each service
        postgres/ redis/ servers/    the services' own parts, private to the account they run under

The base is in memory where there is plenty (`ROOMY_BYTES` free in /dev/shm): making a database writes 40 MB, which
takes 0.4 s there and up to 3 s on a busy disk. Set TMPDIR to have it elsewhere, for a run that stores very much.
"""

import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from wireproof.stack import janitor
from wireproof.stack.accounts import Account
from wireproof.stack.janitor import Identity

PREFIX = "wireproof-run-"
ROOMY_BYTES = 4 * 2**30
"""Memory that must be free for a run directory to lie in it."""

_MEMORY = Path("/dev/shm")  # noqa: S108
_OWNER = "owner.json"
_REAP_S = 5
"""A process that is dead can be collected when its last thread has ended."""

_UNOWNED_S = 60
"""A directory without an owner's record is left alone for so long: its maker may be about to write it."""


@dataclass(frozen=True, slots=True)
class Command:
    """How a service is started, and which signals end it.

    Attributes:
        stop_signal: ends it in good order.
        quick_signal: ends it at once but tidily, when its data is thrown away anyway.
    """

    arguments: tuple[str, ...]
    cwd: Path
    stop_signal: int
    quick_signal: int
    environment: Mapping[str, str]
    account: Account | None = None


class RunDirectory:
    """One run's directory, as its owner or as a visitor sees it."""

    def __init__(self, path: Path, keeper: subprocess.Popen[bytes] | None = None) -> None:
        self.path = path
        self._keeper = keeper
        self._children: list[subprocess.Popen[bytes]] = []

    @property
    def owned(self) -> bool:
        """Whether this process made it."""
        return self._keeper is not None

    @classmethod
    def create(cls, account: Account | None) -> "RunDirectory":
        """A new one, owned by this process; removes those of dead owners first.

        Args:
            account: who must be able to reach it, when that is not the current user.
        """
        for base in _bases():
            sweep(base)
        path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=_base(account)))
        path.chmod(0o755)
        owner = janitor.look_up(os.getpid())
        if owner is not None:
            write_private(path / _OWNER, json.dumps(owner.identity._asdict()))
        for part in (janitor.RECORDS, "logs"):
            (path / part).mkdir(mode=0o700)
        program = [sys.executable, "-I", "-S", str(Path(janitor.__file__)), str(path)]
        keeper = subprocess.Popen(program, stdin=subprocess.PIPE, cwd="/", start_new_session=True)
        return cls(path, keeper)

    def part(self, name: str, account: Account | None = None) -> Path:
        """A private directory for one service, made when it is not there yet."""
        path = self.path / name
        if not path.is_dir():
            path.mkdir(mode=0o700)
            if account is not None:
                os.chown(path, account.uid, account.gid)
        return path

    def log(self, name: str) -> Path:
        return self.path / "logs" / f"{name}.log"

    def spawn(self, name: str, command: Command) -> Identity:
        """Starts a service in a session of its own, so that Ctrl-C does not reach it, and puts it on record."""
        self.collect()
        account = command.account
        with self.log(name).open("ab") as log:
            child = subprocess.Popen(
                command.arguments,
                cwd=command.cwd,
                env=command.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
            )
        self._children.append(child)
        row = janitor.look_up(child.pid)  # a child that has ended is still there, as a zombie: nobody waited for it
        identity = row.identity if row else Identity(child.pid, "")
        record = {**identity._asdict(), "quick_signal": int(command.quick_signal)}
        write_private(self._record(name), json.dumps(record))
        return identity

    def collect(self) -> None:
        """Collects children that have ended: PostgreSQL takes a zombie for a server that still runs on its data."""
        self._children = [child for child in self._children if child.poll() is None]

    def exit_code(self, identity: Identity) -> int | None:
        """What a service that is dead ended with, minus the number of a signal that ended it.

        None when it is no child of this process: only its parent is told.
        """
        child = next((child for child in self._children if child.pid == identity.pid), None)
        return child.wait(_REAP_S) if child else None

    def process(self, name: str) -> Identity | None:
        """The process on record for a service, whoever started it; it may be dead."""
        with suppress(OSError, ValueError, KeyError):
            record = json.loads(self._record(name).read_text())
            return Identity(record["pid"], record["started"])
        return None

    def forget(self, name: str) -> None:
        """Takes a service that ended from the record."""
        self._record(name).unlink(missing_ok=True)

    def _record(self, name: str) -> Path:
        return self.path / janitor.RECORDS / f"{name}.json"

    def save_logs(self, target: Path) -> None:
        """Copies the services' logs to `target`, over those of an earlier run."""
        with suppress(FileNotFoundError):  # the directory is gone when somebody else ended the stack
            shutil.copytree(self.path / "logs", target, dirs_exist_ok=True)

    def remove(self) -> None:
        """Ends what still runs here, removes the directory and lets the janitor go."""
        janitor.clear(self.path)
        if self._keeper is not None and self._keeper.stdin is not None:
            self._keeper.stdin.close()
            self._keeper.wait()
        for child in self._children:
            child.wait()


def sweep(base: Path) -> None:
    """Clears the run directories below `base` that belong to this user and whose owner is dead."""
    for path in base.glob(f"{PREFIX}*"):
        with suppress(OSError):
            status = path.stat(follow_symlinks=False)
            if path.is_dir() and status.st_uid == os.getuid() and _abandoned(path, status.st_mtime):
                janitor.clear(path)


def _abandoned(path: Path, changed_s: float) -> bool:
    try:
        record = json.loads((path / _OWNER).read_text())
        return not janitor.is_alive(Identity(record["pid"], record["started"]))
    except (OSError, ValueError, KeyError):
        return time.time() - changed_s > _UNOWNED_S


def _bases() -> list[Path]:
    """Where run directories may lie, the best first."""
    usual = [Path("/tmp"), Path("/var/tmp")]  # noqa: S108 - mkdtemp makes what is used in them
    memory = [_MEMORY] if "TMPDIR" not in os.environ and _is_roomy(_MEMORY) else []
    return [*memory, Path(tempfile.gettempdir()), *usual]


def _is_roomy(path: Path) -> bool:
    if not os.access(path, os.W_OK):
        return False
    state = os.statvfs(path)
    return (
        state.f_bavail * state.f_frsize >= ROOMY_BYTES and not state.f_flag & os.ST_NOEXEC
    )  # programs may be copied there


def _base(account: Account | None) -> Path:
    bases = _bases()
    return next((base for base in bases if account is None or account.can_reach(base)), bases[0])


def write_private(path: Path, text: str, account: Account | None = None) -> None:
    """Writes a file that only its owner may read, in one step: a reader sees all of it or none."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        if account is not None:
            os.fchown(file.fileno(), account.uid, account.gid)
    draft.replace(path)
