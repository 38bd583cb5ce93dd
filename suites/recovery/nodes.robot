*** Settings ***
Documentation     Two nodes of one service on one database: devices of one user are spread over both.

Resource          ../../resources/recovery.resource

Suite Setup       Prepare Suite With Two Nodes
Suite Teardown    Disconnect From All Databases
Test Timeout      2 minutes


*** Test Cases ***
Nodes That Lost Each Other Find Each Other
    [Documentation]    Redis cuts all its subscribers; what is sent on one node still reaches devices on the other, and
    ...    soon as fast as before.
    [Tags]    REC-11
    Traffic Between The Nodes Is Steady
    Kill Cache Subscribers
    Everything Should Have Recovered

Nodes Without Redis Reach Each Other
    [Documentation]    Redis is stopped: messages go from node to node through PostgreSQL, slower.
    [Tags]    REC-09
    Traffic Between The Nodes Is Steady
    Stop Service    redis
    Traffic Should Flow
    Start Service    redis
    Everything Should Have Recovered


*** Keywords ***
Prepare Suite With Two Nodes
    [Documentation]    A second server works on the database of the first one.
    Prepare Suite For Recovery
    ${other}    Start Server    node_of=${SERVER.name}
    VAR    ${OTHER NODE}    ${other}    scope=SUITE

Traffic Between The Nodes Is Steady
    [Documentation]    As `Traffic Is Steady`, between two devices on the one node and one on the other.
    Members Register    2    reconnect=100ms..1s
    Device Registers    far    server=${OTHER NODE}    reconnect=100ms..1s
    Traffic Begins    member    far
