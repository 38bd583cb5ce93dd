*** Settings ***
Documentation     Connections that end without a goodbye: what they held is free again, and nobody else notices.

Resource          ../../resources/connection.resource

Suite Setup       Prepare Suite
Suite Teardown    Disconnect From All Databases
Test Setup        New User
Test Timeout      60 s


*** Test Cases ***
Abrupt Loss Frees Everything
    [Documentation]    Ten devices lose their connection without a close frame; none is counted or present after.
    [Tags]    CONN-05
    ${before}    Get Gauge    cloud_connections
    Devices Register    phone    10
    Present Devices Should Be    10
    Abort Client    phone
    Connections Should Return To    ${before}
    Present Devices Should Be    0
    Sessions Should Be Ageing

Five Hundred Losses Leave Nothing
    [Documentation]    Twenty devices lose their connection and come back, twenty-five times; every count is back at its
    ...    start.
    [Tags]    CONN-05
    ${before}    Get Gauge    cloud_connections
    Devices Register    phone    20
    FOR    ${_}    IN RANGE    24
        Abort Client    phone
        Reconnect Client    phone
    END
    Abort Client    phone
    Connections Should Return To    ${before}
    Present Devices Should Be    0
    Sessions Should Be Ageing

Loss Before Registering Frees Everything
    [Documentation]    Visitors whose connection is lost before they registered leave nothing behind either.
    [Tags]    CONN-05
    ${before}    Get Gauge    cloud_connections
    FOR    ${number}    IN RANGE    10
        Open Client    visitor-${number}    log_in=no
        Abort Client    visitor-${number}
    END
    Connections Should Return To    ${before}

Loss With Answers Pending Disturbs Nobody
    [Documentation]    A device is lost while the service owes it answers; another device of its user is served on.
    [Tags]    CONN-05
    Device Registers    desktop
    Device Registers    phone
    Send Message    phone    "the last words"    kind=user_message    count=20
    Abort Client    phone
    Device Should Be Offline    phone
    Device Should Answer    desktop
    Device Registers    tablet

Dead Peer Is Detected And Closed
    [Documentation]    A device that answers no ping any more is closed with 1001 in time, and is then shown offline.
    [Tags]    CONN-06
    ${timeout}    Get Setting    heartbeatTimeout
    ${interval}    Get Setting    heartbeatInterval
    Device Registers    phone
    Device Dies Silently    phone
    Wait For Close    phone    code=1001    timeout=${{ $timeout + $interval + 2 }} s
    ...    msg=presence-stale: the service holds on to a dead peer
    Device Should Be Offline    phone

Silent Device That Answers Pings Stays
    [Documentation]    A device that sends nothing but its pongs for longer than the heartbeat time-out stays connected.
    [Tags]    CONN-07
    ${timeout}    Get Setting    heartbeatTimeout
    ${interval}    Get Setting    heartbeatInterval
    Device Registers    phone
    Set Mark    silence
    No Message Should Arrive    phone    within=${{ $timeout + $interval }} s
    Device Should Be Online    phone
    Device Should Answer    phone
