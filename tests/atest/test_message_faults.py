"""Faults of messages in front of the reference server: what devices notice, and what a delivery ledger says of each."""

from pathlib import Path

import pytest
from harness import Run, run_robot

RESOURCES = Path(__file__).parents[2] / "resources"
SUITE = f"""
*** Settings ***
Resource        {RESOURCES}/delivery.resource
Library         wireproof.Delivery
Library         wireproof.Faults
Suite Setup     Prepare Suite With Gate
Test Setup      Phone And Desktop Are Behind The Gate

*** Test Cases ***
A Lost Delivery Comes Again
    ${{fault}}    Drop Deliveries    gate    count=2    kind=user_message
    Messages Are Sent    5
    Drain Until Quiet    quiet=400ms
    Delivery Should Be Correct    min_acked=5
    Fault Should Have Had Effect    ${{fault}}
    @{{came}}    Get Messages    desktop    kind=user_message
    @{{at_first}}    Evaluate    {{message.id for message in $came if not message.retry}}
    Length Should Be    ${{at_first}}    3

A Lost Confirmation Brings A Message Twice
    Drop Acknowledgements    gate    direction=to server    client=desktop    count=1
    Messages Are Sent    3
    Drain Until Quiet    quiet=400ms
    Delivery Should Be Correct    min_acked=3
    Wait For Messages    desktop    4    kind=user_message

Lost Acknowledgements Leave Their Sender In The Dark
    Drop Acknowledgements    gate    client=phone    skip=1
    Messages Are Sent    4
    Wait For Messages    desktop    4    kind=user_message
    Wait For Message    phone    kind=ack    since=ready
    ${{report}}    Get Delivery Report
    Should Be Equal As Integers    ${{report.acked}}    1
    Should Be Equal As Integers    ${{report.delivered}}    4

A Device Gets In While Acknowledgements Are Lost
    Drop Acknowledgements    gate
    Device Registers    tablet    via=gate
    ${{device}}    Device Id    desktop
    @{{sent}}    Send Tracked Messages    tablet    1    audience=desktop    to=${{device}}    kind=user_message
    Wait For Message    desktop    kind=user_message
    VAR    ${{ack}}    ${{{{ {{"payload": {{"originalMessageId": $sent[0].id}}}} }}}}
    No Message Should Arrive    tablet    json=${{ack}}    within=50ms

A Late Acknowledgement Comes When The Fault Is Healed
    Delay Acknowledgements    gate    1h    client=phone
    Messages Are Sent    1
    Wait For Message    desktop    kind=user_message
    No Message Should Arrive    phone    kind=ack    within=50ms
    Heal All Faults
    Wait For Message    phone    kind=ack
    Delivery Should Be Correct

A Ledger Tells That The Link Swallowed It
    Drop Deliveries    gate    kind=user_message
    Messages Are Sent    1
    Wait For Message    phone    kind=ack
    Delivery Should Be Correct

An Old Delivery That Comes Again Is A Duplicate
    Start Ledger    strict    guarantee=exactly once
    ${{recording}}    Record Messages    gate    kind=user_message    client=desktop
    Messages Are Sent    1
    Wait For Message    desktop    kind=user_message
    Replay Message    ${{recording}}    client=desktop
    Wait For Messages    desktop    2    kind=user_message
    Delivery Should Be Correct    strict

Fragments And Pings Between Them Change Nothing
    Fragment Frames    gate    pieces=3    with_pings=yes    direction=both
    Messages Are Sent    20
    Drain Until Quiet    quiet=400ms
    Delivery Should Be Correct    min_acked=20

Invalid Text Ends Only Its Own Connection
    Corrupt Frames    gate    direction=to server    client=phone
    Send Message    phone    {{"text": "hello"}}    to=desktop
    Wait For Close    phone    code=1007
    Get Client State    desktop    ==    open

A Fault That Touches Nothing
    Swallow Pongs    gate

A Share That Is None
    Drop Frames    gate    share=7

A Delay That Is None
    Delay Frames    gate    fast

JSON That Is None
    Drop Frames    gate    json=order 17

A Recording That Is None
    Replay Message    yesterday

A Link That Is None
    Swap Frames    hall

A Client That Is None
    Duplicate Frames    gate    client=tablet

TLS Hides Frames
    Start Fault Proxy    safe    wss://127.0.0.1:9/
    Swallow Pings    safe

A Test That Runs Out Of Time
    [Timeout]    500 ms
    Delay Frames    gate    1h
    Sleep    10 s

The Next Test Is Not Harmed
    Messages Are Sent    3
    Wait For Messages    desktop    3    kind=user_message
    Delivery Should Be Correct    min_acked=3

*** Keywords ***
Prepare Suite With Gate
    Prepare Suite With Own Server    settings={{"messageTimeout": 0.3, "retryAttempts": 5}}
    Start Fault Proxy    gate    ${{SERVER.ws}}

Phone And Desktop Are Behind The Gate
    New User
    FOR    ${{device}}    IN    phone    desktop
        Device Registers    ${{device}}    via=gate
    END
    Start Ledger    guarantee=at least once    order=none    redelivery=300ms
    Set Mark    ready

Messages Are Sent
    [Arguments]    ${{count}}
    ${{device}}    Device Id    desktop
    @{{sent}}    Send Tracked Messages    phone    ${{count}}    audience=desktop    to=${{device}}    kind=user_message
    RETURN    @{{sent}}
"""
GREEN = (
    "A Lost Delivery Comes Again",
    "A Lost Confirmation Brings A Message Twice",
    "Lost Acknowledgements Leave Their Sender In The Dark",
    "A Device Gets In While Acknowledgements Are Lost",
    "A Late Acknowledgement Comes When The Fault Is Healed",
    "Fragments And Pings Between Them Change Nothing",
    "Invalid Text Ends Only Its Own Connection",
    "The Next Test Is Not Harmed",
)
WRONG = (
    (
        "A Share That Is None",
        "ValueError: Argument 'share' got value '7' that cannot be converted to Fraction: '7' is not a",
    ),
    ("A Delay That Is None", "ValueError: Argument 'delay' got value 'fast' that cannot be converted to timedelta"),
    (
        "JSON That Is None",
        "ValueError: Argument 'json' got value 'order 17' that cannot be converted to Json: not JSON",
    ),
    (
        "A Recording That Is None",
        "ValueError: Argument 'recording' got value 'yesterday' that cannot be converted to Recording:",
    ),
    ("A Link That Is None", "no link 'hall' is running; there is gate"),
    ("A Client That Is None", "no client tablet is on link 'gate'; there is desktop, phone"),
)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run_robot(tmp_path_factory.mktemp("frames"), SUITE)


