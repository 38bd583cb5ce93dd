*** Settings ***
Documentation     Who is revoked is out at once, and does not come back by the session that was theirs.

Resource          ../../resources/sessions.resource

Suite Setup       Prepare Suite
Suite Teardown    Disconnect From All Databases
Test Setup        Phone And Desktop Are Online
Test Timeout      60 s


*** Test Cases ***
A Revoked Session Is Closed At Once
    [Documentation]    Its connection ends with 4002, the user's other devices stay.
    [Tags]    SESS-03    smoke
    Revoke Session    ${BEFORE}[sessionId]    as=phone
    Wait For Close    desktop    code=4002
    Get Client State    phone    ==    open

A Revoked Session Cannot Be Resumed
    [Documentation]    The device may come back with a good token; it gets a new session, and its mail.
    [Tags]    SESS-03
    Revoke Session    ${BEFORE}[sessionId]    as=phone
    Wait For Close    desktop    code=4002
    ${sent}    Device Sends    phone    {"text": "while you were out"}    to=desktop
    ${again}    Device Returns    desktop    session=${BEFORE}[sessionId]
    Session Should Be New    ${again}    ${BEFORE}
    Device Should Receive    desktop    ${sent}

A Session Can Be Revoked While Its Device Is Away
    [Documentation]    Also a session that nobody uses at the moment cannot be resumed any more.
    [Tags]    SESS-03
    Device Goes Offline    desktop
    Revoke Session    ${BEFORE}[sessionId]    as=phone
    ${again}    Device Returns    desktop    session=${BEFORE}[sessionId]
    Session Should Be New    ${again}    ${BEFORE}

A Revoked Token Closes Its Connection And Opens None
    [Documentation]    Its connection ends with 4002, and it lets nobody in, with or without a live session.
    [Tags]    SESS-03
    Device Goes Offline    desktop
    ${token}    Mint Token    desktop
    ${granted}    Device Returns    desktop    token=${token}
    Revoke Token    ${token}
    Wait For Close    desktop    code=4002
    Return Should Be Refused    desktop    ${token}    ${granted}[sessionId]

A Session Does Not Help A Revoked Token
    [Documentation]    A session that was opened with a good token is not resumed with one that was revoked since.
    [Tags]    SESS-03
    ${token}    Mint Token    desktop
    Device Goes Offline    desktop
    Revoke Token    ${token}
    Return Should Be Refused    desktop    ${token}    ${BEFORE}[sessionId]
    ${again}    Device Returns    desktop    session=${BEFORE}[sessionId]
    Session Should Be Resumed    ${again}    ${BEFORE}

Nobody Revokes Another User's Session
    [Documentation]    To another user the session does not exist; its device stays.
    [Tags]    SESS-03
    Revoke Session    ${BEFORE}[sessionId]    as=stranger    user=${USER}-other    status=404
    ${sent}    Device Sends    phone    {"text": "still there?"}    to=desktop
    Device Should Receive    desktop    ${sent}

Nobody Revokes Another User's Token
    [Documentation]    To another user the token does not exist, in use or not; it goes on letting its device in.
    [Tags]    SESS-03
    ${unused}    Mint Token    desktop
    ${used}    Mint Token    desktop
    ${foreign}    Mint Token    desktop    user=${USER}-other
    Device Goes Offline    desktop
    Device Returns    desktop    token=${used}
    Revoke Token    ${unused}    by=${foreign}    status=404
    Revoke Token    ${used}    by=${foreign}    status=404
    Get Client State    desktop    ==    open
    Device Goes Offline    desktop
    Device Returns    desktop    token=${unused}

A Device Can Revoke The Token Of Another
    [Documentation]    The phone makes the token worthless with which the user's desktop is connected.
    [Tags]    SESS-03
    ${lost}    Mint Token    desktop
    ${of_phone}    Mint Token    phone
    Device Goes Offline    desktop
    ${granted}    Device Returns    desktop    token=${lost}
    Revoke Token    ${lost}    by=${of_phone}
    Wait For Close    desktop    code=4002
    Return Should Be Refused    desktop    ${lost}    ${granted}[sessionId]
