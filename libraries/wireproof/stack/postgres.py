"""PostgreSQL as a service of the embedded stack."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

from wireproof.stack import janitor, readiness
from wireproof.stack.accounts import Account
from wireproof.stack.addresses import without_password
from wireproof.stack.errors import StackError
from wireproof.stack.processes import ProcessService, free_port
from wireproof.stack.rundir import Command, RunDirectory, write_private
from wireproof.wiretext import safe

USER = "wireproof"
DATABASE = "wireproof"

_SETTINGS = {
    "listen_addresses": "'127.0.0.1'",
    "unix_socket_directories": "''",
    "max_connections": "200",
    "max_wal_size": "'256MB'",  # the data may lie in memory
    # Without fsync only a crash of the machine loses data. Without the other two a killed server would lose commits
    # that it has acknowledged, and the tests would blame the system under test.
    "fsync": "off",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    # files in the data directory: those in /dev/shm outlive a kill
    "dynamic_shared_memory_type": "mmap",
    "log_line_prefix": "'%m [%p] '",
    "timezone": "'UTC'",
    "log_timezone": "'UTC'",
}


class PostgresService(ProcessService):
    """A PostgreSQL of its own: data directory, port and password belong to this run."""

    def __init__(
        self, run: RunDirectory, programs: Path, account: Account | None, password: str, port: int | None = None
    ) -> None:
        super().__init__("postgres", run)
        self.programs = programs
        self.account = account
        self.password = password
        self.port = port or 0
        self._ports_are_known = port is not None

    @property
    def url(self) -> str:
        return self.url_of(DATABASE)

    def url_of(self, database: str) -> str:
        """The full URL of one of its databases, password included."""
        return f"postgresql://{USER}:{quote(self.password)}@127.0.0.1:{self.port}/{database}"

    @property
    def endpoint(self) -> str:
        return without_password(self.url)

    @property
    def _data(self) -> Path:
        return self.run.path / janitor.POSTGRES_DATA

    def probe(self) -> str:
        readiness.tcp(self.endpoint)
        # the server's own database is made after the first start
        return readiness.postgres(self.url_of("postgres"))

    def choose_ports(self) -> None:
        self.port = free_port()
        with (self._data / "postgresql.conf").open("a") as settings:
            settings.write(f"port = {self.port}\n")  # the last one counts

    def command(self) -> Command:
        return Command(
            (str(self.programs / "postgres"), "-D", str(self._data)),
            cwd=self._data,
            stop_signal=signal.SIGINT,  # SIGTERM would wait for every open session, for ever
            quick_signal=signal.SIGQUIT,
            environment=_environment(),
            account=self.account,
        )

    def initialise(self) -> None:
        """Makes the data directory.

        The settings go to postgresql.conf: what the command line sets, ALTER SYSTEM cannot change.

        Raises:
            StackError: initdb failed.
        """
        home = self.run.part("postgres", self.account)
        password_file = home / "password"
        write_private(password_file, self.password, self.account)
        command = [
            str(self.programs / "initdb"),
            f"--pgdata={self._data}",
            f"--username={USER}",
            f"--pwfile={password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            f"--locale={'C' if sys.platform == 'darwin' else 'C.UTF-8'}",  # macOS has no C.UTF-8
            "--no-sync",
        ]
        account = self.account
        done = subprocess.run(
            command,
            cwd=home,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
        password_file.unlink()
        if done.returncode != 0:
            lines = (done.stderr or done.stdout).strip().splitlines() or ["it said nothing"]
            raise StackError(f"PostgreSQL's data directory cannot be made: {self.programs}/initdb: {safe(lines[-1])}")
        with (self._data / "postgresql.conf").open("a") as settings:
            settings.writelines(f"{name} = {value}\n" for name, value in _SETTINGS.items())


def _environment() -> dict[str, str]:
    """This process's, without what would point PostgreSQL's programs to somebody else's server or files."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}
