"""The catalogue of criteria, and that the suites keep to it."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from robot import running

from wireproof.quantities import Comparison
from wireproof.timing.criteria import load

ROOT = Path(__file__).parents[2]
REQUIRED = {"id", "title", "area", "metric", "statistic", "limit", "unit", "scope", "source"}
OPTIONAL = {"tags", "goal", "at_least"}
STATISTICS = {"p95", "p99", "rate", "observed", "mean", "min", "max", "count", "slope", "all"}
AREAS = {
    "performance": {"PERF"},
    "reliability": {"REL"},
    "zz_run": {"REL"},
    "scale": {"SCALE"},
    "connection": {"CONN"},
    "delivery": {"DLV"},
    "database": {"DB"},
    "sessions": {"SESS"},
    "schedules": {"SCHED"},
    "recovery": {"REC"},
    "security": {"SEC"},
    "operations": {"OPS"},
}
DUE = [
    f"{area}-{number:02}"
    for area, numbers in (
        ("CONN", range(1, 14)),
        ("DLV", range(1, 13)),
        ("DB", range(1, 10)),
        ("SESS", range(1, 7)),
        ("REC", range(1, 20)),
        ("SEC", (3, 4, 5)),
        ("PERF", range(1, 6)),
        ("REL", range(1, 5)),
        ("SCALE", (*range(1, 5), *range(11, 18))),
    )
    for number in numbers
]
"""The criteria of the areas that have suites."""


def criteria() -> list[dict[str, Any]]:
    catalogue = yaml.safe_load((ROOT / "resources" / "criteria.yaml").read_text("utf-8"))
    entries: list[dict[str, Any]] = catalogue["criteria"]
    return entries


@cache
def ids_by_test() -> dict[str, list[str]]:
    """The criterion ids among each test's tags, by the test's full name."""
    known = {entry["id"] for entry in criteria()}
    suite = running.TestSuite.from_file_system(ROOT / "suites", allow_empty_suite=True)
    return {test.full_name: [tag for tag in test.tags if tag in known] for test in suite.all_tests}


@pytest.mark.parametrize("entry", criteria(), ids=lambda entry: entry["id"])
def test_an_entry_is_complete(entry: dict[str, Any]) -> None:
    assert REQUIRED <= entry.keys() <= REQUIRED | OPTIONAL
    assert all(isinstance(entry[key], str) and entry[key].strip() for key in REQUIRED)
    assert entry["statistic"] in STATISTICS
    assert entry["id"].partition("-")[0] in AREAS[entry["area"]]
    assert set(entry.get("tags", [])) <= {"stretch"}


@pytest.mark.parametrize("entry", criteria(), ids=lambda entry: entry["id"])
def test_a_limit_is_a_comparison_or_pass(entry: dict[str, Any]) -> None:
    behaviour = (entry["metric"], entry["statistic"], entry["limit"], entry["unit"])
    if "behaviour" in behaviour or "pass" in behaviour:
        assert behaviour == ("behaviour", "all", "pass", "tests")
        return
    limits = [Comparison.parse(entry[key]) for key in ("limit", "goal") if key in entry]
    assert [str(limit) for limit in limits] == [entry[key] for key in ("limit", "goal") if key in entry]
    assert not any(limit.subject for limit in limits)


def test_the_timing_room_reads_it() -> None:
    catalogue = load(ROOT / "resources" / "criteria.yaml")
    assert [criterion.id for criterion in catalogue.criteria] == [entry["id"] for entry in criteria()]
    assert str(catalogue.required("PERF-02").limit) == "< 50 ms"


def test_every_test_proves_exactly_one_criterion() -> None:
    assert {name: ids for name, ids in ids_by_test().items() if len(ids) != 1} == {}


def test_every_test_lies_in_the_area_of_its_criterion() -> None:
    areas = {entry["id"]: entry["area"] for entry in criteria()}
    assert [
        name
        for name, ids in ids_by_test().items()
        if name.split(".")[1].lower().replace(" ", "_") not in {areas[identity] for identity in ids}
    ] == []


@pytest.mark.parametrize("identity", DUE)
def test_a_due_criterion_has_a_test(identity: str) -> None:
    assert any(identity in ids for ids in ids_by_test().values())
