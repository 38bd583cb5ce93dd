*** Settings ***
Documentation    Quotes by STOMP over mutual TLS: who is let in, and what a reconnect may cost.

Library          RequestsLibrary
Library          wireproof.Sockets
Resource         market.resource

Suite Setup      Set Client Defaults
...                  url=${GATEWAY}    dialect=stomp    subprotocols=v12.stomp    tls=${WITH_CERTIFICATE}
Test Timeout     1 minute


*** Test Cases ***
Nobody Enters Without A Certificate
    [Documentation]    The client's certificate is asked for by TLS, not by STOMP.
    Connection Should Be Refused    stage=tls    tls=${WITHOUT_CERTIFICATE}    within=5s

Nobody Enters With A Stale Pass
    [Documentation]    The broker says no at login, and why.
    Connection Should Be Refused    stage=login    login=${STALE}    code=1008    reason=expired

Quotes Have No Gap After A New Pass
    [Documentation]    The sequence goes on over a reconnect with fresh credentials.
    Open Client    dealer    login=${DEALER}    reconnect=100ms..5s
    Set Mark    first quotes
    Ask For Quotes    dealer    EURUSD
    Wait For Messages    dealer    5    kind=MESSAGE    timeout=10s
    ${login}    Take A New Pass
    Reconnect Client    dealer    login=${login}    timeout=10s
    Ask For Quotes    dealer    EURUSD
    Wait For Messages    dealer    10    kind=MESSAGE    since=first quotes    timeout=20s
    Messages Should Be In Order    dealer    by=$.sequence    step=1    kind=MESSAGE    since=first quotes

A Quiet Dealer Stays Connected
    [Documentation]    Heartbeats go both ways while nothing is said.
    Open Client    dealer    login=${DEALER}
    No Message Should Arrive    dealer    within=30s
    Get Client State    dealer    ==    open


*** Keywords ***
Ask For Quotes
    [Documentation]    Subscribes a client to the quotes of a pair, and waits for the broker's receipt.
    [Arguments]    ${client}    ${pair}
    VAR    &{fields}    id=quotes    destination=/topic/quotes/${pair}
    Send Message And Wait For Reply    ${client}    kind=SUBSCRIBE    fields=${fields}

Take A New Pass
    [Documentation]    Gets fresh credentials over HTTP; the log does not show them.
    ${before}    Set Log Level    NONE
    ${response}    POST    ${PASSES}    verify=market-ca.pem
    ${pass}    Create Secret    ${response.json()}[pass]    prefix=Bearer${SPACE}
    VAR    &{login}    Authorization=${pass}
    RETURN    ${login}
    [Teardown]    Set Log Level    ${before}
