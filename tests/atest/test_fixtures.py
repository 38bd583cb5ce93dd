"""The Fixtures library in Robot runs: what a suite leaves, what a leak says, what is refused, what a loss does."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from harness import Run, run_robot

from wireproof.stack.embedded import EmbeddedStack

RESOURCE = r"""
*** Settings ***
Library     DatabaseLibrary
Library     wireproof.Fixtures
Library     wireproof.Sockets
Library     wireproof.Stack

*** Keywords ***
Connect To The Stack
    [Arguments]    ${alias}=sql
    ${url}    Get Endpoint    postgres
    ${parts}    Evaluate    urllib.parse.urlsplit($url)    modules=urllib.parse
    ${password}    Get Credential    postgres
    Connect To Database    psycopg2    db_name=wireproof    db_user=${parts.username}    db_password=${password}
    ...    db_host=${parts.hostname}    db_port=${parts.port}    alias=${alias}

User Should Exist
    [Arguments]    ${name}
    Check Row Count    SELECT id FROM users WHERE id = '${name}'    ==    1    alias=sql

User Should Not Exist
    [Arguments]    ${name}
    Check Row Count    SELECT id FROM users WHERE id = '${name}'    ==    0    alias=sql

Add User
    [Arguments]    ${name}
    Execute Sql String    INSERT INTO users (id) VALUES ('${name}')    alias=sql
"""

SUITES = {
    "base.resource": RESOURCE,
    "__init__.robot": """
*** Settings ***
Resource          base.resource
Suite Setup       Run Keywords    Ensure Stack    AND    Connect To The Stack    AND    Add User    outer
...               AND    Use Isolation    keep
Suite Teardown    Run Keywords    User Should Not Exist    ann    AND    Nothing Should Be Left Behind
""",
    "1__reset.robot": """
*** Settings ***
Resource        base.resource
Suite Setup     Open A Client And Isolate

*** Test Cases ***
Leaves A User And A Client
    Add User    ann
    Execute Sql String    DELETE FROM users WHERE id = 'outer'    alias=sql
    Nothing Should Be Left Behind    ignore=rows

A Leak Is Named
    Nothing Should Be Left Behind    msg=who was it

*** Keywords ***
Open A Client And Isolate
    [Documentation]    The client is opened before, and is closed all the same before rows are deleted.
    ${url}    Get Endpoint    ws
    Open Client    early    ${url}    dialect=json
    ${isolation}    Use Isolation
    Should Be Equal    ${isolation.mode}    reset
    Should Match    ${isolation.owner}    wp-*-
""",
    "2__after.robot": """
*** Settings ***
Resource        base.resource
Test Setup      Use Isolation    rollback    db=orders
Suite Setup     Connect Postgres    orders    adopt=sql

*** Test Cases ***
Nothing Is There
    User Should Not Exist    ann
    User Should Exist    outer

And Nothing Is Left In A Test That Fails
    Fail    on purpose
