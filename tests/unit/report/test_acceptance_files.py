"""What a run leaves of its criteria: page, JUnit, figures, summaries; and when it leaves nothing."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from loads import HOSTILE
from pages import PageReader
from runs import behaviour, criterion, evidence, trial, verdict, verdict_event

from wireproof import journal
from wireproof.quantities import Comparison
from wireproof.report.acceptance import RunReport, acceptance_fragment, files, headline
from wireproof.report.acceptance.figures import Machine, Run, figures
from wireproof.report.acceptance.junit import junit
from wireproof.report.acceptance.outcomes import Acceptance
from wireproof.report.acceptance.page import acceptance_page
from wireproof.report.acceptance.record import Evidence
from wireproof.report.acceptance.summary import console, markdown
from wireproof.timing.baseline import figures_of
from wireproof.timing.criteria import Criterion
from wireproof.timing.errors import TimingError

RUN = Run(Machine("AMD EPYC", 2, "Linux 6.1", "CPython 3.11.7"), "2026-11-26T20:00:00+00:00", "embedded", "0.1.0")
CRITERIA = [
    criterion(),
    criterion("SCALE-03", "memory.server", "max", "< 512 MB", title="memory under load", area="scale"),
    criterion("REL-01", "connect.success", "rate", "> 99 %", title="connections succeed", area="reliability"),
    behaviour(),
    behaviour("CONN-02", "the challenge comes first"),
]
BOUNDS = ("value", "low", "high")
TRIALS = [
    trial("PERF-02", "smoke", name="Perf.Delivery"),
    trial("SCALE-03", status="FAIL", message="FAIL SCALE-03", started_ns=100, name="Scale.Memory"),
    trial("REL-01", status="SKIP", message="no room", started_ns=200, name="Rel.Connects"),
    trial("CONN-01", started_ns=300, name="Conn.Opens"),
]
JUDGED = [
    verdict("INVALID", 10, line="INVALID PERF-02: the generator was too slow"),
    verdict("PASS", 50, baseline=0.03),
    verdict(
        "FAIL", 150, "SCALE-03", unit="Size", value=600e6, low=600e6, high=600e6, limit="< 512 MB", statistic="max"
    ),
    verdict(
        "FAIL", 60, "delivery.time", title="", line="FAIL delivery.time: p95 = 31.4 ms is not < 30 ms", limit="< 30 ms"
    ),
]
GIVEN = evidence(*JUDGED, trials=TRIALS)
FOUND = Acceptance.of(CRITERIA, GIVEN)


def hostile() -> tuple[Acceptance, Evidence]:
    criteria = [replace(one, title=HOSTILE, area="performance") for one in (criterion(), behaviour())]
    tests = [trial("PERF-02"), trial("CONN-01", status="FAIL", message=HOSTILE, name=HOSTILE)]
    judged = [verdict("FAIL", line=HOSTILE, of=HOSTILE), verdict("FAIL", name=HOSTILE, line=HOSTILE, limit=HOSTILE)]
    given = evidence(*judged, trials=tests)
    return Acceptance.of(criteria, given), given


# -- page and log --------------------------------------------------------------------------------------------------


def test_the_page_lists_every_criterion_also_those_that_did_not_run() -> None:
    reader = PageReader(acceptance_page(FOUND, RUN.told))
    assert reader.inside("b") == ["PERF-02", "SCALE-03", "REL-01", "CONN-01", "CONN-02", "delivery.time"]
    words = [text for text in reader.inside("td") if re.match("[✓✕!?○] ", text)]
    assert words == ["✓ PASS", "✕ FAIL", "○ not run", "✓ PASS", "○ not run", "✕ FAIL"]
    assert reader.inside("h2") == ["Targets", "connection", "Thresholds of loads"]


def test_a_row_has_limit_value_bounds_sample_and_baseline() -> None:
    cells = PageReader(acceptance_page(FOUND, [])).inside("td")
    place = cells.index("✓ PASS")
    assert cells[place + 1 : place + 6] == ["p95 < 50 ms", "31.4 ms", "30.8 ms … 32.1 ms", "60 000", "30.0 ms, +5 %"]


def test_what_was_measured_again_is_shown_with_both_verdicts() -> None:
    text = PageReader(acceptance_page(FOUND, [])).text
    assert "INVALID PERF-02: the generator was too slow" in text
    assert "PASS PERF-02: p95 = 31.4 ms" in text


def test_reasons_of_what_did_not_run_are_told() -> None:
    text = PageReader(acceptance_page(FOUND, [])).text
    assert "skipped: no room" in text
    assert "no test of it was selected" in text


def test_the_page_tells_of_its_run_and_loads_nothing() -> None:
    page = acceptance_page(FOUND, RUN.told)
    assert "run of 2026-11-26T20:00:00+00:00 on stack embedded, Wireproof 0.1.0" in page
    assert "2 cores of AMD EPYC, Linux 6.1, CPython 3.11.7" in page
    assert "default-src 'none'" in page
    assert not any("src" in one or "href" in one for _, one in PageReader(page).elements)


def test_the_log_shows_targets_and_what_is_not_met_and_links_the_page() -> None:
    met = Acceptance.of(
        [*CRITERIA, behaviour("CONN-03")], evidence(*JUDGED, trials=[*TRIALS, trial("CONN-03", status="FAIL")])
    )
    html = acceptance_fragment(met, "wireproof/acceptance.html")
    reader = PageReader(html)
    assert reader.inside("b") == ["PERF-02", "SCALE-03", "REL-01", "CONN-03", "delivery.time"]
    assert reader.attributes("a") == [{"href": "wireproof/acceptance.html"}]
    assert html.isascii()
    assert "\n" not in html.split("</style>")[1]


def test_the_headline_counts() -> None:
    assert headline(FOUND) == "3 targets: 1 PASS, 1 FAIL, 1 not run; 2 other criteria: 1 PASS, 1 not run"


# -- JUnit ---------------------------------------------------------------------------------------------------------


def cases(text: str) -> dict[str, ElementTree.Element]:
    """The cases of a JUnit document that has the shape that its readers rely on."""
    root = ElementTree.fromstring(text.split("\n", 1)[1])
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n')
    assert root.tag == "testsuites"
    for suite in root:
        assert suite.tag == "testsuite"
        assert {"name", "tests", "failures", "errors", "skipped", "time"} <= set(suite.keys())
        assert all(case.tag == "testcase" and {"name", "classname", "time"} == set(case.keys()) for case in suite)
        assert int(suite.attrib["tests"]) == len(suite)
        assert int(suite.attrib["failures"]) == len(suite.findall("testcase/failure"))
        assert int(suite.attrib["skipped"]) == len(suite.findall("testcase/skipped"))
        for case in suite:
            assert [child.tag for child in case] in (
                ["properties"],
                ["properties", "failure"],
                ["properties", "skipped"],
            )
            assert all(set(one.keys()) == {"name", "value"} for one in case[0])
    for total in ("tests", "failures", "errors", "skipped"):
        assert int(root.attrib[total]) == sum(int(suite.attrib[total]) for suite in root)
    return {case.attrib["name"]: case for case in root.iter("testcase")}


def properties(case: ElementTree.Element) -> dict[str, str]:
    return {one.attrib["name"]: one.attrib["value"] for one in case.iter("property")}


def test_junit_has_a_case_for_each_criterion_and_each_threshold() -> None:
    found = cases(junit(FOUND))
    assert list(found) == [
        "PERF-02 message delivery latency",
        "SCALE-03 memory under load",
        "REL-01 connections succeed",
        "CONN-01 a device opens",
        "CONN-02 the challenge comes first",
        "delivery.time p95 < 30 ms",
    ]
    assert properties(found["PERF-02 message delivery latency"]) == {
        "verdict": "PASS",
        "limit": "p95 < 50 ms",
        "actual": "31.4 ms",
        "low": "30.8 ms",
        "high": "32.1 ms",
        "n": "60000",
        "baseline": "30.0 ms",
        "of": "steady",
    }


def test_junit_fails_what_fails_and_skips_what_did_not_run() -> None:
    found = cases(junit(FOUND))
    failure = found["SCALE-03 memory under load"].find("failure")
    assert failure is not None
    assert failure.attrib == {"type": "FAIL", "message": "FAIL SCALE-03: p95 = 31.4 ms"}
    assert found["delivery.time p95 < 30 ms"].find("failure") is not None
    skipped = found["REL-01 connections succeed"].find("skipped")
    assert skipped is not None
    assert skipped.attrib["message"] == "skipped: no room"


@pytest.mark.parametrize("word", ["INCONCLUSIVE", "INVALID"])
@pytest.mark.parametrize(("status", "tag"), [("FAIL", "failure"), ("PASS", "skipped")])
def test_what_proves_nothing_fails_junit_only_where_it_failed_its_test(word: str, status: str, tag: str) -> None:
    given = evidence(verdict(word), trials=[trial("PERF-02", status=status, message=word)])
    (case,) = cases(junit(Acceptance.of([criterion()], given))).values()
    found = case.find(tag)
    assert found is not None
    assert found.attrib["message"] == f"{word} PERF-02: p95 = 31.4 ms"
    assert found.get("type") == (word if tag == "failure" else None)


def test_a_fail_fails_junit_also_where_no_test_failed() -> None:
    (case,) = cases(junit(Acceptance.of([criterion()], evidence(verdict("FAIL"), trials=[trial("PERF-02")])))).values()
    assert case.find("failure") is not None


# -- figures -------------------------------------------------------------------------------------------------------


def test_figures_are_what_a_baseline_reads(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    path.write_text(figures(RUN, FOUND, GIVEN.trials), "utf-8")
    read = figures_of(path)
    assert (read.passed, read.failed, read.started) == (2, 1, "2026-11-26T20:00:00+00:00")
    assert read.words == {"PERF-02": "PASS", "SCALE-03": "FAIL"}
    assert read.criteria["PERF-02"].rounds == (0.0314,)
    assert read.machine["cpu"] == "AMD EPYC"


def test_figures_hold_every_round_in_order() -> None:
    told: dict[str, Any] = json.loads(figures(RUN, FOUND, GIVEN.trials))
    assert [one["word"] for one in told["criteria"]["PERF-02"]["rounds"]] == ["INVALID", "PASS"]
    assert told["criteria"]["SCALE-03"]["value"] == 600e6
    assert (told["run"]["skipped"], told["run"]["complete"]) == (1, False)


def test_this_machine_is_told() -> None:
    here = Machine.here()
    assert here.cpu
    assert here.cores > 0


# -- console and CI ------------------------------------------------------------------------------------------------


def test_the_console_has_a_line_for_each_target() -> None:
    assert console(FOUND.targets) == (
        "3 targets: 1 PASS, 1 FAIL, 1 not run\n"
        "PASS     PERF-02   message delivery latency  p95 = 31.4 ms  < 50 ms\n"
        "FAIL     SCALE-03  memory under load         max = 600 MB   < 512 MB\n"
        "not run  REL-01    connections succeed                      > 99 %    skipped: no room"
    )


def test_the_console_says_what_a_number_does_not() -> None:
    line = "INCONCLUSIVE PERF-02 message delivery latency: p95 = 31.4 ms [?, ?] is not proven to be < 50 ms (n = 4)"
    small = Acceptance.of([criterion()], evidence(verdict("INCONCLUSIVE", line=line), trials=[trial("PERF-02")]))
    assert console(small.targets).endswith(" p95 = 31.4 ms [?, ?] is not proven to be < 50 ms (n = 4)")
    lost = [trial("PERF-02", status="FAIL", message="3 are lost")]
    spoilt = Acceptance.of([criterion()], evidence(verdict(), trials=lost))
    assert console(spoilt.targets).endswith("< 50 ms  Suite.Test: 3 are lost")


def test_the_page_shows_tests_where_they_decided_without_a_number() -> None:
    slow = criterion("REC-15", "recovery.time", "max", "< 30 s", area="recovery")
    acceptance = Acceptance.of([slow], evidence(trials=[trial("REC-15"), trial("REC-15", status="SKIP")]))
    assert "1 of 2 tests" in acceptance_page(acceptance, [])


def test_the_page_tells_of_conditions_goal_and_source() -> None:
    goal = replace(criterion(), goal=Comparison.parse("< 10 ms"))
    page = acceptance_page(Acceptance.of([goal], evidence()), [])
    assert "under load · seed document" in page
    grows = criterion("SCALE-17", "memory.growth", "slope", "< 1 MB")
    page_of_growth = acceptance_page(Acceptance.of([replace(grows, unit="MB per message")], evidence()), [])
    assert "under load · in MB per message · seed document" in page_of_growth
    assert "p95 &lt; 50 ms, goal &lt; 10 ms" in page


def test_the_console_says_nothing_where_no_target_was_judged() -> None:
    assert console(Acceptance.of(CRITERIA, evidence(trials=[trial("CONN-01")])).targets) == ""
    assert console([]) == ""


def test_the_console_ends_with_the_first_tests_that_failed() -> None:
    failed = [trial(status="FAIL", message=f"{n} are\nlost", name=f"Suite.Test {n}") for n in range(12)]
    lines = console(FOUND.targets, [trial(), *failed, trial(status="SKIP")]).splitlines()
    assert lines[4] == r"FAIL  Suite.Test 0: 0 are\nlost"
    assert lines[13:] == [r"FAIL  Suite.Test 9: 9 are\nlost", "FAIL  2 more, see the log"]
    assert len(console(FOUND.targets, failed[:10]).splitlines()) == len(lines) - 1


def test_a_ci_job_gets_a_table() -> None:
    lines = markdown(FOUND).splitlines()
    assert lines[2] == "5 criteria: 2 PASS, 1 FAIL, 2 not run"
    assert (
        r"| PASS | PERF\-02 | message delivery latency | p95 &lt; 50 ms | 31.4 ms | 30.8 ms … 32.1 ms | 60000 |"
        in lines
    )
    assert len({line.replace(r"\|", "").count("|") for line in lines if line.startswith("|")}) == 1


def test_hostile_texts_stay_text_everywhere() -> None:
    acceptance, given = hostile()
    page, fragment = acceptance_page(acceptance, [HOSTILE]), acceptance_fragment(acceptance)
    for html in (page, fragment):
        PageReader(html)
        assert "<script" not in html
    cases(junit(acceptance))
    table = markdown(acceptance)
    assert "<script" not in table
    assert len({line.replace(r"\|", "").count("|") for line in table.splitlines() if line.startswith("|")}) == 1
    for text in (
        page,
        fragment,
        junit(acceptance),
        table,
        console(acceptance.targets, given.trials),
        figures(RUN, acceptance, given.trials),
    ):
        text.encode()
        assert "\u202e" not in text


# -- files ---------------------------------------------------------------------------------------------------------

CATALOGUE = """
criteria:
  - {id: CONN-01, title: a device opens, area: connection, metric: behaviour, statistic: all, limit: pass, unit: tests,
     scope: one device, source: protocol}
