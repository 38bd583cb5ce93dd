"""Child `robot` runs against a server with, or without, a defect: a few at a time, each with a stack of its own."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from robot.errors import DataError

from tests.prove.outcomes import Outcome, read

LEFT_OUT = ("stretch", "exclusive")
"""Tags of tests that take long, or that other runs on the machine would disturb."""

LONGEST_S = 1_800
"""Ends a run that hangs; no run comes near it."""
_CRASHED = 251
"""Robot's exit status is the number of failed tests, 250 at most; from here on it has not run them all."""
_BANNER = "DEFECTS: wrong on purpose"


class RunError(Exception):
    """A run that says nothing about the suites; one plain line."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One run.

    Attributes:
        suites: the folder of all suites.
        directory: where its output goes.
        defect: as `--defect` takes it; empty for a clean server.
        seed: where the chances of the defect start.
        tags: only tests with one of these tags; all when there are none.
        needs: criteria whose tests run also when they are beyond the agreed scale, or measure.
    """

    suites: Path
    directory: Path
    defect: str = ""
    seed: int = 1
    tags: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()

    @property
    def command(self) -> list[str]:
        """The command line. Server settings give the run a stack of its own, whatever `stack up` keeps running."""
        settings = {"defects": [self.defect], "defectSeed": self.seed} if self.defect else {}
        only = [option for tag in self.tags for option in ("--include", tag)]
        return [
            *(sys.executable, "-m", "robot", "--console", "none", "--report", "NONE"),
            *("--outputdir", str(self.directory)),
            *("--variable", "STACK:embedded", "--variable", f"SERVER_SETTINGS:{json.dumps(settings)}"),
            *(option for tag in LEFT_OUT for option in ("--exclude", "NOT".join((tag, *self.needs)))),
            *(*only, "--runemptysuite", str(self.suites)),
        ]


class Runs:
    """Child processes that end with this one."""

    def __init__(self) -> None:
        self._processes: set[subprocess.Popen[str]] = set()

    def run(self, plan: Plan) -> list[Outcome]:
        """Runs suites and returns what became of each test; may be called from several threads.

        Raises:
            RunError: the run crashed or did not end, or its server had not the defect.
        """
        shutil.rmtree(plan.directory, ignore_errors=True)  # the logs of an earlier run would speak for this one
        status, said = self._robot(plan)
        if status not in range(_CRASHED):
            raise RunError(f"robot ended with {status}: {said}")
        try:
            outcomes = read(plan.directory / "output.xml", plan.suites)
        except DataError as problem:
            raise RunError(f"no output: {problem}") from None
        _check_server(plan, outcomes)
        return outcomes

    def stop(self) -> None:
        """Ends what still runs; Robot tears down and its stacks end."""
        for process in tuple(self._processes):
            process.terminate()

    def _robot(self, plan: Plan) -> tuple[int, str]:
        """The exit status, and the last line that was said."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ROBOT_")}
        with subprocess.Popen(
            plan.command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        ) as process:
            self._processes.add(process)
            try:
                said = process.communicate(timeout=LONGEST_S)[1]
            except subprocess.TimeoutExpired:
                process.terminate()
                raise RunError(f"the run did not end within {LONGEST_S} s") from None
            finally:
                self._processes.discard(process)
        return process.returncode, (said.strip().splitlines() or ["it said nothing"])[-1]


def _check_server(plan: Plan, outcomes: Sequence[Outcome]) -> None:
    """The server's own log has to tell of the defect, and of none when there is to be none."""
    logs = [path.read_text(errors="replace") for path in plan.directory.glob("wireproof/stack-logs/server.log")]
    told = any(_BANNER in text and plan.defect in text for text in logs)
    if plan.defect and not told:
        first = next((test.message for test in outcomes if test.status == "FAIL"), "it left no log")
        raise RunError(f"no server ran with the defect: {' '.join(first.split())}")
    if not plan.defect and any(_BANNER in text for text in logs):
        raise RunError("the clean server was not clean")
