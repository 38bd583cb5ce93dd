*** Settings ***
Documentation    Prices by STOMP over mutual TLS: who is let in, and what a token refresh may cost.

Library          RequestsLibrary
Library          wireproof.Sockets
Resource         environment.resource

Suite Setup      Set Client Defaults    url=${WS_URL}    dialect=stomp    subprotocols=v12.stomp    tls=${TRADER_TLS}
Test Timeout     2 minutes


*** Test Cases ***
No Certificate Is Refused By TLS
    [Documentation]    The client's certificate is asked for by TLS, not by STOMP.
    Connection Should Be Refused    stage=tls    tls=${NO_CERT}    within=3s

Expired Token Is Refused At Login
    [Documentation]    The broker says no, and why.
    VAR    &{login}    Authorization=${EXPIRED_BEARER}
    Connection Should Be Refused    stage=login    login=${login}    code=1008    reason=token expired

Prices Continue Over A Token Refresh
    [Documentation]    The sequence has no gap over a reconnect with fresh credentials.
    ${login}    Fresh Login
    Open Client    trader    login=${login}
    Set Mark    first subscription
    Subscribe To Prices    trader
    Wait For Messages    trader    10    kind=MESSAGE    timeout=10s
    ${login}    Fresh Login
    Reconnect Client    trader    login=${login}    timeout=5s
    Subscribe To Prices    trader
    Wait For Messages    trader    20    kind=MESSAGE    timeout=20s
    Messages Should Be In Order    trader    by=$.sequence    step=1    kind=MESSAGE

Heartbeats Keep An Idle Session
    [Documentation]    They go both ways while nothing is said.
    ${login}    Fresh Login
    Open Client    trader    login=${login}
    No Message Should Arrive    trader    within=35s
    Get Client State    trader    ==    open


*** Keywords ***
Subscribe To Prices
    [Documentation]    Subscribes a client, and waits for the broker's receipt.
    [Arguments]    ${client}
    VAR    &{fields}    id=p1    destination=/topic/prices/EURUSD
    Send Message And Wait For Reply    ${client}    kind=SUBSCRIBE    fields=${fields}

Fresh Login
    [Documentation]    Takes a new token over HTTP; the log does not show it.
    ${level}    Set Log Level    NONE    # RequestsLibrary logs bodies at INFO
    ${response}    POST    ${API}/token    cert=${{ ("trader.pem", "trader.key") }}    verify=bank-ca.pem
    ${bearer}    Create Secret    ${response.json()}[access_token]    prefix=Bearer${SPACE}
    VAR    &{login}    Authorization=${bearer}
    RETURN    ${login}
    [Teardown]    Set Log Level    ${level}
