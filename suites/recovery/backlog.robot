*** Settings ***
Documentation     A device comes back after a long absence and is cut off again while it catches up, wherever that hits:
...               nothing is lost, nothing comes out of order.

Resource          ../../resources/recovery.resource

Suite Setup       Prepare Suite With Cut Connections
Suite Teardown    Disconnect From All Databases
Test Timeout      2 minutes


*** Test Cases ***
The Backlog Is Cut In The Middle Again And Again
    [Documentation]    A thousand messages wait for a device, and more are sent to it all the time. Its connection is
    ...    reset after some bytes, five times. In the end it has everything, in order.
    [Tags]    REC-16
    A Backlog Waits For A Device    via=tap
    Device Is Sent More And More
    Limit Bandwidth    tap    300 kB/s    direction=to client    # else all of it is on its way before the first cut
    FOR    ${bytes}    IN    2 kB    20 kB    33333 B    60001 B    90 kB
        Device Is Cut Off After    ${bytes}
    END
    Heal All Faults
    Reconnect Client    late
    Stop Tracked Traffic
    Everything Should Be Delivered Right    ${TEST NAME}    at_least=1000    within=20s

A Server That Dies While A Device Catches Up Loses Nothing
    [Documentation]    A thousand messages wait for a device; the server is killed when it has got some of them.
    [Tags]    REC-16
    A Backlog Waits For A Device    reconnect=100ms..1s
    ${back}    Set Mark    back
    Reconnect Client    late
    Wait For Messages    late    20    kind=user_message    since=${back}
    Kill Service    ${SERVER.name}
    Start Service    ${SERVER.name}
    Everything Should Be Delivered Right    ${TEST NAME}    at_least=1000    within=20s


*** Keywords ***
Prepare Suite With Cut Connections
    [Documentation]    Devices connect through the link `tap`.
    Prepare Suite For Recovery
    Start Fault Proxy    tap    ${SERVER.ws}

A Backlog Waits For A Device
    [Documentation]    Two devices have sent a thousand messages to a third one, `late`, while it was away.
    [Arguments]    @{}    ${reconnect}=${NONE}    ${via}=${EMPTY}
    Members Register    2
    Device Registers    late    reconnect=${reconnect}    via=${via}
    Ledger Is Open    ${TEST NAME}
    Close Client    late
    Everybody Writes To One    late    500

Device Is Sent More And More
    [Documentation]    Both devices send on to the third one, steadily.
    ${late}    Device Id    late
    Start Tracked Traffic    member    audience=late    to=${late}    kind=user_message    rate=${RATE}

Device Is Cut Off After
    [Documentation]    The device that was away comes back, and its connection is reset after so many bytes.
    [Arguments]    ${bytes}
    ${cut}    Reset Connections    tap    after=${bytes}
    Reconnect Client    late
    Wait Until Fault Has Effect    ${cut}
    Heal Fault    ${cut}
