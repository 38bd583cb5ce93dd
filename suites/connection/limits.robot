*** Settings ***
Documentation     What is limited is refused clearly at the limit, and possible again below it.

Resource          ../../resources/connection.resource

Suite Setup       Prepare Suite
Suite Teardown    Disconnect From All Databases
Test Setup        New User
Test Timeout      60 s


*** Test Cases ***
Full Server Refuses And Recovers When One Leaves
    [Documentation]    One connection above the limit is refused with 1013; when a device leaves, the next one comes in.
    [Tags]    CONN-08
    ${server}    Start A Server    {"maxConnections": 3}
    Devices Register    phone    3    server=${server}
    ${newcomer}    Login Of    newcomer    http=${server.http}
    Connection Should Be Refused    ${server.ws}    stage=login    code=1013    login=${newcomer}
    Close Client    phone-001
    Device Should Be Able To Register    newcomer    server=${server}
    Device Should Answer    phone-002

Full Server Counts Connections That Never Registered
    [Documentation]    A visitor takes a place too, and gives it back when its connection is lost.
    [Tags]    CONN-08
    ${server}    Start A Server    {"maxConnections": 2}
    Open Client    visitor    ${server.ws}    log_in=no
    Device Registers    phone    server=${server}
    ${newcomer}    Login Of    newcomer    http=${server.http}
    Connection Should Be Refused    ${server.ws}    stage=login    code=1013    login=${newcomer}
    Abort Client    visitor
    Device Should Be Able To Register    newcomer    server=${server}

User With Too Many Devices Is Refused And Recovers When One Leaves
    [Documentation]    A user's device above the limit is refused, another user's is not; when one leaves it comes in.
    [Tags]    CONN-08
    ${server}    Start A Server    {"maxDevicesPerUser": 2}
    Devices Register    phone    2    server=${server}
    ${tablet}    Login Of    tablet    http=${server.http}
    Connection Should Be Refused
    ...    ${server.ws}
    ...    stage=login
    ...    code=1008
    ...    reason=REGISTRATION_FAILED
    ...    login=${tablet}
    Device Registers    stranger    user=${USER}-other    server=${server}
    Close Client    phone-001
    Device Should Be Able To Register    tablet    server=${server}

Registration Churn Exhausts Nothing
    [Documentation]    A thousand device ids come and go, every second one lost; every count is back at its start.
    [Tags]    CONN-10
    ${server}    Start A Server    {"authMode": "open"}
    FOR    ${round}    IN RANGE    50
        Twenty Devices Come And Go    ${round}    server=${server}
    END
    Connections Should Return To    0    server=${server}
    Guest Registers    newcomer    server=${server}
    Device Should Answer    newcomer
