"""Ends what a stack left running when its owner died in whatever way, then removes its run directory.

Run as a program, ``python -I -S janitor.py RUNDIR``, it reads its standard input, a pipe whose other end only the owner
holds: the end of that file is the owner's death, by ``kill -9`` too. Only the standard library is imported, so that it
starts in about 20 ms and depends on nothing that the owner's environment may lose. The functions serve the supervisor
as well: a process is known by its number *and* its start time, since numbers are used again.
"""

import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

RECORDS = "processes"
POSTGRES_DATA = "postgres/data"

_QUICK_S = 3.0
_POLL_S = 0.005
_PROC = Path("/proc")


class Identity(NamedTuple):
    """A process that stays the same one: its number and when it started, in the system's own notation."""

    pid: int
    started: str


class Row(NamedTuple):
    """One line of the process table."""

    identity: Identity
    parent: int
    state: str
    threads: int = 1

    @property
    def dead(self) -> bool:
        """A zombie is dead: whoever inherited it may take seconds to collect it.

        But not while another of its threads is still ending: that one holds its files, and it listens still.
        """
        return self.state in "ZX" and self.threads <= 1

    @property
    def stopped(self) -> bool:
        return self.state == "T"


def processes() -> dict[int, Row]:
    """The process table of this machine, by process number."""
    if not (_PROC / "self/stat").exists():
        return _processes_by_ps()
    rows = (look_up(int(entry.name)) for entry in _PROC.iterdir() if entry.name.isdigit())
    return {row.identity.pid: row for row in rows if row}


def look_up(pid: int) -> Row | None:
    """The line of one process; None when there is no such process."""
    if not (_PROC / "self/stat").exists():
        return _processes_by_ps().get(pid)
    try:
        text = (_PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return None
    # the name in parentheses may hold spaces and parentheses; state, parent, ... threads (field 20) and start time
    # (field 22) follow it
    fields = text.rpartition(")")[2].split()
    return Row(Identity(pid, fields[19]), int(fields[1]), fields[0], int(fields[17]))


def _processes_by_ps() -> dict[int, Row]:
    # the start time is text: every reader must see it in the same language
    environment = {**os.environ, "LC_ALL": "C"}
    command = ["ps", "-axo", "pid=,ppid=,stat=,lstart="]
    listing = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    rows = {}
    for line in listing.stdout.splitlines():
        pid, parent, state, started = line.split(None, 3)
        rows[int(pid)] = Row(Identity(int(pid), started.strip()), int(parent), state[0])
    return rows


def is_alive(identity: Identity) -> bool:
    """Whether that very process runs, be it stopped."""
    row = look_up(identity.pid)
    return row is not None and row.identity == identity and not row.dead


def tree(identity: Identity) -> list[Identity]:
    """The process and all its descendants, parents before children; empty when it is dead."""
    table = processes()
    root = table.get(identity.pid)
    if root is None or root.identity != identity:
        return []
    found = [root]
    for row in found:  # grows while it is walked
        found += (child for child in table.values() if child.parent == row.identity.pid)
    return [row.identity for row in found if not row.dead]


def send(signal_number: int, targets: Iterable[Identity]) -> None:
    """Signals those of `targets` that still are the same processes."""
    for identity in targets:
        if is_alive(identity):
            with suppress(ProcessLookupError, PermissionError):
                os.kill(identity.pid, signal_number)


def wait_until_dead(targets: Iterable[Identity], within_s: float) -> list[Identity]:
    """Waits until all `targets` are dead; those that are not after `within_s` seconds are returned."""
    return _wait_while(is_alive, targets, within_s)


def suspend(targets: Iterable[Identity], within_s: float = _QUICK_S) -> None:
    """Freezes `targets` and waits until they are: each stops when the system next lets it run, not at once."""
    targets = list(targets)
    send(signal.SIGSTOP, targets)
    _wait_while(_is_running, targets, within_s)


def _is_running(identity: Identity) -> bool:
    row = look_up(identity.pid)
    # of a zombie with other threads nothing tells whether they have stopped
    return row is not None and row.identity == identity and row.state not in "TXZ"


def _wait_while(condition: Callable[[Identity], bool], targets: Iterable[Identity], within_s: float) -> list[Identity]:
    """Waits until `condition` holds for none of `targets`; those for which it still does in the end are returned."""
    deadline = time.monotonic() + within_s
    left = [identity for identity in targets if condition(identity)]
    while left and time.monotonic() < deadline:
        time.sleep(_POLL_S)
        left = [identity for identity in left if condition(identity)]
    return left


def kill_tree(root: Identity, within_s: float = _QUICK_S) -> None:
    """Kills a process and its descendants, whatever they are doing.

    The root is frozen first: while the table is read it must not make another child.
    """
    suspend([root], within_s)
    members = tree(root) or [root]
    send(signal.SIGKILL, members)
    wait_until_dead(members, within_s)


def end_tree(root: Identity, signal_number: int, within_s: float) -> bool:
    """Asks the root to end, by `signal_number`, and kills what is left of its tree after `within_s` seconds.

    Returns:
        Whether all ended by themselves.
    """
    members = tree(root)
    send(signal_number, [root])
    send(signal.SIGCONT, members)  # a suspended process would see the signal only then
    left = wait_until_dead(members, within_s)
    for identity in left:
        kill_tree(identity)
    return not left


def recorded(run_dir: Path) -> list[tuple[Identity, int]]:
    """The processes that a run directory has on record, each with the signal that ends it quickly."""
    found = []
    for path in sorted((run_dir / RECORDS).glob("*.json")):
        with suppress(OSError, ValueError, KeyError):
            record = json.loads(path.read_text())
            found.append((Identity(record["pid"], record["started"]), int(record["quick_signal"])))
    return found


def working_below(run_dir: Path) -> list[Identity]:
    """The processes whose working directory lies below `run_dir`, where the system tells (Linux).

    Every service works there. So this finds a process whose owner died before it could record it, and a database's
    backend that outlived its parent.
    """
    found = []
    for row in processes().values():
        with suppress(OSError):
            cwd = (_PROC / str(row.identity.pid) / "cwd").readlink()
            if cwd.is_relative_to(run_dir):
                found.append(row.identity)
    return found


def clear(run_dir: Path) -> None:
    """Ends everything that runs on behalf of `run_dir` and removes it."""
    for identity, quick_signal in recorded(run_dir):
        end_tree(identity, quick_signal, _QUICK_S)
    for identity in working_below(run_dir):
        kill_tree(identity)
    release_shared_memory(run_dir / POSTGRES_DATA)
    shutil.rmtree(run_dir, ignore_errors=True)


def release_shared_memory(data: Path) -> None:
    """Removes the System V segment of a PostgreSQL that was killed: it outlives the process and its data directory."""
    with suppress(OSError, ValueError, IndexError):
        # line 7 of postmaster.pid, "key id", is there while the server runs and after a kill
        segment = int((data / "postmaster.pid").read_text().splitlines()[6].split()[1])
        ipc_rmid = 0
        ctypes.CDLL(None).shmctl(segment, ipc_rmid, None)


def main(run_dir: Path) -> None:
    """Waits for the owner's end, then clears up unless the owner did."""
    sys.stdin.buffer.read()
    if run_dir.is_dir():
        clear(run_dir)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