""",
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    directory = tmp_path_factory.mktemp("isolation")
    return run_robot(directory, SUITES, env={"XDG_RUNTIME_DIR": str(directory)})


def test_a_suite_that_resets_leaves_nothing(run: Run) -> None:
    outcomes = {name: status for name, (status, _) in run.outcomes().items()}
    assert outcomes == {
        "Leaves A User And A Client": "PASS",
        "A Leak Is Named": "FAIL",
        "Nothing Is There": "PASS",
        "And Nothing Is Left In A Test That Fails": "FAIL",
    }, run.outcomes()
    assert run.result.suite.teardown.passed
    assert run.errors == []


def test_the_leak_is_named_in_one_line(run: Run) -> None:
    line = run.failure("A Leak Is Named")
    assert line.startswith("who was it: left behind: row users id=ann created_at=20")
    assert line.endswith(", row users id=outer is gone")
    assert "\n" not in line


def test_no_password_is_anywhere(run: Run) -> None:
    urls = [text for text in run.artefacts().values() if b"postgresql://wireproof:" in text]
    assert urls == []


SECRETS = {
    "CLOSED": "postgresql://qa:canary-1@127.0.0.1:1/orders",
    "WRONG": ":canary-2",
    "MYSQL": "mysql://qa:canary-3@127.0.0.1/orders",
    "NO_REDIS": "redis://:canary-4@127.0.0.1:1/0",
}

CASES = {
    "no stack": (["Stop Stack", "Use Isolation"], "there is nothing to keep apart: no stack shows a database, *"),
    "unknown mode": (["Use Isolation    all"], "ValueError: Argument 'mode' got value 'all' that cannot be*"),
    "short owner": (
        ["Use Isolation    owner    owner=q"],
        "'q' is too short for an owner's prefix: others' rows may *",
    ),
    "unknown column": (
        ['Use Isolation    owner    columns={"users": "name"}'],
        "table users has no column 'name'; it has id, created_at",
    ),
    "unknown alias": (
        ["Use Isolation    db=orders"],
        "no postgres is connected as 'orders'; there are default: call Connect Postgres",
    ),
    "nothing recorded": (
        ["Nothing Should Be Left Behind"],
        "nothing was recorded to compare with: call Use Isolation first, in a set-up",
    ),
    "a database per worker without a database": (
        ["Stop Stack", "Use Isolation    database per worker"],
        "isolation 'database per worker' needs a database to copy: give db=",
    ),
    "unknown kind": (
        ["Nothing Should Be Left Behind    ignore=rows, tables"],
        "there is no kind tables: write rows, keys, sessions, connections",
    ),
    "unreachable": (
        [
            "VAR    ${DSN: Secret}    %{CLOSED}",
            "Connect Postgres    orders    dsn=${DSN}",
        ],
        "orders: no connection to postgresql://qa@127.0.0.1:1/orders: *Connection refused*",
    ),
    "wrong password": (
        [
            "${url}    Get Endpoint    postgres",
            "VAR    ${DSN}    ${{robot.api.types.Secret($url.replace('@', os.environ['WRONG'] + '@'))}}",
            "Connect Postgres    orders    dsn=${DSN}",
        ],
        "orders: no connection to postgresql://wireproof@*: *password authentication failed *",
    ),
    "unreadable dsn": (
        ["VAR    ${DSN: Secret}    %{WRONG}", "Connect Postgres    orders    dsn=${DSN}"],
        "the dsn cannot be read: write postgresql://user:password@host:port/name, or host=… dbname=…",
    ),
    "another scheme": (
        ["VAR    ${DSN: Secret}    %{MYSQL}", "Connect Postgres    orders    dsn=${DSN}"],
        "the dsn is no address of PostgreSQL: write postgresql://user:password@host:port/name",
    ),
    "no address at all": (
        ["Connect Postgres    orders"],
        "say where the database is: by dsn, or by the alias of DatabaseLibrary to adopt",
    ),
    "nothing to adopt": (
        ["Connect Postgres    orders    adopt=orders"],
        "DatabaseLibrary has no connection 'orders' to adopt: *",
    ),
    "adopting another database": (
        [
            "Connect To Database    sqlite3    database=:memory:    alias=file",
            "Connect Postgres    orders    adopt=file",
        ],
        "'file' of DatabaseLibrary is no connection to PostgreSQL",
    ),
    "twice": (
        [
            "Connect To The Stack",
            "Connect Postgres    orders    adopt=sql",
            "Connect Postgres    orders    adopt=sql",
        ],
        "a postgres is connected as 'orders' already, by test 'Suite.twice': choose another alias",
    ),
    "no redis": (
        ["VAR    ${URL: Secret}    %{NO_REDIS}", "Connect Redis    cache    url=${URL}"],
        "cache: Redis at redis://127.0.0.1:1/0 does not answer: *",
    ),
    "not disposable": (
        [
            "VAR    ${DSN: Secret}    %{OTHER}",
            "Connect Postgres    orders    dsn=${DSN}",
            "Use Isolation    reset    db=orders",
        ],
        "orders: isolation 'reset' deletes every new row and key of postgresql://*, which is not marked disposable; *",
    ),
    "postgres dies": (
        ["Use Isolation", "Kill Service    postgres", "Nothing Should Be Left Behind    ignore=keys,connections"],
        "default: no connection to postgresql://wireproof@127.0.0.1:*/wireproof: *",
    ),
    "the next works": (["Use Isolation", "Nothing Should Be Left Behind"], ""),
    "psycopg is adopted, too": (
        [
            "${password}    Get Credential    postgres",
            "${url}    Get Endpoint    postgres",
            "${parts}    Evaluate    urllib.parse.urlsplit($url)    modules=urllib.parse",
            "Connect To Database    psycopg    dbname=wireproof    user=wireproof    password=${password.value}"
            "    host=127.0.0.1    port=${parts.port}    alias=three",
            "Connect Postgres    orders    adopt=three",
            "Use Isolation    db=orders",
            "Nothing Should Be Left Behind    db=orders",
        ],
        "",
    ),
    "a database of its own": (
        [
            "${isolation}    Use Isolation    database per worker",
            "Should Match    ${isolation.database}    postgresql://wireproof@127.0.0.1:*/wireproof-worker-0-*",
            "Nothing Should Be Left Behind",
        ],
        "",
    ),
    "the stack's again": (
        [
            "${isolation}    Use Isolation",
            "Should Match    ${isolation.database}    postgresql://wireproof@127.0.0.1:*/wireproof",
            "Nothing Should Be Left Behind",
        ],
        "",
    ),
    "the server is started anew": (
        ["Use Isolation", "Restart Service    server", "Nothing Should Be Left Behind    timeout=10s"],
        "",
    ),
    "a session is forgotten while it is": (
        [
            "Use Isolation",
            "Restart Service    server",
            "Connect To The Stack    alias=forgotten",
            "Nothing Should Be Left Behind",
            "[Teardown]    Disconnect From Database    alias=forgotten",
        ],
        "left behind: session unnamed (pid *, wireproof from 127.0.0.1:*), idle for *",
    ),
    "postgres hangs": (
        ["[Timeout]    1 s", "Suspend Service    postgres", "Use Isolation"],
        "Test timeout 1 second exceeded.",
    ),
    "after the time-out": (["Use Isolation", "Nothing Should Be Left Behind"], ""),
    "redis dies": (
        ["Kill Service    redis", "Use Isolation"],
        "default: Redis at redis://127.0.0.1:*/0 does not answer: *",
    ),
    "the next works, too": (["Use Isolation", "Nothing Should Be Left Behind"], ""),
}


@pytest.fixture(scope="module")
def other_stack() -> Iterator[EmbeddedStack]:
    stack = EmbeddedStack.start()
    yield stack
    stack.stop()


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory, other_stack: EmbeddedStack) -> Run:
    directory: Path = tmp_path_factory.mktemp("cases")
    (directory / "base.resource").write_text(RESOURCE)
    lines = ["*** Settings ***", "Resource    base.resource", "Test Setup    Ensure Stack", "*** Test Cases ***"]
    for name, (steps, _) in CASES.items():
        lines += [name, *(f"    {step}" for step in steps)]
    environment = {"XDG_RUNTIME_DIR": str(directory), "OTHER": other_stack.postgres.url, **SECRETS}
    return run_robot(directory, "\n".join(lines), env=environment)


@pytest.mark.parametrize("name", CASES)
def test_what_cannot_be_done_is_said_in_one_line(cases: Run, name: str) -> None:
    expected = CASES[name][1]
    if not expected:
        assert cases.outcomes()[name] == ("PASS", "")
        return
    message = cases.failure(name)
    assert fnmatchcase(message, expected), message
    assert message.isprintable()
    shown = [found.message for found in cases.messages(cases.tests[name]) if found.level not in ("DEBUG", "TRACE")]
    assert [text for text in shown if "Traceback" in text] == []


def test_nothing_is_complained_about_at_the_end(cases: Run) -> None:
    assert cases.errors == []


def test_no_secret_is_shown(cases: Run, other_stack: EmbeddedStack) -> None:
    shown = [name for name, text in cases.artefacts().items() if b"canary" in text]
    assert shown == []


AT_WORK = """
*** Settings ***
Resource        base.resource
Suite Setup     Run Keywords    Ensure Stack    AND    Connect To The Stack    AND    Use Isolation

