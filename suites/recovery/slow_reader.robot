*** Settings ***
Documentation     A device that does not read what it is sent: the service cuts it off, and nobody else notices.

Resource          ../../resources/recovery.resource

Suite Setup       Prepare Suite With Small Buffers
Suite Teardown    Disconnect From All Databases
Test Setup        Traffic Is Steady
Test Timeout      2 minutes


*** Variables ***
${LARGE}    ${{ {"text": "x" * 60_000} }}


*** Test Cases ***
A Slow Reader Hurts Nobody
    [Documentation]    While one device reads nothing and is sent far more than fits, the traffic of the others keeps
    ...    its pace.
    [Tags]    REC-15
    Device Registers    sleeper    via=tap
    Pause Link    tap    direction=to client
    ${now}    Set Mark    large messages
    Device Sends    member-001    ${LARGE}    to=sleeper    count=400
    Bystanders Should Be Served In Time    since=${now}
    Heal All Faults
    Wait For Close    sleeper    code=4008    timeout=20s    msg=slow-consumer
    Everything Should Have Recovered

What A Slow Reader Missed Comes When It Returns
    [Documentation]    Being cut off costs a slow device nothing but time: its mail is kept.
    [Tags]    REC-15
    Device Registers    sleeper    via=tap
    Pause Link    tap    direction=to client
    @{sent}    Device Sends    member-001    ${LARGE}    to=sleeper    count=200
    Heal All Faults
    Wait For Close    sleeper    code=4008    timeout=20s    msg=slow-consumer
    Reconnect Client    sleeper
    VAR    &{last}    id=${sent}[-1].id
    Wait For Message    sleeper    json=${last}    timeout=20s    msg=lost
    Everything Should Have Recovered


*** Keywords ***
Prepare Suite With Small Buffers
    [Documentation]    A device that is a MiB behind is a slow one; it connects through the link `tap`.
    Prepare Suite For Recovery    outboundBufferBytes=${1048576}
    Start Fault Proxy    tap    ${SERVER.ws}

Bystanders Should Be Served In Time
    [Documentation]    Everybody else gets what is sent to them, as promptly as one may expect on a busy machine.
    [Arguments]    ${since}
    Wait For Messages    member-002    ${CALM}    kind=user_message    since=${since}    timeout=${BOUND}
    ...    msg=bystander-latency
