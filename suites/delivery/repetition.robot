*** Settings ***
Documentation     A sender that is not sure repeats a message with the same id: it is stored once and delivered once,
...               and each repetition is acknowledged like the first.

Resource          ../../resources/delivery.resource

Suite Setup       Prepare Suite
Suite Teardown    Disconnect From All Databases
Test Setup        User Has Devices    phone    desktop
Test Timeout      60 s


*** Test Cases ***
A Repeated Message Is Stored And Delivered Once
    [Documentation]    Sent again after its acknowledgement a message is acknowledged again, and nothing else happens.
    [Tags]    DLV-07    smoke
    ${sent}    Device Sends    phone    {"text": "hello"}    to=desktop
    ${first}    Sender Hears About    phone    ${sent}
    Device Repeats    phone    ${sent}    to=desktop
    Deliveries Should Have Ended    phone
    Get Stored Message    ${sent.id}
    Message Should Reach Only    ${sent}    desktop
    Sender Should Have Heard    phone    ${sent}    2    ${first}

A Message Repeated At Once Is Stored And Delivered Once
    [Documentation]    Ten copies sent without a pause make one row, one delivery and ten equal acknowledgements.
    [Tags]    DLV-07
    ${id}    Evaluate    str(uuid.uuid4())
    @{copies}    Device Sends    phone    {"text": "hello"}    to=desktop    id=${id}    count=10
    Deliveries Should Have Ended    phone
    Get Stored Message    ${id}
    Message Should Reach Only    ${copies}[0]    desktop
    ${first}    Sender Hears About    phone    ${copies}[0]
    Sender Should Have Heard    phone    ${copies}[0]    10    ${first}

A Repeated Message To All Reaches Everybody Once
    [Documentation]    A repetition of a message to all is delivered to none of its recipients again.
    [Tags]    DLV-07
    [Setup]    User Has Devices    phone    desktop    tablet    watch
    ${sent}    Device Sends    phone    {"text": "hello, everybody"}
    ${first}    Sender Hears About    phone    ${sent}
    Device Repeats    phone    ${sent}
    Deliveries Should Have Ended    phone
    Message Should Reach Only    ${sent}    desktop    tablet    watch
    Sender Should Have Heard    phone    ${sent}    2    ${first}

A Repetition Does Not Change The Message
    [Documentation]    A repetition with another text is acknowledged; what was stored and delivered first stays.
    [Tags]    DLV-07
    ${sent}    Device Sends    phone    {"text": "the first"}    to=desktop
    ${first}    Sender Hears About    phone    ${sent}
    Device Repeats    phone    ${sent}    to=desktop    body={"text": "the second"}
    Deliveries Should Have Ended    phone
    ${row}    Get Stored Message    ${sent.id}
    Should Be Equal    ${row}[payload]    {"text": "the first"}
    ${arrived}    Device Should Receive    desktop    ${sent}
    Should Be Equal    ${arrived.body}[text]    the first
    Sender Should Have Heard    phone    ${sent}    2    ${first}

A Repetition Over A New Connection Is Recognised
    [Documentation]    A sender that lost its connection and repeats its message does not double it.
    [Tags]    DLV-07
    ${sent}    Device Sends    phone    {"text": "hello"}    to=desktop
    ${first}    Sender Hears About    phone    ${sent}
    Abort Client    phone
    Device Comes Back    phone
    Device Repeats    phone    ${sent}    to=desktop
    Deliveries Should Have Ended    phone
    Get Stored Message    ${sent.id}
    Message Should Reach Only    ${sent}    desktop
    Sender Should Have Heard    phone    ${sent}    2    ${first}

A Repetition Repeats The First Answer
    [Documentation]    A message that was queued is acknowledged as queued again, though its recipient is back by then.
    [Tags]    DLV-07
    Device Goes Offline    desktop
    ${sent}    Device Sends    phone    {"text": "for later"}    to=desktop
    ${first}    Sender Should Learn    phone    ${sent}    queued
    Device Repeats    phone    ${sent}    to=desktop
    Sender Should Have Heard    phone    ${sent}    2    ${first}
    Device Comes Back    desktop
    Device Repeats    phone    ${sent}    to=desktop
    Sender Should Have Heard    phone    ${sent}    3    ${first}
    Message Should Reach Only    ${sent}    desktop

The Same Id From Another Device Is Another Message
    [Documentation]    Two devices of a user may choose the same id; both messages are stored and delivered.
    [Tags]    DLV-07
    [Setup]    User Has Devices    phone    tablet    desktop
    ${sent}    Device Sends    phone    {"text": "from the phone"}    to=desktop
    Device Repeats    tablet    ${sent}    to=desktop    body={"text": "from the tablet"}
    Sender Should Learn    phone    ${sent}    delivered
    Sender Should Learn    tablet    ${sent}    delivered
    Wait For Message    desktop    json={"id": "${sent.id}", "payload": {"text": "from the phone"}}
    Wait For Message    desktop    json={"id": "${sent.id}", "payload": {"text": "from the tablet"}}

The Same Id Of Another User Is Another Message
    [Documentation]    Two users may choose the same id; each message stays with its own user.
    [Tags]    DLV-07
    ${sent}    Device Sends    phone    {"text": "mine"}    to=desktop
    Device Should Receive    desktop    ${sent}
    Stranger Registers
    ${own_id}    Device Id    stranger    user=${USER}-other
    Send Message    stranger    {"text": "somebody else's"}    kind=user_message    to=${own_id}    id=${sent.id}
    VAR    &{expected}    id=${sent.id}    userId=${USER}-other
    Wait For Message    stranger    json=${expected}
    ${arrived}    Device Should Receive    desktop    ${sent}
    Should Be Equal    ${arrived.body}[text]    mine

A Refused Message May Be Sent Again
    [Documentation]    The id of a refused message is free: once there is a recipient the same message is accepted.
    [Tags]    DLV-07
    ${sent}    Device Sends    phone    {"text": "hello"}    to=tablet
    Sender Should Learn Of Refusal    phone    ${sent}    DEVICE_NOT_FOUND
    Device Registers    tablet
    Set Mark    second try
    Device Repeats    phone    ${sent}    to=tablet
    Sender Should Learn    phone    ${sent}    delivered
    Device Should Receive    tablet    ${sent}


*** Keywords ***
Device Repeats
    [Documentation]    Sends a message again, by its id.
    [Arguments]    ${client}    ${sent}    @{}    ${to}=${EMPTY}    ${body}={"text": "hello"}
    Device Sends    ${client}    ${body}    to=${to}    id=${sent.id}

Sender Should Have Heard
    [Documentation]    The sender gets so many acknowledgements of a message, all with the status and time of the first.
    [Arguments]    ${client}    ${sent}    ${count}    ${first}
    ${about}    About    ${sent}
    Deliveries Should Have Ended    ${client}
    Get Message Count    ${client}    ==    ${{ int($count) }}    kind=ack    json=${about}    msg=unanswered
    VAR    &{same}    payload=${first.body}
    Get Message Count
    ...    ${client}
    ...    ==
    ...    ${{ int($count) }}
    ...    kind=ack
    ...    json=${same}
    ...    msg=acknowledged otherwise
