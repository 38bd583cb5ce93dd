*** Settings ***
Documentation    The agreed scale. One load holds a hundred devices for a minute at a normal rate, another one offers a
...              fifth more than has to get through; each serves two tests.

Resource         ../../resources/load.resource

Suite Setup      Prepare Suite For Load
Test Timeout     10 minutes


*** Test Cases ***
A Hundred Devices Stay Connected
    [Documentation]    All at once for a minute, and each shows that it is live by a message.
    [Tags]    SCALE-01
    Criterion Should Be Proved    SCALE-01    by=Normal Load

Normal Load Leaves Half A Core Free
    [Documentation]    What the server's processes take of one core, second by second.
    [Tags]    SCALE-04
    Criterion Should Be Proved    SCALE-04    by=Normal Load    of=server

A Thousand Messages A Second Get Through
    [Documentation]    Stored, acknowledged and delivered.
    [Tags]    SCALE-02
    Criterion Should Be Proved    SCALE-02    by=Full Load

Memory Stays Small Under Full Load
    [Documentation]    The peak of the server's processes; PostgreSQL and Redis are shown beside it.
    [Tags]    SCALE-03
    Criterion Should Be Proved    SCALE-03    by=Full Load    of=server
