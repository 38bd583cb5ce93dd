*** Settings ***
Documentation    Connections come back: after a loss, after a restart, and when the server stays away for a while.

Resource         ../../resources/connection.resource

Suite Setup      Prepare Suite
Test Setup       New User
Test Timeout     60 s


*** Test Cases ***
Device Reconnects After A Loss
    [Documentation]    A device whose connection was lost registers again and goes on.
    [Tags]    CONN-13
    Device Registers    phone
    Abort Client    phone
    Reconnect Client    phone    backoff=50ms..1s
    Device Should Answer    phone

Device Comes Back By Itself After A Restart
    [Documentation]    The server restarts on the same port; the device keeps trying until it is back and gets its mail.
    [Tags]    CONN-13
    ${server}    Start A Server
    Device Registers    phone    server=${server}    reconnect=50ms..500ms
    Restart Service    ${server.name}
    Device Registers    desktop    server=${server}
    ${sent}    Device Sends    desktop    "welcome back"    to=phone
    Message Should Reach    phone    ${sent}

Device Comes Back After A Crash
    [Documentation]    The server dies without a word and starts again on the same port; the device reconnects.
    [Tags]    CONN-13
    ${server}    Start A Server
    Device Registers    phone    server=${server}
    Kill Service    ${server.name}
    Wait For Close    phone    code=1006
    Start Service    ${server.name}
    Reconnect Client    phone    backoff=50ms..500ms
    Device Should Answer    phone

Reconnecting Gives Up When The Server Stays Away
    [Documentation]    While nobody listens reconnecting fails with the reason; when the server is back it succeeds.
    [Tags]    CONN-13
    ${server}    Start A Server
    Device Registers    phone    server=${server}
    Stop Service    ${server.name}
    Wait For Close    phone    code=1012    msg=unclean-close
    Run Keyword And Expect Error    *refused the connection*
    ...    Reconnect Client    phone    backoff=50ms..200ms    timeout=1 s
    Start Service    ${server.name}
    Reconnect Client    phone    backoff=50ms..200ms
    Device Should Answer    phone
