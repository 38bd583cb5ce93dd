"""Child Robot runs, and what they left behind: the judge of the keyword libraries."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from robot.api import ExecutionResult

PROBE = Path(__file__).parent / "probe.py"
"""The helper library of child suites."""

GENEROUS_S = 100
"""Ends a child run that hangs; no run comes near it."""


@dataclass(frozen=True)
class Run:
    """A finished `robot` process and its files."""

    rc: int
    console: str
    directory: Path

    @cached_property
    def result(self) -> Any:
        """The parsed output.xml."""
        return ExecutionResult(self.directory / "output.xml")

    @cached_property
    def tests(self) -> dict[str, Any]:
        """The results of the tests by name."""
        return {test.name: test for test in self.result.suite.all_tests}

    @property
    def errors(self) -> list[str]:
        """The execution errors: what Robot shows on top of the log."""
        return [message.message for message in self.result.errors.messages]

    def failure(self, test: str) -> str:
        """The message of a test that has to have failed."""
        assert self.tests[test].status == "FAIL", f"{test}: {self.tests[test].status} {self.tests[test].message}"
        return self.tests[test].message

    def outcomes(self) -> dict[str, tuple[str, str]]:
        """Status and message of every test."""
        return {name: (test.status, test.message) for name, test in self.tests.items()}

    def keywords(self, name: str, inside: Any = None) -> list[Any]:
        """Every run of a keyword, in a test or in the whole run."""
        return [item for item in items_of(inside or self.result.suite) if getattr(item, "name", None) == name]

    def messages(self, inside: Any = None) -> list[Any]:
        """Every log message of a test or of the whole run."""
        return [item for item in items_of(inside or self.result.suite) if item.type == "MESSAGE"]

    def artefacts(self) -> dict[str, bytes]:
        """What was written, by file name, and the console."""
        files = {str(path.relative_to(self.directory)): path for path in self.directory.rglob("*") if path.is_file()}
        return {name: path.read_bytes() for name, path in files.items()} | {"console": self.console.encode()}

    def passed(self) -> "Run":
        """Itself, when every test passed and nothing was complained about."""
        assert self.rc == 0, f"{self.outcomes()}\n{self.console}"
        assert self.errors == []
        return self


def items_of(item: Any) -> Iterator[Any]:
    """Everything in a result, depth first."""
    children = [*getattr(item, "body", ())]
    if hasattr(item, "tests"):
        children = [item.setup, *item.suites, *item.tests, item.teardown]
    elif item.type != "MESSAGE":
        children = [getattr(item, "setup", None), *children, getattr(item, "teardown", None)]
    for child in children:
        if child:
            yield child
            yield from items_of(child)


def command(suites: Path, output: Path, *options: str) -> list[str]:
    """The command line of a child run; the package is installed, so no path option is needed."""
    return [sys.executable, "-m", "robot", "--outputdir", str(output), *options, str(suites)]


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a child run: this one's, without what would colour or configure the child."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("ROBOT_", "PYTEST_"))}
    return {**own, "NO_PROXY": "*", **(extra or {})}


def write_suites(directory: Path, suites: str | Mapping[str, str]) -> Path:
    """Writes one suite, or several by file name, and returns what to run."""
    if isinstance(suites, str):
        path = directory / "suite.robot"
        path.write_text(suites, encoding="utf-8")
        return path
    for name, text in suites.items():
        path = directory / "suites" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return directory / "suites"


def run_robot(
    directory: Path, suites: str | Mapping[str, str], *options: str, env: Mapping[str, str] | None = None
) -> Run:
    """Runs suites in a child process.

    Args:
        directory: where the suites and what the run leaves are written.
        suites: the text of one suite, or texts by file name.
        options: options of `robot`.
        env: environment variables to set.
    """
    directory.mkdir(parents=True, exist_ok=True)
    return run_suite(write_suites(directory, suites), directory, *options, env=env)


def run_suite(suite: Path, directory: Path, *options: str, env: Mapping[str, str] | None = None) -> Run:
    """Runs a suite that is there already in a child process.

    Args:
        suite: its file, or a directory of several.
        directory: where the run works, and where what it leaves is written.
        options: options of `robot`.
        env: environment variables to set.
    """
    output = directory / "results"
    done = subprocess.run(
        command(suite, output, *options),
        env=environment(env),
        cwd=directory,
        capture_output=True,
        text=True,
        errors="surrogateescape",
        timeout=GENEROUS_S,
        check=False,
    )
    return Run(done.returncode, (done.stdout + done.stderr).encode(errors="replace").decode(), output)
