"""What a failed check and a wrong argument say: one plain line with what was expected, what was got, what to do."""

import re
from collections.abc import Iterator

import pytest
import trustme
from harness import Run, run_robot
from peers import Peer, scripted_server

SECONDS = r"\d+\.\d\d s"
CHECKS = {
    "missing message": (
        [
            "Open Client    alice    ${ECHO}",
            "Set Mark    request",
            'Send Json    alice    {"type": "paid", "order": "17"}',
            'Wait For Message    alice    json={"type": "paid", "order": 17}    timeout=500 ms',
        ],
        'alice: no message {"type":"paid","order":17} within 0.5 s of mark \'request\'; 1 came, nearest #1 differs: '
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
            "Wait For Messages    alice    2    timeout=500 ms",
        ],
        "alice: only 1 of 2 messages within 0.5 s of the start of the test; 1 came",
    ),
    "too many": (
        [
            "Open Client    alice    ${ECHO}",
            'Send Message    alice    {"a": 1}    kind=say    count=3',
            "Wait For Messages    alice    2    kind=say    exactly=yes    settle=500 ms",
        ],
        r"alice: message kind=say came 3 times, not exactly 2 times, since the start of the test; too many: #3, .*",
    ),
    "twice": (
        [
            "Open Client    alice    ${ECHO}",
            "Send Text    alice    a",
            "Send Text    alice    a",
            "Message Should Arrive Once    alice    text=a    settle=500 ms",
        ],
        r"alice: message text=a came 2 times, not once, since the start of the test; too many: #2, .*",
    ),
    "unwanted": (
        [
            "Open Client    alice    ${ECHO}",
            "Send Text    alice    a",
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
            "All Clients Should Receive    member    text=a    timeout=100 ms",
        ],
        "2 (member-002, member-003) of 3 clients did not receive: member-002: no message text=a within 0.1 s of the "
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
            'Send Message And Wait For Reply    alice    {"id": "q1"}    kind=ask    timeout=100 ms',
        ],
        r"alice: no reply to ask q1 within 0.1 s; 1 other messages came since it was sent",
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
        ["Connection Should Be Refused    ${ECHO}    stage=login    within=100 ms"],
        r"connection to ws://\S+ was accepted, expected refusal at stage login within 0.1 s",
    ),
    "refused otherwise": (
        ["Connection Should Be Refused    ${URL}/rejects    status=401    msg=no token"],
        r"no token: connection to ws://\S+ was refused at stage http \(status 403\): the server answered 403 "
        "Forbidden: go away; expected refusal with status 401",
    ),
}
BAD_INPUT = {
    "no url scheme": (["Open Client    alice    localhost:3001"], ".*ws://.*"),
    "http url": (["Open Client    alice    http://127.0.0.1:3001/"], ".*ws://.*"),
    "url without a host": (["Open Client    alice    ws:///path"], ".*host.*"),
    "url with a bad port": (["Open Client    alice    ws://127.0.0.1:99999/"], ".*Port out of range.*"),
    "no url at all": (["Open Client    alice"], "no url: give one, set one with Set Client Defaults, or start .*"),
    "unknown host": (["Open Client    alice    ws://no-such-host.invalid/"], ".*stage tcp: .*no-such-host.invalid.*"),
    "refused port": (
        ["Open Client    alice    ws://127.0.0.1:1/"],
        r"alice could not open ws://127.0.0.1:1/: refused at stage tcp: 127.0.0.1:1 refused the connection: is the "
        r"server running there\?",
    ),
    "upgrade rejected": (
        ["Open Client    alice    ${URL}/rejects"],
        r"alice could not open \S+: refused at stage http: the server answered 403 Forbidden: go away",
    ),
    "not a WebSocket server": (
        ["Open Client    alice    ${URL}/smtp"],
        ".*stage http: the answer is not HTTP but '220 .*",
    ),
    "silent server": (
        ["Open Client    alice    ${URL}/mute    timeout=100 ms"],
        ".*stage http: the server did not answer the upgrade in time",
    ),
    "no TLS there": (["Open Client    alice    ${WSS}"], ".*stage tls: the server .* TLS there.*"),
    "no such certificate": (
        ["Open Client    alice    ${WSS}    tls=${{ {'ca': 'no.pem'} }}"],
        ".*'no.pem' cannot be read.*",
    ),
    "a key store": (["Open Client    alice    ${WSS}    tls=${{ {'cert': 'my.p12'} }}"], ".*my.p12.*PEM.*openssl.*"),
    "an encrypted key": (
        ["Open Client    alice    ${WSS}    tls=${{ {'cert': $CERT, 'key': $KEY} }}"],
        ".*key_password, a Secret",
    ),
    "wrong subprotocol": (
        ["Open Client    alice    ${URL}/plain    subprotocols=v1, v2"],
        ".*the server took none of the subprotocols v1, v2",
    ),
    "unknown dialect": (
        ["Open Client    alice    ${ECHO}    dialect=morse"],
        ".*no dialect named 'morse'; there are .*",
    ),
    "unknown option": (
        ["Open Client    alice    ${ECHO}    dialect=cloudmessage    dialect_options=${{ {'confrim': 1} }}"],
        ".*'cloudmessage' cannot be made with these options.*confrim.*",
    ),
    "login without a dialect for it": (
        ["Open Client    alice    ${ECHO}    login=${{ {'user': 'x'} }}"],
        ".*the dialect 'json' has no login; leave out user",
    ),
    "login incomplete": (
        ["Open Client    alice    ${ECHO}    dialect=cloudmessage    login=${{ {'id': 'x'} }}"],
        ".*a CloudMessage login takes .*; userId is missing",
    ),
    "unknown client": (["Send Text    bob    x"], "no client named 'bob'; none is open, call Open Client first"),
    "unknown among others": (
        ["Open Client    alice    ${ECHO}", "Wait For Message    bob"],
        "no client named 'bob'; there are alice",
    ),
    "a group where one is needed": (
        ["Open Clients    member    2    ${ECHO}", "Send Text    member    x"],
        "'member' is a group of 2 clients; one client is needed",
    ),
    "a name in use": (
        ["Open Client    alice    ${ECHO}", "Open Client    alice    ${ECHO}"],
        "alice is already open, test '.*' opened it: close it first, or choose another name",
    ),
    "closed client": (
        ["Open Client    alice    ${ECHO}", "Close Client    alice", "Send Text    alice    x"],
        rf"alice cannot send: it was closed from this side \(1000\) {SECONDS} ago; open it again",
    ),
    "some of many": (
        ["Open Clients    member    2    ws://127.0.0.1:1/"],
        "2 of 2 clients could not open: member-001, member-002: refused at stage tcp: .*",
    ),
    "unknown mark": (
        ["Open Client    alice    ${ECHO}", "Wait For Message    alice    since=reply"],
        "no mark named 'reply' was set; known marks: .*",
    ),
    "bad JSON": (["Send Json    alice    {'a': 1}"], "ValueError: Argument 'body' got value .* not JSON: .*"),
    "bad rate": (
        ["Send Message    alice    {}    rate=1000"],
        "ValueError: Argument 'rate' got value '1000' .*1000/s.*",
    ),
    "bad backoff": (
        ["Open Client    alice    ${ECHO}    reconnect=soon"],
        "ValueError: Argument 'reconnect' got value 'soon' .*",
    ),
    "bad number": (
        ["Wait For Messages    alice    many"],
        "ValueError: Argument 'count' got value 'many' that cannot .*",
    ),
    "bad time": (
        ["Wait For Message    alice    timeout=soon"],
        "ValueError: Argument 'timeout' got value 'soon' that cannot .*",
    ),
    "bad header": (
        ["Open Client    alice    ${ECHO}    headers=${{ {'X': 'a' + chr(13) + chr(10) + 'Evil: 1'} }}"],
        ".*header.*",
    ),
    "bad regex": (["Open Client    alice    ${ECHO}", "Wait For Message    alice    regex=("], ".*regex.*"),
    "bad JSON path": (
        ["Open Client    alice    ${ECHO}", "Wait For Message    alice    jsonpath=$["],
        ".*JSON ?path.*",
    ),
    "bad schema": (["Open Client    alice    ${ECHO}", "Wait For Message    alice    schema=no.json"], ".*no.json.*"),
    "bad close code": (
        ["Open Client    alice    ${ECHO}", "Close Client    alice    code=1005"],
        ".*1005.*",
    ),
    "a secret inside a string": (
        [
            "VAR    ${token: Secret}    %{TOKEN}",
            "Open Client    alice    ${ECHO}",
            'Send Json    alice    {"token": "${token}"}',
        ],
        "the text <secret> would be sent: a Secret was put inside a string; .*",
    ),
    "a secret inside a header": (
        [
            "VAR    ${token: Secret}    %{TOKEN}",
            "VAR    &{headers}    Authorization=Bearer ${token}",
            "Open Client    alice    ${ECHO}    headers=${headers}",
        ],
        ".*the text <secret> would be sent: a Secret was put inside a string; .*",
    ),
    "half a character": (
        ["Open Client    alice    ${ECHO}", "Send Text    alice    ${{ chr(0xd83d) }}"],
        r".*half a character \(lone surrogate \\ud83d\).*",
    ),
    "no JSON value": (
        ["Open Client    alice    ${ECHO}", "Send Json    alice    ${{ {'a': b'x'} }}"],
        "the body cannot be sent as JSON: .*",
    ),
    "a fault link": (
        ["Open Client    alice    ${ECHO}    via=link"],
        "via: fault links are not part of this version.*",
    ),
}
CASES = CHECKS | BAD_INPUT


