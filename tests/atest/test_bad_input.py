"""What a wrong argument, address or moment says: what was found, and what to do."""

import contextlib
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives import serialization
from harness import Run
from peers import Peer, echo_server, scripted_server
from telling import run_cases, says

SECONDS = r"\d+\.\d\d s"
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
    "an unknown authority": (
        ["Open Client    alice    ${SECURE}"],
        r"alice could not open \S+: refused at stage tls: the server's certificate is not accepted: .*; trust its "
        "authority with tls ca",
    ),
    "another host's certificate": (
        ["Open Client    alice    ${SECURE}    tls=${{ {'ca': 'ca.pem', 'server_name': 'example.org'} }}"],
        ".*stage tls: the server's certificate is not accepted: .*example.org.*",
    ),
    "no such certificate": (
        ["Open Client    alice    ${WSS}    tls=${{ {'ca': 'no.pem'} }}"],
        ".*'no.pem' cannot be read.*",
    ),
    "a key store": (["Open Client    alice    ${WSS}    tls=${{ {'cert': 'my.p12'} }}"], ".*my.p12.*PEM.*openssl.*"),
    "an encrypted key": (
        ["Open Client    alice    ${WSS}    tls=${{ {'cert': 'cert.pem', 'key': 'key.pem'} }}"],
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
    "no such predicate": (
        ["Open Client    alice    ${ECHO}", "No Message Should Arrive    alice    where=Is Payed    within=1 ms"],
        "where: No keyword with name 'Is Payed' found.*",
    ),
    "a negative time": (
        ["Open Client    alice    ${ECHO}", "No Message Should Arrive    alice    within=-1 s"],
        "cannot wait for -1 s: give a time of 0 s or more",
    ),
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
        "no link 'link' is running: call Start Fault Proxy first; running: none",
    ),
}


def plain(peer: Peer) -> None:
    """Upgrades without a subprotocol."""
    peer.accept()
    peer.wait_for_end()


SCRIPTS = {
    "/plain": plain,
    "/rejects": lambda peer: peer.reject(b"403 Forbidden", b"go away"),
    "/smtp": lambda peer: peer.sock.sendall(b"220 mail.example ESMTP\r\n\r\n"),
    "/mute": Peer.wait_for_reset,
}


@pytest.fixture(scope="module")
def run(tmp_path_factory, echo) -> Iterator[Run]:
    directory = tmp_path_factory.mktemp("bad_input")
    context = files_in(directory)
    with contextlib.ExitStack() as servers:
        url = servers.enter_context(scripted_server(SCRIPTS))
        secure = servers.enter_context(echo_server(context))
        variables = {"ECHO": echo.url, "URL": url, "WSS": echo.url.replace("ws:", "wss:"), "SECURE": secure.url}
        yield run_cases(directory, BAD_INPUT, variables, env={"TOKEN": "canary-4714"})


def files_in(directory: Path) -> ssl.SSLContext:
    """Writes what the cases name; returns the context of a server whose authority is `ca.pem`."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(directory / "ca.pem"))
    certificate = authority.issue_cert("127.0.0.1")
    certificate.cert_chain_pems[0].write_to_path(str(directory / "cert.pem"))
    key = serialization.load_pem_private_key(certificate.private_key_pem.bytes(), None)
    encryption = serialization.BestAvailableEncryption(b"password")
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    (directory / "key.pem").write_bytes(key.private_bytes(*form, encryption))
    (directory / "my.p12").write_bytes(b"")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


@pytest.mark.parametrize("name", BAD_INPUT)
def test_bad_input_says(run, name):
    says(run, BAD_INPUT, name)


def test_nothing_else_is_complained_about(run):
    assert run.errors == []
