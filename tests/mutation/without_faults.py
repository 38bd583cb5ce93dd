"""Takes the fault out of each test of the catalogue: every one has to fail, or it shows no effect.

`python -m tests.mutation.without_faults [FAMILY ...]` lists those that pass all the same, and fails if there are any.
"""

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from robot.api import ExecutionResult, SuiteVisitor

from tests.catalogue.faults import FAMILIES, ROOT, SUITES, fault_call


class WithoutFaults(SuiteVisitor):  # type: ignore[misc]  # robot types it as Any
    """Removes the keyword call that makes the fault from each test."""

    def visit_test(self, test: Any) -> None:
        test.body.remove(fault_call(test))


def survivors(family: str, output: Path) -> tuple[list[str], int]:
    """The tests of a family that pass without their fault, and how many there are."""
    modifier = f"{__spec__.name}.{WithoutFaults.__name__}"
    options = ("--outputdir", str(output), "--console", "none", "--prerunmodifier", modifier)
    suite = SUITES / f"{family}.robot"
    subprocess.run([sys.executable, "-m", "robot", *options, str(suite)], cwd=ROOT, check=False)
    tests = list(ExecutionResult(output / "output.xml").suite.all_tests)
    return [f"{family}: {test.name}" for test in tests if not _noticed(test)], len(tests)


def _noticed(test: Any) -> bool:
    """Whether it failed by itself: where its set-up failed it has shown nothing."""
    return test.status == "FAIL" and "etup failed:" not in test.message


def main(names: Sequence[str]) -> int:
    passed: list[str] = []
    count = 0
    for family in names or FAMILIES:
        with tempfile.TemporaryDirectory() as output:
            found, number = survivors(family, Path(output))
        passed += found
        count += number
    print(f"{count - len(passed)} of {count} tests fail without their fault", *passed, sep="\n")
    return bool(passed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
