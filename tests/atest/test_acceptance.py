"""A run leaves what became of its criteria, with no effort of the author."""

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from harness import Run, run_robot

CRITERIA = """
criteria:
  - {id: PERF-01, title: message delivery, area: performance, metric: delivery.time, statistic: p95, limit: "< 50 ms",
     unit: ms, scope: under load, source: seed document}
  - {id: PERF-02, title: connection time, area: performance, metric: connect.time, statistic: p95, limit: "< 10 ms",
     unit: ms, scope: under load, source: seed document}
  - {id: CONN-01, title: a device opens, area: connection, metric: behaviour, statistic: all, limit: pass, unit: tests,
     scope: one device, source: protocol}
  - {id: CONN-02, title: a device leaves, area: connection, metric: behaviour, statistic: all, limit: pass, unit: tests,
     scope: one device, source: protocol}
  - {id: CONN-03, title: a device comes back, area: connection, metric: behaviour, statistic: all, limit: pass,
     unit: tests, scope: one device, source: protocol}
"""

SUITE = """
*** Settings ***
Library           wireproof.Report
Library           wireproof.Timing
Suite Teardown    Log Acceptance Table

*** Test Cases ***
Delivers
    [Tags]    PERF-01
    Take    12 ms
    Criterion Should Be Met    PERF-01    of=${TEST NAME}

Connects
    [Tags]    PERF-02
    Take    12 ms
    Criterion Should Be Met    PERF-02    of=${TEST NAME}

Opens
    [Tags]    CONN-01
    No Operation

Leaves
    [Tags]    CONN-02
    Fail    <script>alert(1)</script> is | what it said

Comes Back
    [Tags]    CONN-03
    Skip    there is no network here

*** Keywords ***
Take
    [Arguments]    ${time}
    FOR    ${_}    IN RANGE    100
        Record Latency    ${TEST NAME}    ${time}
    END
"""


def run(directory: Path, *options: str, suite: str = SUITE, criteria: str = CRITERIA, env: Any = None) -> Run:
    directory.mkdir(exist_ok=True)
    if criteria:
        (directory / "criteria.yaml").write_text(criteria, encoding="utf-8")
    return run_robot(directory, suite, *options, env=env)


def left(run: Run) -> set[str]:
    """What there is of an acceptance report."""
    return {path.name for path in (run.directory / "wireproof").glob("*") if path.is_file()} - {"journal.jsonl"}


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Run:
    directory = tmp_path_factory.mktemp("acceptance")
    return run(directory, env={"GITHUB_STEP_SUMMARY": str(directory / "summary.md")})


def test_its_files_are_beside_the_journal(done: Run) -> None:
    assert left(done) == {"acceptance.html", "criteria.junit.xml", "figures.json"}


def test_the_page_has_every_criterion(done: Run) -> None:
    page = (done.directory / "wireproof" / "acceptance.html").read_text("utf-8")
    rows = re.findall(r'data-head="Verdict">. ([\w ]+)</td><th scope="row"><b>([\w-]+)</b>', page)
    assert rows == [
        ("PASS", "PERF-01"),
        ("FAIL", "PERF-02"),
        ("PASS", "CONN-01"),
        ("FAIL", "CONN-02"),
        ("not run", "CONN-03"),
    ]
    assert "&lt;script&gt;alert(1)&lt;/script&gt; is | what it said" in page
    assert "skipped: there is no network here" in page


def test_the_log_shows_it_and_links_the_page(done: Run) -> None:
    (message,) = (message for message in done.messages(done.result.suite.teardown) if message.html)
    assert '<b>PERF-02</b> connection time<span class="w-why">FAIL PERF-02 connection time' in message.message
    assert 'href="wireproof/acceptance.html"' in message.message
    link = "[wireproof/acceptance.html|2 targets: 1 PASS, 1 FAIL; 3 other criteria: 1 PASS, 1 FAIL, 1 not run]"
    assert done.result.suite.metadata["Acceptance"] == link


