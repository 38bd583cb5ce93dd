"""A failure shows one timeline where it happened, with no effort of the author."""

import json
import re
from typing import Any

import pytest
from harness import Run, run_robot
from peers import Peer, scripted_server

SUITE = """
*** Settings ***
Library    wireproof.Sockets
Library    wireproof.Stack
Library    Collections

*** Test Cases ***
Missing
    Open Client    alice    ${ECHO}
    Set Mark    request
    Send Json    alice    {"type": "paid", "order": "17"}
    Wait For Messages    alice    1    kind=paid
    Listen In Vain

Passes
    Open Client    alice    ${ECHO}
    Send Text    alice    a
    Wait For Message    alice    text=a

Expected
    Open Client    alice    ${ECHO}
    Run Keyword And Expect Error    alice: no message*    Listen In Vain
    ${told}    Run Keyword And Return Status    Listen In Vain
    Run Keyword And Ignore Error    Listen In Vain
    TRY
        Listen In Vain
    EXCEPT    alice: no message*    type=GLOB
        No Operation
    END

Expected Otherwise
    Open Client    alice    ${ECHO}
    Run Keyword And Expect Error    something else    Listen In Vain

Tried In Vain
    Open Client    alice    ${ECHO}
    Wait Until Keyword Succeeds    30x    0 s    Listen In Vain

Tried And Got
    Open Client    alice    ${ECHO}
    Wait Until Keyword Succeeds    30x    0 s    Hear Two

Not Caught
    Open Client    alice    ${ECHO}
    TRY
        Listen In Vain
    EXCEPT    something else
        No Operation
    END

Keyword Of Another Library
    Open Client    alice    ${ECHO}
    Run Keywords    Log    x    AND    Should Be Equal    ${1}    ${2}

Nothing Of Ours
    Should Be Equal    ${1}    ${2}

Time Is Over
    [Timeout]    2 s
    Open Client    alice    ${ECHO}
    Wait For Message    alice    timeout=1 minute

Fails And Tears Down In Vain
    Open Client    alice    ${ECHO}
    Fail    on purpose
    [Teardown]    Listen In Vain

Goes On After Failures
    [Tags]    robot:continue-on-failure
    Open Client    alice    ${ECHO}
    FOR    ${n}    IN RANGE    20
        Listen In Vain
    END

Skipped
    Open Client    alice    ${ECHO}
    Skip    not today

Refused
    Open Client    alice    ${NOBODY}    timeout=2 s

*** Keywords ***
Listen In Vain
    Wait For Message    alice    text=never    timeout=1 ms

Hear Two
    Send Text    alice    a
    Wait For Messages    alice    2    timeout=100 ms
"""
SHOWN = {
    "Missing": ["Wait For Message"],
    "Passes": [],
    "Expected": [],
    "Expected Otherwise": ["Run Keyword And Expect Error"],
    "Tried In Vain": ["Wait Until Keyword Succeeds"],
    "Tried And Got": [],
    "Not Caught": ["TRY/EXCEPT ROOT"],
    "Keyword Of Another Library": ["Should Be Equal"],
    "Nothing Of Ours": [],
    "Time Is Over": ["Wait For Message"],
    "Fails And Tears Down In Vain": ["Fail", "Wait For Message"],
    "Goes On After Failures": ["Wait For Message"] * 5,
    "Skipped": [],
    "Refused": ["Open Client"],
}


def timelines(run: Run, inside: Any = None) -> list[Any]:
    """The messages that are timelines."""
    return [message for message in run.messages(inside) if message.html and "wireproof-timeline" in message.message]


def shown_by(item: Any) -> str:
    return item.parent.name if item.parent.type == "KEYWORD" else item.parent.type


@pytest.fixture(scope="module")
def run(tmp_path_factory, echo) -> Run:
    variables = ["--variable", f"ECHO:{echo.url}", "--variable", "NOBODY:ws://127.0.0.1:1"]
    return run_robot(tmp_path_factory.mktemp("timeline"), SUITE, *variables)


