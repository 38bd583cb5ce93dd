"""Faults in Robot runs: they end with their test, whatever ends it, and a fault that touched nothing fails it."""

import signal
import subprocess
import time

import pytest
from harness import GENEROUS_S, Run, command, environment, run_robot, write_suites

from wireproof import journal_file

SETTINGS = """
*** Settings ***
Library    OperatingSystem
Library    wireproof.Faults
Library    wireproof.Sockets
"""

NO_EFFECT = (
    SETTINGS
    + """
*** Test Cases ***
Touches Nothing
    Start Fault Proxy    room    ${URL}
    Black Hole Link    room

Fails And Touches Nothing
    Start Fault Proxy    room    ${URL}
    Add Latency    room    20ms
    Fail    of another reason

Touches A Client
    Start Fault Proxy    room    ${URL}
    Add Latency    room    20ms
    Open Client    alice    ${URL}    via=room
"""
)


def test_a_fault_that_touched_nothing_fails_its_test(tmp_path, echo):
    run = run_robot(tmp_path, NO_EFFECT, "--variable", f"URL:{echo.url}")
    nothing = (
        "touched nothing: what was tested did not go through it; check that the clients or the server use the link, "
        "and that something happened while it was on"
    )
    assert run.outcomes() == {
        "Touches Nothing": ("FAIL", f"the fault black hole on 'room' {nothing}"),
        "Fails And Touches Nothing": (
            "FAIL",
            f"of another reason\n\nAlso: the fault latency of 20 ms on 'room' {nothing}",
        ),
        "Touches A Client": ("PASS", ""),
    }
    assert run.rc == 2
    assert run.errors == []
    assert "latency of 20 ms on 'room'" in [message.message for message in run.messages(run.tests["Touches A Client"])]


OF_A_SUITE = (
    SETTINGS
    + """Suite Setup    Begin
{teardown}
*** Test Cases ***
Passes
    No Operation

*** Keywords ***
Begin
    Start Fault Proxy    room    ${{URL}}
    Black Hole Link    room

End
    No Operation

Fails
    Fail    of another reason
"""
)


@pytest.mark.parametrize("teardown", ["", "No Operation", "End", "Fails"])
def test_a_fault_of_a_suite_that_touched_nothing_fails_its_tests(tmp_path, echo, teardown):
    suite = OF_A_SUITE.format(teardown=f"Suite Teardown    {teardown}" if teardown else "")
    run = run_robot(tmp_path, suite, "--variable", f"URL:{echo.url}")
    assert run.rc == 1
    assert run.errors == []
    others = "of another reason\n\nAlso: " if teardown == "Fails" else ""
    reason = f"Parent suite teardown failed:\n{others}the fault black hole on 'room' touched nothing"
    assert run.failure("Passes").startswith(reason)
    assert "1 test, 0 passed, 1 failed" in run.console


NESTED = (
    SETTINGS
    + """
*** Test Cases ***
Passes
    No Operation
"""
)
AROUND = """
*** Settings ***
Library    wireproof.Faults
Suite Setup    Begin

*** Keywords ***
Begin
    Start Fault Proxy    room    ${URL}
    Black Hole Link    room
"""


def test_a_fault_of_a_suite_around_fails_the_tests_in_it(tmp_path, echo):
    run = run_robot(tmp_path, {"__init__.robot": AROUND, "inner.robot": NESTED}, "--variable", f"URL:{echo.url}")
    assert (run.rc, run.errors) == (1, [])
    assert run.failure("Passes").startswith("Parent suite teardown failed:\nthe fault black hole on 'room' touched")


INTERRUPTED = (
    SETTINGS
    + """
*** Test Cases ***
Is Interrupted
    [Timeout]    1 second
    Start Fault Proxy    room    ${URL}
    Open Client    alice    ${URL}    via=room
    Pause Link    room
    Reset Connections    room    every=10s
    Send Text    alice    hello
    Wait For Message    alice    text=hello    timeout=1 min

Finds All Whole
    ${threads}    Evaluate
    ...    [t.name for t in threading.enumerate() if t.name.startswith(('wireproof-links', 'wireproof-reader'))]
    ...    modules=threading
    Should Be Empty    ${threads}
    ${listening}    Evaluate
    ...    [c.laddr.port for c in psutil.Process().net_connections('tcp') if c.status == 'LISTEN']    modules=psutil
    Should Be Empty    ${listening}
    Open Client    alice    ${URL}
    Send Text    alice    hello
    Wait For Message    alice    text=hello
"""
)


