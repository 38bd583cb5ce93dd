*** Settings ***
Documentation     The schema comes by numbered migrations: on an empty database, on one that is up to date, and when
...               several start at once, each is applied once.

Resource          ../../resources/database.resource

Suite Setup       Prepare Suite
Suite Teardown    Disconnect From All Databases
Test Setup        Fresh Database
Test Teardown     Fresh Database Is Gone
Test Timeout      60 s


*** Test Cases ***
An Empty Database Gets The Whole Schema
    [Documentation]    All tables are there, and the books say which migrations were applied.
    [Tags]    DB-08
    Service Migrates
    FOR    ${table}    IN    users    devices    sessions    messages    deliveries    user_presence    schedules
        Row Count Should Be    ${table}    0    db=fresh
    END
    Row Should Exist    schema_migrations    {"version": 1}    db=fresh

Migrating Again Changes Nothing
    [Documentation]    On a database that is up to date nothing is applied, and rows stay.
    [Tags]    DB-08
    Service Migrates
    Seed User    {"id": "first"}    db=fresh
    ${before}    Applied Migrations
    Service Migrates
    ${after}    Applied Migrations
    Should Be Equal    ${after}    ${before}
    Row Should Exist    users    {"id": "first"}    db=fresh

Several Starts At Once Apply Each Migration Once
    [Documentation]    Four processes migrate one empty database at the same time: all end well, nothing is done twice.
    [Tags]    DB-08
    Several Migrate At Once    4
    ${applied}    Applied Migrations
    Should Not Be Empty    ${applied}
    Service Migrates
    ${after}    Applied Migrations
    Should Be Equal    ${after}    ${applied}

A Changed Migration Is Refused
    [Documentation]    When a migration that was applied differs from its file the service does not start, and says so.
    [Tags]    DB-08
    Service Migrates
    Job Runs    UPDATE schema_migrations SET sha256 = %s WHERE version = 1    another    job=fresh
    Run Keyword And Expect Error    *0001_tables.sql*    Service Migrates
