"""Which tests a run of the prover takes."""

from itertools import pairwise
from pathlib import Path

from tests.prove.runs import Plan


def options(plan: Plan, name: str) -> list[str]:
    return [value for option, value in pairwise(plan.command) if option == name]


def test_what_takes_long_or_measures_is_left_out() -> None:
    assert options(Plan(Path("suites"), Path("out")), "--exclude") == ["stretch", "exclusive"]


def test_what_has_to_find_a_defect_runs_also_when_it_is_beyond_the_agreed_scale() -> None:
    plan = Plan(Path("suites"), Path("out"), "grow", 1, ("SCALE-17", "smoke"), ("SCALE-17",))
    assert options(plan, "--exclude") == ["stretchNOTSCALE-17", "exclusiveNOTSCALE-17"]
    assert options(plan, "--include") == ["SCALE-17", "smoke"]
