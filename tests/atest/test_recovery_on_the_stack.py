"""Recovery measured on the real stack: what of it dies and comes back, each message judged, and the table of all."""

import re
from pathlib import Path

import pytest
from harness import Run, run_robot

RESOURCES = Path(__file__).parents[2] / "resources"
SUITES = {
    "__init__.robot": """
*** Settings ***
Library           wireproof.Fixtures
Library           wireproof.Stack
Library           wireproof.Timing
Suite Setup       Run Keywords    Ensure Stack    AND    Use Isolation
Suite Teardown    Look Back

*** Keywords ***
Look Back
    Nothing Should Be Left Behind    ignore=rows    timeout=10 s
    Log Recovery Table
""",
    "faults.robot": f"""
*** Settings ***
Resource         {RESOURCES}/cloud_message.resource
Library          wireproof.Delivery
Library          wireproof.Timing
Suite Setup      Prepare Suite
Test Setup       Two Devices With Steady Traffic
Test Template    Recovers From

*** Test Cases ***
Cache    redis
Database    postgres
Server    server

*** Keywords ***
Two Devices With Steady Traffic
    New User
    Device Registers    phone    reconnect=50ms..500ms
    Device Registers    desktop    reconnect=50ms..500ms
    ${{device}}    Device Id    desktop
    Start Ledger    guarantee=exactly once after dedupe
    Start Tracked Traffic    phone    audience=desktop    to=${{device}}    kind=user_message    rate=100/s
    Wait For Messages    desktop    50    kind=user_message

Recovers From
    [Arguments]    ${{service}}
    Record Outage    ${{service}}    begins
    Kill Service    ${{service}}
    Record Outage    ${{service}}    ends
    Start Service    ${{service}}
    Recovery Should Take At Most    30 s    until=drained    fault=${{service}} outage
    ${{traffic}}    Stop Tracked Traffic
    Should Be True    ${{traffic.sent}} > 50
    Drain Until Quiet    quiet=200ms
    Delivery Should Be Correct    min_acked=50
""",
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run_robot(tmp_path_factory.mktemp("recovery"), SUITES)


def test_the_stack_recovers_from_the_death_of_each_of_its_parts(run: Run) -> None:
    run.passed()


def test_the_table_tells_what_each_death_has_cost(run: Run) -> None:
    (table,) = [message.message for message in run.messages() if "wireproof-recovery" in message.message]
    lines = re.findall(r"<tr><td.*?</tr>", table)
    rows = [dict(re.findall(r'data-head="(.*?)"[^>]*>(.*?)</td>', line)) for line in lines]
    cells = {row["Fault"]: row for row in rows}
    for name in ("redis outage", "postgres outage", "server outage"):
        assert (cells[name]["Lost"], cells[name]["Duplicated"], cells[name]["Leaked"]) == ("0", "0", "0"), table
        assert cells[name]["Drained"].endswith(("ms", "s")), table
    assert cells["server outage"]["Detect"] != "\u2013"
    assert int(cells["server outage"]["Errors"]) >= 2
