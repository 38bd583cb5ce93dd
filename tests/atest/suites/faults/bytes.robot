*** Settings ***
Documentation    What happens to bytes on their way, whatever they mean. Alice is a client behind the link `room`.

Resource         chat.resource

Suite Setup      Chat Is Open
Test Setup       Alice And Bob Are In The Chat


*** Test Cases ***
Everything Is Late
    [Documentation]    Each answer takes longer by the delay, by twice as much when both directions are late.
    [Tags]    fault:latency
    Add Latency    room    100ms
    Answer Should Take At Least    200
    All Should Be Well After Healing

Everything Is Late By Chance
    [Documentation]    Some answers take longer than the delay, some less.
    [Tags]    fault:jitter-uniform
    Add Latency    room    300ms    jitter=300ms    direction=to client    seed=7
    ${times}    Get Times To Answer    8
    Should Be True    max(${times}) > 360
    Should Be True    min(${times}) < 240
    All Should Be Well After Healing

Everything Is Late By Chance And Some Of It Very
    [Documentation]    Some answers take longer than a uniform jitter would ever make them.
    [Tags]    fault:jitter-normal
    Add Latency    room    50ms    jitter=30ms    distribution=normal    direction=to client    seed=7
    ${times}    Get Times To Answer    16
    Should Be True    max(${times}) > 80
    All Should Be Well After Healing

Bandwidth Is Small
    [Documentation]    A large message takes as long as its bytes need.
    [Tags]    fault:bandwidth
    Limit Bandwidth    room    10 kB/s    direction=to client
    Answer Should Take At Least    250    ${{ "x" * 3000 }}
    All Should Be Well After Healing

Bytes Come One By One
    [Documentation]    Messages come in small parts, and are whole as late as their last byte comes.
    [Tags]    fault:slicing
    Slice Writes    room    size=1    gap=10ms    direction=to client
    Answer Should Take At Least    200    twenty bytes and more
    All Should Be Well After Healing

Everything Is Held Back
    [Documentation]    Nothing comes in either direction; when it is healed everything comes, in order.
    [Tags]    fault:pause
    Pause Link    room
    Bob Counts To    3
    Send Text    alice    from alice
    No Message Should Arrive    alice    text=3    within=200ms
    No Message Should Arrive    bob    text=from alice    within=0s
    Heal All Faults
    Alice Should Hear    1    2    3
    Wait For Message    bob    text=from alice
    All Should Be Well After Healing

Everything Disappears
    [Documentation]    Nobody hears of the other, and no error comes; when it is healed the torn connection is reset.
    [Tags]    fault:black-hole
    Black Hole Link    room
    Send Text    alice    lost
    Send Text    bob    not for alice
    Wait For Message    bob    text=not for alice
    No Message Should Arrive    alice    text=not for alice    within=200ms
    No Message Should Arrive    bob    text=lost    within=0s
    Heal All Faults
    Wait For Close    alice    code=1006
    All Should Be Well After Healing And Reconnecting

What A Client Sends Disappears
    [Documentation]    The client hears the others and is not heard, and gets no error.
    [Tags]    fault:black-hole-to-server
    Black Hole Link    room    direction=to server
    Send Text    alice    lost
    Send Text    bob    heard
    Wait For Message    alice    text=heard
    No Message Should Arrive    bob    text=lost    within=200ms
    Heal All Faults
    Wait For Close    alice    code=1006
    All Should Be Well After Healing And Reconnecting

What A Client Should Get Disappears
    [Documentation]    The client is heard and hears nothing: to it that looks as if the server did not answer.
    [Tags]    fault:black-hole-to-client
    Black Hole Link    room    direction=to client
    Send Text    alice    heard
    Wait For Message    bob    text=heard
    No Message Should Arrive    alice    text=heard    within=200ms
    Heal All Faults
    Wait For Close    alice    code=1006
    All Should Be Well After Healing And Reconnecting

The Connection Is Reset Now
    [Documentation]    The connection ends with a reset (RST), code 1006, though nothing was being sent.
    [Tags]    fault:reset-now
    Reset Connections    room
    Wait For Close    alice    code=1006    reason=reset by peer
    Get Client State    bob    ==    open
    All Should Be Well After Healing And Reconnecting

The Connection Is Reset After Some Bytes
    [Documentation]    What fits in arrives; then the connection ends with a reset (RST), code 1006.
    [Tags]    fault:reset-after
    Reset Connections    room    after=100 B    direction=to client
    Send Text    bob    small
    Wait For Message    alice    text=small
    Send Text    bob    ${{ "large" * 50 }}
    Wait For Close    alice    code=1006    reason=reset by peer
    All Should Be Well After Healing And Reconnecting

The Connection Is Reset Again And Again
    [Documentation]    Whoever comes back is cut off again: the network flaps.
    [Tags]    fault:reset-again
    Reset Connections    room    every=500ms
    Wait For Close    alice    code=1006    reason=reset by peer
    Reconnect Client    alice
    Wait For Close    alice    code=1006    reason=reset by peer
    All Should Be Well After Healing And Reconnecting

One Direction Ends
    [Documentation]    The stream ends (FIN) without a close frame, code 1006, as if the server had gone.
    [Tags]    fault:half-close
    Half Close Link    room    direction=to client
    Wait For Close    alice    code=1006    reason=without a close frame
    All Should Be Well After Healing And Reconnecting

The End Comes Late
    [Documentation]    The server has gone, and the client takes it for there until the end of the stream (FIN) comes.
    [Tags]    fault:slow-close
    Slow Close Link    room    300ms    direction=to client
    ${asked}    Send Text    alice    hang up
    ${end}    Wait For Close    alice    code=1006    reason=without a close frame
    Should Be True    $end.at_ms - $asked.at_ms >= 300
    All Should Be Well After Healing And Reconnecting

The Connection Is Cut In The Middle Of A Frame
    [Documentation]    The last thing to read is a part of a frame; no message comes of it, and the code is 1006.
    [Tags]    fault:cut-mid-frame
    Cut Mid Frame    room
    Send Text    bob    torn apart
    Wait For Close    alice    code=1006    reason=reset by peer
    Get Message Count    alice    ==    0    text=torn apart
    All Should Be Well After Healing And Reconnecting

Bits Are Wrong
    [Documentation]    A message differs from what was sent, and nothing tells so.
    [Tags]    fault:bit-flip
    Flip Bits    room    every=40 B    direction=to client    seed=7
    ${said}    Send Text    bob    the quick brown fox jumps over the lazy dog
    Wait For Message    bob    text=the quick brown fox jumps over the lazy dog
    ${wrong}    Wait For Message    alice    since=${said}
    Should Not Be Equal    ${wrong.text}    the quick brown fox jumps over the lazy dog
    All Should Be Well After Healing
