"""A room of plain JSON without acknowledgements: what a ledger says of plain messages while half of it reconnects."""

import re

import pytest
from harness import Run, run_robot
from relay import relay_server

SUITE = """
*** Settings ***
Library             wireproof.Delivery
Library             wireproof.Sockets
Test Teardown       Close All Clients

*** Variables ***
${MEMBERS}          ${20}
${LINES}            ${200}

*** Test Cases ***
Everybody Stays
    Fill The Room    keeping
    Speak
    Drain Until Quiet    storm    quiet=300ms    timeout=20s
    ${report}    Delivery Should Be Correct    storm
    Should Be Equal As Integers    ${report.sent}    ${LINES}
    Should Be Equal As Integers    ${report.delivered}    ${LINES}

Half Of It Reconnects And The Room Keeps What They Miss
    Fill The Room    keeping
    Speak While Half Of The Room Reconnects
    Drain Until Quiet    storm    quiet=300ms    timeout=20s
    Delivery Should Be Correct    storm

Half Of It Reconnects And The Room Forgets Them
    Fill The Room    forgetting
    Speak While Half Of The Room Reconnects
    Run Keyword And Expect Error    ledger 'storm' is not quiet*    Drain Until Quiet    storm    timeout=500ms
    Delivery Should Be Correct    storm

*** Keywords ***
Fill The Room
    [Arguments]    ${behaviour}
    VAR    ${room}    ${behaviour}/${TEST NAME.replace(" ", "")}
    FOR    ${number}    IN RANGE    1    ${MEMBERS + 1}
        Open Client    member-${number}    ${RELAY}/${room}/member-${number}    dialect=json
        Wait For Message    member-${number}    json={"type": "welcome"}
    END
    Start Ledger    storm    guarantee=exactly once after dedupe    order=per sender

Speak
    Send Message    member-1    {"text": "tick"}    kind=say    count=${LINES}

Speak While Half Of The Room Reconnects
    Speak
    FOR    ${number}    IN RANGE    2    ${MEMBERS // 2 + 1}
        Abort Client    member-${number}
    END
    Speak
    FOR    ${number}    IN RANGE    2    ${MEMBERS // 2 + 1}
        Reconnect Client    member-${number}
    END
    Speak
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    with relay_server() as relay:
        return run_robot(tmp_path_factory.mktemp("room"), SUITE, "--variable", f"RELAY:{relay.url}")


@pytest.mark.parametrize("test", ["Everybody Stays", "Half Of It Reconnects And The Room Keeps What They Miss"])
def test_a_room_that_loses_nothing_is_right(run: Run, test: str) -> None:
    assert (run.tests[test].status, run.tests[test].message) == ("PASS", "")


def test_who_missed_a_line_is_named(run: Run) -> None:
    failure = run.failure("Half Of It Reconnects And The Room Forgets Them")
    expected = (
        r"FAIL: [\d ]+ missing-recipient of 600 sent; first missing-recipient \S+ \(member-1→member-\d+, "
        r"message \d+ of 600\): sent, read by member-\d+, member-\d+, member-\d+ and \d+ more, "
        r"never on member-\d+'s socket"
    )
    assert re.fullmatch(expected, failure), failure
