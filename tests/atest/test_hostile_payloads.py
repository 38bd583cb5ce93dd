"""What a hostile server says breaks no log, injects nothing and shows no secret.

One child run: for every payload and every keyword that can fail about it, a test that fails on purpose. Robot writes
what it logs into output.xml and log.html; a lone surrogate makes the first unreadable, `*HTML*` at the start of a
message is rendered, a printed line that starts with `*ERROR*` becomes an entry of its own.
"""

import base64
import json
import re
from collections.abc import Iterator
from html import escape

import pytest
from harness import Run, run_robot
from peers import Peer, scripted_server

INJECTED = "<b id=injected>"
TEXTS = {
    "surrogate": "half \ud83d",
    "html": f"*HTML* {INJECTED}",
    "script": f'<script>alert("injected")</script>{INJECTED}',
    "controls": "a\x00b\x1b[31mc\x07\x08\x7f\x85\r\n",
    "forged": f"x\n*ERROR* forged entry\n*HTML* {INJECTED}\r\n*WARN:0* forged entry",
    "xml": f"]]></msg></kw><msg level='INFO' html='true'>{INJECTED}</msg>",
    "bidi": "\u202eevil\u2066\u200b\ufeff\u2028",
    "braces": "{0} {} %s ${EMPTY} @{x} %{HOME} \\n \\${x}",
    "large": f"*HTML* {INJECTED}" + "x" * 10_000_000,
}
SECRETS = {"HEADER": "canary-header-4711", "QUERY": "canary/query+4712", "LOGIN": 'canary"login\\4713'}
"""By environment variable: what must be seen nowhere."""


def saying(text: str) -> list[bytes]:
    """A message whose every part is the text, as JSON, and the text itself where it has UTF-8."""
    fields = ("text",) if len(text) > 1000 else ("type", "id", "text", "replyTo", text)
    told = [json.dumps(dict.fromkeys(fields, text)).encode()]
    return told if "\ud83d" in text else [*told, text.encode()]


def told(peer: Peer, name: str) -> None:
    """Upgrades, says the payload, and what the client sent as secrets."""
    peer.accept()
    for payload in saying(TEXTS[name]):
        peer.send(payload)
    peer.send(f"*HTML* you said {peer.header('Authorization')} at {peer.head.split(b' ')[1].decode()}".encode())
    peer.wait_for_close()


def reason_of(text: str) -> bytes:
    """As much of the text as a close reason holds."""
    return text.encode(errors="replace")[:123].decode(errors="ignore").encode()


def closing(peer: Peer, name: str) -> None:
    """Upgrades and closes with the text as reason."""
    peer.accept()
    peer.close(4000, reason_of(TEXTS[name]))


def rejecting(peer: Peer, name: str) -> None:
    """Refuses the upgrade with the text in the status line, a header and the body."""
    body = TEXTS[name][:4000].encode(errors="backslashreplace")
    line = re.sub(rb"[\r\n]", b" ", body[:100])
    secret = peer.header("Authorization").encode()
    peer.reject(b"403 " + line + secret, body + secret, b"Location: " + line + b"\r\nX-Echo: " + secret + b"\r\n")


def choosing(peer: Peer, name: str) -> None:
    """Agrees on a subprotocol that is the text."""
    line = re.sub(rb"[\r\n]", b" ", TEXTS[name][:4000].encode(errors="backslashreplace"))
    peer.accept(b"Sec-WebSocket-Protocol: " + line + b"\r\n")
    peer.wait_for_end()


def login_failing(peer: Peer, name: str) -> None:
    """Challenges, then refuses the login with the text and everything that the client said."""
    peer.accept()
    peer.send(b'{"type": "device_register", "payload": {}}')
    said = peer.read_text()
    text = f"{TEXTS[name][:2000]} {said}"
    peer.send(json.dumps({"type": "error", "payload": {"code": text, "error": text, "message": text}}).encode())
    peer.close(1008, reason_of(TEXTS[name]))


def garbage(peer: Peer, name: str) -> None:
    """Upgrades and breaks the protocol: text that is no UTF-8."""
    peer.accept()
    peer.send(b"\xff\xfe" + TEXTS[name][:1000].encode(errors="surrogatepass"))
    peer.wait_for_close()


