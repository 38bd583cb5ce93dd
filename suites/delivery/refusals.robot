*** Settings ***
Documentation     A message that goes nowhere, or pretends to be somebody else's, is refused: its sender learns why,
...               exactly once, and nobody gets it.

Resource          ../../resources/delivery.resource

Suite Setup       Prepare Suite
Suite Teardown    Disconnect From All Databases
Test Setup        User Has Devices    phone    desktop
Test Timeout      60 s


*** Test Cases ***
A Message To A Device That Does Not Exist Is Refused
    [Documentation]    The sender learns that there is no such device; nobody gets the message and nothing is stored.
    [Tags]    DLV-11
    ${sent}    Device Sends    phone    {"text": "anybody there?"}    to=nowhere
    Sender Should Learn Of Refusal    phone    ${sent}    DEVICE_NOT_FOUND
    Message Should Reach Nobody    ${sent}
    Message Should Not Be Stored    ${sent}

A Message To Another User's Device Is Refused
    [Documentation]    The sender learns that there is no such device, and the other user's device gets nothing.
    [Tags]    DLV-11
    Stranger Registers
    ${target}    Device Id    stranger    user=${USER}-other
    ${sent}    Send Message    phone    {"text": "anybody there?"}    kind=user_message    to=${target}
    Sender Should Learn Of Refusal    phone    ${sent}    DEVICE_NOT_FOUND
    Message Should Not Be Stored    ${sent}
    Stranger Should Have Heard Nothing

Not Yours And Not There Look Alike
    [Documentation]    The answers for another user's device and for no device differ in nothing but the message's id.
    [Tags]    DLV-11
    Stranger Registers
    ${foreign}    Device Id    stranger    user=${USER}-other
    FOR    ${type}    IN    user_message    task_start    file_sync    notification    device_handoff
        ${not_yours}    Refusal Of A Message    ${type}    ${foreign}
        ${not_there}    Refusal Of A Message    ${type}    ${foreign}-no-such-device
        Should Be Equal    ${not_yours}    ${not_there}
    END

A Message Without Recipients Is Refused
    [Documentation]    A message to all of a user with one device goes to nobody, and its sender learns that.
    [Tags]    DLV-11
    [Setup]    User Has Devices    phone
    ${sent}    Device Sends    phone    {"text": "anybody there?"}
    Sender Should Learn Of Refusal    phone    ${sent}    DEVICE_NOT_FOUND
    Message Should Not Be Stored    ${sent}

A Message That No Device Can Take Is Refused
    [Documentation]    Tasks need a desktop or extension, files one that syncs, notifications one that shows them.
    [Tags]    DLV-11
    [Setup]    New User
    VAR    &{neither}    supportsFileSync=${False}    supportsNotifications=${False}
    VAR    &{login}    capabilities=${neither}
    Device Registers    phone    type=mobile
    Device Registers    watch    type=mobile    login=${login}
    FOR    ${type}    IN    task_start    task_status    file_upload    file_sync    notification
        ${sent}    Device Sends    phone    {"about": "${type}"}    kind=${type}
        Sender Should Learn Of Refusal    phone    ${sent}    DEVICE_NOT_FOUND
        Device Should Not Have Received    watch    ${sent}
    END

Who Asks For No Acknowledgement Learns Of A Refusal By An Error
    [Documentation]    With requiresAck false the refusal is an error with the same code, and no acknowledgement too.
    [Tags]    DLV-11
    VAR    &{fields}    requiresAck=${False}
    ${sent}    Device Sends    phone    {"text": "anybody there?"}    to=nowhere    fields=${fields}
    Sender Should Learn Of Refusal    phone    ${sent}    DEVICE_NOT_FOUND    as=error

Refused Messages Disturb No Others
    [Documentation]    Good messages between refused ones arrive, all and in order.
    [Tags]    DLV-11
    VAR    @{good}    @{EMPTY}
    FOR    ${_}    IN RANGE    20
        ${refused}    Device Sends    phone    {"text": "anybody there?"}    to=nowhere
        ${sent}    Device Sends    phone    {"text": "one of many"}    to=desktop
        VAR    @{good}    @{good}    ${sent}
    END
    Sender Should Learn Of Refusal    phone    ${refused}    DEVICE_NOT_FOUND
    Device Should Receive All    desktop    ${good}

Nobody Can Write In Another Device's Name
    [Documentation]    A message with another fromDeviceId is refused as FORBIDDEN, not rewritten; nobody gets it.
    [Tags]    DLV-10
    ${desktop}    Device Id    desktop
    VAR    &{fields}    fromDeviceId=${desktop}
    ${sent}    Device Sends    phone    {"text": "it was the desktop"}    to=desktop    fields=${fields}
    Sender Should Learn Of Refusal    phone    ${sent}    FORBIDDEN    msg=spoofed-sender
    Message Should Reach Nobody    ${sent}
    Message Should Not Be Stored    ${sent}

Nobody Can Write In Another User's Name
    [Documentation]    A message with another userId is refused as FORBIDDEN; neither user's devices get it.
    [Tags]    DLV-10
    Stranger Registers
    ${stranger}    Device Id    stranger    user=${USER}-other
    VAR    &{fields}    userId=${USER}-other
    VAR    ${body}    {"text": "trust me"}
    ${to_one}    Send Message    phone    ${body}    kind=user_message    to=${stranger}    fields=${fields}
    ${to_all}    Send Message    phone    ${body}    kind=user_message    fields=${fields}
    Sender Should Learn Of Refusal    phone    ${to_one}    FORBIDDEN    msg=spoofed-sender
    Sender Should Learn Of Refusal    phone    ${to_all}    FORBIDDEN    msg=spoofed-sender
    Message Should Reach Nobody    ${to_all}
    Stranger Should Have Heard Nothing


*** Keywords ***
Refusal Of A Message
    [Documentation]    What the phone hears about a message to the device of this id, without the message's own id.
    [Arguments]    ${type}    ${target}
    ${sent}    Send Message    phone    {"text": "anybody there?"}    kind=${type}    to=${target}
    ${answer}    Sender Should Learn Of Refusal    phone    ${sent}    DEVICE_NOT_FOUND
    ${refusal}    Evaluate    {name: value for name, value in $answer.body.items() if name != "originalMessageId"}
    RETURN    ${refusal}