*** Test Cases ***
A Transaction Is Left Open
    Add User    ann
    Execute Sql String    INSERT INTO users (id) VALUES ('late')    no_transaction=${True}    alias=sql
"""


def test_who_is_still_at_work_when_a_suite_ends_is_named_in_a_warning(tmp_path: Path) -> None:
    run = run_robot(
        tmp_path, {"base.resource": RESOURCE, "work.robot": AT_WORK}, env={"XDG_RUNTIME_DIR": str(tmp_path)}
    )
    [warning] = run.errors
    assert warning.startswith(
        "clean-up at the end of suite 'Suites.Work' failed: default was reset while somebody was at work, "
        "whose rows may come later: session unnamed (pid "
    )
    assert "idle in transaction" in warning


ATTACHED = """
*** Settings ***
Library         DatabaseLibrary
Library         wireproof.Fixtures
Library         wireproof.Stack
Suite Setup     Attach To Stack    staging    isolation=keep

*** Test Cases ***
Nothing Of Ours Is In The Way
    Nothing Should Be Left Behind    ignore=rows,keys

No Row Carries Our Prefix
    Nothing Should Be Left Behind

A Suite Cannot Ask For More
    Use Isolation    reset

Nor For Less Than That
    Use Isolation    owner

Nor By Another Name
    VAR    ${DSN: Secret}    %{POSTGRES_URL}
    Connect Postgres    orders    dsn=${DSN}    disposable=${True}
    Use Isolation    reset    db=orders

