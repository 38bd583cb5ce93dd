"""Monitoring in Robot runs: what authors write, every line it can fail with, what stays when a test ends."""

import re

import pytest
from harness import PROBE, Run, run_robot

SETTINGS = f"""
*** Settings ***
Library          wireproof.Monitor
Library          wireproof.Stack
Library          OperatingSystem
Library          {PROBE}
Suite Setup      Ensure Stack
"""

BAD = {
    "Nothing Is Monitored": (["Stop Monitoring"], "nothing is being monitored: call Start Monitoring first"),
    "Unknown Monitoring": (
        ["Start Monitoring    server", "Stop Monitoring    other"],
        "no monitoring 'other' is running; there are 'monitoring'",
    ),
    "Monitoring Twice": (
        ["Start Monitoring    name=a", "Start Monitoring    name=a"],
        "a monitoring 'a' is running already: give this one another name",
    ),
    "Unknown Target": (
        ["Start Monitoring    sevrer"],
        "there is nothing called 'sevrer' to monitor; there are postgres, redis, server, probes",
    ),
    "Too Often": (["Start Monitoring    every=1ms"], "0.001 s is too short: look at most ten times in a second"),
    "Too Much Memory": (
        ["Watch    server", "Get Peak Memory    server    <    1 MB    msg=too big"],
        r"re:too big: the peak memory of server in \d+ readings is \d+\.\d MB, expected < 1 MB",
    ),
    "Too Much Of The Processor": (
        ["Watch    server", "Get Cpu Percent    server    max    >    10000 %"],
        r"re:max of the CPU of server in \d+ readings is \d+\.\d %, expected > 10000 %",
    ),
    "Limit Without An Operator": (
        ["Watch    server", "Get Peak Memory    server    limit=1 MB"],
        "give an operator and a limit, as in    <    512 MB",
    ),
    "Unknown Operator": (
        ["Watch    server", "Get Peak Memory    server    =<    1 MB"],
        "'=< 1 MB' is not a comparison: write one of <= >= == != < > and a quantity, for example p95 < 50 ms",
    ),
    "Wrong Unit": (
        ["Watch    server", "Get Peak Memory    server    <    50 %"],
        "re:.*Argument 'limit' got value '50 %' that cannot be converted to Size: .*is not a size.*",
    ),
    "Unknown Statistic": (
        ["Watch    server", "Get Cpu Percent    server    average"],
        "readings have no statistic 'average': they have max, min, mean, p95, last and slope",
    ),
    "Not Measured": (
        ["Watch    server", "Get Peak Memory    redis"],
        "there is no reading of memory.redis; there are memory.server, cpu.server",
    ),
    "No Probes": (
        ["Watch    server", "Uptime Should Be    100 %"],
        "nothing was probed: monitor probes, for longer than one interval",
    ),
    "Down For A Moment": (
        ["Watch", "Crash    redis", "Uptime Should Be    100 %    msg=the run"],
        r"re:the run: uptime \d\d(\.\d+)? % of \d+ probes; redis failed (once|\d+ times), first at \d\d:\d\d:\d\d: .+; "
        r"redis was started anew before \d\d:\d\d:\d\d, and no test asked for it \(process .* became process .*\); "
        r"expected 100 %",
    ),
    "Away For Reasons Unknown": (
        ["Watch    server", "Crash    server", "Get Peak Memory    server    <    1 GB"],
        r"re:the monitoring proves nothing: \d+ of \d+ readings are missing, and no fault explains it",
    ),
    "Growing": (
        ["Watch    server", "Memory Should Not Grow    server    at_most=0 B    messages=1"],
        r"re:(the memory of server grows by -?\d+\.\d\d MB per 100 000 messages .*|"
        r"\d+ readings of the memory of server are too few for a slope: monitor for longer)",
    ),
    "Unknown Metric": (
        ["Start Monitoring    server", "Warn When    memory.sevrer > 1 MB"],
        "there is no metric 'memory.sevrer' to watch; there are memory.server, cpu.server; write a metric, a limit and "
        "how long, for example memory.server > 512 MB for 5s",
    ),
    "Unknown Mark": (["Watch    server", "Get Monitoring    since=nowhere"], "re:no mark named 'nowhere' was set.*"),
    "Since And Of": (
        ["Watch    server", "${m}    Stop Monitoring", "Get Peak Memory    server    since=x    of=${m}"],
        "give since= and messages= to what returned the monitoring, not beside of=",
    ),
}
"""By test: its lines, and the message it fails with; `re:` begins a pattern."""