def suite() -> str:
    """A test for each case; it has to fail."""
    tests = "\n".join("\n    ".join([name, *lines]) for name, (lines, _) in CASES.items())
    return f"""
*** Settings ***
Library    wireproof.Sockets
Test Timeout    20 s

*** Test Cases ***
{tests}
"""


def closes(peer: Peer) -> None:
    """Upgrades and closes."""
    peer.accept()
    peer.close(4401, b"token expired")


def plain(peer: Peer) -> None:
    """Upgrades without a subprotocol."""
    peer.accept()
    peer.wait_for_end()


SCRIPTS = {
    "/closes": closes,
    "/plain": plain,
    "/rejects": lambda peer: peer.reject(b"403 Forbidden", b"go away"),
    "/smtp": lambda peer: peer.sock.sendall(b"220 mail.example ESMTP\r\n\r\n"),
    "/mute": Peer.wait_for_reset,
}


@pytest.fixture(scope="module")
def run(tmp_path_factory, echo) -> Iterator[Run]:
    directory = tmp_path_factory.mktemp("failures")
    (directory / "my.p12").write_bytes(b"")
    certificate = trustme.CA().issue_cert("localhost")
    certificate.cert_chain_pems[0].write_to_path(str(directory / "cert.pem"))
    encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----"
    with scripted_server(SCRIPTS) as url:
        variables = {
            "ECHO": echo.url,
            "URL": url,
            "WSS": echo.url.replace("ws:", "wss:"),
            "CERT": "cert.pem",
            "KEY": "key.pem",
        }
        (directory / "key.pem").write_bytes(encrypted_key(certificate))
        assert encrypted in (directory / "key.pem").read_text()
        options = [part for name, value in variables.items() for part in ("--variable", f"{name}:{value}")]
        yield run_robot(directory, suite(), *options, env={"TOKEN": "canary-4714"})


def encrypted_key(certificate: trustme.LeafCert) -> bytes:
    """The certificate's key, protected by a password."""
    from cryptography.hazmat.primitives import serialization

    key = serialization.load_pem_private_key(certificate.private_key_pem.bytes(), None)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"password"),
    )


@pytest.mark.parametrize("name", CASES)
def test_it_says(run, name):
    message = run.failure(name)
    expected = CASES[name][1]
    assert message == expected or re.fullmatch(expected, message), message


@pytest.mark.parametrize("name", CASES)
def test_it_says_so_in_one_line_and_in_time(run, name):
    message = run.failure(name)
    assert message.isprintable()
    assert len(message) < 500
    shown = [found.message for found in run.messages(run.tests[name]) if found.level not in ("DEBUG", "TRACE")]
    assert [text for text in shown if "Traceback" in text] == []
    assert run.tests[name].elapsed_time.total_seconds() < 10


def test_nothing_is_complained_about(run):
    assert run.errors == []
