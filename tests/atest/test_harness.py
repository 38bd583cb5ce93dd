"""The harness itself: it must see what a child run did, or every other test here proves nothing."""

from harness import PROBE

SUITE = f"""
*** Settings ***
Library    {PROBE}

*** Test Cases ***
Passes
    Log    hello
    Log    <b>bold</b>    html=True
    No Client Thread Should Be Left

Fails
    [Setup]    Log    in a set-up
    Fail    one line

Is Interrupted
    [Timeout]    200 ms
    Sleep    10 s

Complains
    Log    shown on top    ERROR
"""


def test_a_run_is_seen_as_it_was(robot_run):
    run = robot_run(SUITE)
    assert run.rc == 2
    assert run.outcomes()["Passes"] == ("PASS", "")
    assert run.failure("Fails") == "one line"
    assert run.failure("Is Interrupted") == "Test timeout 200 milliseconds exceeded."
    assert run.errors == ["shown on top"]
    assert [message.message for message in run.messages(run.tests["Fails"])] == ["in a set-up", "one line"]
    assert [message.html for message in run.messages(run.tests["Passes"])] == [False, True]
    (sleep,) = run.keywords("Sleep")
    assert 0 < sleep.elapsed_time.total_seconds() < 10
    assert {"output.xml", "log.html", "report.html", "console"} <= run.artefacts().keys()
