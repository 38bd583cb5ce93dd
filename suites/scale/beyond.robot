*** Settings ***
Documentation    Beyond the agreed scale: ten and a hundred times as many devices, five times as many messages, floods,
...              bursts, and a load that lasts. These tests run with `make stretch`; `--variable MINUTES:120` makes the
...              last one long.

Resource         ../../resources/load.resource
Resource         ../../resources/connection.resource

Suite Setup      Prepare Suite For Load

Test Tags        stretch


*** Variables ***
${MINUTES}    ${5}    # how long memory is looked at


*** Test Cases ***
A Thousand Devices Stay Connected
    [Documentation]    All at once for a minute, and each shows that it is live by messages.
    [Tags]    SCALE-11
    [Timeout]    10 minutes
    Criterion Should Be Proved    SCALE-11    by=A Thousand Devices

Ten Thousand Devices Stay Connected
    [Documentation]    The same on one machine with ten times as many.
    [Tags]    SCALE-12
    [Timeout]    15 minutes
    Criterion Should Be Proved    SCALE-12    by=Ten Thousand Devices

Five Thousand Messages A Second Get Through
    [Documentation]    Stored, acknowledged and delivered, for a minute.
    [Tags]    SCALE-13
    [Timeout]    10 minutes
    Criterion Should Be Proved    SCALE-13    by=Five Times The Full Load

A Flood Of Connections Leaves Nothing Behind
    [Documentation]    Five hundred devices come and go as fast as they can; then the service holds what it held before.
    [Tags]    SCALE-14
    [Timeout]    5 minutes
    ${before}    Get Gauge    cloud_connections
    ${load}    Devices Come And Go    500
    Should Be Equal As Integers    ${load.counts}[connected]    500
    Run Keyword And Ignore Error    Connections Should Return To    ${before}
    ${after}    Get Gauge    cloud_connections
    ${leaked}    Evaluate    $after - $before
    Criterion Should Be Met    SCALE-14    of=${leaked}

A Burst Loses Nothing
    [Documentation]    Ten thousand messages are due at the same moment.
    [Tags]    SCALE-15
    [Timeout]    5 minutes
    Criterion Should Be Proved    SCALE-15    by=A Burst

A Thousand Queries A Second Are Answered Beside The Load
    [Documentation]    While messages flow as fast as agreed the database answers everybody else.
    [Tags]    SCALE-16
    [Timeout]    10 minutes
    Criterion Should Be Proved    SCALE-16    by=Full Load And Many Queries    of=queries

Memory Does Not Grow
    [Documentation]    After a warm-up the server needs no more for the last message than for the first.
    [Tags]    SCALE-17
    [Timeout]    6 hours
    Criterion Should Be Proved    SCALE-17    by=A Load That Lasts    of=server


*** Keywords ***
A Thousand Devices
    [Documentation]    A thousand devices for a minute.
    [Arguments]    ${times: int}=1
    ${measured}    Watched Load    a thousand devices    200/s    ${times}    connections=1000
    RETURN    ${measured}

Ten Thousand Devices
    [Documentation]    Ten thousand devices for a minute.
    [Arguments]    ${times: int}=1
    ${measured}    Watched Load    ten thousand devices    1000/s    ${times}    connections=10000
    RETURN    ${measured}

Five Times The Full Load
    [Documentation]    6 000 messages a second are offered for a minute.
    [Arguments]    ${times: int}=1
    ${measured}    Watched Load    five times the full load    6000/s    ${times}
    RETURN    ${measured}

Full Load And Many Queries
    [Documentation]    A full load, and 1 100 queries a second beside it.
    [Arguments]    ${times: int}=1
    ${seconds}    Evaluate    62 * $times
    Start Queries    1100/s    ${seconds}
    ${measured}    Watched Load    full load and many queries    1200/s    ${times}
    ${queries}    Wait For Queries
    Set To Dictionary    ${measured}    queries    ${queries}
    RETURN    ${measured}

A Burst
    [Documentation]    Ten thousand messages at one moment, and time for all of them to arrive.
    [Arguments]    ${times: int}=1
    ${devices}    Make Pairs    ${HTTP_URL}    ${OWNER}    ${CONNECTIONS}
    ${load}    Run Load    burst    connections=${CONNECTIONS}    each=${devices}    dialect=cloudmessage
    ...    scenario=pairs    stages=burst of ${{ 10000 * $times }}    drain=20s    send={"text": ""}    size=${SIZE}
    VAR    &{measured}    load=${load}
    RETURN    ${measured}

A Load That Lasts
    [Documentation]    After half a minute to warm up memory is watched for some minutes.
    [Arguments]    ${times: int}=1
    Pairs Exchange Messages    warming up    rate=1000/s    duration=30s
    ${minutes}    Evaluate    int($MINUTES) * $times
    ${measured}    Watched Load    a load that lasts    1000/s    ${minutes}
    RETURN    ${measured}

Devices Come And Go
    [Documentation]    So many devices register as fast as they can, and leave.
    [Arguments]    ${count}
    ${devices}    Make Pairs    ${HTTP_URL}    ${OWNER}    ${count}
    ${load}    Run Load    flood    connections=${count}    each=${devices}    dialect=cloudmessage
    ...    scenario=push only    duration=100ms
    RETURN    ${load}
