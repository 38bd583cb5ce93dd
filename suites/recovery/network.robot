*** Settings ***
Documentation     The network between devices and the service breaks, in all the ways it does. Devices come back by
...               themselves, and those who have a good connection notice nothing.

Resource          ../../resources/recovery.resource

Suite Setup       Prepare Suite With Bad Network
Suite Teardown    Disconnect From All Databases
Test Timeout      2 minutes


*** Test Cases ***
Connections Are Reset
    [Documentation]    All connections of the link end with an RST.
    [Tags]    REC-12    smoke
    Traffic Is Steady    via=network
    Reset Connections    network
    Everything Should Have Recovered

Nothing Gets Through
    [Documentation]    For some seconds whatever is sent disappears, in both directions.
    [Tags]    REC-12
    Traffic Is Steady    via=network
    Black Hole Link    network
    Traffic Should Stand Still
    Heal All Faults
    Everything Should Have Recovered

Devices Hear Nothing
    [Documentation]    What the service sends disappears; what devices send arrives.
    [Tags]    REC-12
    Traffic Is Steady    via=network
    Black Hole Link    network    direction=to client
    Traffic Should Stand Still
    Heal All Faults
    Everything Should Have Recovered

The Service Hears Nothing
    [Documentation]    What devices send disappears; what the service sends arrives.
    [Tags]    REC-12
    Traffic Is Steady    via=network
    Black Hole Link    network    direction=to server
    Traffic Should Stand Still
    Heal All Faults
    Everything Should Have Recovered

A Slow Network Loses Nothing
    [Documentation]    Everything takes 150 ms and more, in both directions.
    [Tags]    REC-12
    Traffic Is Steady    via=network
    Add Latency    network    150 ms    jitter=50 ms
    Traffic Should Flow
    Heal All Faults
    Everything Should Have Recovered

A Narrow Network Loses Nothing
    [Documentation]    Everything comes in slices of a few bytes.
    [Tags]    REC-12
    Traffic Is Steady    via=network
    Slice Writes    network    size=7
    Traffic Should Flow
    Heal All Faults
    Everything Should Have Recovered

Half Of The Connection Is Closed
    [Documentation]    The service is told that its devices send no more (FIN), and ends those connections.
    [Tags]    REC-12
    Traffic Is Steady    via=network
    Half Close Link    network    direction=to server
    Everything Should Have Recovered

A Connection Is Cut In The Middle Of A Frame
    [Documentation]    The last thing that a device reads is a part of a frame.
    [Tags]    REC-12
    Traffic Is Steady    via=network
    ${cut}    Cut Mid Frame    network
    Wait Until Fault Has Effect    ${cut}
    Heal Fault    ${cut}
    Everything Should Have Recovered

A Device That Vanished Is Not Shown As Present For Long
    [Documentation]    Nothing gets through to a device any more, and nobody says goodbye: the service notices it.
    [Tags]    REC-12
    ${timeout}    Get Setting    heartbeatTimeout
    ${interval}    Get Setting    heartbeatInterval
    New User
    Device Registers    phone    via=network
    Device Should Be Online    phone
    Black Hole Link    network
    Device Should Be Offline    phone    within=${{ $timeout + $interval + 5 }} s

All Devices Come Back At Once
    [Documentation]    Fifty devices are cut off at the same moment and reconnect, while the traffic of others goes on.
    [Tags]    REC-13
    Members Register    3    reconnect=100ms..1s
    Devices Register    crowd    50    user=${USER}-crowd    reconnect=50ms..1s    via=network
    Traffic Begins
    Reset Connections    network
    Wait Until Keyword Succeeds    ${BOUND}    50 ms    Everybody Should Answer    crowd    50
    Everything Should Have Recovered
    [Teardown]    Close Client    crowd


*** Keywords ***
Prepare Suite With Bad Network
    [Documentation]    Devices may connect through the link `network`, which can be broken.
    Prepare Suite For Recovery    maxDevicesPerUser=${60}
    Start Fault Proxy    network    ${SERVER.ws}

Everybody Should Answer
    [Documentation]    Every client of a group is connected in both directions.
    [Arguments]    ${group}    ${count: int}
    FOR    ${number}    IN RANGE    1    ${count + 1}
        Device Should Answer    ${group}-${{ str($number).zfill(3) }}
    END
