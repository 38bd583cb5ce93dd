"""Redis as a service of the embedded stack."""

import os
import signal
from pathlib import Path

from wireproof.stack import readiness
from wireproof.stack.addresses import without_password
from wireproof.stack.processes import ProcessService, free_port
from wireproof.stack.rundir import Command, RunDirectory, write_private


class RedisService(ProcessService):
    """A Redis of its own that keeps nothing on disk."""

    def __init__(self, run: RunDirectory, program: Path, password: str, port: int | None = None) -> None:
        super().__init__("redis", run)
        self.program = program
        self.password = password
        self.port = port or 0
        self._ports_are_known = port is not None

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    @property
    def endpoint(self) -> str:
        return without_password(self.url)

    def probe(self) -> str:
        readiness.tcp(self.endpoint)
        return readiness.redis(self.url)

    def choose_ports(self) -> None:
        self.port = free_port()
        settings = {
            "bind": "127.0.0.1",
            "port": str(self.port),
            "requirepass": self.password,  # in a file: every user may read a command line
            "save": '""',
            "appendonly": "no",
            "daemonize": "no",
            "dir": str(self._settings.parent),
        }
        write_private(self._settings, "".join(f"{name} {value}\n" for name, value in settings.items()))

    @property
    def _settings(self) -> Path:
        return self.run.part("redis") / "redis.conf"

    def command(self) -> Command:
        return Command(
            (str(self.program), str(self._settings)),
            cwd=self._settings.parent,
            stop_signal=signal.SIGTERM,
            quick_signal=signal.SIGKILL,  # it holds nothing outside its memory
            environment=dict(os.environ),
        )
