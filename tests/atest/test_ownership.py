"""Who opened a client decides how long it lives; the listener follows runs of every shape and notes each thing once."""

import pytest
from harness import PROBE, run_robot
from peers import echo_server

from wireproof import journal_file

SUITES = {
    "__init__.robot": """
*** Settings ***
Library           wireproof.Sockets
Suite Setup       Open Client    ofrun    ${URL}/ofrun
Suite Teardown    Send Text    ofrun    end of the run
""",
    "1__first.robot": f"""
*** Settings ***
Library         wireproof.Sockets
Library         wireproof.Stack
Library         {PROBE}
Suite Setup     Open Client    ofsuite    ${{URL}}/ofsuite
Test Setup      Open Client    ofsetup    ${{URL}}/ofsetup

*** Test Cases ***
Opens One
    Open Client    oftest    ${{URL}}/oftest
    Send Text    oftest    hello
    Wait For Message    oftest    text=hello
    Set Client Defaults    url=${{URL}}/default    scope=test

Opens It Again And Fails
    Run Keyword And Expect Error    no client named 'oftest'; *    Send Text    oftest    x
    Run Keyword And Expect Error    no url: *    Open Client    oftest
    Send Text    ofsuite    hello
    Wait For Message    ofsuite    text=hello
    Open Client    oftest    ${{URL}}/oftest
    Fail    on purpose

Looks Around
    ${{threads}}    Client Threads
    Should Be Equal    ${{threads}}    ${{{{ [f'wireproof-reader-{{n}}' for n in ('ofrun', 'ofsetup', 'ofsuite')] }}}}
""",
    "2__second.robot": f"""
*** Settings ***
Library         wireproof.Sockets
Library         {PROBE}
Suite Setup     Open Client    ofsuite    ${{URL}}/second

*** Test Cases ***
Reuses The Names
    Send Text    ofsuite    hello
    Wait For Message    ofsuite    text=hello
    Open Client    oftest    ${{URL}}/oftest
    Send Text    ofrun    hello
    Wait For Message    ofrun    text=hello
    Run Keyword And Expect Error    oftest is already open, test 'Suites.Second.Reuses The Names' opened it: *
    ...    Open Client    oftest    ${{URL}}/oftest
    Run Keyword And Expect Error    ofrun is already open, suite 'Suites' opened it: *
    ...    Open Client    ofrun    ${{URL}}/ofrun

Does Not Import Less
    ${{threads}}    Client Threads
    Should Be Equal    ${{threads}}    ${{{{ [f'wireproof-reader-{{n}}' for n in ('ofrun', 'ofsuite')] }}}}
""",
    "3__area/third.robot": """
*** Settings ***
Library         wireproof.Sockets

*** Test Cases ***
Lives Deeper
    Open Client    oftest    ${URL}/third
""",
    "4__more/fourth.robot": """
*** Settings ***
Library         wireproof.Stack

*** Test Cases ***
Opens Nothing
    No Operation
""",
    "5__fifth.robot": """
*** Test Cases ***
Knows No Library
    No Operation
""",
}
CONNECTIONS = 10
"""How many the suites open."""


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """The run, and the connections that the server saw end, in order."""
    with echo_server() as server:
        run = run_robot(tmp_path_factory.mktemp("ownership"), SUITES, "--variable", f"URL:{server.url}")
        closes = []
        while len(closes) < CONNECTIONS:
            closes.append(server.closes.get(timeout=30))
    return run, closes


@pytest.fixture
def run(seen):
    return seen[0]


@pytest.fixture
def events(run):
    return list(journal_file.read(run.directory / "wireproof" / "journal.jsonl"))


def test_the_tests_saw_what_they_own(run):
    outcomes = run.outcomes()
    assert outcomes.pop("Opens It Again And Fails") == ("FAIL", "on purpose")
    assert set(outcomes.values()) == {("PASS", "")}
    assert run.errors == []
    assert run.rc == 1


def test_everything_is_closed_at_the_end_of_who_opened_it(seen):
    closed = [path for path, code in seen[1] if code == 1000]
    assert sorted(closed[:2]) == sorted(closed[2:4]) == ["/ofsetup", "/oftest"]
    assert closed[4:] == ["/ofsetup", "/ofsuite", "/oftest", "/second", "/third", "/ofrun"]


def test_scopes_are_noted_once_and_nested(events):
    scopes = [(event.data["phase"], event.source, event.data["name"]) for event in events if event.kind == "scope"]
    assert scopes == [
        ("start", "suite", "Suites"),
        ("start", "suite", "Suites.First"),
        ("start", "test", "Suites.First.Opens One"),
        ("end", "test", "Suites.First.Opens One"),
        ("start", "test", "Suites.First.Opens It Again And Fails"),
        ("end", "test", "Suites.First.Opens It Again And Fails"),
        ("start", "test", "Suites.First.Looks Around"),
        ("end", "test", "Suites.First.Looks Around"),
        ("end", "suite", "Suites.First"),
        ("start", "suite", "Suites.Second"),
        ("start", "test", "Suites.Second.Reuses The Names"),
        ("end", "test", "Suites.Second.Reuses The Names"),
        ("start", "test", "Suites.Second.Does Not Import Less"),
        ("end", "test", "Suites.Second.Does Not Import Less"),
        ("end", "suite", "Suites.Second"),
        ("start", "suite", "Suites.Area"),
        ("start", "suite", "Suites.Area.Third"),
        ("start", "test", "Suites.Area.Third.Lives Deeper"),
        ("end", "test", "Suites.Area.Third.Lives Deeper"),
        ("end", "suite", "Suites.Area.Third"),
        ("end", "suite", "Suites.Area"),
        ("start", "suite", "Suites.More"),
        ("start", "suite", "Suites.More.Fourth"),
        ("start", "test", "Suites.More.Fourth.Opens Nothing"),
        ("end", "test", "Suites.More.Fourth.Opens Nothing"),
        ("end", "suite", "Suites.More.Fourth"),
        ("end", "suite", "Suites.More"),
        ("end", "suite", "Suites"),
        ("end", "run", ""),
    ]


def test_each_message_is_noted_once(events):
    hello = [(event.kind, event.source) for event in events if event.data.get("excerpt") == "hello"]
    assert hello == [
        (kind, client) for client in ("oftest", "ofsuite", "ofsuite", "ofrun") for kind in ("sent", "received")
    ]


def test_each_connection_is_noted_once(events):
    for kind in ("connect", "connected", "close"):
        assert len([event for event in events if event.kind == kind]) == CONNECTIONS


def test_the_journal_of_a_dry_run_is_not_written(tmp_path):
    run = run_robot(tmp_path, SUITES, "--dryrun", "--variable", "URL:ws://127.0.0.1:1")
    run.passed()
    assert not (run.directory / "wireproof").exists()
