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
A Slow Reader Hurts Nobody And Loses Nothing
    [Documentation]    A device reads nothing and is sent more than fits: the traffic of others keeps its pace, the device
    ...    is cut off with 4008, and gets its mail when it returns.
    [Tags]    REC-15
    A Device Is Flooded And Does Not Read
    Bystanders Should Be Served In Time
    Device Should Be Offline    sleeper
    Bystanders Should Be Served In Time
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

A Device Is Flooded And Does Not Read
    [Documentation]    Two more devices, of another user: one sends, large messages all the time; one does not read.
    Device Registers    giver    user=${USER}-slow
    Device Registers    sleeper    user=${USER}-slow    via=tap
    Pause Link    tap    direction=to client
    Start Tracked Traffic    giver    audience=sleeper    name=flood    body=${LARGE}    kind=user_message    rate=80/s

Bystanders Should Be Served In Time
    [Documentation]    Everybody else gets what is sent to them, as promptly as one may expect on a busy machine.
    ${now}    Set Mark
    Wait For Messages    member-002    ${CALM}    kind=user_message    since=${now}    timeout=8s
    ...    msg=bystander-latency
