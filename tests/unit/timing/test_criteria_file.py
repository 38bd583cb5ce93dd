"""The catalogue of criteria as a team writes it: found, read, and refused with a plain line."""

import re
from pathlib import Path

import pytest

from wireproof.timing.criteria import load, locate
from wireproof.timing.errors import TimingError

ENTRY = """\
  - id: SHOP-01
    title: orders come quickly
    area: orders
    metric: delivery.time
    statistic: p95
    limit: "< 50 ms"
    unit: ms
    scope: any
    source: us
"""
BEHAVIOUR = """\
  - {id: SHOP-02, title: t, area: a, metric: behaviour, statistic: all, limit: pass, unit: tests, scope: s, source: u}
"""


def written(folder: Path, text: str = f"criteria:\n{ENTRY}{BEHAVIOUR}", name: str = "criteria.yaml") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_a_criterion_demands_a_statistic_of_a_metric(tmp_path: Path) -> None:
    entry = ENTRY + '    goal: "< 20 ms"\n    tags: [stretch]\n'
    criterion = load(written(tmp_path, f"criteria:\n{entry}")).find("SHOP-01")
    required = criterion.requirement
    assert required is not None
    assert (required.head, required.metric, required.statistic) == (
        "SHOP-01 orders come quickly",
        "delivery.time",
        "p95",
    )
    assert (str(required.limit), str(criterion.goal), criterion.tags) == ("< 50 ms", "< 20 ms", ("stretch",))


@pytest.mark.parametrize(
    ("id", "error"),
    [
        ("SHOP-1", "no criterion 'SHOP-1' in PATH: did you mean SHOP-01 or SHOP-02?"),
        ("shop-01", "did you mean SHOP-01"),
        ("X", "no criterion 'X' in PATH: it has 2 others"),
        (
            "SHOP-02",
            "criterion SHOP-02 states behaviour: it is met when all tests with its tag pass, nothing is measured",
        ),
    ],
)
def test_what_demands_no_measurement_is_told(tmp_path: Path, id: str, error: str) -> None:
    path = written(tmp_path)
    with pytest.raises(TimingError, match=re.escape(error.replace("PATH", str(path)))):
        load(path).required(id)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "has no list of criteria: it begins with the key criteria"),
        ("criteria: []", "has no list of criteria"),
        ("criteria: [", "is no YAML: while parsing"),
        ("criteria: [17]", "criterion number 1: it has to be keys and values, not 17"),
        (f"criteria:\n{ENTRY}{ENTRY}", "criterion SHOP-01 is there twice"),
        (f"criteria:\n{ENTRY}    statistik: x", "criterion SHOP-01: unknown key statistik: did you mean statistic?"),
        (f"criteria:\n{ENTRY}    zzz: x", "criterion SHOP-01: unknown key zzz: it has id, title,"),
        (f"criteria:\n{ENTRY}    tags: stretch", "tags has to be a list of texts"),
        (f"criteria:\n{ENTRY}    at_least: many", "at_least is a number of observations, such as 300, not many"),
        (f"criteria:\n{ENTRY}    at_least: yes", "at_least is a number of observations, such as 300, not True"),
        (f"criteria:\n{ENTRY}    goal: 5 ms", "'5 ms' is not a comparison"),
        (f"criteria:\n{ENTRY.replace('    unit: ms', '')}", "criterion SHOP-01: unit is missing"),
        (f"criteria:\n{ENTRY.replace('area: orders', 'area: 17')}", "criterion SHOP-01: area has to be a text"),
        (f"criteria:\n{ENTRY.replace('p95', 'p95th')}", "criterion SHOP-01: unknown statistic 'p95th'"),
        (f"criteria:\n{ENTRY.replace('50 ms', '50 sec')}", "criterion SHOP-01: ' 50 sec' has an unknown unit 'sec'"),
        (
            f"criteria:\n{ENTRY.replace('< 50', 'p95 < 50')}",
            "limit 'p95 < 50 ms' names 'p95': metric and statistic are",
        ),
        (
            "criteria:\n" + BEHAVIOUR.replace("pass", "'> 1'"),
            "criterion SHOP-02: behaviour has metric behaviour, statistic",
        ),
    ],
)
def test_a_mistake_is_one_plain_line(tmp_path: Path, text: str, error: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(TimingError, match=re.escape(error)) as raised:
        load(path)
    assert str(raised.value).startswith(str(path))
    assert "\n" not in str(raised.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(TimingError, match=r"cannot be read: No such file"):
        load(tmp_path / "none.yaml")


def test_the_nearest_catalogue_counts(tmp_path: Path) -> None:
    outer = written(tmp_path, name="resources/criteria.yaml")
    suites = tmp_path / "suites" / "orders"
    suites.mkdir(parents=True)
    assert locate([suites]) == outer
    inner = written(suites)
    assert locate([suites]) == inner
    assert locate([tmp_path / "elsewhere" / "x", suites]) == outer


def test_no_catalogue_anywhere_is_told(tmp_path: Path) -> None:
    with pytest.raises(TimingError, match=r"no criteria\.yaml or resources/criteria\.yaml in .* write one, or name it"):
        locate([tmp_path])
