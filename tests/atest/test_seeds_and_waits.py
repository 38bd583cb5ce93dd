"""What seeds, waits and captures say in a Robot run: one line each, time-outs interrupt them, the next test works."""

from pathlib import Path

import pytest
from harness import PROBE, Run, run_robot
from telling import says

SECONDS = r"\d+\.\d s"
CASES = {
    "row not there": (
        ['Wait Until Row Exists    users    {"id": "nobody"}    timeout=20ms    msg=lost'],
        r'lost: no row users id="nobody"; \d+ rows? in users(, nearest: id is .* not "nobody" \(text\))?, after '
        rf"{SECONDS} and \d looks?",
    ),
    "row not right": (
        [
            '${talk}    Seed Conversation    {"title": "Lunch"}',
            'Wait Until Row Exists    conversations    {"id": "${talk.id}"}    having={"title": "Tea"}    timeout=20ms',
        ],
        rf'row conversations id="wp-\w+-conversation-\d+" exists, title is "Lunch" \(text\), not "Tea" \(text\), after '
        rf"{SECONDS} and \d looks?",
    ),
    "row still there": (
        ["${user}    Seed User", 'Wait Until Row Is Gone    users    {"id": "${user.id}"}    timeout=20ms'],
        rf"row users id=\S+ is still there, after {SECONDS} and \d looks?: .*",
    ),
    "row too many": (
        ["${user}    Seed User", 'Row Should Not Exist    users    {"id": "${user.id}"}'],
        r"row users id=\S+ should not exist, but 1 row did: .*",
    ),
    "rows miscounted": (
        ['Row Count Should Be    users    7    where={"id": "x"}'],
        'users has 0 rows, not 7, where id="x"',
    ),
    "negative count": (["Row Count Should Be    users    -1"], "count is 0 or more, not -1"),
    "negative time": (
        ['Wait Until Row Exists    users    {"id": "x"}    timeout=-1s'],
        "cannot wait for -1 s: give a time of 0 s or more",
    ),
    "unknown table": (
        ['Wait Until Row Exists    usres    {"id": "x"}'],
        r"default: no table 'usres'; there are conversations, .*, users",
    ),
    "unknown column": (
        ['Row Should Exist    users    {"name": "x"}'],
        "table users has no column 'name'; it has id, created_at",
    ),
    "wrong type": (
        ['Row Should Exist    users    {"id": 17}'],
        "users.id is text: compare it with a text, not 17",
    ),
    "no json": (
        ["Row Should Exist    users    {id: 17}"],
        r"ValueError: Argument 'where' got value '\{id: 17\}' that cannot be converted to Json: not JSON: .*",
    ),
    "unknown database": (
        ['Row Should Exist    users    {"id": "x"}    db=orders'],
        "no postgres is connected as 'orders'; there are default: call Connect Postgres",
    ),
    "seed without names": (
        ["Seed User    values=[17]"],
        'values is an object with values by name, such as {"id": "#unique"}',
    ),
    "seed with an unknown column": (
        [
            "Create File    ${OUTPUT DIR}/s.yaml    users:\\n- {id: alice, name: Alice}\\n",
            "Seed From File    ${OUTPUT DIR}/s.yaml",
        ],
        "s.yaml, line 2, column 15: table users has no column 'name'; it has id, created_at",
    ),
    "seed file with an unknown table": (
        [
            "Create File    ${OUTPUT DIR}/02-no.yaml    \\n\\nuser: [{id: a}]",
            "Seed From File    ${OUTPUT DIR}/02-no.yaml",
        ],
        "02-no.yaml, line 3, column 1: default: no table 'user'; there are conversations, .*",
    ),
    "seed file with a value of another type": (
        [
            "Create File    ${OUTPUT DIR}/users.csv    id,created_at\\nann,yesterday\\nbob,soon",
            "Seed From File    ${OUTPUT DIR}/users.csv",
        ],
        'users.csv, line 3, column 5: created_at is timestamp with time zone: .*invalid input syntax .* "soon"',
    ),
    "seed whose database goes away": (
        [
            "Create File    ${OUTPUT DIR}/gone.sql    SELECT pg_terminate_backend(pg_backend_pid());",
            "Seed From File    ${OUTPUT DIR}/gone.sql",
        ],
        "default: the database went away: terminating connection due to administrator command.*",
    ),
    "seed that is not there": (["Seed From File    none.yaml"], "seed file none.yaml cannot be read: No such file .*"),
    "rows of another shape": (
        ["Seed Rows    users    [1]"],
        'rows is an object with values by column, such as {"id": 17}, or a list of those',
    ),
    "unknown factory": (
        ["Seed From Factory    order"],
        "no factory named 'order'; there are user, device, conversation, message, schedule: Define Factory makes one",
    ),
    "a factory that needs itself": (
        [
            'Define Factory    egg    table=users    defaults={"id": "#new hen.id"}',
            'Define Factory    hen    table=users    defaults={"id": "#new egg.id"}',
            "Seed From Factory    egg",
        ],
        "factory egg needs a new egg for itself: give it the value",
    ),
    "an unknown word": (
        ['Seed User    {"id": "#uniq"}'],
        "factory user: unknown word '#uniq'; there are #unique, #number, .*",
    ),
    "an unknown column of another factory": (
        ['Seed Conversation    {"title": "#new user.name"}'],
        "a row of factory user has no column name; it has id, created_at",
    ),
    "the same user twice": (
        ['Seed User    {"id": "twice"}', 'Seed User    {"id": "twice"}'],
        'factory user: default: duplicate key value violates unique constraint "users_pkey"',
    ),
    "key not there": (
        ["Wait Until Key Exists    order:17    timeout=20ms"],
        rf"no key 'order:17' in default.*, after {SECONDS} and \d looks?",
    ),
    "notification not there": (
        [
            "Capture Notifications    orders",
            "Wait For Notification    orders    text=17    timeout=20ms",
        ],
        "channel 'orders' of default: no notification text=17 within 0.02 s of the start of the capture; 0 came",
    ),
    "nothing captured": (
        ["Wait For Notification    orders"],
        "'orders' is not captured; captured are: none; call Capture Notifications, Capture Channel or Capture Stream "
        "first",
    ),
    "captured twice": (
        ["Capture Channel    orders", "Capture Channel    orders"],
        "'orders' is captured already, by test 'Suite.captured twice': give this capture another name",
    ),
    "a migration that fails": (
        ["Run Migrations    ${{ sys.executable }}    -c    import sys; print('one'); sys.exit('no such table')"],
        r"'\S+ -c import sys; .*' failed with exit code 1: no such table",
    ),
    "a migration that hangs": (
        ["Run Migrations    sleep    60    timeout=50ms"],
        "'sleep 60' did not end within 0.05 s; its last line: it said nothing",
    ),
    "no migration": (["Run Migrations"], "no command: give the program that migrates, and its arguments"),
    "a migration that is not there": (
        ["Run Migrations    /no/such-program"],
        r"'/no/such-program' cannot be started: .*No such file or directory.*",
    ),
    "recorded without an id": (
        ["Record Rows    users    id=key"],
        "table users has no column 'key'; it has id, created_at",
    ),
    "a database that goes away": (
        [
            "Capture Notifications    orders",
            "Execute Sql String    SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = 'wireproof' AND query LIKE 'LISTEN%'",
            "Wait For Notification    orders",
        ],
        r"channel 'orders' of default: the capture ended \(default: the database went away: .*\) \d+\.\d\d s "
        "(into|before) a wait of 5 s for a notification; 0 came",
    ),
}


