*** Settings ***
Documentation     A device that does not read what it is sent: the service cuts it off, and nobody else notices.

Resource          ../../resources/recovery.resource

Suite Setup       Prepare Suite With Small Buffers
Suite Teardown    Disconnect From All Databases
Test Setup        Traffic Is Steady Beside A Sleeper
Test Timeout      2 minutes


*** Variables ***
${LARGE}    ${{ {"text": "x" * 60_000} }}


*** Test Cases ***
A Slow Reader Hurts Nobody And Loses Nothing
    [Documentation]    A device reads nothing and is sent more than fits: the traffic of others keeps its pace, the
    ...    device is cut off with 4008, and gets its mail when it returns.
    [Tags]    REC-15
    Sleeper Is Flooded And Does Not Read
    Repeat Keyword    2 times    Bystanders Should Be Served In Time    # before and while nothing fits any more
    Sleeper Should Be Cut Off
    Stop Tracked Traffic    flood
    Heal All Faults
    Wait For Close    sleeper    code=4008    timeout=20s
    Reconnect Client    sleeper
    Everything Should Have Recovered    where={}    # of both users


*** Keywords ***
Prepare Suite With Small Buffers
    [Documentation]    A device that is 1 MiB behind is a slow one; it connects through the link `tap`.
    Prepare Suite For Recovery    outboundBufferBytes=${1048576}    heartbeatTimeout=60
    Start Fault Proxy    tap    ${SERVER.ws}

Traffic Is Steady Beside A Sleeper
    [Documentation]    There are two more devices, of another user.
    Members Register    3    reconnect=100ms..1s
    Device Registers    giver    user=${USER}-slow
    Device Registers    sleeper    user=${USER}-slow    via=tap
    Traffic Begins

Sleeper Is Flooded And Does Not Read
    [Documentation]    One device sends large messages all the time to one that reads nothing.
    Pause Link    tap    direction=to client
    Start Tracked Traffic    giver    audience=sleeper    name=flood    body=${LARGE}    kind=user_message    rate=60/s

Bystanders Should Be Served In Time
    [Documentation]    Everybody else gets what is sent to them, as promptly as one may expect on a busy machine.
    ${now}    Set Mark
    Wait For Messages    member-002    ${CALM}    kind=user_message    since=${now}    timeout=5s
    ...    msg=bystander-latency

Sleeper Should Be Cut Off
    [Documentation]    The service does not count the sleeper as present any more.
    Database Is Open
    VAR    @{owner}    ${USER}-slow
    Check Row Count
    ...    SELECT 1 FROM user_presence WHERE user_id = %s
    ...    ==
    ...    ${1}
    ...    slow-consumer: {value} of the two devices are present, expected {expected}
    ...    parameters=${owner}
    ...    retry_timeout=30s
    ...    retry_pause=50 ms
