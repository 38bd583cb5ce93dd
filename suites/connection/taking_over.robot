*** Settings ***
Documentation     Two connections of one device: the newest is the device, the older one has no say any more.

Resource          ../../resources/connection.resource

Suite Setup       Prepare Suite
Suite Teardown    Disconnect From All Databases
Test Setup        New User
Test Timeout      60 s


*** Test Cases ***
Newest Connection Of A Device Wins
    [Documentation]    The device's older connection is closed with 4001 and gets no mail; the newer one gets it, once.
    [Tags]    CONN-09    smoke
    Device Registers    phone
    Device Registers Again    phone    as=new phone
    Wait For Close    phone    code=4001    msg=stale-session
    Device Registers    desktop
    ${sent}    Device Sends    desktop    "to the newer one"    to=phone
    Message Should Reach    new phone    ${sent}
    Get Message Count    phone    ==    0    json={"id": "${sent.id}"}    msg=stale-session
    Device Should Be Online    phone

Device Whose Connection Died Unnoticed Comes Back At Once
    [Documentation]    A device does not have to wait until the service has noticed that its old connection is dead.
    [Tags]    CONN-09
    Device Registers    phone
    Device Dies Silently    phone
    Device Registers Again    phone    as=new phone
    Device Should Answer    new phone
    Wait For Close    phone    code=4001    msg=stale-session

Of Many Connections Of A Device One Remains
    [Documentation]    A device registers five times at once; one connection stays and gets its mail, four are closed.
    [Tags]    CONN-09
    Device Registers Many Times At Once    phone    5
    ${one}    Wait Until Keyword Succeeds    ${CLOSING_TIME}    20 ms    Get Only Open Client    phone    5
    Device Registers    desktop
    ${sent}    Device Sends    desktop    "to the one that remains"    to=phone
    Message Should Reach    ${one}    ${sent}
    Device Should Be Online    phone
