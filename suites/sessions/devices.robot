*** Settings ***
Documentation     The devices of a user: each has a session of its own, hands work over, and leaves for itself alone.

Resource          ../../resources/sessions.resource

Suite Setup       Prepare Suite
Suite Teardown    Disconnect From All Databases
Test Setup        Phone And Desktop Are Online
Test Timeout      60 s


*** Test Cases ***
Each Device Has A Session And A Numbering Of Its Own
    [Documentation]    Three devices of a user have different sessions and epochs; each counts its deliveries from 1.
    [Tags]    SESS-04    smoke
    ${tablet}    Device Registers    tablet
    ${watch}    Device Registers    watch
    Sessions Should Differ    ${BEFORE}    ${tablet.granted}    ${watch.granted}
    ${to_all}    Device Sends    phone    {"text": "for all"}
    ${to_one}    Device Sends    phone    {"text": "for the watch"}    to=watch
    FOR    ${device}    IN    desktop    tablet    watch
        ${arrived}    Device Should Receive    ${device}    ${to_all}
        Should Be Equal    ${arrived.seq}    ${1}
    END
    ${arrived}    Device Should Receive    watch    ${to_one}
    Should Be True    ${arrived.seq} > 1

A Session Belongs To One Device
    [Documentation]    A device that presents the session of another gets one of its own; the other one finds its own.
    [Tags]    SESS-04
    Device Goes Offline    desktop
    ${of_tablet}    Device Returns    tablet    session=${BEFORE}[sessionId]
    Session Should Be New    ${of_tablet}    ${BEFORE}
    ${again}    Device Returns    desktop    session=${BEFORE}[sessionId]
    Session Should Be Resumed    ${again}    ${BEFORE}

The End Of One Session Leaves The Others
    [Documentation]    A device goes; the sessions of the others stay, and so does what is sent to them.
    [Tags]    SESS-04
    Device Registers    tablet
    Device Goes Offline    desktop
    Get Client State    tablet    ==    open
    ${sent}    Device Sends    phone    {"text": "for all"}
    Device Should Receive    tablet    ${sent}
    ${again}    Device Returns    desktop    session=${BEFORE}[sessionId]
    Session Should Be Resumed    ${again}    ${BEFORE}
    Device Should Receive    desktop    ${sent}

A Device Hands Its Work Over
    [Documentation]    A handoff reaches the device that it names, and no other.
    [Tags]    SESS-05
    Device Registers    tablet
    VAR    @{DEVICES}    phone    desktop    tablet    scope=TEST
    ${sent}    Device Sends    phone    {"document": 17}    to=desktop    kind=device_handoff
    Sender Should Learn    phone    ${sent}    delivered
    Message Should Reach Only    ${sent}    desktop

A Handoff Waits For A Device That Is Away
    [Documentation]    The sender learns that it is queued; the device gets it when it comes back.
    [Tags]    SESS-05
    Device Goes Offline    desktop
    ${sent}    Device Sends    phone    {"document": 17}    to=desktop    kind=device_handoff
    Sender Should Learn    phone    ${sent}    queued
    Device Returns    desktop
    Device Should Receive    desktop    ${sent}

A Handoff Needs A Device To Go To
    [Documentation]    Without a target, or to a device that does not exist, it is refused.
    [Tags]    SESS-05
    ${nobody}    Device Sends    phone    {"document": 17}    kind=device_handoff
    Sender Should Learn Of Refusal    phone    ${nobody}    DEVICE_NOT_FOUND
    ${unknown}    Device Sends    phone    {"document": 17}    to=tablet    kind=device_handoff
    Sender Should Learn Of Refusal    phone    ${unknown}    DEVICE_NOT_FOUND

A Device That Unregisters Ends Its Session
    [Documentation]    Its connection ends with 1000, its session cannot be resumed, the other devices stay.
    [Tags]    SESS-06
    Device Unregisters    desktop
    Get Client State    phone    ==    open
    ${again}    Device Returns    desktop    session=${BEFORE}[sessionId]
    Session Should Be New    ${again}    ${BEFORE}

A Device That Unregistered Gets Its Mail When It Comes Back
    [Documentation]    Unregistering ends the session, not the device: what is sent to it waits.
    [Tags]    SESS-06
    Device Unregisters    desktop
    ${sent}    Device Sends    phone    {"text": "while you were out"}    to=desktop
    Device Returns    desktop
    Device Should Receive    desktop    ${sent}
