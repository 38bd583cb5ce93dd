*** Settings ***
Documentation     Presence rows follow the connections: who is there is shown, who has gone is not, however it went.

Resource          ../../resources/database.resource

Suite Setup       Prepare Suite
Suite Teardown    Disconnect From All Databases
Test Setup        New User
Test Timeout      60 s


*** Test Cases ***
A Device Is Shown While It Is Connected
    [Documentation]    The row comes with the registration and goes with the connection.
    [Tags]    DB-09    smoke
    Device Should Be Offline    phone
    Device Registers    phone
    Device Should Be Online    phone
    Close Client    phone
    Device Should Be Offline    phone

A Lost Device Is Not Shown
    [Documentation]    A reset connection takes the row with it, and the row comes back with the device.
    [Tags]    DB-09
    Device Registers    phone
    Abort Client    phone
    Device Should Be Offline    phone
    Device Comes Back    phone
    Device Should Be Online    phone

A Dead Device Is Not Shown For Long
    [Documentation]    A device that is silent and answers no ping is taken for gone after heartbeatTimeout.
    [Tags]    DB-09
    Device Registers    phone
    Device Dies Silently    phone
    Wait For Close    phone    code=1001    timeout=${PATIENCE}    msg=presence-stale
    Device Should Be Offline    phone

Each Device Has A Row Of Its Own
    [Documentation]    Of three devices the one that goes is no longer shown, the others are.
    [Tags]    DB-09
    FOR    ${device}    IN    phone    desktop    tablet
        Device Registers    ${device}
    END
    Present Devices Should Be    3
    Close Client    desktop
    Present Devices Should Be    2
    Device Should Be Offline    desktop

A Lease That Ran Out Means Offline
    [Documentation]    A row that nobody renews counts for nothing: what is sent to its device is queued.
    [Tags]    DB-09
    Device Registers    phone
    Device Registers    desktop
    Close Client    desktop
    Device Should Be Offline    desktop
    Dead Node Claims    desktop
    ${sent}    Device Sends    phone    {"text": "are you there?"}    to=desktop
    Sender Should Learn    phone    ${sent}    queued    msg=presence-stale
