*** Settings ***
Documentation     Nobody gets mail that is not theirs: not by naming a mailbox in the address, not by asking for it.

Resource          ../../resources/security.resource

Suite Setup       Prepare Suite
Suite Teardown    Disconnect From All Databases
Test Setup        User Has Devices    phone    desktop
Test Timeout      60 s


*** Test Cases ***
An Unregistered Connection Gets No Mail
    [Documentation]    A connection that names a device in its address and never registers gets none of its mail.
    [Tags]    SEC-05    smoke
    Eavesdropper Connects    on=desktop
    ${to_one}    Device Sends    phone    {"text": "for the desktop"}    to=desktop
    ${to_all}    Device Sends    phone    {"text": "for all"}
    Message Should Reach Only    ${to_one}    desktop
    Message Should Reach Only    ${to_all}    desktop
    Eavesdropper Should Have Heard Nothing

An Unregistered Connection Does Not Empty A Mailbox
    [Documentation]    Mail of a device that is offline waits for that device, whoever names it in an address.
    [Tags]    SEC-05
    Device Goes Offline    desktop
    Eavesdropper Connects    on=desktop
    ${sent}    Device Sends    phone    {"text": "for the desktop"}    to=desktop
    Sender Should Learn    phone    ${sent}    queued    msg=misdelivered
    Eavesdropper Should Have Heard Nothing
    Device Comes Back    desktop
    Message Should Reach Only    ${sent}    desktop

A Failed Registration Gets No Mail
    [Documentation]    A connection whose registration is refused has heard nothing of the mail of the device it named.
    [Tags]    SEC-05
    Device Goes Offline    desktop
    ${sent}    Device Sends    phone    {"text": "for the desktop"}    to=desktop
    Eavesdropper Connects    on=desktop
    Eavesdropper Fails To Register    as=desktop
    Device Comes Back    desktop
    Message Should Reach Only    ${sent}    desktop

Another User's Mail Cannot Be Fetched
    [Documentation]    Over HTTP a token opens its own user's mail only, whatever device the request names.
    [Tags]    SEC-04
    Stranger Registers
    ${sent}    Device Sends    phone    {"text": "for the desktop"}    to=desktop
    Message Should Reach Only    ${sent}    desktop
    Mailbox Should Hold    desktop    ${sent}    as=phone
    Mailbox Should Be Empty For The Stranger    desktop

Another User's Session Cannot Be Resumed
    [Documentation]    With another device's session, epoch and lastSeq one gets a new session and none of its mail.
    [Tags]    SEC-04
    ${opened}    Device Registers    watch
    ${sent}    Device Sends    phone    {"text": "for the watch"}    to=watch
    Device Should Receive    watch    ${sent}
    Device Goes Offline    watch
    ${queued}    Device Sends    phone    {"text": "for the watch, too"}    to=watch
    Session Should Not Help The Stranger    ${opened.granted}
    Device Comes Back    watch
    Device Should Receive    watch    ${queued}

Another User's Mail Cannot Be Confirmed
    [Documentation]    A confirmation of another user's delivery is an error, and the delivery stays unconfirmed.
    [Tags]    SEC-04
    [Setup]    A Phone And A Silent Desktop Register
    Stranger Registers
    ${sent}    Device Sends    phone    {"text": "for the desktop"}    to=desktop
    ${arrived}    Device Should Receive    desktop    ${sent}
    Backlog Should Be    desktop    1
    Stranger Confirms    ${arrived}
    Backlog Should Be    desktop    1    msg=spoofed-sender