def no_http(peer: Peer, name: str) -> None:
    """Answers with something that is not HTTP."""
    peer.sock.sendall(TEXTS[name][:1000].encode(errors="backslashreplace") + b"\r\n\r\n")


SCRIPTS = {
    "told": told,
    "closing": closing,
    "rejecting": rejecting,
    "choosing": choosing,
    "login": login_failing,
    "garbage": garbage,
    "nohttp": no_http,
}

WITH_MESSAGES = {
    "Wait For Message": 'Wait For Message    alice    json={"type": "never", "text": 17}    timeout=1 ms',
    "Wait For Message By Text": "Wait For Message    alice    text=never    timeout=1 ms",
    "Wait For Message By Kind": "Wait For Message    alice    kind=never    jsonpath=$.nothing    timeout=1 ms",
    "Wait For Message By Fields": "Wait For Message    alice    fields=${{ {'type': 'never'} }}    timeout=1 ms",
    "Wait For Message By Regex": "Wait For Message    alice    regex=^never$    timeout=1 ms",
    "Wait For Messages": "Wait For Messages    alice    10    timeout=1 ms",
    "Wait For Messages Exactly": "Wait For Messages    alice    1    exactly=yes    settle=1 ms",
    "Message Should Arrive Once": "Message Should Arrive Once    alice    settle=1 ms",
    "No Message Should Arrive": "No Message Should Arrive    alice    within=1 ms",
    "All Clients Should Receive": "All Clients Should Receive    all    text=never    timeout=1 ms",
    "All Clients Should Receive Once": "All Clients Should Receive    all    settle=1 ms",
    "Only These Clients Should Receive": "Only These Clients Should Receive    alice    text=never    timeout=1 ms",
    "Send Message And Wait For Reply": "Send Message And Wait For Reply    alice    {}    timeout=1 ms",
    "Messages Should Be In Order": "Messages Should Be In Order    alice    by=$.text",
    "Get Message Count": "Get Message Count    alice    ==    0",
    "Wait For Close": "Wait For Close    alice    timeout=1 ms",
}
WITH_REFUSAL = {
    "Open Client Rejected": "Open Client    bob    ${URL}/rejecting/NAME    headers=${HEADERS}    query=${QUERIES}",
    "Open Client Choosing": "Open Client    bob    ${URL}/choosing/NAME    subprotocols=a,b",
    "Open Client No Http": "Open Client    bob    ${URL}/nohttp/NAME",
    "Open Client Login": "Open Client    bob    ${URL}/login/NAME    dialect=cloudmessage    login=${LOGIN_WITH}",
    "Open Clients": "Open Clients    many    3    ${URL}/rejecting/NAME    headers=${HEADERS}",
    "Connection Should Be Refused": "Connection Should Be Refused    ${URL}/rejecting/NAME    status=101",
    "Connection Should Be Refused Login": (
        "Connection Should Be Refused    ${URL}/login/NAME    dialect=cloudmessage    login=${LOGIN_WITH}    status=1"
    ),
    "Connection Should Be Refused Reason": "Connection Should Be Refused    ${URL}/closing/NAME    reason=never",
}
AFTER_END = {
    "Wait For Message Closed": ("closing", "Wait For Message    alice    text=never"),
    "Wait For Close Closed": ("closing", "Wait For Close    alice    reason=never"),
    "Send Text Closed": ("closing", "Send Text    alice    x"),
    "Get Client State Closed": ("closing", "Get Client State    alice    ==    open"),
    "Wait For Message Garbage": ("garbage", "Wait For Message    alice    text=never"),
    "Wait For Close Garbage": ("garbage", "Wait For Close    alice    code=1"),
}


def cases() -> dict[str, list[str]]:
    """The lines of each test that has to fail."""
    found = {}
    for name in TEXTS:
        for keyword, line in WITH_MESSAGES.items():
            found[f"{keyword} - {name}"] = [f"Hear    {name}", line]
        for keyword, line in WITH_REFUSAL.items():
            found[f"{keyword} - {name}"] = [line.replace("NAME", name)]
        for keyword, (path, line) in AFTER_END.items():
            opened = f"Open Client    alice    ${{URL}}/{path}/{name}"
            found[f"{keyword} - {name}"] = [opened, "Wait For Close    alice", line]
    return found


