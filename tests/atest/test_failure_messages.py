"""What a failed check says: what was expected, what came nearest, how long it waited."""

from collections.abc import Iterator

import pytest
from harness import Run
from peers import Peer, scripted_server
from telling import run_cases, says

SECONDS = r"\d+\.\d\d s"
CHECKS = {
    "missing message": (
        [
            "Open Client    alice    ${ECHO}",
            "Set Mark    request",
            'Send Json    alice    {"type": "paid", "order": "17"}',
            'Wait For Message    alice    json={"order": "17"}',
            'Wait For Message    alice    json={"type": "paid", "order": 17}    timeout=10 ms',
        ],
        'alice: no message {"type":"paid","order":17} within 0.01 s of mark \'request\'; 1 came, nearest #1 differs: '
        'order expected 17 (number), got "17" (text)',
    ),
    "nothing came": (
        ["Open Client    alice    ${ECHO}", "Wait For Message    alice    text=never    timeout=10 ms"],
        "alice: no message text=never within 0.01 s of the start of the test; 0 came",
    ),
    "words of the author": (
        ["Open Client    alice    ${ECHO}", "Wait For Message    alice    timeout=10 ms    msg=the order was lost"],
        "the order was lost: alice: no message within 0.01 s of the start of the test; 0 came",
    ),
    "too few": (
        [
            "Open Client    alice    ${ECHO}",
            "Send Text    alice    a",
            "Wait For Message    alice    text=a",
            "Wait For Messages    alice    2    timeout=10 ms",
        ],
        "alice: only 1 of 2 messages within 0.01 s of the start of the test; 1 came",
    ),
    "too many": (
        [
            "Open Client    alice    ${ECHO}",
            'Send Message    alice    {"a": 1}    kind=say    count=3',
            "Wait For Messages    alice    3    kind=say",
            "Wait For Messages    alice    2    kind=say    exactly=yes    settle=10 ms",
        ],
        r"alice: message kind=say came 3 times, not exactly 2 times, since the start of the test; too many: #3, .*",
    ),
    "twice": (
        [
            "Open Client    alice    ${ECHO}",
            "Send Text    alice    a",
            "Send Text    alice    a",
            "Wait For Messages    alice    2    text=a",
            "Message Should Arrive Once    alice    text=a    settle=10 ms",
        ],
        r"alice: message text=a came 2 times, not once, since the start of the test; too many: #2, .*",
    ),
    "unwanted": (
        [
            "Open Client    alice    ${ECHO}",
            "Send Text    alice    a",
            "Wait For Message    alice    text=a",
            "No Message Should Arrive    alice    within=1 s",
        ],
        r"alice: message should not have come, but #1 did, \d+\.\d ms after the start of the test: a",
    ),
    "a closed client proves nothing": (
        ["Open Client    alice    ${ECHO}", "Close Client    alice", "No Message Should Arrive    alice    within=1 s"],
        rf"alice was closed from this side \(1000\) {SECONDS} before a wait of 1 s for no message: a closed client "
        "proves nothing",
    ),
    "closed while waiting": (
        ["Open Client    alice    ${URL}/closes", "Wait For Message    alice    text=never    timeout=2 s"],
        rf"alice was closed by the server \(4401 'token expired'\) {SECONDS} (into|before) a wait of 2 s for "
        "text=never; 0 came",
    ),
    "not closed": (
        ["Open Client    alice    ${ECHO}", "Wait For Close    alice    timeout=10 ms"],
        "alice: still open after a wait of 0.01 s for its end",
    ),
    "closed otherwise": (
        ["Open Client    alice    ${URL}/closes", "Wait For Close    alice    code=1008    reason=expired"],
        "alice was closed by the server (4401 'token expired'), expected 1008 'expired'",
    ),
    "some did not receive": (
        [
            "Open Clients    member    3    ${ECHO}",
            "Send Text    member-001    a",
            "Wait For Message    member-001    text=a",
            "All Clients Should Receive    member    text=a    timeout=10 ms",
        ],
        "2 (member-002, member-003) of 3 clients did not receive: member-002: no message text=a within 0.01 s of the "
        "start of the test; 0 came",
    ),
    "others received": (
        [
            "Open Clients    member    2    ${ECHO}",
            "Send Text    member-001    a",
            "Send Text    member-002    a",
            "Wait For Message    member-002    text=a",
            "Only These Clients Should Receive    member-001    text=a    settle=10 ms",
        ],
        r"1 \(member-002\) of 1 others: member-002: message text=a should not have come, but #1 did, .*: a",
    ),
    "no reply": (
        [
            "Open Client    alice    ${ECHO}",
            'Send Message And Wait For Reply    alice    {"id": "q1"}    kind=ask    timeout=1 s',
        ],
        r"alice: no reply to ask q1 within 1 s; 1 other messages came since it was sent",
    ),
    "out of order": (
        [
            "Open Client    alice    ${ECHO}",
            'Send Json    alice    {"n": 2}',
            'Send Json    alice    {"n": 1}',
            "Wait For Messages    alice    2",
            "Messages Should Be In Order    alice    by=$.n",
        ],
        "alice: out of order by $.n: #2 has 1 after 2 in #1, messages since the start of the test",
    ),
    "a gap": (
        [
            "Open Client    alice    ${ECHO}",
            'Send Json    alice    {"n": 1}',
            'Send Json    alice    {"n": 3}',
            "Wait For Messages    alice    2",
            "Messages Should Be In Order    alice    by=$.n    step=1",
        ],
        "alice: out of order by $.n: #2 has 3 after 1 in #1, expected 2, messages since the start of the test",
    ),
    "wrong count": (
        ["Open Client    alice    ${ECHO}", "Get Message Count    alice    ==    1    kind=say"],
        "alice: number of messages kind=say '0' (int) should be '1' (int)",
    ),
    "wrong state": (
        ["Open Client    alice    ${ECHO}", "Get Client State    alice    ==    closed"],
        "alice: state 'open' (str) should be 'closed' (str)",
    ),
    "accepted": (
        ["Connection Should Be Refused    ${ECHO}    stage=login    within=1 s"],
        r"connection to ws://\S+ was accepted, expected refusal at stage login within 1 s",
    ),
    "refused otherwise": (
        ["Connection Should Be Refused    ${URL}/rejects    status=401    msg=no token"],
        r"no token: connection to ws://\S+ was refused at stage http \(status 403\): the server answered 403 "
        "Forbidden: go away; expected refusal with status 401",
    ),
}


def closes(peer: Peer) -> None:
    """Upgrades and closes."""
    peer.accept()
    peer.close(4401, b"token expired")


@pytest.fixture(scope="module")
def run(tmp_path_factory, echo) -> Iterator[Run]:
    with scripted_server({"/closes": closes, "/rejects": reject}) as url:
        yield run_cases(tmp_path_factory.mktemp("failures"), CHECKS, {"ECHO": echo.url, "URL": url})


def reject(peer: Peer) -> None:
    """Refuses the upgrade."""
    peer.reject(b"403 Forbidden", b"go away")


@pytest.mark.parametrize("name", CHECKS)
def test_a_failed_check_says(run, name):
    says(run, CHECKS, name)


def test_nothing_else_is_complained_about(run):
    assert run.errors == []
