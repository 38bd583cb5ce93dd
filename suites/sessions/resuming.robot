*** Settings ***
Documentation     A device that comes back in time finds its session, and knows for sure whether it missed anything.

Resource          ../../resources/sessions.resource

Suite Setup       Prepare Suite
Suite Teardown    Disconnect From All Databases
Test Setup        Phone And Desktop Are Online
Test Timeout      60 s


*** Test Cases ***
A Device That Comes Back Finds Its Session
    [Documentation]    Presenting a live session gives the same session and the same numbering.
    [Tags]    SESS-01    smoke
    Device Goes Offline    desktop
    ${again}    Device Returns    desktop    session=${BEFORE}[sessionId]
    Session Should Be Resumed    ${again}    ${BEFORE}

A Device That Presents No Session Gets A New One
    [Documentation]    Without a session to present the answer is a new session and `resumed: false`.
    [Tags]    SESS-01
    Device Goes Offline    desktop
    ${again}    Device Returns    desktop
    Session Should Be New    ${again}    ${BEFORE}    msg=session

A Device That Comes Back Gets What It Missed
    [Documentation]    All that was sent meanwhile comes in order, each once; the answer says that nothing is missing.
    [Tags]    SESS-01
    ${seen}    Number Of Last Delivery    desktop
    Device Goes Offline    desktop
    @{missed}    Device Sends Many    phone    20    to=desktop
    ${again}    Device Returns    desktop
    ...    session=${BEFORE}[sessionId]    epoch=${BEFORE}[epoch]    last_seq=${seen}
    Session Should Be Resumed    ${again}    ${BEFORE}
    Nothing Should Be Missing    ${again}
    Device Should Receive In Order    desktop    @{missed}

A Device That Lost What It Had Confirmed Gets It Again
    [Documentation]    A device that has forgotten deliveries names the last one it knows; the rest comes again.
    [Tags]    SESS-01
    ${seen}    Number Of Last Delivery    desktop
    @{sent}    Device Sends Many    phone    10    to=desktop
    Device Should Receive In Order    desktop    @{sent}
    Device Goes Offline    desktop
    ${again}    Device Returns    desktop    epoch=${BEFORE}[epoch]    last_seq=${seen}
    Nothing Should Be Missing    ${again}
    Repeated Deliveries Should Come    desktop    ${sent}

A Device Gets What It Missed Before What Comes Now
    [Documentation]    While a backlog is sent a sender goes on sending; no new message overtakes an old one.
    [Tags]    SESS-01
    ${seen}    Number Of Last Delivery    desktop
    Device Goes Offline    desktop
    @{old}    Device Sends Many    phone    300    to=desktop
    @{now}    Device Sends    phone    {"text": "one of many"}    to=desktop    count=200
    ${again}    Device Returns    desktop
    ...    session=${BEFORE}[sessionId]    epoch=${BEFORE}[epoch]    last_seq=${seen}
    Nothing Should Be Missing    ${again}
    @{new}    Device Sends Many    phone    200    to=desktop
    Device Should Receive In Order    desktop    @{old}    @{now}    @{new}

Nothing Is Promised To Who Knows Another Numbering
    [Documentation]    With a wrong epoch, or none, the answer says that something may be missing; mail still comes.
    [Tags]    SESS-01
    Device Goes Offline    desktop
    ${sent}    Device Sends    phone    {"text": "while you were away"}    to=desktop
    ${again}    Device Returns    desktop    epoch=0123456789abcdef    last_seq=0
    Something Should Be Missing    ${again}
    Device Should Receive    desktop    ${sent}
    Device Goes Offline    desktop
    ${again}    Device Returns    desktop    last_seq=0
    Something Should Be Missing    ${again}

Nothing Is Promised To Who Claims More Than Was Sent
    [Documentation]    A lastSeq beyond the last delivery is no knowledge of this numbering.
    [Tags]    SESS-01
    ${seen}    Number Of Last Delivery    desktop
    Device Goes Offline    desktop
    ${again}    Device Returns    desktop    epoch=${BEFORE}[epoch]    last_seq=${seen + 1}
    Something Should Be Missing    ${again}

A Missing Message Is Not Hushed Up
    [Documentation]    Where a delivery is gone the answer says so, the rest comes, and the gap is told.
    [Tags]    SESS-01
    ${seen}    Number Of Last Delivery    desktop
    Device Goes Offline    desktop
    @{sent}    Device Sends Many    phone    5    to=desktop
    Delivery Disappears    desktop    ${sent}[2]
    ${again}    Device Returns    desktop    epoch=${BEFORE}[epoch]    last_seq=${seen}
    Something Should Be Missing    ${again}
    VAR    &{payload}    change=gap    fromSeq=${seen + 3}    toSeq=${seen + 3}
    VAR    &{gap}    payload=${payload}
    Message Should Arrive Once    desktop    kind=notification    json=${gap}    msg=gap
    Device Should Receive    desktop    ${sent}[4]

A Session Moves To The Newest Connection
    [Documentation]    A session is resumed while its old connection still stands: that one ends with 4001.
    [Tags]    SESS-01
    ${login}    Login Of    desktop
    Set To Dictionary    ${login}    sessionId=${BEFORE}[sessionId]
    ${opened}    Open Client    new desktop    login=${login}
    Session Should Be Resumed    ${opened.granted}    ${BEFORE}
    Wait For Close    desktop    code=4001    msg=stale-session