WELL = """
*** Test Cases ***
What Services Use
    Watch
    ${peak}    Get Peak Memory    server    <    512 MB
    Should Be True    ${peak.bytes} > 1_000_000
    ${share}    Get Cpu Percent    postgres    p95    <    1000 %
    Should Be True    ${share} >= 0
    Uptime Should Be    100 %
    ${monitoring}    Stop Monitoring
    Get Peak Memory    redis    <    512 MB    of=${monitoring}
    Should Be Empty    ${monitoring.problems}
    Should Be True    {'memory.server', 'cpu.redis', 'probe.success', 'uptime'} <= set($monitoring.measures)

A Window
    ${mark}    Watch
    ${all}    Get Monitoring    since=${mark}
    ${later}    Evaluate    wireproof.journal.current().mark('later')    modules=wireproof.journal
    Watch    name=second
    ${part}    Get Monitoring    monitoring    since=later
    Should Be True    ${all.began_ns} < ${part.began_ns}

Declared Faults Are Excused
    Watch
    Restart Service    redis
    Wait For Looks
    ${uptime}    Uptime Should Be    100 %
    Should Be Equal    ${uptime.good}    ${uptime.tried}

A Warning
    Start Monitoring    server    every=100ms
    Warn When    memory.server > 1 MB
    Wait For Looks

Nothing Of It Is Left
    No Client Thread Should Be Left

Interrupted
    [Timeout]    1 s
    Start Monitoring
    Sleep    1 min

After The Interruption
    No Client Thread Should Be Left

*** Keywords ***
Watch
    [Arguments]    @{targets}    &{options}
    ${mark}    Start Monitoring    @{targets}    every=100ms    &{options}
    Wait For Looks
    RETURN    ${mark}

Wait For Looks
    VAR    ${mark}    ${{wireproof.journal.Mark('now', wireproof.journal.now_ns())}}
    Wait Until Keyword Succeeds    1 min    100 ms    There Should Be Looks    ${mark}

There Should Be Looks
    [Arguments]    ${mark}
    ${found}    Get Monitoring    since=${mark}
    Should Be True    $found.looks and all(len(looks) > 2 for looks in $found.looks.values())

Crash
    [Arguments]    ${service}
    Evaluate    os.kill(wireproof.stack.current().service($service).process.pid, 9)    modules=os,wireproof.stack
    Wait For Looks
    Evaluate    wireproof.stack.current().service($service)._start(30)    modules=wireproof.stack
    Wait For Looks
"""


def suite(body: str) -> str:
    return SETTINGS + body


def bad_suite() -> str:
    keywords = WELL[WELL.index("*** Keywords ***") :]
    tests = [line for name, (body, _) in BAD.items() for line in (name, *(f"    {line}" for line in body), "")]
    return suite("\n".join(["*** Test Cases ***", *tests, keywords]))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run_robot(tmp_path_factory.mktemp("monitor"), {"bad.robot": bad_suite(), "well.robot": suite(WELL)})


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_one_plain_line(run: Run, name: str) -> None:
    message, expected = run.failure(name), BAD[name][1]
    if expected.startswith("re:"):
        assert re.fullmatch(expected.removeprefix("re:"), message), message
    else:
        assert message == expected


@pytest.mark.parametrize(
    "name",
    [
        "What Services Use",
        "A Window",
        "Declared Faults Are Excused",
        "A Warning",
        "Nothing Of It Is Left",
        "After The Interruption",
    ],
)
def test_what_is_well_passes(run: Run, name: str) -> None:
    assert run.outcomes()[name] == ("PASS", "")


def test_it_ends_with_a_test_that_is_interrupted(run: Run) -> None:
    assert run.failure("Interrupted") == "Test timeout 1 second exceeded."


def test_a_warning_is_logged_once_in_its_test(run: Run) -> None:
    (error,) = run.errors
    assert re.fullmatch(r"memory\.server > 1 MB: it is \d+\.\d MB", error)
    (warning,) = [message for message in run.messages(run.tests["A Warning"]) if message.level == "WARN"]
    assert warning.message == error


def test_what_was_excused_is_told(run: Run) -> None:
    texts = [message.message for message in run.messages(run.tests["Declared Faults Are Excused"])]
    assert any(
        re.match(r"uptime 100 % of \d+ probes; excused: 'redis restarted' .*1 restart; outages", text) for text in texts
    )


def test_the_log_shows_a_table(run: Run) -> None:
    tables = [
        message for message in run.messages(run.tests["What Services Use"]) if "wireproof-monitoring" in message.message
    ]
    (table,) = tables
    assert table.html
    assert "<td>memory.server</td>" in table.message


def test_timelines_of_failures_leave_numbers_to_charts(run: Run) -> None:
    pages = [text for name, text in run.artefacts().items() if name.startswith("wireproof/timelines/")]
    assert pages
    assert b'"kind": "sample"' in run.artefacts()["wireproof/journal.jsonl"]
    assert not any(b"sample memory=" in page for page in pages)
