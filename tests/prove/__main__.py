"""`python -m tests.prove [--defect NAME[:PARAMETERS]] [--repeats N]`: the kill matrix of the suites."""

import argparse
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from reference_server.defects import DEFECTS, Defect, parse
from reference_server.settings import SettingsError
from tests.prove.judge import Judgement, judge
from tests.prove.matrix import PAGE, Row, write
from tests.prove.outcomes import Outcome
from tests.prove.runs import Plan, RunError, Runs

ALWAYS = ("smoke",)
"""Tags of the tests that show that a defect hurts nothing else, beside those of the criteria that have to find it."""

MEASURED = ("PERF-", "REL-", "SCALE-")
"""How the criteria begin whose tests measure: no other run may disturb those."""


def main() -> int:
    """The exit status: 0 when all are caught every time and nothing else is red, 1 when not, 2 for bad options."""
    options = _options()
    try:
        asked = [(active.option, active.defect) for active in parse(options.defect)]
    except SettingsError as problem:
        print(f"prove: {problem}", file=sys.stderr)
        return 2
    proof = Proof(options.suites, options.output / "prove", everything=not asked)
    defects = dict(asked or [(defect.usage, defect) for defect in DEFECTS])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    rows = []
    for part, jobs in _parts(defects, options.jobs):
        with ThreadPoolExecutor(jobs) as pool:
            try:
                for row in proof.rows(pool, part, range(1, options.repeats + 1)):
                    print(row, flush=True)
                    rows.append(row)
            except RunError as problem:
                print(f"prove: {problem}", file=sys.stderr)
                return 1
            finally:
                pool.shutdown(wait=False, cancel_futures=True)
                proof.runs.stop()
    write(options.output, rows, proof.columns)
    killed = sum(row.killed for row in rows)
    print(f"{killed} of {len(rows)} defects killed: {options.output / PAGE}")
    return 0 if killed == len(rows) else 1


def _parts(defects: Mapping[str, Defect], jobs: int) -> Iterator[tuple[dict[str, Defect], int]]:
    """The defects that can be looked for beside each other, and those that a measurement finds, one after the other."""
    measured = {
        option: one for option, one in defects.items() if any(tag.startswith(MEASURED) for tag in one.caught_by)
    }
    others = {option: one for option, one in defects.items() if option not in measured}
    for part, at_once in ((others, jobs), (measured, 1)):
        if part:
            yield part, at_once


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.prove", description="Proves the suites by seeded defects.")
    parser.add_argument("--defect", action="append", default=[], metavar="NAME[:PARAMETERS]", help="only this one")
    parser.add_argument("--repeats", type=int, default=5, metavar="N", help="runs of each, with the seeds 1 to N")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="runs at the same time")
    parser.add_argument("--suites", type=Path, default=Path("suites"), help="the folder of all suites")
    parser.add_argument("--output", type=Path, default=Path("results"), help="where the matrix goes")
    return parser.parse_args()


@dataclass
class Proof:
    """Runs of the same suites against a clean server and against defects.

    Attributes:
        suites: the folder of all suites.
        directory: where the runs leave their output.
        everything: whether the first repeat of each defect runs every test. Otherwise, and in later repeats, only
            those run that have to find it and those that are `ALWAYS` run.
        columns: the suites that have run, once they have.
        runs: the child processes.
    """

    suites: Path
    directory: Path
    everything: bool
    columns: Sequence[str] = ()
    runs: Runs = field(default_factory=Runs)

    def rows(self, pool: ThreadPoolExecutor, defects: Mapping[str, Defect], seeds: Sequence[int]) -> Iterator[Row]:
        """A row for each defect, as soon as it is known.

        Raises:
            RunError: the suites are not green on a clean server.
        """
        needs = tuple(sorted({tag for defect in defects.values() for tag in defect.caught_by}))
        tags = () if self.everything else tuple(sorted({*needs, *ALWAYS}))
        clean = pool.submit(self.runs.run, Plan(self.suites, self.directory / "clean", tags=tags, needs=needs))
        runs = {
            option: [(seed, pool.submit(self.runs.run, self._plan(option, defect, seed))) for seed in seeds]
            for option, defect in defects.items()
        }
        healthy = self._healthy(clean.result())
        for option, defect in defects.items():
            yield Row(option, defect, tuple(_judged(defect, seed, one, healthy) for seed, one in runs[option]))

    def _plan(self, option: str, defect: Defect, seed: int) -> Plan:
        tags = () if self.everything and seed == 1 else (*defect.caught_by, *ALWAYS)
        return Plan(self.suites, self.directory / defect.name / str(seed), option, seed, tags, defect.caught_by)

    def _healthy(self, clean: Sequence[Outcome]) -> frozenset[str]:
        self.columns = list(dict.fromkeys([*self.columns, *(test.suite for test in clean)]))
        red = [test for test in clean if test.status == "FAIL"]
        if red:
            raise RunError(f"the clean server is not green, so nothing is proven: {red[0]} ({red[0].message})")
        return frozenset(str(test) for test in clean if test.status == "PASS")


def _judged(defect: Defect, seed: int, one: "Future[list[Outcome]]", healthy: frozenset[str]) -> Judgement:
    try:
        return judge(defect, seed, one.result(), healthy)
    except RunError as problem:
        return Judgement(seed, problem=str(problem))


if __name__ == "__main__":
    sys.exit(main())
