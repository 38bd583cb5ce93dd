"""What may become a baseline, what it then says, and the commands around it."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from wireproof.__main__ import main
from wireproof.quantities import Comparison, Duration, Size
from wireproof.timing import command
from wireproof.timing.baseline import Baseline, figures_of, load, path_of
from wireproof.timing.errors import TimingError
from wireproof.timing.requirement import Requirement

DELIVERY = Requirement("PERF-02", "", "delivery.time", "p95", Comparison.parse("< 50 ms"))


def criterion(value: float | None = 0.0314, word: str = "PASS", **others: Any) -> dict[str, Any]:
    one = {
        "value": value,
        "unit": "Duration",
        "low": 0.0308,
        "high": 0.0321,
        "n": 60_000,
        "line": "...",
        "of": "steady",
    }
    rounds = [{**one, "word": word}]
    return {"metric": "delivery.time", "statistic": "p95", **one, "word": word, "rounds": rounds, **others}


def figures(*, cpu: str = "EPYC", failed: int = 0, passed: int = 9, **criteria: Any) -> dict[str, Any]:
    machine = {"cpu": cpu, "cores": 2, "os": "Linux 6", "python": "CPython 3.11", "stack": "", "wireproof": "0.1.0"}
    run = {**machine, "started": "2026-11-26T20:00:00", "failed": failed, "passed": passed, "skipped": 0}
    return {"schema": 1, "run": run, "criteria": {id.replace("_", "-"): one for id, one in criteria.items()}}


@pytest.fixture
def results(tmp_path: Path) -> Path:
    (tmp_path / "wireproof").mkdir()
    return tmp_path


def leave(results: Path, data: Any) -> None:
    (results / "wireproof" / "figures.json").write_text(json.dumps(data))


def accept(results: Path, *more: str, reason: str = "first figures") -> int:
    return main(["baseline", "accept", "--results", str(results), "--reason", reason, *more])


def test_a_passing_run_becomes_the_baseline(results: Path, capsys: Any) -> None:
    leave(results, figures(PERF_02=criterion()))
    assert accept(results) == 0
    path = results / "baselines" / "embedded.json"
    assert capsys.readouterr().out == (
        f"PERF-02   31.4 ms [30.8, 32.1], new\n{path} holds 1 criterion: keep it with the code\n"
    )
    baseline = load(path)
    assert baseline.value(DELIVERY) == Duration(0.0314)
    assert baseline.criteria["PERF-02"].rounds == (0.0314,)
    assert baseline.machine["cpu"] == "EPYC"
    (accepted,) = baseline.accepted
    assert (accepted.reason, accepted.run, accepted.criteria) == ("first figures", "2026-11-26T20:00:00", ("PERF-02",))
    assert accepted.who
    assert accepted.when.endswith("+00:00")
    assert path.read_text() == baseline.to_json()
    assert list(path.parent.iterdir()) == [path]


def test_the_next_one_tells_what_changed_and_keeps_the_history(results: Path, capsys: Any) -> None:
    leave(results, figures(PERF_02=criterion(), SCALE_12=criterion()))
    accept(results)
    capsys.readouterr()
    leave(results, figures(PERF_02=criterion(0.0331), PERF_01=criterion(0.01)))
    assert accept(results, reason="  new \n serializer ") == 0
    assert capsys.readouterr().out.splitlines()[:3] == [
        "PERF-01   10.0 ms [30.8, 32.1], new",
        "PERF-02   31.4 ms [30.8, 32.1] -> 33.1 ms [30.8, 32.1] (+5.4 %)",
        "SCALE-12  31.4 ms [30.8, 32.1], as before",
    ]
    baseline = load(path_of(results, "embedded"))
    assert [one.reason for one in baseline.accepted] == ["first figures", "new serializer"]
    assert sorted(baseline.criteria) == ["PERF-01", "PERF-02", "SCALE-12"]


def test_no_change_is_told_between_two_kinds_of_figures(results: Path, capsys: Any) -> None:
    leave(results, figures(PERF_02=criterion(), REL_02=criterion(0.0)))
    accept(results)
    capsys.readouterr()
    leave(results, figures(PERF_02=criterion(0.0157, statistic="p99"), REL_02=criterion()))
    assert accept(results) == 0
    assert [line.endswith("[30.8, 32.1]") for line in capsys.readouterr().out.splitlines()[:2]] == [True, True]


def test_figures_of_two_machines_do_not_mix(results: Path, capsys: Any) -> None:
    leave(results, figures(PERF_02=criterion(), SCALE_12=criterion()))
    accept(results)
    leave(results, figures(cpu="Xeon", PERF_02=criterion()))
    assert accept(results) == 0
    assert "SCALE-12  dropped: it was measured on another machine" in capsys.readouterr().out
    assert list(load(path_of(results, "embedded")).criteria) == ["PERF-02"]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (figures(failed=1, PERF_02=criterion()), "1 test failed"),
        (figures(failed=2, PERF_02=criterion()), "2 tests failed"),
        (figures(passed=0, PERF_02=criterion()), "no test passed"),
        (figures(), "no criterion was measured"),
        (
            figures(PERF_02=criterion(word="INCONCLUSIVE"), REL_01=criterion(None, "INVALID", unit=""), X=criterion()),
            "PERF-02 is INCONCLUSIVE, REL-01 is INVALID",
        ),
    ],
)
def test_another_run_cannot_be_one(results: Path, capsys: Any, data: Any, why: str) -> None:
    leave(results, data)
    assert accept(results) == 1
    assert capsys.readouterr().err == f"the run of 2026-11-26T20:00:00 can be no baseline: {why}\n"
    assert not (results / "baselines").exists()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, "there is no {path}: run the suites first"),
        ("{", "{path} is no JSON"),
        ("[]", "{path} is not of schema 1: another version of Wireproof wrote it"),
        ('{"schema": 2}', "{path} is not of schema 1: another version of Wireproof wrote it"),
        ('{"schema": 1}', "{path} has no figures of a run: 'run' is missing"),
        (json.dumps(figures(A=criterion(unit="Furlong"))), "{path} has no figures of a run: unknown unit Furlong"),
        (json.dumps(figures(A=17)), "{path} has no figures of a run: 'int' object is not subscriptable"),
    ],
)
def test_a_file_that_is_none_is_told(results: Path, capsys: Any, text: str | None, why: str) -> None:
    path = results / "wireproof" / "figures.json"
    if text is not None:
        path.write_text(text)
    assert accept(results) == 1
    assert capsys.readouterr().err == why.format(path=path) + "\n"


def test_a_reason_and_a_name_are_needed(results: Path, capsys: Any) -> None:
    leave(results, figures(PERF_02=criterion()))
    assert accept(results, reason=" ") == 1
    assert "a baseline needs a reason" in capsys.readouterr().err
    assert accept(results, "--profile", "../x") == 1
    assert "'../x' is no profile" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        main(["baseline", "accept"])


def test_it_is_shown(results: Path, capsys: Any) -> None:
    size = {"value": 431_000_000, "low": 431_000_000, "high": 431_000_000, "unit": "Size", "n": 60}
    memory = criterion(metric="memory.server", statistic="max", **{key: size[key] for key in size if key != "value"})
    memory = {**memory, **size, "rounds": [{**size, "word": "PASS"}, {**size, "word": "PASS"}]}
    leave(results, figures(PERF_02=criterion(), SCALE_03=memory))
    accept(results, "--profile", "staging")
    capsys.readouterr()
    assert main(["baseline", "show", "--results", str(results), "--profile", "staging"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[0] == f"{results / 'baselines' / 'staging.json'}: 2 cores of EPYC, Linux 6, CPython 3.11"
    assert shown[1:3] == [
        "PERF-02   delivery.time p95 = 31.4 ms [30.8, 32.1] (n = 60 000)",
        "SCALE-03  memory.server max = 431 MB (n = 60, 2 rounds)",
    ]
    assert "first figures (2 criteria of the run of 2026-11-26T20:00:00)" in shown[3]
    assert load(path_of(results, "staging")).criteria["SCALE-03"].quantity(431e6) == Size(431_000_000)


def test_only_rounds_that_passed_count(results: Path) -> None:
    rounds = [{**criterion(0.9), "word": "INVALID"}, {**criterion(0.03), "word": "PASS"}]
    leave(results, figures(PERF_02=criterion(rounds=rounds)))
    assert figures_of(results / "wireproof" / "figures.json").criteria["PERF-02"].rounds == (0.03,)


def test_none_is_told(results: Path, capsys: Any) -> None:
    assert main(["baseline", "show", "--results", str(results)]) == 1
    assert "embedded.json: accept one with python -m wireproof baseline accept" in capsys.readouterr().err


def test_a_damaged_baseline_is_told(results: Path) -> None:
    path = results / "b.json"
    path.write_text('{"schema": 1, "accepted": [{}], "criteria": {}, "machine": {}}')
    with pytest.raises(TimingError, match="is no baseline: 'criteria' is missing"):
        load(path)


def test_a_figure_without_a_value_is_told(results: Path) -> None:
    path = results / "b.json"
    figure = {
        "metric": "delivery.time",
        "statistic": "p95",
        "unit": "Duration",
        "value": None,
        "low": None,
        "high": None,
    }
    accepted = {"schema": 1, "accepted": [], "machine": {}, "criteria": {"PERF-02": figure | {"n": 1, "rounds": []}}}
    path.write_text(json.dumps(accepted))
    with pytest.raises(TimingError, match="is no baseline: a value is missing"):
        load(path)


def test_a_baseline_that_cannot_be_read_is_told(results: Path) -> None:
    with pytest.raises(TimingError, match="cannot be read: Is a directory"):
        load(results)


@pytest.mark.parametrize(
    "other",
    [
        Requirement("PERF-01", "", "delivery.time", "p95", DELIVERY.limit),
        Requirement("PERF-02", "", "delivery.time", "p99", DELIVERY.limit),
        Requirement("PERF-02", "", "connect.time", "p95", DELIVERY.limit),
        Requirement("PERF-02", "", "delivery.time", "p95", Comparison.parse("< 5 MB")),
    ],
)
def test_what_was_measured_otherwise_is_no_baseline(results: Path, other: Requirement) -> None:
    leave(results, figures(PERF_02=criterion()))
    baseline = Baseline().accept(figures_of(results / "wireproof" / "figures.json"), "me", "now", "why")
    assert baseline.value(DELIVERY) is not None
    assert baseline.value(other) is None


def test_without_git_the_system_says_who(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_git(*arguments: Any, **options: Any) -> Any:
        raise FileNotFoundError("git")

    monkeypatch.setattr(subprocess, "run", no_git)
    monkeypatch.setenv("LOGNAME", "jane")
    assert command._who() == "jane"
