*** Settings ***
Documentation     A client opens a connection, says who it is, and leaves; what cannot be opened says why.

Resource          ../../resources/connection.resource

Suite Setup       Prepare Suite
Suite Teardown    Disconnect From All Databases
Test Setup        New User
Test Timeout      60 s


*** Variables ***
${CHALLENGE}        {"type": "device_register", "fromDeviceId": "server", "requiresAck": false, "seq": "#absent",
...                 "payload": {"challenge": "Please register your device", "serverTime": "#datetime"}}
${AUTH_REQUIRED}    {"type": "error", "payload": {"code": "AUTH_REQUIRED", "error": "#string", "message": "#string"}}


*** Test Cases ***
Device Opens, Registers And Closes
    [Documentation]    A device connects, registers, is shown online, closes with 1000 and is shown offline.
    [Tags]    CONN-01    smoke
    Device Registers    phone
    Device Should Be Online    phone
    Close Client    phone    code=1000
    Wait For Close    phone    code=1000
    Device Should Be Offline    phone

Registration Opens A Session
    [Documentation]    The answer to a registration names a new session, the device's epoch and the server's time.
    [Tags]    CONN-01
    ${phone}    Device Registers    phone
    Should Be Equal    ${phone.granted}[status]    success
    Should Not Be Empty    ${phone.granted}[sessionId]
    Should Not Be Empty    ${phone.granted}[epoch]
    Should Be Equal    ${phone.granted}[resumed]    ${False}
    Should Be Equal    ${phone.granted}[recovered]    ${False}

Challenge Comes First
    [Documentation]    The first that a new connection hears is the challenge, and it hears no more until it registers.
    [Tags]    CONN-02    smoke
    Open Client    visitor    log_in=no
    ${challenge}    Message Should Arrive Once    visitor    json=${CHALLENGE}
    Should Be Equal    ${challenge.index}    ${1}
    Get Message Count    visitor    ==    1

Query String Shows In The Challenge And Registers Nobody
    [Documentation]    What the query string says of a device shows in the challenge; the connection stays unregistered.
    [Tags]    CONN-02
    ${device}    Device Id    phone
    VAR    &{query}    deviceId=${device}    userId=${USER}    deviceType=mobile
    Open Client    visitor    query=${query}    log_in=no
    ${challenge}    Wait For Message    visitor    json=${CHALLENGE}
    Should Contain    ${challenge.text}    "${device}"
    Device Should Be Offline    phone

Nothing But Registering Is Possible Before
    [Documentation]    Any other message before the registration is refused, and the connection stays open for it.
    [Tags]    CONN-02
    Open Client    visitor    log_in=no
    FOR    ${kind}    IN    heartbeat    user_message    task_start    device_unregister
        ${mark}    Set Mark    ${kind}
        Visitor Sends    visitor    {}    as=phone    kind=${kind}
        Wait For Message    visitor    json=${AUTH_REQUIRED}    since=${mark}
    END
    Get Client State    visitor    ==    open

A Closed Port Is Refused At Once
    [Documentation]    Nothing listens there: the refusal comes long before any time-out and says so.
    [Tags]    CONN-03    smoke
    ${port}    Port Without A Listener
    Connection Should Be Refused    ws://127.0.0.1:${port}/    stage=tcp    reason=refused the connection    log_in=no

An Unknown Host Is Refused
    [Documentation]    The name of the host is not known: the refusal names it.
    [Tags]    CONN-03
    Connection Should Be Refused    ws://nowhere.invalid/    stage=tcp    reason=nowhere.invalid    log_in=no

A Path That Speaks No WebSocket Is Refused
    [Documentation]    The service's HTTP port takes no WebSocket: the refusal holds the status of its answer.
    [Tags]    CONN-03
    ${url}    Replace String    ${HTTP_URL}    http    ws    count=1
    Connection Should Be Refused    ${url}/no-such-path    stage=http    status=404    log_in=no

Fifty Devices Are Connected At Once
    [Documentation]    Fifty devices of five users connect at once; all are shown online and hear what their user says.
    [Tags]    CONN-04
    VAR    @{teams}    ants    bees    cats    dogs    eels
    FOR    ${team}    IN    @{teams}
        Devices Register    ${team}    10    user=${team}-${USER}
    END
    FOR    ${team}    IN    @{teams}
        ${mark}    Set Mark    ${team} speak
        Send Message    ${team}-001    "to my team"    kind=user_message
        VAR    @{others}    @{{ [f"${team}-{n:03}" for n in range(2, 11)] }}
        Only These Clients Should Receive
        ...    ${others}
        ...    among=all
        ...    kind=user_message
        ...    since=${mark}
        ...    settle=100 ms
    END