def test_the_console_ends_with_the_targets(done: Run) -> None:
    told = done.console[done.console.index("2 targets") :].splitlines()
    assert told[:3] == [
        "2 targets: 1 PASS, 1 FAIL",
        "PASS  PERF-01  message delivery  p95 = 12.0 ms  < 50 ms",
        "FAIL  PERF-02  connection time   p95 = 12.0 ms  < 10 ms",
    ]
    assert told[3].startswith("FAIL  Suite.")


@pytest.mark.parametrize("console", ["none", "quiet"])
def test_a_quiet_console_stays_quiet(tmp_path: Path, console: str) -> None:
    assert "targets" not in run(tmp_path, "--console", console).console


def test_junit_has_a_case_for_each_criterion(done: Run) -> None:
    root = ElementTree.parse(done.directory / "wireproof" / "criteria.junit.xml").getroot()
    assert (root.attrib["tests"], root.attrib["failures"], root.attrib["skipped"]) == ("5", "2", "1")


def test_figures_tell_of_the_run(done: Run) -> None:
    told = json.loads((done.directory / "wireproof" / "figures.json").read_text("utf-8"))
    assert {key: told["run"][key] for key in ("passed", "failed", "skipped", "complete")} == {
        "passed": 2,
        "failed": 2,
        "skipped": 1,
        "complete": False,
    }
    assert told["criteria"]["PERF-01"]["value"] == pytest.approx(0.012, rel=0.01)


def test_a_ci_job_gets_a_summary(done: Run) -> None:
    assert "5 criteria: 2 PASS, 2 FAIL, 1 not run" in (done.directory.parent / "summary.md").read_text("utf-8")


def test_a_suite_that_fails_at_its_end_meets_no_criterion(tmp_path: Path) -> None:
    suite = "\n".join(
        [
            "*** Settings ***",
            "Library    wireproof.Timing",
            "Suite Teardown    Fail    rows are left",
            "*** Test Cases ***",
            "Opens",
            "    [Tags]    CONN-01",
            "    No Operation",
        ]
    )
    failed = run(tmp_path, suite=suite)
    page = (failed.directory / "wireproof" / "acceptance.html").read_text("utf-8")
    assert re.search(r"✕ FAIL</td><th[^>]*><b>CONN-01</b>.*rows are left", page)


def test_a_run_of_several_suites_has_one_report_of_all(tmp_path: Path) -> None:
    test = "*** Settings ***\nLibrary    wireproof.{}\n*** Test Cases ***\nTest\n    [Tags]    {}\n    No Operation\n"
    (tmp_path / "criteria.yaml").write_text(CRITERIA, encoding="utf-8")
    suites = {"1.robot": test.format("Timing", "CONN-01"), "2.robot": test.format("Sockets", "CONN-02")}
    both = run_robot(tmp_path, suites).passed()
    figures = json.loads((both.directory / "wireproof" / "figures.json").read_text("utf-8"))
    page = (both.directory / "wireproof" / "acceptance.html").read_text("utf-8")
    assert figures["run"]["passed"] == 2
    assert page.count("✓ PASS") == 2


def test_a_dry_run_leaves_nothing(tmp_path: Path) -> None:
    assert left(run(tmp_path, "--dryrun")) == set()


def test_a_run_without_criteria_leaves_nothing_not_even_of_the_run_before(tmp_path: Path) -> None:
    assert left(run(tmp_path))
    plain = "*** Settings ***\nLibrary    wireproof.Timing\n*** Test Cases ***\nTest\n    No Operation\n"
    again = run(tmp_path, suite=plain).passed()
    assert left(again) == set()
    assert "target" not in again.console


def test_criteria_that_cannot_be_read_are_told_once(tmp_path: Path) -> None:
    plain = (
        "*** Settings ***\nLibrary    wireproof.Timing\n*** Test Cases ***\nTest\n    [Tags]    X\n    No Operation\n"
    )
    broken = run(tmp_path, suite=plain, criteria="criteria: 17\n")
    (error,) = broken.errors
    assert error == (
        f"the acceptance report was not written: {tmp_path / 'criteria.yaml'} has no list of criteria: "
        "it begins with the key criteria"
    )
