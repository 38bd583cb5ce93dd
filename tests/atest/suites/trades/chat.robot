*** Settings ***
Documentation     A room of 200: broadcast, ordering, mass reconnect.

Library           wireproof.Delivery
Library           wireproof.Faults
Library           wireproof.Sockets
Library           wireproof.Timing
Resource          environment.resource

Suite Setup       Fill The Room
Suite Teardown    Close All Clients

Test Tags         room


*** Variables ***
${MEMBERS}         200
${LAST}            member-${{ format(int($MEMBERS), "03") }}
@{FIRST_HALF}      @{{ [f"member-{n:03}" for n in range(1, int($MEMBERS) // 2 + 1)] }}
${HEARD_WITHIN}    250 ms
${RECOVERED_IN}    5s
${STORM}           100/s
${STORM_LINES}     500


*** Test Cases ***
Everybody Hears One Line Once And The Next Room Does Not
    [Documentation]    Also who speaks hears it.
    ${mark}    Set Mark    hello
    Send Message    member-001    {"room": "blue", "text": "hello"}    kind=say
    ${fan_out}    Only These Clients Should Receive    member    among=all    json={"text": "hello"}    since=${mark}
    Get Percentile    ${fan_out}    p95    <    ${HEARD_WITHIN}

Lines Of One Speaker Keep Their Order Everywhere
    [Documentation]    The room counts the lines of each speaker, so a hole is seen, too.
    ${mark}    Set Mark    hundred lines
    Send Message    member-001    {"room": "blue", "text": "line"}    kind=say    count=100    rate=50/s
    Wait For Messages    ${LAST}    100    kind=said    since=${mark}    exactly=yes    timeout=10s
    Messages Should Be In Order    member    by=$.n    step=1    kind=said    since=${mark}

Nobody Misses A Line When Half The Room Reconnects
    [Documentation]    The last one speaks all the time, before, during and after.
    ${mark}    Set Mark    storm
    Start Ledger    storm    guarantee=exactly once after dedupe    order=per sender
    Start Tracked Traffic    ${LAST}    audience=member    echo=yes    rate=${STORM}    kind=say
    ...    body={"room": "blue", "text": "tick"}
    Wait For Messages    ${LAST}    20    kind=said    since=${mark}    timeout=10s
    Half The Room Reconnects
    Recovery Should Take At Most    ${RECOVERED_IN}    until=drained
    Wait For Messages    ${LAST}    ${STORM_LINES}    kind=said    since=${mark}    timeout=30s
    Stop Tracked Traffic
    Drain Until Quiet    storm    quiet=1s    timeout=30s
    Delivery Should Be Correct    storm


*** Keywords ***
Fill The Room
    [Documentation]    Opens the members of the blue room and one outsider, all through the fault proxy.
    Start Fault Proxy    room    ${WS_URL}
    Set Client Defaults    url=${WS_URL}    via=room    dialect=json
    ${logins}    Evaluate
    ...    [{"name": f"member-{n:03}", "query": {"user": f"u{n}"}} for n in range(1, int($MEMBERS) + 1)]
    Open Clients    member    each=${logins}    at=100/s
    Open Client    outsider    query={"user": "x1", "room": "red"}

Half The Room Reconnects
    [Documentation]    The connections break without a word. All of that half come back at once, a few lines later.
    Reset Connections    room    client=${FIRST_HALF}
    ${broken}    Set Mark    broken
    Wait For Messages    ${LAST}    5    kind=said    since=${broken}
    Reconnect Client    ${FIRST_HALF}    backoff=100ms..5s    timeout=30s