@pytest.mark.parametrize("test", GREEN)
def test_devices_and_ledgers_notice(run: Run, test: str) -> None:
    assert run.outcomes()[test] == ("PASS", "")


@pytest.mark.parametrize(("test", "line"), WRONG)
def test_bad_input_is_one_plain_line(run: Run, test: str, line: str) -> None:
    message = run.failure(test)
    assert message.startswith(line)
    assert "\n" not in message


def test_a_link_with_tls_inside_skips(run: Run) -> None:
    status, message = run.outcomes()["TLS Hides Frames"]
    assert (status, message.partition(";")[0]) == ("SKIP", "frame faults need TLS ended at the proxy")


def test_a_ledger_names_the_link(run: Run) -> None:
    message = run.failure("A Ledger Tells That The Link Swallowed It")
    assert "1 lost" in message
    assert message.endswith("on the wire at gate to server, never on desktop's socket")


def test_a_replayed_message_is_a_duplicate(run: Run) -> None:
    assert "dup" in run.failure("An Old Delivery That Comes Again Is A Duplicate")


def test_a_fault_that_touched_nothing_fails_its_test(run: Run) -> None:
    message = run.failure("A Fault That Touches Nothing")
    assert message.startswith("the fault pongs swallowed on 'gate' touched nothing")
