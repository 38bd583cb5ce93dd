*** Settings ***
Documentation    What happens to whole processes: a server, PostgreSQL, Redis. The clients are devices of the server
...              `shop`, and come back by themselves.

Library          data_clients.py
Resource         shop.resource

Suite Setup      Shop Is Open
Test Setup       Alice And Bob Are In The Shop


*** Test Cases ***
A Server Is Killed
    [Documentation]    Connections end without a word, code 1006; who comes back finds it on the same port.
    [Tags]    fault:kill-server
    Kill Service    shop
    Wait For Close    alice    code=1006
    Connection Should Be Refused    log_in=no    stage=tcp
    All Should Be Well Again    shop

A Server Is Stopped
    [Documentation]    It says goodbye, code 1012: come again.
    [Tags]    fault:stop-server
    Stop Service    shop
    Wait For Close    alice    code=1012
    Connection Should Be Refused    log_in=no    stage=tcp
    All Should Be Well Again    shop

A Server Is Frozen
    [Documentation]    The connection stays, and nothing is answered; when it goes on everything is.
    [Tags]    fault:suspend-server
    Suspend Service    shop
    ${sent}    Device Writes    alice    bob
    Message Should Not Be Answered    alice    ${sent}
    Resume Service    shop
    Message Should Be Answered    alice    ${sent}    delivered
    All Should Be Well Again    shop

A Server Is Restarted
    [Documentation]    It says goodbye, code 1012, and is there again on the same port.
    [Tags]    fault:restart-server
    Restart Service    shop
    Wait For Close    alice    code=1012
    All Should Be Well Again    shop

A Server Crashes Again And Again
    [Documentation]    Connections end without a word, code 1006; who comes back may be cut off again.
    [Tags]    fault:crash-loop
    Crash Service    shop    times=2
    Wait For Close    alice    code=1006
    All Should Be Well Again    shop

Servers Are Restarted One After The Other
    [Documentation]    Clients are sent away, code 1012, those of one node after those of the other.
    [Tags]    fault:rolling-restart
    ${second}    Start Server    second    node_of=shop
    VAR    &{login}    id=carol    userId=${USER}
    Open Client    carol    ${second.ws}    login=${login}
    Roll Services    shop    second
    ${first}    Wait For Close    alice    code=1012
    ${last}    Wait For Close    carol    code=1012
    Should Be True    $first.at_ms < $last.at_ms
    All Should Be Well Again    shop

PostgreSQL Is Killed
    [Documentation]    The server stays, and senders are told that it is unavailable.
    [Tags]    fault:kill-postgres
    Kill Service    postgres
    Sender Should Be Refused
    All Should Be Well Again    postgres

PostgreSQL Is Stopped
    [Documentation]    As after a planned shutdown: senders are told that the server is unavailable.
    [Tags]    fault:stop-postgres
    Stop Service    postgres
    Sender Should Be Refused
    All Should Be Well Again    postgres

PostgreSQL Is Stopped Immediately
    [Documentation]    Sessions are cut without a word: senders are told that the server is unavailable.
    [Tags]    fault:immediate-stop-postgres
    Stop Service    postgres    mode=immediate
    Sender Should Be Refused
    All Should Be Well Again    postgres

PostgreSQL Is Frozen
    [Documentation]    The server waits for its database, and senders for their answer.
    [Tags]    fault:suspend-postgres
    Suspend Service    postgres
    ${sent}    Device Writes    alice    bob
    Message Should Not Be Answered    alice    ${sent}
    Resume Service    postgres
    Message Should Be Answered    alice    ${sent}    delivered
    All Should Be Well Again    postgres

Redis Is Killed
    [Documentation]    A client of Redis loses its connection and gets no new one; devices notice nothing.
    [Tags]    fault:kill-redis
    Connect To Redis
    Kill Service    redis
    Redis Should Be Away
    Both Should Hear Of Each Other
    All Should Be Well Again    redis

Redis Is Stopped
    [Documentation]    A client of Redis loses its connection and gets no new one; devices notice nothing.
    [Tags]    fault:stop-redis
    Connect To Redis
    Stop Service    redis
    Redis Should Be Away
    Both Should Hear Of Each Other
    All Should Be Well Again    redis

Redis Is Frozen
    [Documentation]    A client of Redis gets no answer; devices notice nothing.
    [Tags]    fault:suspend-redis
    Connect To Redis
    Suspend Service    redis
    Run Keyword And Expect Error    TimeoutError:*    Ask Redis    PING
    Both Should Hear Of Each Other
    Resume Service    redis
    All Should Be Well Again    redis


*** Keywords ***
All Should Be Well Again
    [Documentation]    The service runs again, and what needs it works.
    [Arguments]    ${service}
    Start Service    ${service}
    Wait Until Keyword Succeeds    ${PATIENCE}    100 ms    Both Should Hear Of Each Other
    Connect To Redis

Redis Should Be Away
    [Documentation]    The connection there was is lost, and a new one is refused.
    Run Keyword And Expect Error    ConnectionError:*    Ask Redis    PING
    Run Keyword And Expect Error    ConnectionError:*    Connect To Redis
