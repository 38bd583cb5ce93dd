"""What the server says at a login about its numbers, judged by a ledger: a server that is well, and one that is not."""

from pathlib import Path

import pytest
from harness import Run, run_robot

RESOURCES = Path(__file__).parents[2] / "resources"
SUITE = """
*** Settings ***
Resource        {resources}/sessions.resource
Library         wireproof.Delivery
Suite Setup     Prepare Suite With Own Server    ${{{{ {{"defects": {defects}}} }}}}
Test Setup      Begin

*** Test Cases ***
A Delivery Is Gone
    ${{seen}}    Number Of Last Delivery    desktop
    Device Goes Offline    desktop
    @{{sent}}    Tracked Messages Are Acknowledged    5
    Delivery Disappears    desktop    ${{sent}}[2]
    Device Returns    desktop    epoch=${{BEFORE}}[epoch]    last_seq=${{seen}}
    VAR    &{{last}}    id=${{{{ $sent[4].id }}}}
    Wait For Message    desktop    json=${{last}}
    Verdict Is Told

Nothing Is Gone
    ${{seen}}    Number Of Last Delivery    desktop
    Device Goes Offline    desktop
    Tracked Messages Are Acknowledged    5
    Device Returns    desktop    epoch=${{BEFORE}}[epoch]    last_seq=${{seen}}
    Drain Until Quiet    quiet=200ms
    Verdict Is Told

The Service Restarts
    Device Goes Offline    desktop
    Service Restarts
    Device Returns    desktop
    Tracked Messages Are Acknowledged    2
    Drain Until Quiet    quiet=200ms
    Verdict Is Told

Other Devices Under The Same Names
    Close All Clients
    Phone And Desktop Are Online
    Tracked Messages Are Acknowledged    3
    Drain Until Quiet    quiet=200ms
    Verdict Is Told

*** Keywords ***
Begin
    Phone And Desktop Are Online
    Start Ledger    guarantee=exactly once after dedupe
    Tracked Messages Are Acknowledged    3
    Wait For Messages    desktop    3    kind=user_message

Tracked Messages Are Acknowledged
    [Arguments]    ${{count}}
    ${{device}}    Device Id    desktop
    ${{mark}}    Set Mark    sending
    @{{sent}}    Send Tracked Messages    phone    ${{count}}    audience=desktop    to=${{device}}    kind=user_message
    Wait For Messages    phone    ${{count}}    kind=ack    since=${{mark}}
    RETURN    @{{sent}}

Verdict Is Told
    ${{report}}    Get Delivery Report
    Set Test Message    ${{report.line}}
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    suites = {
        f"{name}.robot": SUITE.format(resources=RESOURCES, defects=defects)
        for name, defects in (("well", "[]"), ("ill", '["false-recovered", "seq-reset"]'))
    }
    return run_robot(tmp_path_factory.mktemp("ledger"), suites)


@pytest.mark.parametrize(
    ("test", "well", "ill"),
    [
        ("A Delivery Is Gone", "FAIL: 1 lost of 9 due; ", "FAIL: 1 lost, 1 false-recovery of 9 due; "),
        ("Nothing Is Gone", "PASS: 9 sent, 8 acked, 9 delivered, ", "PASS: 9 sent, 8 acked, 9 delivered, "),
        ("The Service Restarts", "PASS: 5 sent, 5 acked, 5 delivered, ", "FAIL: 2 non-monotonic of 5 acked; "),
        ("Other Devices Under The Same Names", "PASS: 6 sent, 6 acked, 6 delivered, ", "PASS: 6 sent, 6 acked, 6 del"),
    ],
)
def test_recoveries_and_numberings_are_judged_by_what_was_granted(run: Run, test: str, well: str, ill: str) -> None:
    told = {item.parent.name: item.message for item in run.result.suite.all_tests if item.name == test}
    assert told["Well"].startswith(well), told
    assert told["Ill"].startswith(ill), told
