"""`where=` names a keyword of the author's own: it says which message is meant, by passing."""

from collections.abc import Callable

from harness import Run
from peers import Echo

SUITE = """*** Settings ***
Library          wireproof.Sockets
Test Setup       Alice Gets Three Orders

*** Test Cases ***
The Keyword Chooses
    ${message}    Wait For Message    alice    where=Is Paid
    Should Be Equal As Integers    ${message.json}[order]    2

A Keyword May Return Its Answer
    ${message}    Wait For Message    alice    where=Is Large
    Should Be Equal As Integers    ${message.json}[order]    3

It Is One Condition Of Several
    Wait For Message    alice    where=Is Paid    json={"order": 2}
    No Message Should Arrive    alice    where=Is Paid    json={"order": 3}    within=10ms

A Message That It Chooses Is Too Much
    No Message Should Arrive    alice    where=Is Paid    within=10ms

No Message Is Good Enough
    Wait For Message    alice    where=Is Cancelled    timeout=20ms

*** Keywords ***
Alice Gets Three Orders
    Open Client    alice    ${ECHO}
    FOR    ${order}    IN
    ...    {"order": 1, "state": "open"}    {"order": 2, "state": "paid"}    {"order": 3, "state": "open"}
        Send Json    alice    ${order}
    END
    Wait For Message    alice    json={"order": 3}

Is Paid
    [Arguments]    ${message}
    Should Be Equal    ${message.json}[state]    paid

Is Large
    [Arguments]    ${message}
    RETURN    ${{ $message.json["order"] > 2 }}

Is Cancelled
    [Arguments]    ${message}
    Should Be Equal    ${message.json}[reason]    cancelled
"""


def test_a_keyword_says_which_message_is_meant(robot_run: Callable[..., Run], echo: Echo) -> None:
    run = robot_run(SUITE, "--variable", f"ECHO:{echo.url}")
    failed = {name: test.message for name, test in run.tests.items() if test.status == "FAIL"}
    assert [*failed] == ["A Message That It Chooses Is Too Much", "No Message Is Good Enough"]
    too_much, none = failed.values()
    assert '"order":2' in too_much.replace(" ", "")
    assert "where=Is Cancelled" in none
    assert "\n" not in too_much + none
