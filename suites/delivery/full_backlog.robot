*** Settings ***
Documentation       A backlog that fills up takes less and less: low priority is refused first, critical last, and whom a
...                 message to all leaves out is named. The tests have a server of their own with a backlogLimit of 20.

Resource            ../../resources/delivery.resource

Suite Setup         Prepare Suite With Own Server    settings={"backlogLimit": 20}
Suite Teardown      Disconnect From All Databases
Test Setup          A Desktop Is Away
Test Timeout        60 s


*** Variables ***
${LOW}          0
${NORMAL}       1
${HIGH}         2
${CRITICAL}     3


*** Test Cases ***
The Lower The Priority The Earlier It Is Refused
    [Documentation]    LOW is refused from 80 % of the limit on, NORMAL from 90 %, HIGH from 95 %, CRITICAL at the limit.
    [Tags]    DLV-09
    # with 15 messages waiting all are welcome
    Desktop Has Waiting    15
    Message Should Be Accepted    ${LOW}
    # 16 of 20
    Message Should Be Refused    ${LOW}
    Message Should Be Accepted    ${NORMAL}
    Message Should Be Accepted    ${NORMAL}
    # 18 of 20
    Message Should Be Refused    ${LOW}
    Message Should Be Refused    ${NORMAL}
    Message Should Be Accepted    ${HIGH}
    # 19 of 20
    Message Should Be Refused    ${NORMAL}
    Message Should Be Refused    ${HIGH}
    Message Should Be Accepted    ${CRITICAL}
    # 20 of 20
    Message Should Be Refused    ${LOW}
    Message Should Be Refused    ${NORMAL}
    Message Should Be Refused    ${HIGH}
    Message Should Be Refused    ${CRITICAL}

What Was Accepted Comes And What Was Refused Does Not
    [Documentation]    A full backlog comes whole and in order; what was refused left no gap in its numbers.
    [Tags]    DLV-09
    @{accepted}    Desktop Has Waiting    20
    Message Should Be Refused    ${CRITICAL}
    Device Comes Back    desktop
    Device Should Receive All    desktop    ${accepted}
    ${live}    Device Sends    phone    {"text": "one of many"}    to=desktop
    Device Should Receive All    desktop    ${{ [*$accepted, $live] }}
    Deliveries Should Be Numbered Without A Gap    desktop

A Backlog That Was Read Takes Everything Again
    [Documentation]    When the device has confirmed its backlog even LOW is accepted again.
    [Tags]    DLV-09
    @{accepted}    Desktop Has Waiting    20
    Message Should Be Refused    ${LOW}
    Device Comes Back    desktop
    Device Should Receive All    desktop    ${accepted}
    ${answer}    Device Sends    desktop    {"text": "I have read it all"}    to=phone
    Sender Hears About    desktop    ${answer}
    Message Should Be Accepted    ${LOW}

One Full Backlog Does Not Fill Another
    [Documentation]    While a device's backlog is full, messages to another device are accepted and delivered.
    [Tags]    DLV-09
    Desktop Has Waiting    20
    ${sent}    Device Sends    phone    {"text": "for you"}    to=tablet
    Sender Should Learn    phone    ${sent}    delivered
    Device Should Receive    tablet    ${sent}

A Message To All Leaves Out Whose Backlog Is Full
    [Documentation]    The others get it; the acknowledgement names the device that was left out.
    [Tags]    DLV-09
    @{accepted}    Desktop Has Waiting    20
    ${sent}    Device Sends    phone    {"text": "for everybody"}
    ${ack}    Sender Should Learn    phone    ${sent}    delivered
    ${left_out}    Device Id    desktop
    Should Be Equal    ${ack.body}[skipped]    ${{ [$left_out] }}
    Device Should Receive    tablet    ${sent}
    Device Comes Back    desktop
    Device Should Receive All    desktop    ${accepted}

A Message To All Is Refused When Nobody Has Room
    [Documentation]    When every recipient's backlog is full the sender learns QUEUE_FULL, and nothing is stored.
    [Tags]    DLV-09
    [Setup]    User Has Devices    phone    desktop
    Device Goes Offline    desktop
    Desktop Has Waiting    20
    ${sent}    Device Sends    phone    {"text": "for everybody"}
    Sender Should Learn Of Refusal    phone    ${sent}    QUEUE_FULL
    Message Should Not Be Stored    ${sent}

A Restart Of The Server Loses No Backlog
    [Documentation]    What was acknowledged reaches a device that returns after the server was restarted.
    [Tags]    DLV-06
    Skip Unless Stack Can    kill services
    @{accepted}    Desktop Has Waiting    20
    Restart Service    ${SERVER.name}
    Device Comes Back    desktop
    Device Should Receive All    desktop    ${accepted}


*** Keywords ***
A Desktop Is Away
    [Documentation]    Registers the devices of a new user; one of them goes offline.
    User Has Devices    phone    desktop    tablet
    Device Goes Offline    desktop

Desktop Has Waiting
    [Documentation]    So many messages wait for the desktop, accepted as critical ones.
    [Arguments]    ${count}
    VAR    &{fields}    priority=${CRITICAL}
    @{sent}    Device Sends Many    phone    ${count}    to=desktop    fields=${fields}
    Sender Should Learn    phone    ${sent}[-1]    queued
    RETURN    ${sent}

Message Should Be Accepted
    [Documentation]    A message of this priority is stored for the desktop.
    [Arguments]    ${priority}
    VAR    &{fields}    priority=${priority}
    ${sent}    Device Sends    phone    {"text": "is there room?"}    to=desktop    fields=${fields}
    ${ack}    Sender Hears About    phone    ${sent}
    Should Not Be Equal    ${ack.body}[status]    failed    priority ${priority} was refused: ${ack.body}

Message Should Be Refused
    [Documentation]    A message of this priority is refused because the backlog is too full for it.
    [Arguments]    ${priority}
    VAR    &{fields}    priority=${priority}
    ${sent}    Device Sends    phone    {"text": "is there room?"}    to=desktop    fields=${fields}
    Sender Should Learn Of Refusal    phone    ${sent}    QUEUE_FULL
    Message Should Not Be Stored    ${sent}
