"""Which run is doing something to a service: others leave the service alone while that run lives."""

import json
import os
from contextlib import suppress
from pathlib import Path

from wireproof.stack import janitor
from wireproof.stack.janitor import Identity
from wireproof.stack.rundir import write_private


class Claims:
    """Files in one directory, one for each thing that is claimed, with the number and start of the run's process."""

    def __init__(self, directory: Path) -> None:
        """Nothing is written before something is claimed.

        Args:
            directory: made when needed; its parent is there.
        """
        self._directory = directory

    def take(self, name: str) -> None:
        """Claims something for this process, whoever had it before."""
        self._directory.mkdir(mode=0o700, exist_ok=True)
        if (row := janitor.look_up(os.getpid())) is not None:
            write_private(self._file(name), json.dumps(row.identity._asdict()))

    def drop(self, name: str) -> None:
        """Gives back what was claimed; does nothing when nobody claims it."""
        self._file(name).unlink(missing_ok=True)

    def is_abandoned(self, name: str) -> bool:
        """Whether a run claimed it that died since."""
        return self._file(name).exists() and not self.is_alive(name)

    def is_alive(self, name: str) -> bool:
        """Whether a run claims it that lives, be it this one."""
        with suppress(OSError, ValueError, KeyError):
            record = json.loads(self._file(name).read_text())
            return janitor.is_alive(Identity(record["pid"], record["started"]))
        return False

    def _file(self, name: str) -> Path:
        return self._directory / f"{name}.json"
