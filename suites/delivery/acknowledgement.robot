*** Settings ***
Documentation     The sender of a message that asks for it gets one acknowledgement, once the message is stored.

Resource          ../../resources/delivery.resource

Suite Setup       Prepare Suite
Suite Teardown    Disconnect From All Databases
Test Setup        User Has Devices    phone    desktop
Test Timeout      60 s


*** Test Cases ***
A Message Is Acknowledged Once
    [Documentation]    The sender gets one acknowledgement, from the server, that says delivered and when.
    [Tags]    DLV-05
    ${sent}    Device Sends    phone    {"text": "hello"}    to=desktop
    ${ack}    Sender Should Learn    phone    ${sent}    delivered
    Should Be Equal    ${ack.json}[fromDeviceId]    server
    Should Not Contain    ${ack.json}    seq    # it is no delivery
    VAR    &{payload}    deliveredAt=\#datetime    skipped=\#absent    error=\#absent
    VAR    &{expected}    id=${ack.id}    payload=${payload}
    Message Should Arrive Once    phone    json=${expected}    settle=0s

A Message To Many Is Acknowledged Once
    [Documentation]    However many devices receive a message, its sender gets one acknowledgement.
    [Tags]    DLV-05
    [Setup]    User Has Devices    phone    desktop    laptop    tablet
    ${sent}    Device Sends    phone    {"text": "hello, everybody"}
    Message Should Reach Only    ${sent}    desktop    laptop    tablet
    Sender Should Learn    phone    ${sent}    delivered

Every Message Of A Burst Is Acknowledged Once
    [Documentation]    A hundred messages sent without a pause get a hundred acknowledgements, each its own, in order.
    [Tags]    DLV-05
    @{sent}    Device Sends Many    phone    100    to=desktop
    Sender Hears About    phone    ${sent}[-1]
    Deliveries Should Have Ended    phone
    ${acks}    Get Messages    phone    kind=ack    since=${sent}[0]
    ${acknowledged}    Evaluate    [ack.reply_to for ack in $acks]
    Should Be Equal    ${acknowledged}    ${{ [message.id for message in $sent] }}

A Message For Devices That Are Away Is Queued
    [Documentation]    When no recipient is connected the acknowledgement says queued, and names no time of delivery.
    [Tags]    DLV-05
    Device Goes Offline    desktop
    ${sent}    Device Sends    phone    {"text": "for later"}    to=desktop
    ${ack}    Sender Should Learn    phone    ${sent}    queued
    Should Not Contain    ${ack.body}    deliveredAt

One Recipient That Is There Is Enough
    [Documentation]    A message to all says delivered when at least one of several recipients is connected.
    [Tags]    DLV-05
    [Setup]    User Has Devices    phone    desktop    tablet
    Device Goes Offline    desktop
    ${sent}    Device Sends    phone    {"text": "who is there?"}
    Sender Should Learn    phone    ${sent}    delivered

A Message That Asks For No Acknowledgement Gets None
    [Documentation]    With requiresAck false a message is delivered all the same; its sender hears nothing of it.
    [Tags]    DLV-05
    VAR    &{fields}    requiresAck=${False}
    ${sent}    Device Sends    phone    {"text": "never mind"}    to=desktop    fields=${fields}
    Message Should Reach Only    ${sent}    desktop
    Sender Should Have Heard Nothing    phone    ${sent}

The Message Is Stored When The Acknowledgement Comes
    [Documentation]    As soon as the sender has its acknowledgement another database session sees the row.
    [Tags]    DLV-05    smoke
    Database Is Open
    ${sender}    Device Id    phone
    FOR    ${n}    IN RANGE    30
        ${sent}    Device Sends    phone    {"n": ${n}}    to=desktop
        Sender Hears About    phone    ${sent}
        ${row}    Get Stored Message    ${sent.id}
        Should Be Equal    ${row}[fromDeviceId]    ${sender}
        Should Be Equal    ${row}[payload]    {"n": ${n}}
    END
