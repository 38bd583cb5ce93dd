"""Tests that have to fail, and what they have to say: one plain line each."""

import re
from collections.abc import Mapping
from pathlib import Path

from harness import Run, run_robot

Cases = Mapping[str, tuple[list[str], str]]
"""By test name: its lines, and what it has to say, as it is or as a regular expression."""


def run_cases(directory: Path, cases: Cases, variables: Mapping[str, str], env: Mapping[str, str] | None = None) -> Run:
    """One child run with a test for each case."""
    tests = "\n".join("\n    ".join([name, *lines]) for name, (lines, _) in cases.items())
    settings = "*** Settings ***\nLibrary    wireproof.Sockets\nTest Timeout    1 minute\n"
    options = [part for name, value in variables.items() for part in ("--variable", f"{name}:{value}")]
    return run_robot(directory, f"{settings}*** Test Cases ***\n{tests}\n", *options, env=env)


def says(run: Run, cases: Cases, name: str) -> None:
    """Fails unless the test failed with its text, in one line, without a traceback."""
    message = run.failure(name)
    expected = cases[name][1]
    assert message == expected or re.fullmatch(expected, message), message
    assert message.isprintable()
    assert len(message) < 500
    shown = [found.message for found in run.messages(run.tests[name]) if found.level not in ("DEBUG", "TRACE")]
    assert [text for text in shown if "Traceback" in text] == []
