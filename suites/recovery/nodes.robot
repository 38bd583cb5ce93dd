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
    Traffic To The Other Node Is Steady
    Kill Cache Subscribers
    Other Node Should Hear Of New Messages
    Everything Should Have Recovered

Nodes Without Redis Reach Each Other
    [Documentation]    Redis is stopped: messages go from node to node through PostgreSQL, slower.
    [Tags]    REC-09
    Traffic To The Other Node Is Steady
    Stop Service    redis
    Other Node Should Hear Of New Messages
    Start Service    redis
    Everything Should Have Recovered

Nodes Are Restarted One After The Other
    [Documentation]    A rolling restart of both nodes: each drains, ends and is there again before the next one's turn.
    [Tags]    REC-17
    Traffic To The Other Node Is Steady
    Roll Services    ${SERVER.name}    ${OTHER NODE.name}
    Everything Should Have Recovered


*** Keywords ***
Prepare Suite With Two Nodes
    [Documentation]    A second server works on the database of the first one.
    Prepare Suite For Recovery
    ${other}    Start Server    node_of=${SERVER.name}
    VAR    ${OTHER NODE}    ${other}    scope=SUITE
    VAR    ${POOLS}    ${{ 2 * $POOLS }}    scope=SUITE

Traffic To The Other Node Is Steady
    [Documentation]    As `Traffic Is Steady`, between two devices on the one node, and a third one on the other node
    ...    hears of all; it is alone there and sends nothing.
    Members Register    2    reconnect=100ms..1s
    Device Registers    far    server=${OTHER NODE}    reconnect=100ms..1s
    Traffic Begins    far
    Other Node Should Hear Of New Messages

Other Node Should Hear Of New Messages
    [Documentation]    The device on the other node gets what was sent just now, at the latest when that node has looked
    ...    into the database.
    ${now}    Set Mark
    ${sent}    Device Sends    member-001    {"text": "can you hear me?"}    to=far
    VAR    &{expected}    id=${sent.id}
    Wait For Message    far    json=${expected}    since=${now}    timeout=15s    msg=no-progress-after-heal
