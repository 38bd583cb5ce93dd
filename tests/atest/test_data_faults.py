"""Faults of PostgreSQL and Redis in Robot runs: when they are refused, and that the stack is whole after each test."""

from harness import run_robot

SETTINGS = """
*** Settings ***
Library    DatabaseLibrary
Library    wireproof.Faults
Library    wireproof.Fixtures
Library    wireproof.Stack
"""

ELSEWHERE = (
    SETTINGS
    + """
*** Test Cases ***
Shows No Database
    VAR    ${WS_URL}    ws://127.0.0.1:9/
    Attach To Stack    somewhere
    Lock Table    users

Shows No Cache
    Empty Cache

Is Of Others
    VAR    ${WS_URL}    ws://127.0.0.1:9/
    VAR    ${POSTGRES_URL}    postgresql://ann@127.0.0.1:9/shop
    VAR    ${REDIS_URL}    redis://127.0.0.1:9/0
    Attach To Stack    somewhere
    TRY
        Fill Cache
    EXCEPT    AS    ${refusal}
        Should Start With    ${refusal}    faults of databases, caches and services are for disposable stacks;
    END
    Terminate Database Sessions
"""
)


def test_a_stack_that_cannot_or_must_not_be_disturbed_is_left_alone(tmp_path):
    run = run_robot(tmp_path, ELSEWHERE)
    cannot = "the external stack cannot"
    assert run.outcomes() == {
        "Shows No Database": ("SKIP", f"{cannot} read sessions"),
        "Shows No Cache": ("SKIP", f"{cannot} read cache"),
        "Is Of Others": (
            "FAIL",
            "faults of databases, caches and services are for disposable stacks; the external stack is used by others: "
            "run against the embedded or the compose stack, or call Skip Unless Stack Can    be disturbed",
        ),
    }
    assert run.errors == []


ON_A_STACK = (
    SETTINGS
    + """Suite Setup    Ensure Stack

*** Test Cases ***
Touches Nothing
    Lock Table    users

Is Interrupted
    [Timeout]    1 s
    Start Fault Proxy    db    postgres
    Hold Replies    db
    Fail Inserts    users
    Run Keyword And Ignore Error    Seed User
    Wait Until Reply Is Held    db    timeout=1 min

Is Whole Again
    Seed User
    Stack Should Be Healthy

Heals Twice
    ${full}    Fail Inserts    users    count=1    every=2
    Seed User
    Run Keyword And Expect Error    *No space left on device*    Seed User
    ${touched}    Heal Fault    ${full}
    ${again}    Heal Fault    ${full}
    Should Be Equal    ${touched}    ${again}
    Should Be Equal As Strings    ${touched}    {'inserts': 1}
    Heal All Faults

Misspells A Table
    Fail Inserts    user    sqlstate=53100

Misspells An Error
    Fail Inserts    users    sqlstate=disk full

Names No Link
    Hold Replies    db

Waits For What Is Not Held
    Run Keyword And Expect Error    no link 'db' is running*    Wait Until Reply Is Held    db
    Start Fault Proxy    db    postgres
    Wait Until Reply Is Held    db
"""
)


def test_a_stack_is_whole_again_after_each_test_and_what_is_wrong_is_one_line(tmp_path):
    run = run_robot(tmp_path, ON_A_STACK)
    outcomes = run.outcomes()
    assert outcomes.pop("Touches Nothing") == (
        "FAIL",
        "the fault ACCESS EXCLUSIVE lock of users on 'postgres' touched nothing: what was tested did not go through "
        "it; check that the clients or the server use this database, and that something happened while it was on",
    )
    status, interrupted = outcomes.pop("Is Interrupted")
    assert status == "FAIL"
    assert interrupted.startswith("Test timeout 1 second exceeded.")
    assert outcomes.pop("Misspells A Table")[1].startswith("no table 'user' in database wireproof; similar ones: users")
    assert outcomes == {
        "Is Whole Again": ("PASS", ""),
        "Heals Twice": ("PASS", ""),
        "Misspells An Error": (
            "FAIL",
            "'disk full' is no SQLSTATE of an error: write five digits or capitals, such as 53100 (disk full), 40001 "
            "(serialization failure) or 57014 (statement cancelled)",
        ),
        "Names No Link": ("FAIL", "no link 'db' is running; there is none, call Start Fault Proxy first"),
        "Waits For What Is Not Held": ("FAIL", "link 'db' holds no replies: call Hold Replies first"),
    }
    assert run.errors == []