@pytest.mark.parametrize("test", SHOWN)
def test_each_failure_is_shown_once_where_it_got_past_everything(run, test):
    assert [shown_by(message) for message in timelines(run, run.tests[test])] == SHOWN[test]


def test_the_messages_of_failures_stay_one_plain_line(run):
    assert run.errors == []
    assert "Warning" not in run.console
    assert run.failure("Missing") == (
        "alice: no message text=never within 0.001 s of mark 'request'; 1 came, nearest #1 differs: "
        r"""text expected "never" (text), got "{\"type\":\"paid\",\"order\":\"17\"}" (text)"""
    )


def test_it_tells_who_sent_and_received_what(run):
    (shown,) = timelines(run, run.tests["Missing"])
    text = re.sub(r"<style>.*?</style>|<[^>]*>", " ", shown.message)
    assert re.search(r"mark 'request'.*&#8593;\s+alice\s*message.*Wait For Message begins.*&#10005;", text, re.DOTALL)


def test_the_page_and_the_journal_are_where_the_log_says(run):
    for shown in timelines(run):
        page, journal = re.findall(r'href="([^"]*)"', shown.message)
        text = (run.directory / page).read_text(encoding="utf-8")
        assert text.startswith("<!DOCTYPE html>")
        assert ((run.directory / page).parent / re.findall(r'href="([^"]*)"', text)[0]).samefile(
            run.directory / journal
        )
    pages = list((run.directory / "wireproof" / "timelines").iterdir())
    assert len(pages) == sum(map(len, SHOWN.values()))


def test_pages_of_an_earlier_run_are_gone(tmp_path, echo):
    old = tmp_path / "results" / "wireproof" / "timelines" / "001-old.html"
    old.parent.mkdir(parents=True)
    old.write_text("old")
    suite = "*** Settings ***\nLibrary    wireproof.Sockets\n*** Test Cases ***\nPasses\n    No Operation\n"
    run_robot(tmp_path, suite).passed()
    assert not old.exists()


def test_a_dry_run_shows_none(tmp_path):
    run = run_robot(tmp_path, SUITE, "--dryrun")
    assert timelines(run) == []
    assert not (run.directory / "wireproof").exists()


def test_a_failed_set_up_of_a_suite_is_shown(tmp_path):
    suite = """
*** Settings ***
Library    wireproof.Sockets
Suite Setup    Open Client    alice    ws://127.0.0.1:1    timeout=2 s
Suite Teardown    Fail    on purpose
*** Test Cases ***
Never Runs
    No Operation
"""
    run = run_robot(tmp_path, suite)
    assert [shown_by(message) for message in timelines(run)] == ["SETUP", "TEARDOWN"]


EVIL = (
    '</svg></style><script>alert("x")</script>',
    "*HTML* <b id=injected>",
    "\u202ehalf \ud83d\x00]]></msg>",
)


def says_evil(peer: Peer) -> None:
    peer.accept()
    for text in EVIL:
        peer.send(json.dumps({"id": text, "type": text, "replyTo": text}).encode())
    peer.send(b"<" * 1_048_576)
    peer.wait_for_close()


def test_a_hostile_server_gets_nothing_into_the_log(tmp_path):
    suite = """
*** Settings ***
Library    wireproof.Sockets
*** Test Cases ***
<script>alert(1)</script>
    Open Client    alice    ${URL}
    Wait For Messages    alice    5    timeout=1 s
"""
    with scripted_server({"/": says_evil}) as url:
        run = run_robot(tmp_path, suite, "--variable", f"URL:{url}/")
    (shown,) = timelines(run)
    (page,) = (run.directory / "wireproof" / "timelines").iterdir()
    for html in (shown.message, page.read_text(encoding="utf-8")):
        assert "4 came" not in html or "&lt;script&gt;" in html
        assert not re.search(r"<script|<b id=|\u202e|\x00", html)
    assert len(shown.message) < 20_000
