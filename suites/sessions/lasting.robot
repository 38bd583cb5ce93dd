*** Settings ***
Documentation     How long a session lasts: while its device is connected, then for sessionTimeout, restarts or not.
...               The tests have a server of their own, whose clock they may move.

Resource          ../../resources/sessions.resource

Suite Setup       Prepare Suite With Own Server    settings={"sessionTimeout": 300}
Suite Teardown    Disconnect From All Databases
Test Setup        Phone And Desktop Are Online
Test Teardown     Clock Is Right Again
Test Timeout      60 s


*** Test Cases ***
A Session Is Kept For The Time That Was Promised
    [Documentation]    A device that comes back shortly before sessionTimeout finds its session.
    [Tags]    SESS-02
    Device Goes Offline    desktop
    Clock Advances    290
    ${again}    Device Returns    desktop    session=${BEFORE}[sessionId]
    Session Should Be Resumed    ${again}    ${BEFORE}

A Session Ends When Its Time Is Over
    [Documentation]    A device that comes back after sessionTimeout gets a new session; its mail has waited.
    [Tags]    SESS-02
    Device Goes Offline    desktop
    ${sent}    Device Sends    phone    {"text": "while you were away"}    to=desktop
    Clock Advances    310
    ${again}    Device Returns    desktop    session=${BEFORE}[sessionId]
    Session Should Be New    ${again}    ${BEFORE}
    Device Should Receive    desktop    ${sent}

A Session Does Not Age While Its Device Is Connected
    [Documentation]    Time counts only while the device is away, and from the start each time.
    [Tags]    SESS-02
    Clock Advances    310
    Device Goes Offline    desktop
    Clock Advances    200
    ${again}    Device Returns    desktop    session=${BEFORE}[sessionId]
    Session Should Be Resumed    ${again}    ${BEFORE}
    Device Goes Offline    desktop
    Clock Advances    200
    ${again}    Device Returns    desktop    session=${BEFORE}[sessionId]
    Session Should Be Resumed    ${again}    ${BEFORE}

An Ended Session Stays Ended
    [Documentation]    What had expired once is not to be had again, also not when it is presented a second time.
    [Tags]    SESS-02
    Device Goes Offline    desktop
    Clock Advances    310
    ${again}    Device Returns    desktop    session=${BEFORE}[sessionId]
    Session Should Be New    ${again}    ${BEFORE}
    Device Goes Offline    desktop
    ${once_more}    Device Returns    desktop    session=${BEFORE}[sessionId]
    Session Should Be New    ${once_more}    ${BEFORE}

A Session Does Not Outlive Its Token
    [Documentation]    A live session does not let anybody in whose token has expired.
    [Tags]    SESS-02
    ${token}    Mint Token    desktop    expires_in=${100}
    Device Goes Offline    desktop
    Clock Advances    110
    Return Should Be Refused    desktop    ${token}    ${BEFORE}[sessionId]

What A Session Means Survives A Restart
    [Documentation]    After a restart of the service session, numbering and backlog are what they were.
    [Tags]    SESS-01
    ${seen}    Number Of Last Delivery    desktop
    Device Goes Offline    desktop
    @{early}    Device Sends Many    phone    3    to=desktop
    Service Restarts
    @{late}    Device Sends Many    phone    3    to=desktop
    ${again}    Device Returns    desktop
    ...    session=${BEFORE}[sessionId]    epoch=${BEFORE}[epoch]    last_seq=${seen}
    Session Should Be Resumed    ${again}    ${BEFORE}
    ${arrived}    Device Should Receive In Order    desktop    @{early}    @{late}
    Nothing Should Be Missing    ${again}
    Should Be Equal    ${arrived[0].seq}    ${seen + 1}    non-monotonic: the numbering does not go on
