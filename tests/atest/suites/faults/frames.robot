*** Settings ***
Documentation    What happens to single messages and frames on a link `room` in front of a `ws://` server; the connection
...              is whole, and everything else passes as it is.

Resource         chat.resource

Suite Setup      Chat Is Open
Test Setup       Alice And Bob Are In The Chat


*** Test Cases ***
A Message Is Lost
    [Documentation]    The others come, and nothing tells that one is missing: here the third.
    [Tags]    fault:drop
    Drop Frames    room    every=3    count=1
    Bob Counts To    4
    Alice Should Hear    1    2    4
    All Should Be Well After Healing

A Message Comes Twice
    [Documentation]    The same message again, right behind the first.
    [Tags]    fault:duplicate
    Duplicate Frames    room    skip=1    count=1
    Bob Counts To    3
    Alice Should Hear    1    2    2    3
    All Should Be Well After Healing

Two Messages Change Places
    [Documentation]    A message comes behind the one that was sent after it.
    [Tags]    fault:swap
    Swap Frames    room    skip=1    count=1
    Bob Counts To    4
    Alice Should Hear    1    3    2    4
    All Should Be Well After Healing

One Message Is Late
    [Documentation]    All that are sent meanwhile overtake it.
    [Tags]    fault:delay-one
    Delay Frames    room    1h    regex=^2$
    Bob Counts To    4
    Alice Should Hear    1    3    4
    Heal All Faults
    Alice Should Hear    1    3    4    2
    All Should Be Well After Healing

A Message Is Cut Off
    [Documentation]    Only its beginning comes, in a frame that is valid.
    [Tags]    fault:truncate
    Truncate Frames    room    keep=5 B
    Send Text    bob    a long story
    Wait For Message    alice    text=a lon
    All Should Be Well After Healing

Text Is No UTF-8
    [Documentation]    The client has to end the connection with 1007.
    [Tags]    fault:invalid-utf8
    Corrupt Frames    room
    Send Text    bob    hello
    Wait For Close    alice    code=1007
    All Should Be Well After Healing And Reconnecting

Somebody Says Goodbye In The Server's Name
    [Documentation]    The connection ends with a close code that the server never sent.
    [Tags]    fault:inject-close
    Inject Close    room    1013    try again later
    Wait For Close    alice    code=1013    reason=try again later
    All Should Be Well After Healing And Reconnecting

A Frame That Nobody Knows Comes In
    [Documentation]    Its opcode is reserved: the client has to end the connection with 1002.
    [Tags]    fault:junk-opcode
    Inject Frame    room    3    junk
    Wait For Close    alice    code=1002
    All Should Be Well After Healing And Reconnecting

A Message Comes In Fragments
    [Documentation]    The message is the same, in several frames: who takes each frame for a message misreads it.
    [Tags]    fault:refragment
    Fragment Frames    room    pieces=3
    Answer Should Come In Frames    TEXT    CONT    CONT
    Heal All Faults
    Answer Should Come In Frames    TEXT

Pings Come Between Fragments
    [Documentation]    The message is the same, with control frames in its midst, as the RFC allows.
    [Tags]    fault:interleave
    Fragment Frames    room    pieces=3    with_pings=yes
    Answer Should Come In Frames    TEXT    PING    CONT    PING    CONT
    Heal All Faults
    Answer Should Come In Frames    TEXT

Heartbeats Do Not Arrive
    [Documentation]    The client has no ping to answer; the server takes it for dead and closes.
    [Tags]    fault:swallow-ping
    [Setup]    Alice And Bob Are In A Chat With Heartbeats
    Swallow Pings    room
    Wait For Close    alice    code=1011    reason=ping timeout
    All Should Be Well After Healing And Reconnecting

Answers To Heartbeats Do Not Arrive
    [Documentation]    The client answers each ping, and the server takes it for dead all the same and closes.
    [Tags]    fault:swallow-pong
    [Setup]    Alice And Bob Are In A Chat With Heartbeats
    Swallow Pongs    room
    Wait For Close    alice    code=1011    reason=ping timeout
    All Should Be Well After Healing And Reconnecting


*** Keywords ***
Alice And Bob Are In A Chat With Heartbeats
    [Documentation]    The set-up of a test: the server pings, and gives up who does not answer.
    ${url}    Open Chat    heartbeat_s=${0.2}
    Start Fault Proxy    room    ${url}
    Alice And Bob Come In    ${url}

Answer Should Come In Frames
    [Documentation]    A client hears what it says in frames with these opcodes.
    [Arguments]    @{opcodes}
    ${frames}    Get Frames Of Answer    ${LINK.url}    an answer that is long enough
    Should Be Equal    ${frames}    ${opcodes}
