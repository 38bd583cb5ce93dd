*** Settings ***
Documentation     The server itself is killed, told to stop, frozen, and comes back; its devices reconnect by
...               themselves.

Resource          ../../resources/recovery.resource

Suite Setup       Prepare Suite For Recovery
Suite Teardown    Disconnect From All Databases
Test Setup        Traffic Is Steady
Test Timeout      2 minutes


*** Test Cases ***
A Killed Server Loses Nothing It Has Promised
    [Documentation]    The server dies in the middle of its work and is started again.
    [Tags]    REC-01    smoke
    Kill Service    ${SERVER.name}
    Start Service    ${SERVER.name}
    Everything Should Have Recovered

Who Was Away When The Server Was Killed Misses Nothing
    [Documentation]    What waits for a device that is offline survives the server's death.
    [Tags]    REC-01
    Close Client    member-003
    Everybody Writes To One    member-003    50    senders=member-001
    Traffic Should Flow    # so those have been acknowledged
    Kill Service    ${SERVER.name}
    Start Service    ${SERVER.name}
    Reconnect Client    member-003    timeout=${BOUND}
    Everything Should Have Recovered

A Server That Is Told To Stop Finishes Its Work
    [Documentation]    SIGTERM in the middle of traffic: every client is closed with 1012, and the process ends in good
    ...    order.
    [Tags]    REC-02
    Set Mark    end
    ${ended}    Stop Service    ${SERVER.name}
    Should Be True    ${ended.graceful}    unclean-close: the server did not end within its grace period
    Should Be Equal As Integers    ${ended.exit_code}    0    unclean-close: the server's exit code
    FOR    ${member}    IN    @{MEMBERS}
        Wait For Close    ${member}    code=1012    timeout=0s    msg=unclean-close
    END
    Start Service    ${SERVER.name}
    Everything Should Have Recovered

A Frozen Server Goes On Where It Stopped
    [Documentation]    For five seconds the server does nothing at all; its clients' connections stay open.
    [Tags]    REC-03
    Suspend Service    ${SERVER.name}
    Traffic Should Stand Still    5s
    Resume Service    ${SERVER.name}
    Everything Should Have Recovered
