"""Recovery in Robot runs: what is measured on the real stack, every line it can fail with, the table in the log."""

import json
import re
from typing import Any

import pytest
from harness import PROBE, Run, run_robot

BAD = {
    "No Fault": (
        ["Recovery Should Take At Most    1 s"],
        "there was no fault to recover from: bring one about first, or tell of one by Record Outage",
    ),
    "Unknown Fault": (
        ["Outage    rollout", "Recovery Should Take At Most    1 s    fault=redis"],
        "there was no fault 'redis'; there were: 'rollout outage'",
    ),
    "Never Healed": (
        ["Traffic", "Record Outage    rollout    begins", "Recovery Should Take At Most    200 ms    msg=in a hurry"],
        "in a hurry: the fault 'rollout outage' is still on: recovery begins when it is healed",
    ),
    "No Traffic": (
        ["Outage    rollout", "Recovery Should Take At Most    1 min"],
        "nothing shows a recovery from 'rollout outage': no tracked message was sent after it began; "
        "call Start Tracked Traffic before the fault",
    ),
    "No Rate": (
        ["Outage    rollout", "Traffic", "Recovery Should Take At Most    1 min    until=rate"],
        "there is no rate to come back to: the traffic before 'rollout outage' had delivered fewer than 10 messages; "
        "start it earlier, or give until=drained",
    ),
    "No Progress": (
        [
            "Traffic",
            "Record Outage    cut    begins",
            "Abort Client    alice",
            "Record Outage    cut    ends",
            "Recovery Should Take At Most    300 ms",
        ],
        r"re:no-progress-after-heal: recovery from 'cut outage' is not complete after 300 ms: no message was acked and "
        r"delivered, \d+ % of \d+/s in the last 0\.5 s, (1 acked message not delivered, )?\d+ errors at clients "
        r"\(\d+ unsent\)",
    ),
    "Traffic Ended": (
        [
            "Traffic",
            "Record Outage    cut    begins",
            "Stop Tracked Traffic",
            "Record Outage    cut    ends",
            "Recovery Should Take At Most    1 min    until=drained",
        ],
        r"re:no rate shows the recovery from 'cut outage': the traffic ended (< 1|\d+) ms before the heal; let it go "
        r"on for 0\.\d+ s or longer after the heal",
    ),
    "Half The Rate": (
        [
            "Traffic    rate=100/s    name=one",
            "Traffic    rate=100/s    name=two",
            "Outage    half",
            "Stop Tracked Traffic    two",
            "Recovery Should Take At Most    1.2 s    until=rate",
        ],
        r"re:recovery from 'half outage' is not complete after 1\.2 s: first success after (< 1|\d+) ms, \d+ % of "
        r"\d+/s in the last 0\.5 s, (1 acked message not delivered, )?no error at a client",
    ),
    "Too Late": (
        [
            "Traffic",
            "Record Outage    cut    begins",
            "Abort Client    alice",
            "Record Outage    cut    ends",
            "Sleep    300 ms    the outage is longer than allowed",
            "Set Mark    back",
            "Reconnect Client    alice",
            "Wait For Messages    alice    5",
            "Recovery Should Take At Most    100 ms",
        ],
        r"re:recovery from 'cut outage' took [\d.]+ m?s until the first success, at most 100 ms is allowed; "
        r"\d+ errors at clients \(\d+ unsent\)",
    ),
    "Share Of Nothing": (
        ["Outage    x", "Recovery Should Take At Most    1 s    share=0"],
        "a share of the former rate is more than 0 and at most 1, not 0",
    ),
    "Negative Limit": (
        ["Outage    x", "Recovery Should Take At Most    -1 s"],
        "cannot wait for -1 s: give a time of 0 s or more",
    ),
    "Outage That Has Not Begun": (
        ["Record Outage    a    begins", "Record Outage    b    ends"],
        "no outage 'b' has begun; under way: 'a'",
    ),
    "Outage That Has Begun": (
        ["Record Outage    a    begins", "Record Outage    a    begins"],
        "the outage 'a' has begun already: end it first",
    ),
    "Outage Without A Name": (["Record Outage    ${SPACE}    begins"], "an outage needs a name"),
    "Negative Rate": (
        ["Traffic    rate=-5/s"],
        "re:.*Argument 'rate' got value '-5/s' that cannot be converted to Rate: .*write a rate as count/unit.*",
    ),
    "No Rate At All": (
        ["Traffic    rate=0/s"],
        "re:.*Argument 'rate' got value '0/s' that cannot be converted to Rate: .*a rate is more than 0.*",
    ),
    "Unknown Traffic": (
        ["Traffic", "Stop Tracked Traffic    other"],
        "no tracked traffic named 'other'; there are: traffic",
    ),
    "Traffic Twice": (
        ["Traffic", "Traffic"],
        "the tracked traffic 'traffic' is running already: give this one another name",
    ),
}
"""By test: its lines, and the message it fails with; `re:` begins a pattern."""