def test_a_time_out_in_the_middle_of_a_fault_leaves_nothing(tmp_path, echo):
    run = run_robot(tmp_path, INTERRUPTED, "--variable", f"URL:{echo.url}")
    outcomes = run.outcomes()
    assert outcomes["Is Interrupted"][1].startswith("Test timeout 1 second exceeded.")
    assert outcomes["Finds All Whole"] == ("PASS", "")
    assert run.errors == []


STOPPED = (
    SETTINGS
    + """
*** Test Cases ***
Is Stopped
    Start Fault Proxy    room    ${URL}
    Open Client    alice    ${URL}    via=room
    Pause Link    room
    Reset Connections    room    every=1 min
    Send Text    alice    hello
    Create File    ready
    Wait For Message    alice    text=hello    timeout=1 min
"""
)


def test_ctrl_c_in_the_middle_of_a_fault_ends_the_run_and_heals(tmp_path, echo):
    process = subprocess.Popen(
        command(write_suites(tmp_path, STOPPED), tmp_path / "results", "--variable", f"URL:{echo.url}"),
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        while not (tmp_path / "ready").exists() and process.poll() is None:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        console, _ = process.communicate(timeout=GENEROUS_S)
    finally:
        process.kill()
    run = Run(process.returncode, console, tmp_path / "results")
    assert run.failure("Is Stopped").startswith("Execution terminated by signal")
    journal = journal_file.read(run.directory / "wireproof" / "journal.jsonl")
    phases = [(event.data["name"], event.data["phase"]) for event in journal if event.kind == "fault"]
    assert phases == [("pause", "on"), ("reset every 60 s", "on"), ("reset every 60 s", "off"), ("pause", "off")]


SECRET = (
    SETTINGS
    + """
*** Test Cases ***
Leads To A Secret Place
    VAR    ${target: Secret}    %{TARGET}
    ${info}    Start Fault Proxy    cache    ${target}
    Should Match    ${info.url}    redis://127.0.0.1:*/0

Leads Nowhere
    VAR    ${target: Secret}    %{NOWHERE}
    Start Fault Proxy    cache    ${target}
"""
)


def test_a_targets_password_is_never_shown(tmp_path):
    target = "redis://me:open-sesame@127.0.0.1:1/0?password=open-sesame"
    run = run_robot(tmp_path, SECRET, env={"TARGET": target, "NOWHERE": "open-sesame@nowhere"})
    assert run.outcomes()["Leads To A Secret Place"] == ("PASS", "")
    assert run.failure("Leads Nowhere") == (
        "'<secret>' is no target: no stack is running; or write ws://host:port/path, postgresql://…, redis://…, "
        "http://… or host:port"
    )
    assert [name for name, data in run.artefacts().items() if b"open-sesame" in data] == []


BAD_INPUT = {
    "a bandwidth in bits": ("Limit Bandwidth    room    8 Mbit/s", "*cannot be converted to Bandwidth: '8 Mbit/s' is*"),
    "a size without a unit": (
        "Reset Connections    room    after=9",
        "*cannot be converted to Size: '9' is not a*",
    ),
    "a fault that is none": ("Heal Fault    pause", "*give what the keyword returned that made the fault, not a str*"),
    "an unknown direction": ("Pause Link    room    direction=up", "*Argument 'direction' got value 'up' that cannot*"),
    "an unknown client": ("Pause Link    room    client=bob", "no client bob is on link 'room'; there is none, open*"),
    "a target of another kind": ("Start Fault Proxy    b    ftp://x/", "a target of scheme 'ftp' is not known: write*"),
}


def test_bad_input_is_one_plain_line(tmp_path, echo):
    suite = SETTINGS + "Test Setup    Start Fault Proxy    room    ${URL}\n\n*** Test Cases ***\n"
    for name, (line, message) in BAD_INPUT.items():
        suite += f"{name}\n    TRY\n        {line}\n    EXCEPT    {message}    type=GLOB    AS    ${{error}}\n"
        suite += "        Should Not Contain    ${error}    \\n\n    ELSE\n        Fail    it was taken\n    END\n"
    run_robot(tmp_path, suite, "--variable", f"URL:{echo.url}").passed()
