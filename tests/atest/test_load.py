"""Loads in child Robot runs: what an author sees of results, verdicts, early ends and bad input."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from harness import GENEROUS_S, Run, command, environment, run_robot, write_suites

from wireproof.delivery.history import History

MARK = "WIREPROOF_TEST_RUN"
"""In the environment of a run's processes, so that those left behind are found."""

SUITE = """
*** Settings ***
Library    wireproof.Load
Library    wireproof.Stack
Library    wireproof.Timing

*** Variables ***
&{SHORT}    connections=4    rate=100/s    duration=1s    dialect=echo
&{LONG}    connections=4    rate=100/s    duration=1h    dialect=echo

*** Test Cases ***
Runs
    Set Load Thresholds    delivery.p95 < 60 s    delivery.lost == 0
    ${result}    Run Load    a <run>    ${URL}    &{SHORT}    send={"text": "hi"}    id_at=$.header.id    size=300 B
    Should Be Equal As Integers    ${result.counts}[sent]    100
    Should Be Equal As Integers    ${result.counts}[delivered]    100
    Should Be True    ${result.delivery.p95_ms} > 0

Judges
    Set Load Thresholds    delivery.lost == 0    connect.success < 1 %
    Run Load    judged    ${URL}    &{SHORT}    msg=our words

Thresholds End With Their Test
    ${before}    Set Load Thresholds
    Should Be Empty    ${before}

Thresholds Return Those Before
    Set Load Thresholds    delivery.p95 < 5 s
    ${before}    Set Load Thresholds    delivery.lost == 0
    Should Be Equal    ${before}    ${{ ["delivery.time.p95 < 5 s"] }}

Misspelt
    Set Load Thresholds    delivry.p95 < 5 s

Is Stopped By A Condition
    Stop Load When    connections.held > 3
    Run Load    doomed    ${URL}    &{LONG}

Is Stopped By A Later Condition
    Start Load    doomed    ${URL}    &{LONG}
    Stop Load When    connections.held > 3
    Wait For Load    doomed

Is Stopped By Its Author
    Start Load    long    ${URL}    &{LONG}
    ${result}    Stop Load    long
    Should Be True    ${result.counts}[sent] == ${result.counts}[delivered]

Is Interrupted
    [Timeout]    3 s
    Run Load    interrupted    ${URL}    &{LONG}

Takes Too Long
    Start Load    slow    ${URL}    &{LONG}
    Wait For Load    slow    timeout=100ms

Is Forgotten
    Start Load    forgotten    ${URL}    &{LONG}

Is Running Already
    Start Load    twice    ${URL}    &{LONG}
    Run Keyword And Ignore Error    Start Load    twice    ${URL}    &{SHORT}
    TRY
        Start Load    twice    ${URL}    &{SHORT}
    FINALLY
        Stop Load    twice
    END

Is Unknown
    Wait For Load    nobody

Shows A Recovery
    Start Load    during rollout    ${URL}    connections=4    rate=100/s    duration=4s    dialect=echo
    Record Outage    rollout    begins
    TRY
        Recovery Should Take At Most    30s    until=drained
    EXCEPT    *yet: the load 'during rollout' is still running; call Wait For Load first    type=GLOB
        Record Outage    rollout    ends
    END
    ${result}    Wait For Load    during rollout
    ${recovery}    Recovery Should Take At Most    30s    fault=rollout    until=drained
    Should Be True    ${recovery.first_success_ms} >= 0

Respects Guard Rails
    VAR    ${WS_URL}    ${URL}    scope=TEST
    Attach To Stack    staging    isolation=keep    max_rate=50/s    max_connections=3
    Run Keyword And Expect Error    the stack allows 50/s (max_rate of Attach To Stack), 100/s was asked for
    ...    Run Load    fast    connections=2    rate=100/s    duration=1s    dialect=echo
    Run Keyword And Expect Error    the stack allows 3 connections (max_connections of Attach To Stack): 0 are open, *
    ...    Run Load    wide    connections=4    rate=10/s    duration=1s    dialect=echo
    Run Keyword And Expect Error    the stack allows 50/s (max_rate of Attach To Stack), which no closed loop keeps: *
    ...    Run Load    closed    connections=2    duration=1s    dialect=echo    model=closed
    ${result}    Run Load    small    connections=2    rate=20/s    duration=1s    dialect=echo
    Should Be Equal As Integers    ${result.counts}[sent]    20
    [Teardown]    Stop Stack
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory, echo):
    """One run of all of them."""
    directory = tmp_path_factory.mktemp("load")
    return run_robot(directory, SUITE, "--variable", f"URL:{echo.url}", env={MARK: str(directory)})


def events(run: Run, kind: str) -> list[dict]:
    """The events of a kind."""
    lines = (run.directory / "wireproof" / "journal.jsonl").read_text().splitlines()
    return [event for event in map(json.loads, lines[1:]) if event["kind"] == kind]


def load_events(run: Run, name: str) -> list[dict]:
    return [event for event in events(run, "load") if event["source"] == name]


def left_behind(mark: Path) -> list[str]:
    """Processes that a run has started, and that are still there."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"{MARK}={mark}".encode() in path.read_bytes():
                found.append((path.parent / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


@pytest.mark.parametrize(
    "test",
    [
        "Runs",
        "Thresholds End With Their Test",
        "Thresholds Return Those Before",
        "Is Stopped By Its Author",
        "Is Forgotten",
        "Shows A Recovery",
        "Respects Guard Rails",
    ],
)
def test_passes(run, test):
    assert run.outcomes()[test] == ("PASS", "")


def test_the_log_shows_the_load_and_its_verdicts(run):
    messages = run.messages(run.tests["Runs"])
    (picture,) = [message for message in messages if message.html and "<svg" in message.message]
    assert "<run>" not in picture.message
    lines = [message.message for message in messages]
    assert "load 'a <run>': 100 messages, up to 100/s, 4 connections, 1 s" in lines
    assert [line for line in lines if line.startswith("PASS delivery.lost: count = 0 is == 0 (n = 100")]


def test_the_journal_names_every_message(run):
    on, off = load_events(run, "a <run>")
    assert (on["phase"], on["connections"], on["messages"], on["rate"]) == ("on", 4, 100, 100.0)
    assert (off["phase"], off["counts"]["sent"], off["problems"], off["stopped"]) == ("off", 100, [], "")
    history = History.load(run.directory / "wireproof" / off["history"])
    assert len(history["sent"]["at"]) == 100
    assert len({*map(history.id, range(100))}) == 100


def test_a_threshold_that_is_not_met_fails_with_its_verdict_first(run):
    text = run.failure("Judges")
    assert text.startswith("our words: ")
    assert "connect.success: rate = 100 %" in text
    words = [event["word"] for event in events(run, "verdict") if event["of"] == "judged"]
    assert words[0] == "PASS"
    assert words[1] in ("FAIL", "INCONCLUSIVE")


def test_a_misspelt_metric_fails_before_anything_starts(run):
    assert run.failure("Misspelt").startswith("unknown metric 'delivry.p95': did you mean delivery.p95")


@pytest.mark.parametrize("test", ["Is Stopped By A Condition", "Is Stopped By A Later Condition"])
def test_a_condition_stops_a_load(run, test):
    told = "the load 'doomed' was stopped: connections.held > 3 was met: it was 4"
    assert run.failure(test) == told


def test_a_time_out_keeps_the_partial_result(run):
    assert run.failure("Is Interrupted") == "Test timeout 3 seconds exceeded."
    on, off = load_events(run, "interrupted")
    assert on["phase"] == "on"
    assert off["stopped"] == "the wait for it was interrupted"
    assert off["counts"]["sent"] > 0
    assert [message for message in run.messages(run.tests["Is Interrupted"]) if message.html]


def test_waiting_has_an_end(run):
    assert run.failure("Takes Too Long") == "the load 'slow' is still running after 0.1 s"


def test_a_load_ends_with_its_test(run):
    for name in ("slow", "forgotten"):
        assert load_events(run, name)[-1]["stopped"] == "nobody waited for it"
    warning = "nobody waited for the load 'forgotten': call Wait For Load, or Stop Load"
    assert [error for error in run.errors if warning in error]


def test_names_are_taken_once(run):
    told = "the load 'twice' is running already: wait for it, or take another name"
    assert run.failure("Is Running Already") == told


def test_an_unknown_load_is_told(run):
    assert run.failure("Is Unknown") == "no load 'nobody' is running; there are: none"


def test_nothing_is_left_behind(run):
    assert left_behind(run.directory.parent) == []


BAD_INPUT = {
    "rate=1000": "write a rate as count/unit with unit s, min or h, for example 1000/s",
    "rate=-5/s": "'-5/s' is not a number with a unit: write a rate as count/unit",
    "rate=0/s": "'0/s' is not a rate: a rate is more than 0, for example 1000/s",
    "duration=0s": "a duration of 0 s makes no load: give more than 0 s, such as 30s",
    "duration=-1s": "a duration of -1 s makes no load: give more than 0 s, such as 30s",
    "connections=0": "stage 1 has no connections: say how many, with connections=100",
    "connections=-1": "-1 connections cannot be: give 1 or more",
    "stages=1/s for 1s": "stages say how long each of them lasts: leave out duration, or stages",
    "size=300": "'300' is not a size: write 512 MB, 64 kB (1000 bytes) or 64 KiB (1024 bytes)",
    "send={text: hi}": "not JSON: Expecting property name enclosed in double quotes at position 1",
    "login=[1]": "login is a dictionary of what the dialect needs, or its JSON text",
    "scenario=ping": "'ping'",
    "model=half": "'half'",
    "dialect=morse": "no dialect named 'morse'; there are ",
    "warmup=1s": "a warm-up of 1 s leaves nothing to measure of 1 s: make it shorter, or the load longer",
    "rate=20000000/s": "make the load shorter, or lower its rate",
}


@pytest.fixture(scope="module")
def bad(tmp_path_factory, echo):
    """One run with a test for each bad argument."""
    tests = []
    for number, argument in enumerate(BAD_INPUT):
        usual = {"connections": "1", "duration": "1s", "dialect": "echo"} | {
            "rate=20000000/s": {"duration": "1000h"}
        }.get(argument, {})
        others = [f"{name}={value}" for name, value in usual.items() if not argument.startswith(f"{name}=")]
        tests += [f"Number {number}", f"    Run Load    bad    ${{URL}}    {'    '.join([argument, *others])}"]
    suite = "\n".join(["*** Settings ***", "Library    wireproof.Load", "*** Test Cases ***", *tests])
    return run_robot(tmp_path_factory.mktemp("bad"), suite, "--variable", f"URL:{echo.url}")


@pytest.mark.parametrize("argument", BAD_INPUT)
def test_bad_input_is_refused_in_one_line(bad, argument):
    text = bad.failure(f"Number {list(BAD_INPUT).index(argument)}")
    assert BAD_INPUT[argument] in text
    assert "\n" not in text
    assert not events(bad, "load")


def wait_until(condition) -> None:
    """Waits for something that another process does."""
    deadline = time.monotonic() + GENEROUS_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_ctrl_c_keeps_the_partial_result_and_leaves_no_process(tmp_path, echo):
    suite = """
*** Settings ***
Library    wireproof.Load

*** Test Cases ***
Waits
    Start Load    long    ${URL}    connections=2    rate=100/s    duration=1h    dialect=echo
    Evaluate    open('ready', 'w').close()
    Wait For Load    long
"""
    process = subprocess.Popen(
        command(write_suites(tmp_path, suite), tmp_path / "results", "--variable", f"URL:{echo.url}"),
        cwd=tmp_path,
        env=environment({MARK: str(tmp_path)}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        wait_until(lambda: (tmp_path / "ready").exists() or process.poll() is not None)
        os.kill(process.pid, signal.SIGINT)
        console, _ = process.communicate(timeout=GENEROUS_S)
    finally:
        process.kill()
    run = Run(process.returncode, console, tmp_path / "results")
    # a machine that is busy may still be at the keyword that says "ready"
    assert run.failure("Waits").endswith("Execution terminated by signal")
    assert load_events(run, "long")[-1]["counts"]["sent"] > 0
    assert left_behind(tmp_path) == []


def test_secrets_of_a_load_are_in_nothing_it_leaves(tmp_path, echo):
    suite = """
*** Settings ***
Library    wireproof.Load

*** Variables ***
${KEY: Secret}    %{GATE_KEY}
&{HEADERS}    X-Key=${KEY}
&{BODY}    text=hi    key=${KEY}

*** Test Cases ***
Sends What Is Secret
    Set Load Thresholds    delivery.lost > 5    connect.time.p95 < 1 us
    Run Load    secret    ${URL}    connections=2    rate=50/s    duration=1s    dialect=echo    headers=${HEADERS}
    ...    query=${HEADERS}    send=${BODY}

Is Refused
    Run Load    refused    ${URL}    connections=2    duration=1s    login=${BODY}
    ...    dialect=cloudmessage
"""
    run = run_robot(
        tmp_path, suite, "--variable", f"URL:{echo.url}", "--loglevel", "TRACE", env={"GATE_KEY": "canary-4719"}
    )
    assert "FAIL delivery.lost: count = 0 is not > 5" in run.failure("Sends What Is Secret")
    assert run.failure("Is Refused").startswith("client-001 cannot log in: a CloudMessage login takes ")
    assert [name for name, data in run.artefacts().items() if b"canary" in data] == []
    assert load_events(run, "secret")[-1]["counts"]["delivered"] == 50
