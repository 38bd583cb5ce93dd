*** Settings ***
Documentation     A backlog that fills up refuses low priority first and critical last, and whom a message to all leaves
...               out is named. The tests have a server of their own with a backlogLimit of 20.

Resource          ../../resources/delivery.resource

Suite Setup       Prepare Suite With Own Server    settings={"backlogLimit": 20}
Suite Teardown    Disconnect From All Databases
Test Setup        A Desktop Is Away
Test Timeout      60 s


*** Variables ***
@{PRIORITIES}    LOW    NORMAL    HIGH    CRITICAL    # in a message their places, from 0


*** Test Cases ***    WAITING    FIRST TAKEN
The Fuller The Backlog The Higher The Priority It Takes
    [Documentation]    LOW is refused at 80 % of the limit, NORMAL at 90 %, HIGH at 95 %, CRITICAL at the limit.
    [Tags]    DLV-09
    [Setup]    NONE
    [Template]    With Waiting The First To Be Taken Is
    15    LOW
    16    NORMAL
    17    NORMAL
    18    HIGH
    19    CRITICAL
    20    nothing

What Was Accepted Comes And What Was Refused Does Not
    [Documentation]    A full backlog comes whole and in order; what was refused left no gap in its numbers.
    [Tags]    DLV-09
    @{accepted}    Desktop Has Waiting    20
    Message Should Be Refused    CRITICAL
    Device Comes Back    desktop
    Device Should Receive All    desktop    ${accepted}
    @{live}    Device Sends Many    phone    2    to=desktop
    Device Should Receive All    desktop    ${{ [*$accepted, *$live] }}
    Deliveries Should Be Numbered Without A Gap    desktop

A Backlog That Was Read Takes Everything Again
    [Documentation]    When the device has confirmed its backlog even LOW is accepted again.
    [Tags]    DLV-09
    @{accepted}    Desktop Has Waiting    20
    Message Should Be Refused    LOW
    Device Comes Back    desktop
    Device Should Receive All    desktop    ${accepted}
    ${answer}    Device Sends    desktop    {"text": "I have read it all"}    to=phone
    Sender Hears About    desktop    ${answer}
    Device Goes Offline    desktop
    Message Should Be Taken    LOW

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
    @{accepted}    Desktop Has Waiting    10
    Restart Service    ${SERVER.name}
    Device Comes Back    desktop
    Device Should Receive All    desktop    ${accepted}


*** Keywords ***
A Desktop Is Away
    [Documentation]    Registers the devices of a new user; one of them goes offline.
    User Has Devices    phone    desktop    tablet
    Device Goes Offline    desktop

Desktop Has Waiting
    [Documentation]    So many messages wait for the desktop, taken as critical ones.
    [Arguments]    ${count}
    VAR    &{fields}    priority=3
    @{sent}    Device Sends Many    phone    ${count}    to=desktop    fields=${fields}
    Sender Should Learn    phone    ${sent}[-1]    queued
    RETURN    ${sent}

With Waiting The First To Be Taken Is
    [Documentation]    With so many of 20 waiting each priority below this one is refused, and this one is taken.
    [Arguments]    ${count}    ${first}
    A Desktop Is Away
    Desktop Has Waiting    ${count}
    FOR    ${priority}    IN    @{PRIORITIES}
        IF    $priority == $first    BREAK
        Message Should Be Refused    ${priority}
    END
    IF    $first in $PRIORITIES    Message Should Be Taken    ${first}
    [Teardown]    Close All Clients

Message Should Be Taken
    [Documentation]    A message of this priority is stored for the desktop.
    [Arguments]    ${priority}
    ${sent}    Phone Asks For Room    ${priority}
    Sender Should Learn    phone    ${sent}    queued

Message Should Be Refused
    [Documentation]    A message of this priority is refused because the backlog is too full for it.
    [Arguments]    ${priority}
    ${sent}    Phone Asks For Room    ${priority}
    Sender Should Learn Of Refusal    phone    ${sent}    QUEUE_FULL
    Message Should Not Be Stored    ${sent}

Phone Asks For Room
    [Documentation]    The phone sends the desktop, which is away, one more message.
    [Arguments]    ${priority}
    VAR    &{fields}    priority=${{ $PRIORITIES.index($priority) }}
    ${sent}    Device Sends    phone    {"text": "one of many"}    to=desktop    fields=${fields}
    RETURN    ${sent}
