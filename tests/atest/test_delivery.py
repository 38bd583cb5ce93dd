"""Ledgers in a real run: what a failure says, what is left in the log and beside it, and judging it again."""

import html
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from harness import Run, run_robot
from peers import Echo
from relay import BAD_TURN, relay_server

COUNT = 40
SUITE = """
*** Settings ***
Library         wireproof.Delivery
Library         wireproof.Sockets
Test Template   Messages Should All Arrive

*** Test Cases ***
Good        good    40
Lossy       lossy    39
Doubling    doubling    41
Swapping    swapping    40

*** Test Cases ***
Damaged
    [Template]    NONE
    Everybody Enters    damaging
    Start Ledger    guarantee=exactly once
    Send Tracked Messages    alice    40    audience=bob    body={"text": "hi"}
    Drain Until Quiet    quiet=200ms
    Delivery Should Be Correct    msg=after the storm

Not Quiet
    [Template]    NONE
    Everybody Enters    lossy    carol
    Start Ledger    guarantee=exactly once
    Send Tracked Messages    alice    40    audience=${{ ["bob", "carol"] }}
    Everybody Has Heard    40    39    bob    carol
    Drain Until Quiet    quiet=100ms    timeout=400ms    msg=waiting

Plain Messages Are Judged Too
    [Template]    NONE
    Everybody Enters    lossy    carol
    Start Ledger    guarantee=exactly once
    Send Message    alice    {"text": "hi"}    kind=say    count=40
    Everybody Has Heard    40    39    bob    carol
    Run Keyword And Expect Error    *    Drain Until Quiet    timeout=300ms
    Delivery Should Be Correct

Loss May Be Allowed
    [Template]    NONE
    Everybody Enters    lossy
    Start Ledger    guarantee=at most once
    Send Tracked Messages    alice    40    audience=bob
    Everybody Has Heard    40    39    bob
    Drain Until Quiet    quiet=100ms
    ${report}    Delivery Should Be Correct    min_acked=40
    Should Be Equal As Integers    ${report.lost}    1
    Should Be Equal As Integers    ${report.acked}    40

One Of Ten Thousand
    [Template]    NONE
    Everybody Enters    lossy
    Start Ledger    guarantee=exactly once
    Send Tracked Messages    alice    10000    audience=bob
    Everybody Has Heard    10000    9999    bob
    Run Keyword And Expect Error    *    Drain Until Quiet    timeout=300ms
    Delivery Should Be Correct

Nothing Sent Proves Nothing
    [Template]    NONE
    Start Ledger    empty    guarantee=exactly once
    Delivery Should Be Correct    empty

Too Little Proves Nothing
    [Template]    NONE
    Everybody Enters    good
    Start Ledger    few    guarantee=exactly once
    Send Tracked Messages    alice    2    audience=bob
    Drain Until Quiet    few    quiet=50ms
    Delivery Should Be Correct    few    min_acked=3

A Name Is Taken Once
    [Template]    NONE
    Start Ledger    twice    guarantee=exactly once
    Start Ledger    twice    guarantee=exactly once

It Ends With Its Test
    [Template]    NONE
    Delivery Should Be Correct    twice

A Reconnect Is Nobody's Fault
    [Template]    NONE
    Everybody Enters    good
    Start Ledger    guarantee=exactly once after dedupe
    Send Tracked Messages    alice    5    audience=bob
    Drain Until Quiet    quiet=50ms
    Set Mark
    Reconnect Client    bob
    Wait For Message    bob    kind=welcome
    Send Tracked Messages    alice    5    audience=bob
    Delivery Should Be Correct    min_acked=10

*** Keywords ***
Everybody Enters
    [Arguments]    ${behaviour}    @{others}
    FOR    ${client}    IN    alice    bob    @{others}
        VAR    ${room}    ${behaviour}/${TEST NAME.replace(" ", "")}
        Open Client    ${client}    ${RELAY}/${room}/${client}    dialect=dialects.Keeping
        Wait For Message    ${client}    kind=welcome
    END

Everybody Has Heard
    [Documentation]    Alice so many answers, the others so many messages; and each the welcome.
    [Arguments]    ${answers}    ${told}    @{others}
    Wait For Messages    alice    ${{ int($answers) + 1 }}    timeout=1 min
    FOR    ${client}    IN    @{others}
        Wait For Messages    ${client}    ${{ int($told) + 1 }}    timeout=1 min
    END

Messages Should All Arrive
    [Arguments]    ${behaviour}    ${told}
    Everybody Enters    ${behaviour}
    Start Ledger    room    guarantee=exactly once
    Send Tracked Messages    alice    40    audience=bob
    Everybody Has Heard    40    ${told}    bob
    TRY
        Drain Until Quiet    room    quiet=200ms    timeout=500ms
    EXCEPT    *    type=GLOB
        No Operation
    END
    Delivery Should Be Correct    room
"""
ONE_ORDER = """
*** Settings ***
Library    wireproof.Delivery
Library    wireproof.Sockets

*** Test Cases ***
One Order
    Open Client    kitchen    ${ECHO}    dialect=echo
    Start Ledger    guarantee=exactly once
    Expect Delivery    order-17    to=kitchen    sender=shop
    Send Json    kitchen    {"id": "order-17"}
    Wait For Message    kitchen
    Delivery Should Be Correct
"""
JUDGED = """
*** Settings ***
Library    wireproof.Delivery

*** Test Cases ***
Right
    ${reports}    Recheck Journal    ${GOOD}
    Length Should Be    ${reports}    1
    Should Be Equal As Integers    ${reports[0].lost}    0

Wrong
    Recheck Journal    ${BAD}

Nothing To Judge
    Recheck Journal    ${IDLE}

No Id
    Start Ledger    guarantee=exactly once
    Expect Delivery    ${EMPTY}    to=kitchen    sender=shop

No Recipient
    Start Ledger    guarantee=exactly once
    Expect Delivery    order-17    to=${{ [] }}    sender=shop
"""
DIALECT = """
from wireproof.dialects import Echo, Traits

class Keeping(Echo):
    name = "keeping"
    traits = Traits(acknowledges=True, keeps_body=True)
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    directory = tmp_path_factory.mktemp("delivery")
    (directory / "dialects.py").write_text(DIALECT)
    with relay_server() as relay:
        yield run_robot(directory, SUITE, "--variable", f"RELAY:{relay.url}", "--pythonpath", str(directory))


def test_all_is_well(run: Run) -> None:
    assert run.tests["Good"].status == "PASS", run.tests["Good"].message
    lines = [message.message for message in run.messages(run.tests["Good"]) if message.message.startswith("PASS")]
    assert len(lines) == 1
    assert re.fullmatch(
        r"PASS: 40 sent, 40 acked, 40 delivered, 0 unknown; p50 \S+ ms, p99 \S+ ms; "
        "not observable: numbers, rows, digests of rows, owners of rows, names of senders, recoveries, faults",
        lines[0],
    )


@pytest.mark.parametrize(
    ("test", "words", "detail"),
    [
        ("Lossy", "1 lost", r"acked \S+ ms after it was sent, never on bob's socket"),
        ("Doubling", "1 duplicated", r"it came again \S+ ms later on the same connection, not marked as a repetition"),
        ("Swapping", "1 reordered", "came after one that was sent 1 messages later"),
    ],
)
def test_the_line_names_the_message_and_where_it_was_lost(run: Run, test: str, words: str, detail: str) -> None:
    word = words.partition(" ")[2]
    pattern = (
        rf"FAIL: {words} of 40 acked; first {word} wp-[0-9a-f]{{12}}-\d+ "
        rf"\(alice→bob, message {BAD_TURN} of 40\): {detail}"
    )
    assert re.fullmatch(pattern, run.failure(test))


def test_a_damaged_body_is_named(run: Run) -> None:
    assert re.match(r"after the storm: FAIL: 1 corrupted of 40 acked; first corrupted wp-", run.failure("Damaged"))


def test_a_drain_that_is_not_quiet_says_what_is_outstanding(run: Run) -> None:
    assert re.fullmatch(
        r"waiting: ledger 'default' is not quiet after \d+\.\d s, 2 to be delivered \(first (wp-\S+)\) outstanding: "
        r"FAIL: 1 lost of 40 acked; first lost \1 \(alice→bob, carol, message 7 of 40\): "
        r"acked \S+ ms after it was sent, never on bob's socket, never on carol's socket",
        run.failure("Not Quiet"),
    )


def test_plain_messages_have_the_audience_of_their_likes(run: Run) -> None:
    expected = r"FAIL: 1 lost of 40 acked; first lost \S+ \(alice→bob, carol, message 7 of 40\)"
    assert re.match(expected, run.failure("Plain Messages Are Judged Too"))


def test_one_of_ten_thousand_is_found(run: Run) -> None:
    expected = r"FAIL: 1 lost of 10 000 acked; first lost \S+ \(alice→bob, message 7 of 10 000\): acked .* bob's socket"
    assert re.fullmatch(expected, run.failure("One Of Ten Thousand"))


def test_the_timeline_of_a_failure_shows_the_message_though_thousands_came_after_it(run: Run) -> None:
    lost = re.search(r"first lost (\S+)", run.failure("One Of Ten Thousand"))[1]
    (page,) = (run.directory / "wireproof" / "timelines").glob("*-one-of-ten-thousand*.html")
    told = [item.message for item in run.messages(run.tests["One Of Ten Thousand"])]
    (fragment,) = (message for message in told if "wireproof-timeline" in message)
    for shown in (page.read_text(), html.unescape(fragment)):
        lines = [line for line in shown.splitlines() if lost in line]
        assert any(f"message {lost}" in line and "↑" in line for line in lines), "sent"
        assert any(f"ack {lost}" in line and "↓" in line for line in lines), "acked"


def test_what_proves_nothing_fails(run: Run) -> None:
    assert run.failure("Nothing Sent Proves Nothing").startswith(
        "UNKNOWN: only 0 messages were taken over, 1 are needed; nothing was received; 0 sent, 0 delivered, 0 unknown"
    )
    assert run.failure("Too Little Proves Nothing").startswith(
        "UNKNOWN: only 2 messages were taken over, 3 are needed; 2 sent, 2 acked, 2 delivered, 0 unknown"
    )


def test_names_are_kept_apart(run: Run) -> None:
    taken = "the ledger 'twice' is running already; give the second one another name"
    assert run.failure("A Name Is Taken Once") == taken
    gone = "no ledger named 'twice' is running; running: none, call Start Ledger first"
    assert run.failure("It Ends With Its Test") == gone


@pytest.mark.parametrize("test", ["Loss May Be Allowed", "A Reconnect Is Nobody's Fault"])
def test_what_is_allowed_passes(run: Run, test: str) -> None:
    assert run.tests[test].status == "PASS", run.tests[test].message


def test_the_evidence_is_in_the_log_and_beside_it(run: Run) -> None:
    tables = [message for message in run.messages(run.tests["Lossy"]) if message.html and "<table" in message.message]
    assert len(tables) == 2  # of the drain that failed, and of the check
    assert "lost" in tables[0].message
    content = json.loads((run.directory / "wireproof" / "ledger-room.json").read_text())
    assert content["result"] == "FAIL"
    assert [found["count"] for found in content["findings"] if found["word"] == "reordered"] == [1]


def test_a_saved_journal_is_judged_the_same_again(run: Run) -> None:
    journal = journal_of(run)
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    told = {f"{line['source']}: {line['line']}"[:200] for line in lines if line.get("kind") == "verdict"}
    done = recheck(journal)
    assert done.returncode == 1
    assert done.stderr == ""
    again = done.stdout.splitlines()
    # The ledger that nobody judged is judged, too.
    assert {line[:200] for line in again if not line.startswith("twice: UNKNOWN: ")} <= told
    assert len([line for line in again if line.startswith("room: FAIL: 1 lost")]) == 1
    cut = run.directory / "cut.jsonl"
    cut.write_bytes(journal.read_bytes()[: journal.stat().st_size // 2])
    done = recheck(cut)
    assert done.returncode == 1
    assert "is cut off or damaged" in done.stderr


def test_what_is_no_journal_cannot_be_judged(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("")
    (tmp_path / "idle.jsonl").write_text('{"journal": 1, "run": "0"}\n')
    for name, reason in (
        ("empty.jsonl", "is no journal: its first line has no such header"),
        ("idle.jsonl", "no ledger was started in it; nothing to judge"),
        ("missing.jsonl", "No such file or directory"),
    ):
        done = recheck(tmp_path / name)
        assert (done.returncode, done.stdout) == (2, "")
        assert reason in done.stderr


def test_a_suite_judges_saved_journals_again(
    run: Run, tmp_path: Path, robot_run: Callable[..., Run], echo: Echo
) -> None:
    (tmp_path / "idle.jsonl").write_text('{"journal": 1, "run": "0"}\n')
    good = robot_run(ONE_ORDER, "--variable", f"ECHO:{echo.url}").passed()
    paths = {"GOOD": journal_of(good), "BAD": journal_of(run), "IDLE": tmp_path / "idle.jsonl"}
    again = run_robot(tmp_path / "again", JUDGED, *(f"--variable={name}:{path}" for name, path in paths.items()))
    assert again.tests["Right"].status == "PASS", again.tests["Right"].message
    assert "room: FAIL: 1 lost" in again.failure("Wrong")
    assert again.failure("Nothing To Judge").endswith("idle.jsonl: no ledger was started in it; nothing to judge")
    assert again.failure("No Id") == "a message is expected by its id; this one is empty"
    assert "write a client's name, or a list of names" in again.failure("No Recipient")


def journal_of(run: Run) -> Path:
    return run.directory / "wireproof" / "journal.jsonl"


def recheck(path: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "wireproof", "recheck", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
