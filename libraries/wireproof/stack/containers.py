"""A service that is a container of a Docker Compose project.

Compose tells which containers there are; the engine is asked to act on one of them: ``docker compose start`` would also
start those that the service needs, which a test may keep down.
"""

import json
import subprocess
import time
from collections.abc import Callable
from math import ceil
from pathlib import Path

from wireproof.stack.claims import Claims
from wireproof.stack.errors import StackError
from wireproof.stack.services import Mode, Service, State, Stopped, uninterrupted
from wireproof.wiretext import safe

_DOCKER_S = 20.0
_KILLED = 128 + 9
_QUICK = {"postgres": "SIGQUIT"}
"""Signals that end a service at once but tidily; the others have none."""


class ContainerService(Service):
    """One container, by its identifier: it stays the same one when it is stopped and started.

    Attributes:
        container: the identifier.
    """

    unit = "containers"

    def __init__(
        self, name: str, container: str, endpoint: str, probe: Callable[[], str], claims: Claims | None = None
    ) -> None:
        """Knows a container that is there.

        Args:
            name: its name in the compose file.
            container: its identifier.
            endpoint: where it is reached, without a password.
            probe: asks whether it is ready.
            claims: where this run tells others what it is doing to it.
        """
        super().__init__(name, claims)
        self.container = container
        self._endpoint = endpoint
        self._probe = probe

    @property
    def endpoint(self) -> str:
        return self._endpoint

    @property
    def state(self) -> State:
        states: dict[str, State] = {"running": "running", "paused": "suspended"}
        return states.get(self._inspect("Status"), "down")

    def probe(self) -> str:
        return self._probe()

    def _size(self) -> int:
        return 1

    def _start(self, within_s: float) -> None:
        deadline = time.monotonic() + within_s
        self._tell("start")
        self._wait_until_ready(max(0, deadline - time.monotonic()))

    def _stop(self, mode: Mode, within_s: float) -> Stopped:
        started = time.monotonic()
        if mode == "graceful":
            docker("stop", "--time", str(ceil(within_s)), self.container, within_s=within_s + _DOCKER_S)
        else:
            docker("kill", "--signal", _QUICK.get(self.name, "SIGKILL"), self.container)
            docker("wait", self.container, within_s=within_s)
        took_s = time.monotonic() - started
        # Docker itself kills what is not in time
        exit_code = int(self._inspect("ExitCode"))
        return Stopped(mode == "graceful" and exit_code != _KILLED, exit_code, took_s * 1000)

    def _kill(self) -> None:
        self._tell("kill")

    def _suspend(self) -> None:
        self._tell("pause")

    def _resume(self) -> None:
        self._tell("unpause")

    def _tell(self, order: str) -> None:
        uninterrupted(docker, order, self.container)  # else the engine may still be at it when the healing looks

    def _inspect(self, field: str) -> str:
        return docker("inspect", "--format", f"{{{{.State.{field}}}}}", self.container)


def containers(project: Path) -> dict[str, str]:
    """The containers of the compose project in a directory: identifiers by service.

    Raises:
        StackError: Docker does not tell.
    """
    return parse_containers(docker("compose", "ps", "--all", "--format", "json", directory=project))


def parse_containers(answer: str) -> dict[str, str]:
    """What ``docker compose ps --format json`` says: one object in a line, or an array before Compose 2.21."""
    rows = json.loads(answer) if answer.startswith("[") else [json.loads(line) for line in answer.splitlines()]
    return {row["Service"]: row["ID"] for row in rows}


def docker(*arguments: str, directory: Path | None = None, within_s: float = _DOCKER_S) -> str:
    """What a Docker command answers.

    Raises:
        StackError: it failed, or took too long; its reason is given.
    """
    command = ("docker", *arguments)
    shown = safe(" ".join(command))
    try:
        done = subprocess.run(
            command,
            cwd=directory,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=within_s,
            check=False,
            start_new_session=True,  # Ctrl-C is for this process, which decides
        )
    except subprocess.TimeoutExpired:
        raise StackError(f"{shown}: no answer within {within_s:g} s") from None
    except OSError as error:
        raise StackError(f"{shown}: {error.strerror}") from None
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip() or "it said nothing").splitlines()
        raise StackError(f"{shown}: {safe(said[-1])}")
    return done.stdout.strip()
