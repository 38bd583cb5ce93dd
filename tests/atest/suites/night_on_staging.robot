*** Settings ***
Documentation    A night on a stack that others use: load within its limits.

Library          wireproof.Load
Library          wireproof.Stack
Library          wireproof.Timing

Suite Setup      Attach To Stack    staging    isolation=keep    max_rate=200/s    max_connections=500

Test Tags        nightly


*** Variables ***
${WS_URL}                wss://staging.example/ws
${GATE_TOKEN: Secret}    %{ALICE_TOKEN}
&{GATE}                  X-Gate=${GATE_TOKEN}
${SENSOR_QUERY}          SELECT 1 FROM readings WHERE id = %s


*** Test Cases ***
Readings Arrive Within 50 Milliseconds For Ten Minutes
    [Documentation]    Steady load, judged by thresholds and by the criterion.
    Set Load Thresholds    delivery.p95 < 50 ms    delivery.lost == 0    connect.failed < 1 %
    Stop Load When    server.error_rate > 5 % for 10s
    ${result}    Run Load    steady    ${WS_URL}    connections=200    rate=150/s    duration=10min
    ...    send={"type": "reading", "celsius": 21.5}    id_at=$.meta.id    headers=${GATE}    size=1 kB
    Criterion Should Be Met    PERF-02    of=${result}

Sensors Come Up In Steps And Send Bursts
    [Documentation]    A profile of stages, beside clients that a class of the team's plays.
    VAR    &{rows}    query=${SENSOR_QUERY}    every=10
    VAR    &{settings}    site=north
    Start Load    sensors    ${WS_URL}    scenario=fan out    group=room-{pair}    model=open    warmup=5s    drain=10s
    ...    stages=0..100 connections over 10s, 10/s..50/s in 5 steps of 30s, burst of 200 within 5s
    ...    kind=reading    rows=${rows}    workers=2    at=50/s    login={"user": "sensor-{n:04}"}    dialect=stomp
    Start Load    clerks    scenario=user    user=clerks.Clerk    settings=${settings}    connections=5
    ...    rate=5/s    duration=2min
    Wait For Load    sensors    timeout=5min    msg=the sensors
    Stop Load    clerks
