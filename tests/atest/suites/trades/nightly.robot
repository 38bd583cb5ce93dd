*** Settings ***
Documentation     Nightly on staging: load, a cut network, a rollout; nothing is deleted, nothing is killed by us.

Library           Process
Library           wireproof.Delivery
Library           wireproof.Faults
Library           wireproof.Fixtures
Library           wireproof.Load
Library           wireproof.Monitor
Library           wireproof.Sockets
Library           wireproof.Stack
Library           wireproof.Timing
Resource          environment.resource

Suite Setup       Attach To Stack    staging    isolation=keep    max_rate=200/s    max_connections=500
Suite Teardown    Heal All Faults

Test Tags         nightly    exclusive


*** Variables ***
@{PHONES}          @{{ [f"phone-{n:03}" for n in range(1, 51)] }}
${DELIVERED_IN}    50 ms
${STEADY_FOR}      10min
${CUT_FOR}         20s
${ROLLOUT_FOR}     5min
${ROLLOUT}         kubectl rollout restart deployment/gateway


*** Test Cases ***
Delivery Stays Below 50 Milliseconds For Ten Minutes
    [Documentation]    Who sends gets its echo; a server that mostly fails ends it early.
    [Tags]    perf-02    rel-02
    Set Load Thresholds    delivery.p95 < ${DELIVERED_IN}    delivery.lost == 0    connect.failed < 1 %
    Stop Load When    server.error_rate > 5 % for 10s
    ${result}    Run Load    steady    ${WS_URL}    connections=300    rate=150/s    duration=${STEADY_FOR}
    ...    send={"type": "echo", "text": "qa"}    id_at=$.id
    Criterion Should Be Met    PERF-02    of=${result}

Clients Survive A Cut Network
    [Documentation]    All come back by themselves and hear their echoes again; what was under way is gone.
    [Tags]    rec-12
    Start Fault Proxy    office    ${WS_URL}
    Open Clients    phone    50    ${WS_URL}    via=office    reconnect=100ms..5s
    Start Ledger    cut    guarantee=at most once
    Every Phone Talks
    Black Hole Link    office    duration=${CUT_FOR}
    Recovery Should Take At Most    10s    until=first success
    ${back}    Set Mark    back
    All Clients Should Receive    phone    kind=echo    since=${back}    once=no    timeout=10s
    No Phone Talks
    Delivery Should Be Correct    cut

Rollout By The Platform Team Loses Nothing
    [Documentation]    The load runs on while the platform team's tool replaces the servers.
    [Tags]    rec-17
    Start Load    during rollout    ${WS_URL}    connections=100    rate=100/s    duration=${ROLLOUT_FOR}
    ...    send={"type": "echo"}
    Record Outage    rollout    begins
    Run Process    ${ROLLOUT}    shell=yes    timeout=4min    on_timeout=kill
    Record Outage    rollout    ends
    ${result}    Wait For Load    during rollout
    Recovery Should Take At Most    30s    fault=rollout    until=rate
    Criterion Should Be Met    REL-02    of=${result}

Nothing Of Ours Is In The Way
    [Documentation]    Own rows may stay; sessions and connections may not.
    Skip Unless Stack Can    read sessions
    Nothing Should Be Left Behind    ignore=rows,keys


*** Keywords ***
Every Phone Talks
    [Documentation]    Each one to itself, twice a second, until the end of the test.
    FOR    ${phone}    IN    @{PHONES}
        Start Tracked Traffic    ${phone}    audience=${phone}    echo=yes    rate=2/s    kind=echo    name=${phone}
    END
    All Clients Should Receive    phone    kind=echo    once=no

No Phone Talks
    [Documentation]    What was said is judged when nobody says more.
    FOR    ${phone}    IN    @{PHONES}
        Stop Tracked Traffic    ${phone}
    END
