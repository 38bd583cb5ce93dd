*** Settings ***
Documentation    What happens to Redis, seen by a client of it that has connected before and does not reconnect by
...              itself. The reference server goes on without Redis.

Library          data_clients.py
Library          wireproof.Faults
Library          wireproof.Stack

Suite Setup      Ensure Stack
Test Setup       Clients Are Connected


*** Test Cases ***
Writes Wait
    [Documentation]    Who writes gets no answer, who reads does.
    [Tags]    fault:pause-writes
    Pause Cache    writes    duration=1 minute
    Ask Redis    GET    greeting
    Command Should Fail    Timeout    SET    greeting    hello
    All Should Be Well After Healing

All Commands Wait
    [Documentation]    Nobody gets an answer, until the time is over.
    [Tags]    fault:pause-all
    Pause Cache    all    duration=3s
    Command Should Fail    Timeout    GET    greeting
    All Should Be Well After Healing

Subscribers Are Cut Off
    [Documentation]    The connection that listens to a channel ends; others stay.
    [Tags]    fault:kill-pubsub
    Kill Cache Subscribers
    Run Keyword And Expect Error    ConnectionError:*    Hear From Redis
    Ask Redis    GET    greeting
    All Should Be Well After Healing

Clients Are Cut Off
    [Documentation]    The connection ends, and the command that was to go over it fails; subscribers stay.
    [Tags]    fault:kill-normal
    Kill Cache Clients
    Command Should Fail    Connection    GET    greeting
    Connect To Redis
    Subscriber Should Hear    still there
    All Should Be Well After Healing

Memory Is Full
    [Documentation]    Who writes gets an error (OOM), who reads or publishes an answer.
    [Tags]    fault:out-of-memory
    Fill Cache
    Command Should Fail    OutOfMemory    SET    greeting    hello
    Ask Redis    GET    greeting
    Subscriber Should Hear    still heard
    All Should Be Well After Healing

Everything Is Forgotten
    [Documentation]    The connection stays, and every key is gone.
    [Tags]    fault:flush
    Empty Cache
    ${greeting}    Ask Redis    GET    greeting
    Should Be True    $greeting is None
    All Should Be Well After Healing

Redis Comes Back Empty
    [Documentation]    The connection ends, and when it is back every key is gone.
    [Tags]    fault:restart-empty
    Restart Service    redis
    Command Should Fail    Connection    GET    greeting
    Connect To Redis
    ${greeting}    Ask Redis    GET    greeting
    Should Be True    $greeting is None
    All Should Be Well After Healing

Access Is Revoked
    [Documentation]    The connection ends, and nobody can log in as that user any more.
    [Tags]    fault:revoke
    Revoke Cache Access
    Command Should Fail    Connection    GET    greeting
    Run Keyword And Expect Error    Authentication*    Connect To Redis
    All Should Be Well After Healing


*** Keywords ***
Clients Are Connected
    [Documentation]    The set-up of a test: one client reads and writes, one listens to a channel.
    Connect To Redis
    Subscribe In Redis    news
    Client Should Write And Read

Client Should Write And Read
    [Documentation]    What the client writes it reads again.
    Ask Redis    SET    greeting    hello
    ${greeting}    Ask Redis    GET    greeting
    Should Be Equal    ${greeting}    ${{ b"hello" }}

Command Should Fail
    [Documentation]    The client's own library says that it has got no answer, or an error.
    [Arguments]    ${kind}    @{command}
    Run Keyword And Expect Error    ${kind}*Error:*    Ask Redis    @{command}

All Should Be Well After Healing
    [Documentation]    New connections write and read, and hear what is published.
    Heal All Faults
    Connect To Redis
    Subscribe In Redis    news
    Client Should Write And Read
    Subscriber Should Hear    all is well

Subscriber Should Hear
    [Documentation]    What is published comes to who listens.
    [Arguments]    ${news}
    Ask Redis    PUBLISH    news    ${news}
    ${heard}    Hear From Redis
    Should Be Equal    ${heard}    ${news}
