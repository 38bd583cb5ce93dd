*** Settings ***
Documentation    The agreed load: 100 devices in 50 pairs, 1 000 messages a second of 250 bytes, each stored,
...              acknowledged and delivered. It is measured once for all tests that ask for it.

Resource         ../../resources/load.resource

Suite Setup      Prepare Suite For Load
Test Timeout     10 minutes


*** Test Cases ***
Devices Connect Fast
    [Documentation]    From the start of the TCP connect to the answer of the handshake, device after device.
    [Tags]    PERF-01
    Criterion Should Be Proved    PERF-01    by=Devices Come One After The Other

Messages Arrive Fast
    [Documentation]    From the moment a message was due to be sent until its recipient has read it.
    [Tags]    PERF-02
    Criterion Should Be Proved    PERF-02    by=The Agreed Load

Hardly A Message Takes Long
    [Documentation]    The slowest in a hundred: neither the mean nor the 95th percentile shows them.
    [Tags]    PERF-05
    Criterion Should Be Proved    PERF-05    by=The Agreed Load

Queries Are Answered Fast
    [Documentation]    What a client of the database asks beside the load: a message, a backlog, who is there.
    [Tags]    PERF-03
    Criterion Should Be Proved    PERF-03    by=The Agreed Load    of=queries

What Is Acknowledged Is Delivered And Stored Fast
    [Documentation]    From the moment a message was due until it is both at its recipient and a row in the database.
    [Tags]    PERF-04
    Criterion Should Be Proved    PERF-04    by=The Agreed Load

A Small Load Arrives Fast
    [Documentation]    The same in a few seconds: a sample that is too small for a proof is only warned of.
    [Tags]    PERF-02    smoke
    ${measured}    Pairs Exchange Messages    small load    rate=200/s    duration=5s
    Criterion Should Be Met    PERF-02    of=${measured}    inconclusive=warn