WAITS = {
    "a row": ['Wait Until Row Exists    users    {"id": "nobody"}    timeout=1 min'],
    "a row to go": ["${user}    Seed User", 'Wait Until Row Is Gone    users    {"id": "${user.id}"}    timeout=1 min'],
    "a key": ["Wait Until Key Exists    nothing    timeout=1 min"],
    "a notification": ["Capture Notifications    orders", "Wait For Notification    orders    timeout=1 min"],
    "no notification": ["Capture Channel    *", "No Notification Should Arrive    *    text=no    within=1 min"],
    "an entry": ["Capture Stream    orders", "Wait For Notification    orders    timeout=1 min"],
    "a migration": ["Run Migrations    sleep    60"],
}
"""By test name: the lines of a test; the last one waits for a minute."""

HOSTILE = r"""hostile row
    VAR    ${column}    {"text": "\\ud800 *HTML*<script>alert(1)</script>"}
    VAR    @{values}    ${column}
    Execute Sql String    INSERT INTO messages (user_id, id, payload) VALUES ('mallory', 'h', %s)
    ...    parameters=${values}
    ${row}    Row Should Exist    messages    {"id": "h"}
    Log    ${row}
    Log    ${row}[payload][text]
    Run Keyword And Expect Error    row messages id="h" should not exist, but 1 row did: *
    ...    Row Should Not Exist    messages    {"id": "h"}
"""
"""What a peer sent is in a column of type json as it was; a run has to survive to look at it."""

TIMEOUT_S = 0.3
GENEROUS_S = 30


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """One child run with a test for each case, and one that has to pass after each."""
    tests = []
    for name, (lines, _) in CASES.items():
        tests += ["\n    ".join([name, *lines]), f"after {name}\n    {AFTERWARDS}"]
    for name, lines in WAITS.items():
        tests += ["\n    ".join([name, f"[Timeout]    {TIMEOUT_S} s", *lines]), f"after {name}\n    {AFTERWARDS}"]
    return run_robot(tmp_path_factory.mktemp("fixtures"), SETTINGS + "\n".join([*tests, HOSTILE]))


