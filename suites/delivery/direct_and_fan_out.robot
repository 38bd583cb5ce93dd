*** Settings ***
Documentation    A message reaches the device it names, or every other device of its user, and nobody else.

Resource         ../../resources/delivery.resource

Suite Setup      Prepare Suite
Test Setup       New User
Test Timeout     60 s


*** Test Cases ***
A Message To One Device Arrives There Once
    [Documentation]    The device that it names gets a message exactly once; the user's other devices do not.
    [Tags]    DLV-01    smoke
    [Setup]    User Has Devices    phone    desktop    tablet
    ${sent}    Device Sends    phone    {"text": "hello"}    to=desktop
    Message Should Reach Only    ${sent}    desktop
    Sender Should Learn    phone    ${sent}    delivered

A Question And Its Answer Find Their Way
    [Documentation]    The recipient sees who asked, and its answer reaches the one that asked.
    [Tags]    DLV-01
    [Setup]    User Has Devices    phone    desktop
    ${question}    Device Sends    phone    {"text": "what time is it?"}    to=desktop
    ${arrived}    Device Should Receive    desktop    ${question}
    ${asker}    Device Id    phone
    Should Be Equal    ${arrived.json}[fromDeviceId]    ${asker}
    ${answer}    Device Sends    desktop    {"text": "noon"}    to=phone    kind=user_response
    ${arrived}    Device Should Receive    phone    ${answer}
    Should Be Equal    ${arrived.body}[text]    noon

A Device Can Write To Itself
    [Documentation]    A message that names its own sender reaches it, and only it.
    [Tags]    DLV-01
    [Setup]    User Has Devices    phone    desktop
    ${sent}    Device Sends    phone    {"text": "a note to myself"}    to=phone
    Message Should Reach Only    ${sent}    phone

A Message To All Reaches Every Other Device Once
    [Documentation]    Without a target every other device of the user gets a message exactly once, the sender none.
    [Tags]    DLV-02    smoke
    [Setup]    User Has Devices    phone    desktop    laptop    tablet    watch
    ${sent}    Device Sends    phone    {"text": "hello, everybody"}
    Message Should Reach Only    ${sent}    desktop    laptop    tablet    watch
    Sender Should Learn    phone    ${sent}    delivered

Whoever Speaks Is Heard By All The Others
    [Documentation]    Each device in turn reaches all the others, whatever its place among them.
    [Tags]    DLV-02
    [Setup]    User Has Devices    phone    desktop    laptop    watch
    FOR    ${speaker}    IN    @{DEVICES}
        ${sent}    Device Sends    ${speaker}    {"text": "it is my turn"}
        VAR    @{others}    @{DEVICES}
        Remove Values From List    ${others}    ${speaker}
        Message Should Reach Only    ${sent}    @{others}
    END

Nobody Of Another User Hears Anything
    [Documentation]    Neither a message to all nor one to a single device reaches another user.
    [Tags]    DLV-02
    [Setup]    User Has Devices    phone    desktop
    Stranger Registers
    ${to_all}    Device Sends    phone    {"text": "for all of mine"}
    ${to_one}    Device Sends    phone    {"text": "for one of mine"}    to=desktop
    Device Should Receive    desktop    ${to_all}
    Device Should Receive    desktop    ${to_one}
    Stranger Should Have Heard Nothing

Two Users May Name A Device Alike
    [Documentation]    A message to a device id that two users have reaches the sender's own device only.
    [Tags]    DLV-02
    [Setup]    User Has Devices    phone    desktop
    Namesake Registers    stranger    of=desktop
    ${sent}    Device Sends    phone    {"text": "for my own desktop"}    to=desktop
    Device Should Receive    desktop    ${sent}
    Stranger Should Have Heard Nothing    of=desktop

A Connection That Has Not Registered Hears Nothing
    [Documentation]    Naming a device in the address of a connection does not open its mailbox.
    [Tags]    DLV-02
    [Setup]    User Has Devices    phone    desktop
    ${desktop}    Device Id    desktop
    VAR    &{query}    deviceId=${desktop}    userId=${USER}    deviceType=desktop
    Open Client    listener    query=${query}    log_in=no
    Wait For Message    listener    kind=device_register
    ${to_one}    Device Sends    phone    {"text": "not for listeners"}    to=desktop
    ${to_all}    Device Sends    phone    {"text": "nor is this"}
    Device Should Receive    desktop    ${to_one}
    Device Should Receive    desktop    ${to_all}
    Listener Should Be Heard And Hear Nothing


*** Keywords ***
Listener Should Be Heard And Hear Nothing
    [Documentation]    The server answers a connection that has not registered, by an error, and sends it no messages.
    Send Message    listener    {}    kind=heartbeat
    Wait For Message    listener    kind=error
    Get Message Count    listener    ==    ${0}    kind=user_message    msg=misdelivered
