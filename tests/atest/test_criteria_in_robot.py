"""Latencies and criteria in Robot runs: what passes, every line that a test can fail with, what the journal notes."""

import json
import re
from typing import Any

import pytest
from harness import Run, run_robot

CRITERIA = """
_: &us {area: a, scope: s, source: us}
criteria:
  - {<<: *us, id: T-01, title: orders come quickly, metric: orders.time, statistic: p95, limit: "< 50 ms", unit: ms}
  - {<<: *us, id: T-02, title: behaviour, metric: behaviour, statistic: all, limit: pass, unit: tests}
  - {<<: *us, id: T-03, title: nothing stays, metric: leaked, statistic: count, limit: "== 0", unit: rows}
  - {<<: *us, id: T-04, title: memory, metric: memory.server, statistic: max, limit: "< 5 MB", unit: MB}
"""
KEYWORDS = """
*** Settings ***
Library    wireproof.Timing

*** Keywords ***
Took
    [Arguments]    ${series}    ${latency}    ${times}=1
    FOR    ${_}    IN RANGE    ${times}
        Record Latency    ${series}    ${latency}
    END

*** Test Cases ***
"""
BAD = {
    "Failed Criterion": (
        ["Took    slow    63 ms    60", "Criterion Should Be Met    T-01    of=slow"],
        "FAIL T-01 orders come quickly: p95 = 63.0 ms is not < 50 ms (n = 60)",
    ),
    "With Words": (
        ["Took    worded    63 ms    60", "Criterion Should Be Met    T-01    of=worded    msg=<b>after noon</b>"],
        "FAIL <b>after noon</b>: T-01 orders come quickly: p95 = 63.0 ms is not < 50 ms (n = 60)",
    ),
    "Too Small": (
        ["Took    few    12 ms    3", "Criterion Should Be Met    T-01    of=few"],
        "INCONCLUSIVE T-01 orders come quickly: p95 = 12.0 ms [12.0, ?] is not proven to be < 50 ms "
        "(n = 3 gives p95 no upper bound, 59 are needed)",
    ),
    "Invalid": (
        ["Took    late    12 ms", "Criterion Should Be Met    T-01    of=${{ broken('orders.time') }}"],
        "INVALID T-01 orders come quickly: the generator was too slow; orders.time was not observed once",
    ),
    "Counted": (
        ["Criterion Should Be Met    T-03    of=${3}"],
        "FAIL T-03 nothing stays: count = 3 is not == 0 (n = 1)",
    ),
    "Unknown Criterion": (
        ["Criterion Should Be Met    T-1    of=${1}"],
        r"re:no criterion 'T-1' in .*criteria.yaml: did you mean T-01\?",
    ),
    "Behaviour": (
        ["Criterion Should Be Met    T-02    of=${1}"],
        "criterion T-02 states behaviour: it is met when all tests with its tag pass, nothing is measured",
    ),
    "Wrong Kind": (
        ["Took    kind    12 ms", "Criterion Should Be Met    T-04    of=kind"],
        "12 ms (duration) cannot be compared with 5 MB (size): give both in units of one kind",
    ),
    "Unknown Series": (
        ["Took    order to screen    12 ms", "Get Percentile    order to scren    p95"],
        "no series 'order to scren' in this suite: there are: 'order to screen'",
    ),
    "No Result": (
        ["VAR    &{answer}    a=1", "Criterion Should Be Met    T-01    of=${answer}"],
        "re:.* cannot be judged: give what a measuring keyword returned, a series' name, a list of latencies, or "
        "a number",
    ),
    "Nothing Measured": (
        ["Get Percentile    ${{ broken('orders.time') }}    p95"],
        "'broken' has no latency yet: nothing was measured",
    ),
    "No Time": (
        ["Get Percentile    ${3}    p95"],
        "value of '3' is no time: Get Percentile is for latencies",
    ),
    "No Percentile": (
        ["Took    p    12 ms", "Get Percentile    p    p100"],
        "'p100' is no percentile: write p50, p95 or p99.9",
    ),
    "No Confidence": (
        ["Took    c    12 ms", "Get Percentile    c    p50    <    1 s    confidence=99 %"],
        "confidence is '99 %': write 95 %, or leave it out",
    ),
    "Slow Percentile": (
        ["Took    q    63 ms    2", "Get Percentile    q    p50    <    50 ms    msg=in short"],
        "FAIL in short: q: p50 = 63.0 ms is not < 50 ms (n = 2)",
    ),
    "Unproven Percentile": (
        ["Took    u    12 ms    2", "Get Percentile    u    p50    <    50 ms    confidence=95 %"],
        "INCONCLUSIVE u: p50 = 12.0 ms [?, ?] is not proven to be < 50 ms "
        "(n = 2 gives p50 no upper bound, 5 are needed)",
    ),
    "No Limit": (["Took    l    12 ms", "Get Percentile    l    p50    <"], "< needs a limit such as 50 ms"),
    "No Operator": (
        ["Took    o    12 ms", "Get Percentile    o    p50    limit=50 ms"],
        "nothing is compared: give an operator and a limit, as in    <    50 ms",
    ),
    "No Comparison": (
        ["Took    v    12 ms", "Get Percentile    v    p50    contains    1 s"],
        "'contains' does not compare times: write one of < <= > >= == !=",
    ),
    "Bare Number": (
        ["Record Latency    bare    ${12}"],
        "re:.*12 is no latency: give a text such as 31 ms, or a timedelta",
    ),
    "No Unit": (["Record Latency    bare    12"], "re:.*'12' is not a duration: .*"),
    "Negative": (
        ["Record Latency    bare    ${{ datetime.timedelta(seconds=-1) }}"],
        "re:.*a latency is not negative: -1 s",
    ),
    "No Name": (["Record Latency    ${SPACE}    12 ms"], "a series needs a name"),
    "Backwards": (
        [
            "${first}    Set Mark    first",
            "Set Mark    second",
            "Record Latency Between    between    second    ${first}",
        ],
        r"re:mark 'first' was [\d.]+ [mµ]s before mark 'second': a latency goes from the earlier to the later",
    ),
    "No Repeat": (["Measure Keyword    m    0    No Operation"], "repeat is 0: a keyword is measured once or more"),
    "Measured Keyword Fails": (["Measure Keyword    m    3    Fail    too bad"], "too bad"),
}
GOOD = """
*** Settings ***
Library    wireproof.Sockets

*** Test Cases ***
Proven
    Took    quick    12 ms    60
    ${verdict}    Criterion Should Be Met    T-01    of=quick
    Should Be Equal    ${verdict.word}    PASS
Short Run
    Took    short    12 ms    2
    ${verdict}    Criterion Should Be Met    T-01    of=short    inconclusive=warn
    Should Be Equal    ${verdict.word}    INCONCLUSIVE
Measured Again
    ${verdict}    Get Criterion Verdict    T-01    of=${{ broken('orders.time') }}
    Should Be Equal    ${verdict.word}    INVALID
    Should Be Equal    ${verdict.problems}[0]    the generator was too slow
Elapsed Of A Response
    Record Latency    requests    ${{ datetime.timedelta(milliseconds=29) }}
    Record Latency    requests    31 ms
    ${ms}    Get Percentile    requests    p95
    Should Be True    30.9 < ${ms} < 31.4
Series Last As Long As The Suite
    Get Percentile    requests    p50    <    30 ms
Between A Mark And A Message
    Open Client    alice    ${ECHO_URL}
    Set Mark    request
    ${sent}    Send Text    alice    hello
    ${message}    Wait For Message    alice    text=hello
    Record Latency Between    screen    request    ${message}
    Record Latency Between    screen    ${sent}    ${message}
    Get Percentile    screen    p95    <    1 min
Spread Of One Message
    Open Client    alice    ${ECHO_URL}
    Send Text    alice    hello
    ${fan_out}    All Clients Should Receive    alice    text=hello
    Get Percentile    ${fan_out}    p95    <    1 min
Measured Keyword
    Measure Keyword    evaluate    20    Evaluate    1 + 1
    Get Percentile    evaluate    p95    <    1 min    confidence=
List Of Latencies
    @{latencies}    Evaluate    ['12 ms', '13 ms', datetime.timedelta(milliseconds=14)]
    ${ms}    Get Percentile    ${latencies}    p50
    Should Be True    12.9 < ${ms} < 13.2
"""
BROKEN = """
class Empty:
    n = 0

class Broken:
    def __init__(self, metric):
        self.name, self.measures, self.problems = "broken", {metric: Empty()}, ("the generator was too slow",)
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: Any, echo: Any) -> Run:
    directory = tmp_path_factory.mktemp("criteria")
    (directory / "criteria.yaml").write_text(CRITERIA)
    (directory / "broken.py").write_text(BROKEN)
    bad = "".join(f"{name}\n" + "".join(f"    {line}\n" for line in lines) for name, (lines, _) in BAD.items())
    text = (KEYWORDS + bad + GOOD).replace("broken('", "broken.Broken('")
    return run_robot(directory, text, "--pythonpath", str(directory), "--variable", f"ECHO_URL:{echo.url}")


@pytest.mark.parametrize("name", BAD)
def test_it_fails_with_one_plain_line(run: Run, name: str) -> None:
    expected = BAD[name][1]
    message = run.failure(name)
    assert "\n" not in message
    if expected.startswith("re:"):
        assert re.fullmatch(expected.removeprefix("re:"), message), message
    else:
        assert message == expected


@pytest.mark.parametrize("name", re.findall(r"(?m)^([A-Z]\w.*)$", GOOD.partition("*** Test Cases ***")[2]))
def test_it_passes(run: Run, name: str) -> None:
    assert run.outcomes()[name] == ("PASS", "")


def test_a_short_run_warns(run: Run) -> None:
    assert [error for error in run.errors if "T-01" in error] == [
        "INCONCLUSIVE T-01 orders come quickly: p95 = 12.0 ms [12.0, ?] is not proven to be < 50 ms "
        "(n = 2 gives p95 no upper bound, 59 are needed)"
    ]


def test_measuring_tells_what_robot_takes(run: Run) -> None:
    (line,) = [
        message.message for message in run.messages(run.tests["Measured Keyword"]) if "latencies" in message.message
    ]
    assert re.fullmatch(
        r"'evaluate' has 20 latencies; Robot Framework itself takes \d+\.\d\d ms of each, and more for keywords "
        r"inside; meanwhile .*CPU steal.*",
        line,
    )


def test_the_journal_notes_every_verdict_and_measurement(run: Run) -> None:
    lines = (run.directory / "wireproof" / "journal.jsonl").read_text().splitlines()
    events = [json.loads(line) for line in lines[1:]]
    (verdict,) = [event for event in events if event["kind"] == "verdict" and event["of"] == "slow"]
    assert {
        key: verdict[key] for key in ("source", "criterion", "word", "title", "metric", "statistic", "limit", "n")
    } == {
        "source": "T-01",
        "criterion": "T-01",
        "word": "FAIL",
        "title": "orders come quickly",
        "metric": "orders.time",
        "statistic": "p95",
        "limit": "< 50 ms",
        "n": 60,
    }
    assert (verdict["shown"], verdict["unit"], verdict["baseline"]) == ("63.0 ms", "Duration", None)
    assert verdict["low"] <= verdict["value"] <= verdict["high"]
    assert verdict["value"] == pytest.approx(0.063, rel=0.01)
    (measured,) = [event for event in events if event["kind"] == "measurement" and event["source"] == "evaluate"]
    assert (measured["metric"], measured["statistic"], measured["n"], measured["unit"]) == (
        "time",
        "p95",
        20,
        "Duration",
    )
    (catalogue,) = [event for event in events if event["kind"] == "criteria"]
    assert catalogue["source"].endswith("criteria.yaml")


def test_the_library_takes_another_catalogue(tmp_path: Any) -> None:
    (tmp_path / "ours.yaml").write_text(CRITERIA.replace("< 50 ms", "< 5 ms"))
    text = KEYWORDS.replace("wireproof.Timing", "wireproof.Timing    criteria=${EXECDIR}/ours.yaml")
    run = run_robot(
        tmp_path, text + "Slow\n    Took    s    12 ms    60\n    Criterion Should Be Met    T-01    of=s\n"
    )
    assert run.failure("Slow") == "FAIL T-01 orders come quickly: p95 = 12.0 ms is not < 5 ms (n = 60)"


def test_without_a_catalogue_the_test_says_where_one_belongs(tmp_path: Any) -> None:
    run = run_robot(tmp_path, KEYWORDS + "None\n    Criterion Should Be Met    T-01    of=${1}\n")
    assert re.fullmatch(
        r"no criteria\.yaml or resources/criteria\.yaml in .* name it with Library {4}wireproof.Timing.*",
        run.failure("None"),
    )


BASELINE = """{
  "schema": 1, "machine": {}, "accepted": [],
  "criteria": {"T-01": {"metric": "orders.time", "statistic": "p95", "unit": "Duration", "value": 0.01, "low": 0.01,
                        "high": 0.01, "n": 300, "rounds": [0.01]}}
}"""


@pytest.mark.parametrize("option", ["baseline=${EXECDIR}/results/baselines/embedded.json", ""])
def test_a_verdict_is_told_beside_the_baseline(tmp_path: Any, option: str) -> None:
    """It is found by the mode of the running stack, or where the author says."""
    (tmp_path / "criteria.yaml").write_text(CRITERIA)
    (tmp_path / "results" / "baselines").mkdir(parents=True)
    (tmp_path / "results" / "baselines" / "embedded.json").write_text(BASELINE)
    (tmp_path / "stage.py").write_text(STAGE)
    text = KEYWORDS.replace("wireproof.Timing", f"wireproof.Timing    {option}\nLibrary    stage.py")
    text += "Slow\n    Stage\n    Took    s    63 ms    60\n    Criterion Should Be Met    T-01    of=s\n"
    run = run_robot(tmp_path, text, "--pythonpath", str(tmp_path))
    assert run.failure("Slow") == (
        "FAIL T-01 orders come quickly: p95 = 63.0 ms is not < 50 ms (n = 60, baseline 10.0 ms, +530 %)"
    )


STAGE = """
import types
from wireproof import stack

def stage():
    stack.use(types.SimpleNamespace(mode="embedded"))
"""


def test_a_series_ends_with_its_suite(tmp_path: Any) -> None:
    suites = {
        "a.robot": KEYWORDS + "First\n    Took    s    12 ms\nSecond\n    Get Percentile    s    p50    <    1 s\n",
        "b.robot": KEYWORDS + "Third\n    Get Percentile    s    p50    <    1 s\n",
    }
    run = run_robot(tmp_path, suites)
    assert run.outcomes() == {
        "First": ("PASS", ""),
        "Second": ("PASS", ""),
        "Third": ("FAIL", "no series 's' in this suite: none was recorded yet"),
    }