"""


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    path = tmp_path / "criteria.yaml"
    path.write_text(CATALOGUE, "utf-8")
    return path


def test_a_run_is_judged_by_the_criteria_near_its_suites(catalogue: Path) -> None:
    found = files.accept(evidence(trials=[trial("CONN-01")]), [catalogue.parent / "suites"])
    assert found is not None
    assert [one.word for one in found.outcomes] == ["PASS"]


def test_a_run_is_judged_by_the_criteria_that_it_used(catalogue: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    given = replace(evidence(trials=[trial("CONN-01")]), catalogues=[catalogue])
    assert files.accept(given, [elsewhere]) is not None


def test_a_run_that_has_to_do_with_no_criterion_has_no_acceptance(catalogue: Path) -> None:
    assert files.accept(evidence(trials=[trial("mine")]), [catalogue.parent]) is None
    assert files.accept(evidence(), [catalogue.parent]) is None


def test_a_threshold_is_reported_without_a_catalogue(tmp_path: Path) -> None:
    found = files.accept(evidence(verdict(name="delivery.time")), [tmp_path])
    assert found is not None
    assert not found.outcomes
    assert len(found.thresholds) == 1


def test_criteria_that_cannot_be_read_are_an_error(catalogue: Path) -> None:
    catalogue.write_text("criteria: [", "utf-8")
    with pytest.raises(TimingError, match="is no YAML"):
        files.accept(evidence(trials=[trial("CONN-01")]), [catalogue.parent])


def test_a_run_writes_its_files_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    files.write(tmp_path / "wireproof", FOUND, GIVEN, RUN)
    written = sorted(path.name for path in (tmp_path / "wireproof").iterdir())
    assert written == ["acceptance.html", "criteria.junit.xml", "figures.json"]


def test_a_ci_job_gets_its_summary_appended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("# before\n", "utf-8")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    files.write(tmp_path / "wireproof", FOUND, GIVEN, RUN)
    assert summary.read_text("utf-8").startswith("# before\n## Acceptance\n")


def test_files_of_an_earlier_run_are_removed(tmp_path: Path) -> None:
    files.write(tmp_path, FOUND, GIVEN, RUN)
    (tmp_path / "mine.txt").touch()
    files.remove(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_all_criteria_of_the_project_have_a_row() -> None:
    from wireproof.timing.criteria import load

    criteria: tuple[Criterion, ...] = load(Path(__file__).parents[3] / "resources" / "criteria.yaml").criteria
    acceptance = Acceptance.of(criteria, evidence())
    assert sum(one.criterion.source == "seed document" for one in acceptance.targets) == 12
    assert PageReader(acceptance_page(acceptance, [])).inside("b") == [
        one.criterion.id for one in [*acceptance.targets, *acceptance.others]
    ]


def test_a_report_hears_of_its_own_run_only(tmp_path: Path) -> None:
    def judge() -> None:
        event = verdict_event(name="delivery.time")
        journal.current().record(event.kind, event.source, **event.data)

    judge()
    report = RunReport(tmp_path, [tmp_path], RUN)
    judge()
    report.write()
    judge()
    found = report.acceptance()
    assert found is not None
    assert len(found.thresholds) == 1