WELL = f"""
*** Settings ***
Library          wireproof.Sockets
Library          wireproof.Timing
Library          {PROBE}
Suite Teardown    Log Recovery Table

*** Test Cases ***
Undisturbed
    Traffic
    Outage    harmless
    ${{recovery}}    Recovery Should Take At Most    10 s    until=drained
    Should Be Equal    ${{recovery.detect_ms}}    ${{NONE}}
    Should Be Equal As Integers    ${{recovery.errors}}    0
    ${{again}}    Get Recovery    HARMLESS
    Should Be Equal    ${{again.rate_ms}}    ${{recovery.rate_ms}}

Comes Back
    Open Client    alice    ${{ECHO_URL}}    dialect=echo
    Start Tracked Traffic    alice    audience=alice    echo=yes    rate=200/s
    Wait For Messages    alice    20
    Record Outage    cut    begins
    Abort Client    alice
    Record Outage    cut    ends
    Reconnect Client    alice
    ${{recovery}}    Recovery Should Take At Most    10 s    until=rate
    Should Be True    ${{recovery.kinds}}[unsent] == ${{recovery.errors}}

Interrupted
    [Timeout]    3 s
    Traffic
    Record Outage    rollout    begins
    Recovery Should Take At Most    1 min

After The Interruption
    No Client Thread Should Be Left
    Record Outage    rollout    begins    # the other one has ended with its test
    Record Outage    rollout    ends

Without Faults There Is No Table
    Log    nothing happens here

*** Keywords ***
Traffic
    [Arguments]    &{{options}}
    ${{state}}    Run Keyword And Return Status    Get Client State    alice    ==    open
    IF    not $state    Open Client    alice    ${{ECHO_URL}}    dialect=echo
    VAR    &{{all}}    rate=200/s    &{{options}}
    Set Mark    traffic
    Start Tracked Traffic    alice    audience=alice    echo=yes    &{{all}}
    Wait For Messages    alice    50

Outage
    [Arguments]    ${{name}}
    Record Outage    ${{name}}    begins
    Record Outage    ${{name}}    ends
"""


def bad_suite() -> str:
    keywords = WELL[WELL.index("*** Keywords ***") :]
    lines = ["*** Settings ***", "Library    wireproof.Sockets", "Library    wireproof.Timing", "*** Test Cases ***"]
    for name, (body, _) in BAD.items():
        lines += [name, *(f"    {line}" for line in body), ""]
    return "\n".join([*lines, keywords])


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, echo: Any) -> Run:
    suites = {"bad.robot": bad_suite(), "well.robot": WELL}
    return run_robot(tmp_path_factory.mktemp("recovery"), suites, "--variable", f"ECHO_URL:{echo.url}")


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_one_plain_line(run: Run, name: str) -> None:
    message, expected = run.failure(name), BAD[name][1]
    if expected.startswith("re:"):
        assert re.fullmatch(expected.removeprefix("re:"), message), message
    else:
        assert message == expected


@pytest.mark.parametrize("name", ["Undisturbed", "Comes Back", "After The Interruption"])
def test_what_recovers_passes(run: Run, name: str) -> None:
    assert run.outcomes()[name] == ("PASS", "")


def test_a_time_out_interrupts_the_wait(run: Run) -> None:
    assert run.failure("Interrupted") == "Test timeout 3 seconds exceeded."
    assert run.errors == []


def test_the_table_shows_every_fault_of_the_suite(run: Run) -> None:
    (table,) = [message.message for message in run.messages() if "wireproof-recovery" in message.message]
    rows = re.findall(r"<tr><td.*?</tr>", table)
    assert [re.findall(r'class="w-name">(.*?)</td>', row) for row in rows] == [
        ["Undisturbed", "harmless outage"],
        ["Comes Back", "cut outage"],
        ["Interrupted", "rollout outage"],
        ["After The Interruption", "rollout outage"],
    ]
    assert rows[0].count("\u2013") == 4  # nobody noticed; no ledger judged what was lost or doubled; nobody looked
    assert 'data-head="First success" class="w-none" title="no tracked message was sent after the fault' in rows[3]


def test_what_was_measured_is_in_the_journal(run: Run) -> None:
    lines = (run.directory / "wireproof" / "journal.jsonl").read_text().splitlines()[1:]
    events = [json.loads(line) for line in lines]
    measured = [event for event in events if event["kind"] == "measurement"]
    (back,) = [event for event in measured if event["until"] == "rate" and event["limit_ms"] == 10_000]
    assert (back["source"], back["what"], back["name"]) == ("cut", "recovery", "outage")
    assert 0 < back["first_success_ms"] <= back["rate_ms"]
    faults = [event for event in events if event["kind"] == "fault" and event["number"] == back["fault"]]
    assert [event["phase"] for event in faults] == ["on", "off"]
    (stuck,) = [event for event in measured if event["limit_ms"] == 300]
    assert (stuck["rate_ms"], stuck["drained_ms"]) == (None, None)