def suite() -> str:
    """Every case, then a test that has to pass."""
    tests = "\n".join("\n    ".join([name, *lines]) for name, lines in cases().items())
    return f"""
*** Settings ***
Library    wireproof.Sockets
Suite Setup    Know Secrets
Test Timeout    1 minute

*** Test Cases ***
{tests}
Everything Else Goes On
    Hear    script
    ${{messages}}    Get Messages    alice
    Log Many    @{{messages}}
    Log    ${{messages}}[1].text

*** Keywords ***
Know Secrets
    VAR    ${{header: Secret}}    Bearer %{{HEADER}}
    VAR    ${{query: Secret}}    %{{QUERY}}
    VAR    ${{login: Secret}}    %{{LOGIN}}
    VAR    &{{HEADERS}}    Authorization=${{header}}    scope=SUITE
    VAR    &{{QUERIES}}    token=${{query}}    scope=SUITE
    VAR    &{{LOGIN_WITH}}    id=phone    userId=u1    authToken=${{login}}    scope=SUITE

Hear
    [Arguments]    ${{name}}
    Open Client    alice    ${{URL}}/told/${{name}}    headers=${{HEADERS}}    query=${{QUERIES}}
    Set Client Defaults    headers=${{HEADERS}}    scope=test
    VAR    ${{all}}    ${{{{ 2 if $name == 'surrogate' else 3 }}}}
    Wait For Messages    alice    ${{all}}    timeout=30 s
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Iterator[Run]:
    scripts = {
        f"/{kind}/{name}": lambda peer, script=script, name=name: script(peer, name)
        for kind, script in SCRIPTS.items()
        for name in TEXTS
    }
    with scripted_server(scripts) as url:
        yield run_robot(
            tmp_path_factory.mktemp("hostile"),
            suite(),
            *("--variable", f"URL:{url}"),
            *("--loglevel", "TRACE:INFO"),
            *("--xunit", "xunit.xml"),
            env=SECRETS,
        )


def test_every_test_ran_and_failed_as_meant(run):
    outcomes = run.outcomes()
    assert outcomes.pop("Everything Else Goes On") == ("PASS", "")
    assert list(outcomes) == list(cases())
    assert {name: found for name, found in outcomes.items() if found[0] != "FAIL"} == {}
    assert run.rc == min(len(cases()), 250)


def test_every_failure_is_one_plain_line(run):
    odd = {
        name: message
        for name, (_, message) in run.outcomes().items()
        if message.splitlines() not in ([], [message])
        or not message.isprintable()
        or message.startswith("*")
        or len(message) > 1500
    }
    assert odd == {}


def test_nothing_is_rendered_that_the_server_said(run):
    rendered = [message.message for message in run.messages() if message.html]
    assert [text for text in rendered if INJECTED in text or "<script" in text] == []
    assert [test.name for test in run.tests.values() if test.message[:6] == "*HTML*"] == []


def test_no_entry_is_forged(run):
    assert run.errors == []
    assert [message.message for message in run.messages() if message.level in ("ERROR", "WARN")] == []


def test_no_traceback_is_logged(run):
    shown = [message for message in run.messages() if message.level not in ("DEBUG", "TRACE")]
    assert [message.message for message in shown if "Traceback" in message.message] == []


@pytest.mark.parametrize("secret", SECRETS)
def test_no_secret_is_shown(run, secret):
    value = SECRETS[secret]
    forms = {
        value,
        json.dumps(value)[1:-1],
        escape(value),
        escape(json.dumps(value)[1:-1]),
        base64.b64encode(value.encode()).decode(),
        value.replace("/", "%2F").replace("+", "%2B"),
    }
    shown = {(name, form) for name, data in run.artefacts().items() for form in forms if form.encode() in data}
    assert shown == set()


def test_the_artefacts_are_whole(run):
    artefacts = run.artefacts()
    assert {"output.xml", "log.html", "report.html", "xunit.xml"} <= artefacts.keys()
    assert {"wireproof/journal.jsonl"} <= artefacts.keys()
    for line in artefacts["wireproof/journal.jsonl"].splitlines():
        json.loads(line)
    assert len(artefacts["output.xml"]) < 50_000_000
