"""A load on the real stack while its server is replaced: its clients come back, and all that was promised arrives."""

import json
import re
from pathlib import Path

import pytest
from harness import Run, run_robot

from wireproof.delivery.history import History

RESOURCES = Path(__file__).parents[2] / "resources"
SUITE = f"""
*** Settings ***
Resource          {RESOURCES}/load.resource
Library           wireproof.Stack
Suite Setup       Run Keywords    Ensure Stack    AND    Use Isolation    AND    Prepare Suite

*** Test Cases ***
A Rollout Loses Nothing
    ${{devices}}    Make Pairs    ${{HTTP_URL}}    ${{OWNER}}    ${{20}}
    Start Monitoring    server    name=beside
    Start Load    during rollout    connections=20    each=${{devices}}    dialect=cloudmessage    scenario=pairs
    ...    rate=200/s    duration=10s    drain=10s    workers=1
    Record Outage    rollout    begins
    Restart Service    server
    Record Outage    rollout    ends
    ${{result}}    Wait For Load    during rollout
    Stop Monitoring    beside
    Recovery Should Take At Most    30s    fault=rollout    until=rate
    Criterion Should Be Met    REL-02    of=${{result}}
    Should Be Equal As Integers    ${{result.counts}}[reconnected]    20
    Should Be Equal    ${{result.verdict.result}}    PASS    ${{result.verdict.line}}

A Server That Stays Away Is A Failure
    ${{devices}}    Make Pairs    ${{HTTP_URL}}    ${{OWNER}}    ${{2}}
    Set Load Thresholds    connections.held > 1    error.rate < 10 %
    Start Load    abandoned    connections=2    each=${{devices}}    dialect=cloudmessage    scenario=pairs
    ...    rate=100/s    duration=2s    drain=100ms
    Kill Service    server
    Run Keyword And Expect Error    FAIL connections.held: *FAIL error.rate: *errors: *reconnect: ECONNREFUSED*
    ...    Wait For Load    abandoned
    [Teardown]    Start Service    server
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    directory = tmp_path_factory.mktemp("rollout")
    # Seconds of a load prove no more, least of all where the restart takes long.
    criteria = re.sub(r"\n +at_least: .*", "", (RESOURCES / "criteria.yaml").read_text()).replace(
        '"> 99.9 %"', '"> 99 %"'
    )
    (directory / "criteria.yaml").write_text(criteria)
    return run_robot(directory, SUITE)


def test_clients_of_a_load_come_back_after_a_rollout(run: Run) -> None:
    assert run.outcomes()["A Rollout Loses Nothing"] == ("PASS", "")
    assert [error for error in run.errors if "proves nothing" in error] == []


def test_a_server_that_stays_away_fails_the_load(run: Run) -> None:
    assert run.outcomes()["A Server That Stays Away Is A Failure"][0] == "PASS"


def test_redeliveries_are_judged_on_their_own_connection(run: Run) -> None:
    folder = run.directory / "wireproof"
    events = map(json.loads, (folder / "journal.jsonl").read_text().splitlines()[1:])
    (path,) = [event["history"] for event in events if event["kind"] == "load" and event.get("history")][:1]
    history = History.load(folder / path)
    assert {*history["logins"]["connection"].tolist()} == {1, 2}
    assert {*history["received"]["connection"].tolist()} == {1, 2}
    assert len(history["closes"]["at"]) == 20


def test_the_log_shows_what_the_server_needed_beside_the_load(run: Run) -> None:
    messages = [message.message for message in run.messages(run.tests["A Rollout Loses Nothing"])]
    (picture,) = [text for text in messages if text.startswith("<style>.wireproof-load")]
    assert "server cpu" in picture
    assert "server memory" in picture
    assert "&#x27;server&#x27; restarted" in picture or "'server' restarted" in picture