AFTERWARDS = "Seed User\n    Redis Key Should Not Exist    x\n    No Client Thread Should Be Left"
SETTINGS = f"""*** Settings ***
Library    OperatingSystem
Library    DatabaseLibrary
Library    wireproof.Stack
Library    wireproof.Fixtures
Library    {PROBE}
Suite Setup    Start
Suite Teardown    Disconnect From All Databases
Test Timeout    20 s
*** Keywords ***
Start
    Ensure Stack
    ${{postgres}}    Get Endpoint    postgres
    ${{password}}    Get Credential    postgres
    VAR    ${{url}}    ${{{{ urllib.parse.urlsplit($postgres) }}}}
    VAR    &{{DATABASE}}    db_name=${{url.path[1:]}}    db_user=${{url.username}}    db_password=${{password.value}}
    ...    db_host=${{url.hostname}}    db_port=${{url.port}}
    Connect To Database    psycopg2    &{{DATABASE}}
*** Test Cases ***
"""


@pytest.mark.parametrize("name", CASES)
def test_the_failure_is_one_line(run: Run, name: str) -> None:
    says(run, CASES, name)


@pytest.mark.parametrize("name", WAITS)
def test_a_time_out_interrupts(run: Run, name: str) -> None:
    assert run.failure(name) == f"Test timeout {int(TIMEOUT_S * 1000)} milliseconds exceeded."
    assert list(run.tests[name].body)[-1].elapsed_time.total_seconds() < TIMEOUT_S + GENEROUS_S


@pytest.mark.parametrize("name", [*CASES, *WAITS])
def test_the_next_test_works(run: Run, name: str) -> None:
    assert run.outcomes()[f"after {name}"] == ("PASS", "")


def test_what_a_peer_wrote_does_no_harm(run: Run) -> None:
    assert run.outcomes()["hostile row"] == ("PASS", "")
    markup = [found.message for found in run.messages(run.tests["hostile row"]) if found.html]
    assert [text for text in markup if not text.startswith("Executing sql")] == []  # DatabaseLibrary's


def test_nothing_else_is_complained_about(run: Run) -> None:
    assert run.errors == []


ISOLATED = r"""*** Settings ***
Library    OperatingSystem
Library    wireproof.Stack
Library    wireproof.Fixtures
Suite Setup    Ensure Stack
*** Test Cases ***
Rollback
    Use Isolation    rollback
    ${message}    Seed Message
    VAR    ${MESSAGE}    ${message}    scope=SUITE
    Run Keyword And Expect Error    *has no column*    Seed User    {"nope": 1}
    Run Keyword And Expect Error    *duplicate key*    Seed Message    {"key": ${message.key}}
    Run Keyword And Expect Error    row 1, priority: *    Seed Rows    messages    {"user_id": "x", "priority": "much"}
    Create File    ${OUTPUT DIR}/one.sql    INSERT INTO users (id) VALUES ('by-sql');
    Seed From File    ${OUTPUT DIR}/one.sql
    Row Should Exist    users    {"id": "by-sql"}
    Row Should Exist    messages    {"id": "${message.id}"}
    ${count}    Record Rows    messages    id=id    where={"id": "${message.id}"}
    Should Be Equal    ${count}    ${1}
Rolled Back
    Row Should Not Exist    messages    {"id": "${MESSAGE.id}"}
    Row Should Not Exist    users    {"id": "by-sql"}
Owner
    Use Isolation    owner
    Capture Notifications    orders
    Capture Channel    *
    Capture Stream    orders    name=stream
    ${message}    Seed Message
    VAR    ${MESSAGE}    ${message}    scope=SUITE
    Seed Rows    users    {"id": "of-somebody-else"}
    Nothing Should Be Left Behind    ignore=rows
Owner Deleted
    Row Should Not Exist    messages    {"id": "${MESSAGE.id}"}
    Row Should Not Exist    users    {"id": "${MESSAGE.user_id}"}
    Row Should Exist    users    {"id": "of-somebody-else"}
Keep
    Use Isolation    keep
    ${user}    Seed User
    VAR    ${USER}    ${user}    scope=SUITE
Kept
    Row Should Exist    users    {"id": "${USER.id}"}
"""
"""Seeds under every mode: what is undone, and that a refused seed spoils no transaction around it."""


def test_isolation_finds_what_seeds_made(tmp_path: Path) -> None:
    assert len(run_robot(tmp_path, ISOLATED).passed().tests) == 6