What The Stack Allows Is The Default
    ${isolation}    Use Isolation
    Should Be Equal    ${isolation.mode}    keep

A Session Of Ours Is Named
    ${parts}    Evaluate    urllib.parse.urlsplit(os.environ['POSTGRES_URL'])    modules=urllib.parse,os
    Connect To Database    psycopg2    db_name=wireproof    db_user=${parts.username}    db_password=${parts.password}
    ...    db_host=${parts.hostname}    db_port=${parts.port}    alias=left
    Nothing Should Be Left Behind    ignore=rows,keys    timeout=100 ms
"""


def test_a_stack_of_others_is_not_touched(tmp_path: Path, other_stack: EmbeddedStack) -> None:
    addresses = other_stack.addresses
    environment = {
        "WS_URL": addresses.ws,
        "HTTP_URL": addresses.http,
        "POSTGRES_URL": addresses.postgres,
        "REDIS_URL": addresses.redis,
    }
    run = run_robot(tmp_path, ATTACHED, env=environment)
    more = "isolation '{}' does more than the external stack allows ('keep'): use 'keep'"
    assert run.outcomes() == {
        "Nothing Of Ours Is In The Way": ("PASS", ""),
        "No Row Carries Our Prefix": ("PASS", ""),
        "A Suite Cannot Ask For More": ("FAIL", more.format("reset")),
        "Nor For Less Than That": ("FAIL", more.format("owner")),
        "Nor By Another Name": ("FAIL", more.format("reset")),
        "What The Stack Allows Is The Default": ("PASS", ""),
        "A Session Of Ours Is Named": ("FAIL", run.tests["A Session Of Ours Is Named"].message),
    }
    assert run.failure("A Session Of Ours Is Named").startswith("left behind: session unnamed (pid ")
    assert run.errors == []


UNSEEN = """
*** Settings ***
Library         wireproof.Fixtures
Library         wireproof.Stack
Suite Setup     Attach To Stack    staging

*** Test Cases ***
A Set-up That Suits Every Stack
    ${isolation}    Use Isolation
    Should Be Equal    ${isolation.mode}    owner
    Should Match    ${isolation.owner}    wp-*-
    Should Be Empty    ${isolation.database}

A Mode That Needs A Database
    Use Isolation    owner
"""


def test_a_stack_that_shows_no_database_is_left_alone_unless_a_mode_is_asked_for(
    tmp_path: Path, other_stack: EmbeddedStack
) -> None:
    addresses = other_stack.addresses
    run = run_robot(tmp_path, UNSEEN, env={"WS_URL": addresses.ws, "HTTP_URL": addresses.http})
    assert run.outcomes() == {
        "A Set-up That Suits Every Stack": ("PASS", ""),
        "A Mode That Needs A Database": (
            "FAIL",
            "there is nothing to keep apart: no stack shows a database, and none was connected",
        ),
    }
    assert run.errors == []
