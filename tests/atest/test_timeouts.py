"""Robot's `[Timeout]` interrupts every keyword that waits, and leaves nothing behind.

A wait sleeps in slices of 100 ms at most, so it ends within 300 ms of the time-out on a quiet machine. The bound here
is generous; each figure is printed (`pytest -s`).
"""

from collections.abc import Iterator

import pytest
from harness import PROBE, Run, run_robot
from peers import Peer, scripted_server

TIMEOUT_S = 1
"""Meanwhile every wait begins."""
GENEROUS_S = 30

WAITS = {
    "Wait For Message": ["Wait For Message    alice    text=never    timeout=1 min"],
    "Wait For Messages": ["Wait For Messages    alice    2    timeout=1 min"],
    "Wait For Messages Exactly": [
        "Send Text    alice    x",
        "Wait For Messages    alice    1    exactly=yes    settle=1 min    timeout=1 min",
    ],
    "Message Should Arrive Once": ["Message Should Arrive Once    alice    timeout=1 min"],
    "Message Should Arrive Once Settling": [
        "Send Text    alice    x",
        "Message Should Arrive Once    alice    settle=1 min",
    ],
    "No Message Should Arrive": ["No Message Should Arrive    alice    within=1 min"],
    "Wait For Close": ["Wait For Close    alice    timeout=1 min"],
    "All Clients Should Receive": ["All Clients Should Receive    all    timeout=1 min"],
    "Only These Clients Should Receive": ["Only These Clients Should Receive    alice    timeout=1 min"],
    "Send Message And Wait For Reply": ["Send Message And Wait For Reply    alice    {}    timeout=1 min"],
    "Send Message At A Rate": ["Send Message    alice    {}    count=1000    rate=1/s"],
    "Close Client": ["Open Client    deaf    ${URL}/silent", "Close Client    deaf    timeout=1 min"],
    "Reconnect Client": [
        "Open Client    bob    ${URL}/once",
        "Reconnect Client    bob    backoff=1 s..10 s    timeout=1 min",
    ],
    "Open Client Upgrade": ["Open Client    bob    ${URL}/mute    timeout=1 min"],
    "Open Client Tls": ["Open Client    bob    ${WSS}/    timeout=1 min"],
    "Open Client Login": [
        "VAR    &{login}    id=phone    userId=u1",
        "Open Client    bob    ${URL}/silent    dialect=cloudmessage    login=${login}    timeout=1 min",
    ],
    "Open Clients": ["Open Clients    many    100    ${URL}/mute    timeout=1 min"],
    "Open Clients At A Rate": ["Open Clients    many    100    ${ECHO_URL}    at=1/s    timeout=1 min"],
    "Connection Should Be Refused Upgrade": ["Connection Should Be Refused    ${URL}/mute    within=1 min"],
    "Connection Should Be Refused Later": ["Connection Should Be Refused    ${URL}/silent    within=1 min"],
    "Send Text To One Who Never Reads": [
        "Open Client    deaf    ${URL}/silent",
        "Send Text    deaf    ${{ 'x' * 50_000_000 }}",
    ],
}
"""By test name: the lines of a test; the last one waits for a minute."""


def suite() -> str:
    """Each wait in a test with a time-out, each followed by one that looks for threads."""
    tests = []
    for name, lines in WAITS.items():
        body = "\n".join(f"    {line}" for line in lines)
        tests.append(
            f"{name}\n    [Setup]    Open Client    alice    ${{ECHO_URL}}\n    [Timeout]    {TIMEOUT_S} s\n{body}\n"
        )
        tests.append(f"After {name}\n    No Client Thread Should Be Left\n")
    return f"""
*** Settings ***
Library    wireproof.Sockets
Library    {PROBE}

*** Test Cases ***
{"".join(tests)}
"""


def silent(peer: Peer) -> None:
    """Takes the connection and says nothing, not even to a close frame or by reading on."""
    peer.accept()
    peer.wait_for_reset()


@pytest.fixture(scope="module")
def run(tmp_path_factory, echo) -> Iterator[Run]:
    seen: list[Peer] = []

    def once(peer: Peer) -> None:
        seen.append(peer)
        if len(seen) == 1:
            peer.accept()
            peer.wait_for_reset()

    scripts = {"/silent": silent, "/mute": Peer.wait_for_reset, "/once": once}
    with scripted_server(scripts) as url:
        urls = {"URL": url, "WSS": url.replace("ws://", "wss://"), "ECHO_URL": echo.url}
        options = [part for name, value in urls.items() for part in ("--variable", f"{name}:{value}")]
        yield run_robot(tmp_path_factory.mktemp("timeouts"), suite(), *options)


@pytest.mark.parametrize("name", WAITS)
def test_a_time_out_interrupts(run, name):
    assert run.failure(name) == f"Test timeout {TIMEOUT_S} second exceeded."
    waiting = list(run.tests[name].body)[-1]
    late_s = run.tests[name].elapsed_time.total_seconds() - TIMEOUT_S
    print(f"{name}: over {late_s * 1000:.0f} ms after the time-out, the keyword took {waiting.elapsed_time}")  # noqa: T201
    assert waiting.elapsed_time.total_seconds() < TIMEOUT_S + GENEROUS_S


@pytest.mark.parametrize("name", WAITS)
def test_no_thread_is_left(run, name):
    assert run.outcomes()[f"After {name}"] == ("PASS", "")


def test_nothing_is_complained_about(run):
    assert run.errors == []
