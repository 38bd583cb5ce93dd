*** Settings ***
Documentation     A device comes back after a long absence and is cut off again while it catches up, wherever that hits:
...               nothing is lost, nothing comes out of order.

Resource          ../../resources/recovery.resource

Suite Setup       Prepare Suite With Cut Connections
Suite Teardown    Disconnect From All Databases
Test Timeout      2 minutes


*** Test Cases ***
The Backlog Is Cut In The Middle Again And Again
    [Documentation]    A thousand messages wait for a device. Its connection is reset after some bytes, five times; each
    ...    time more is sent. In the end it has everything, in order.
    [Tags]    REC-16
    Members Register    3    via=tap
    Ledger Is Open    ${TEST NAME}
    Close Client    member-003
    VAR    @{others}    member-001    member-002
    Send Tracked Messages    ${others}    500    audience=member    kind=user_message
    FOR    ${bytes}    IN    700    20000    33333    60001    90000
        Reset Connections    tap    client=member-003    after=${bytes}
        Reconnect Client    member-003
        Send Tracked Messages    ${others}    20    audience=member    kind=user_message
        Wait For Close    member-003
        Heal All Faults
    END
    Reconnect Client    member-003
    Everything Should Be Delivered Right    ${TEST NAME}    at_least=1000    within=20s

A Server That Dies While A Device Catches Up Loses Nothing
    [Documentation]    A thousand messages wait for a device; the server is killed when it has got some of them.
    [Tags]    REC-16
    Members Register    3    reconnect=100ms..1s
    Ledger Is Open    ${TEST NAME}
    Close Client    member-003
    VAR    @{others}    member-001    member-002
    Send Tracked Messages    ${others}    500    audience=member    kind=user_message
    ${back}    Set Mark    back
    Reconnect Client    member-003
    Wait For Messages    member-003    20    kind=user_message    since=${back}
    Kill Service    ${SERVER.name}
    Start Service    ${SERVER.name}
    Everything Should Be Delivered Right    ${TEST NAME}    at_least=1000    within=20s


*** Keywords ***
Prepare Suite With Cut Connections
    [Documentation]    Devices connect through the link `tap`.
    Prepare Suite For Recovery
    Start Fault Proxy    tap    ${SERVER.ws}
