*** Settings ***
Documentation     A test leaves no row, key, session or connection behind: its isolation undoes what it brought, and
...               what somebody forgot is found and named.

Resource          ../../resources/database.resource
Resource          ../../resources/ledger.resource

Suite Setup       Watch Closely
Suite Teardown    Disconnect From All Databases
Test Timeout      60 s


*** Test Cases ***
A Test Is Busy
    [Documentation]    Devices come, write, are cut off; jobs write rows: all of that is undone when this test ends.
    [Tags]    DB-07
    [Setup]    Use Isolation
    Members Register    3
    Everybody Writes To All    5
    Device Registers    phone    user=${USER}-other
    Abort Client    member-003
    Send Tracked Messages    member-001    5    audience=member-003    to=member-003-${USER}
    Job Inserts Message    {"by": "sql"}
    Seed Schedule
    Row Should Exist    messages    {"user_id": "${USER}"}

Nothing Of It Is Left
    [Documentation]    Neither rows nor keys, sessions or connections of the test before are there any more.
    [Tags]    DB-07    smoke
    Disconnect From All Databases
    Nothing Should Be Left Behind    timeout=5s

A Forgotten Row Is Named
    [Documentation]    A row that is left is found, with its table and its key.
    [Tags]    DB-07
    [Setup]    Use Isolation
    New User
    Seed User    {"id": "${USER}"}
    Run Keyword And Expect Error    left behind: row users id=${USER}*    Nothing Should Be Left Behind    timeout=0s

A Forgotten Session Is Named
    [Documentation]    A job that still holds a transaction open is found, with what it did last.
    [Tags]    DB-07
    [Setup]    Use Isolation
    Job Is Connected    forgetful
    Job Runs    SELECT * FROM users WHERE id = %s FOR UPDATE    nobody    job=forgetful    commit=no
    Run Keyword And Expect Error
    ...    left behind: session *idle in transaction*SELECT * FROM users*
    ...    Nothing Should Be Left Behind
    ...    ignore=rows
    ...    timeout=0s
    [Teardown]    Job Rolls Back    forgetful


*** Keywords ***
Watch Closely
    [Documentation]    The set-up of this suite: it judges whose session is left, which is known on this machine only.
    Prepare Suite
    Skip Unless Stack Can    attribute sessions    read sessions    read cache
