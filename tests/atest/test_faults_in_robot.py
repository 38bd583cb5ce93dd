"""Faults in Robot runs: they end with their test, whatever ends it, and a fault that touched nothing fails it."""

from harness import run_robot

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


OF_A_SUITE = (
    SETTINGS
    + """Suite Setup    Begin

*** Test Cases ***
Passes
    No Operation

*** Keywords ***
Begin
    Start Fault Proxy    room    ${URL}
    Black Hole Link    room
"""
)


def test_a_fault_of_a_suite_that_touched_nothing_fails_the_run(tmp_path, echo):
    run = run_robot(tmp_path, OF_A_SUITE, "--variable", f"URL:{echo.url}")
    assert run.rc == 1
    assert [error.partition(":")[0] for error in run.errors] == ["the fault black hole on 'room' touched nothing"]


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
    ${threads}    Evaluate    [t.name for t in threading.enumerate() if t.name.startswith(('wireproof-links', 'wireproof-reader'))]
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
