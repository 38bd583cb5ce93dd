"""Turns every comparison of the judges into its opposite, one at a time: the unit tests have to notice each.

`python tests/mutation/mutate.py [FILE ...]` lists the comparisons that may be turned without a red test, and fails if
there are any. Each mutant runs in a fork of this process, so that nothing is imported twice.
"""

import ast
import importlib.util
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import hypothesis  # noqa: F401 - loaded once, before the forks
import numpy  # noqa: F401
import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "libraries" / "wireproof"
UNIT = ROOT / "tests" / "unit"


def modules(room: str, *names: str) -> tuple[Path, ...]:
    return tuple(PACKAGE / room / f"{name}.py" for name in names)


def tests(room: str, *names: str) -> tuple[Path, ...]:
    return tuple(UNIT / room / f"test_{name}.py" for name in names)


INVARIANTS = tuple(sorted((PACKAGE / "delivery" / "invariants").glob("*.py")))
NOTICED_BY: dict[Path, tuple[Path, ...]] = {
    **dict.fromkeys(
        (*INVARIANTS, *modules("delivery", "facts", "audience", "sessions", "numbering", "verdict")),
        tests("delivery", "invariants", "verdict", "facts", "columns", "oracle"),
    ),
    **dict.fromkeys(modules("delivery", "ledger"), tests("delivery", "ledger")),
    **dict.fromkeys(
        modules("timing", "verdict", "validity", "sample", "shown"), tests("timing", "criterion_verdict", "shown")
    ),
    **dict.fromkeys(
        modules("timing", "criteria", "requirement", "thresholds"), tests("timing", "thresholds", "criteria_file")
    ),
    **dict.fromkeys(modules("timing", "baseline"), tests("timing", "accepted_baseline")),
}
"""By module the tests that have to notice, the likeliest first."""

OPTIONS = ("-x", "-q", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning")
HANGS_S = 60
"""A mutant that runs so long is noticed, too: the tests would hang."""

OPPOSITES: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.GtE,
    ast.GtE: ast.Lt,
    ast.Gt: ast.LtE,
    ast.LtE: ast.Gt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}


@dataclass(frozen=True)
class Mutant:
    """One comparison, turned into its opposite."""

    path: Path
    line: int
    text: str
    tree: ast.Module

    @property
    def tests(self) -> tuple[Path, ...]:
        return NOTICED_BY[self.path]

    @property
    def module(self) -> str:
        parts = self.path.relative_to(ROOT / "libraries").with_suffix("").parts
        return ".".join(parts).removesuffix(".__init__")

    def __str__(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.line}: {self.text}"


def mutants_of(path: Path) -> Iterator[Mutant]:
    """Each comparison of a module turned once."""
    source = path.read_text(encoding="utf-8")
    for number, comparison in enumerate(comparisons(ast.parse(source))):
        for at, operator in enumerate(comparison.ops):
            tree = ast.parse(source)
            turned = comparisons(tree)[number]
            turned.ops[at] = OPPOSITES[type(operator)]()
            yield Mutant(path, comparison.lineno, f"{ast.unparse(comparison)} -> {ast.unparse(turned)}", tree)


def comparisons(tree: ast.Module) -> list[ast.Compare]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Compare)]


class Loader:
    """Gives the mutated module in place of the one in its file."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if name != self._mutant.module:
            return None
        package = [str(self._mutant.path.parent)] if self._mutant.path.stem == "__init__" else None
        return importlib.util.spec_from_file_location(
            name,
            self._mutant.path,
            loader=self,  # type: ignore[arg-type]
            submodule_search_locations=package,
        )

    def create_module(self, spec: ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self._mutant.tree, str(self._mutant.path), "exec"), module.__dict__)


def start(mutant: Mutant | None) -> int:
    """Runs the tests on a mutant, or without one, in a fork; returns its process id."""
    tests = mutant.tests if mutant else dict.fromkeys(test for tests in NOTICED_BY.values() for test in tests)
    child = os.fork()
    if child:
        return child
    signal.alarm(HANGS_S)
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    if mutant is not None:
        sys.meta_path.insert(0, Loader(mutant))  # type: ignore[arg-type]
    os._exit(int(pytest.main([*OPTIONS, *(str(test) for test in tests)])))


def survivors_of(mutants: Sequence[Mutant]) -> Iterator[Mutant]:
    """The mutants that leave the tests green; as many run at once as there are processors."""
    running: dict[int, Mutant] = {}
    waiting = list(reversed(mutants))
    while waiting or running:
        while waiting and len(running) < (os.cpu_count() or 1):
            mutant = waiting.pop()
            running[start(mutant)] = mutant
        child, status = os.wait()
        mutant = running.pop(child)
        if status == 0:
            yield mutant


def main(names: Sequence[str]) -> int:
    os.chdir(ROOT)
    if unknown := sorted(set(names) - {path.name for path in NOTICED_BY}):
        print(f"no target: {', '.join(unknown)}; there are {', '.join(path.name for path in NOTICED_BY)}")
        return 2
    targets = [path for path in NOTICED_BY if not names or path.name in names]
    if os.waitpid(start(None), 0)[1]:
        print("the tests are red before anything was turned")
        return 2
    mutants = [mutant for path in targets for mutant in mutants_of(path)]
    survivors = 0
    for mutant in survivors_of(mutants):
        survivors += 1
        print(f"nobody notices {mutant}", flush=True)
    print(f"{len(mutants) - survivors} of {len(mutants)} turned comparisons are noticed")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
