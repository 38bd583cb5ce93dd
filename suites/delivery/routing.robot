*** Settings ***
Documentation     Every type of message goes where its rule says. Each test has a phone that sends, a desktop that
...               syncs files, an extension that shows notifications, a tablet for both and a watch for neither.

Resource          ../../resources/delivery.resource

Suite Setup       Prepare Suite
Suite Teardown    Disconnect From All Databases
Test Setup        The Cast Registers
Test Timeout      60 s


*** Test Cases ***    TYPE    RECEIVERS
Talk Goes To Every Other Device
    [Documentation]    Talk and device status without a target reach every other device of the user.
    [Tags]    DLV-03
    [Template]    Message Should Go To
    user_message    desktop    extension    tablet    watch
    user_response    desktop    extension    tablet    watch
    device_status    desktop    extension    tablet    watch

Files Go To The Devices That Sync Files
    [Documentation]    File messages without a target reach every other device with supportsFileSync.
    [Tags]    DLV-03
    [Template]    Message Should Go To
    file_upload    desktop    tablet
    file_download    desktop    tablet
    file_sync    desktop    tablet
    file_delete    desktop    tablet

Notifications Go To The Devices That Show Them
    [Documentation]    A notification without a target reaches every other device with supportsNotifications.
    [Tags]    DLV-03
    [Template]    Message Should Go To
    notification    extension    tablet

Tasks Go To The Desktop Or Extension That Was Active Last
    [Documentation]    A task message without a target reaches one device: of those that run tasks the one active last.
    [Tags]    DLV-03
    [Template]    Task Should Go To The Active
    task_start    desktop
    task_pause    extension
    task_resume    desktop
    task_cancel    extension
    task_status    desktop
    task_start    extension
    task_pause    desktop
    task_resume    extension
    task_cancel    desktop
    task_status    extension

Tasks Wait For A Desktop That Is Away
    [Documentation]    A task goes to the user's only desktop even while that is away, and reaches it when it returns.
    [Tags]    DLV-03
    [Setup]    User Has Devices    phone    desktop
    Device Goes Offline    desktop
    ${sent}    Device Sends    phone    {"task": "backup"}    kind=task_start
    Sender Should Learn    phone    ${sent}    queued
    Device Comes Back    desktop
    Device Should Receive    desktop    ${sent}

A Named Target Gets Any Message Alone
    [Documentation]    With a target every type reaches that device only, whatever it is and can do.
    [Tags]    DLV-03
    [Template]    Message Should Go To The Named Watch
    user_message
    user_response
    device_status
    device_handoff
    task_start
    task_pause
    task_resume
    task_cancel
    task_status
    file_upload
    file_download
    file_sync
    file_delete
    notification

A Handoff Needs A Target
    [Documentation]    A device_handoff has no audience of its own: without a target it is refused and goes nowhere.
    [Tags]    DLV-03
    ${sent}    Device Sends    phone    {"task": "backup"}    kind=device_handoff
    Sender Should Learn Of Refusal    phone    ${sent}    DEVICE_NOT_FOUND
    Message Should Reach Nobody    ${sent}

A Heartbeat Is Answered By The Server
    [Documentation]    A heartbeat gets one heartbeat as its answer, from the server, and goes to no device.
    [Tags]    DLV-03
    ${sent}    Device Sends    phone    {"at": "noon"}    kind=heartbeat
    ${answer}    Sender Hears About    phone    ${sent}
    Should Be Equal    ${answer.kind}    heartbeat
    Message Should Reach Nobody    ${sent}
    Sender Should Have Heard Once    phone    ${sent}

A Confirmation Is Consumed By The Server
    [Documentation]    A recipient's ack is answered by nobody and reaches no device, not even the one it names.
    [Tags]    DLV-03
    ${message}    Device Sends    phone    {"text": "please confirm"}    to=desktop
    ${arrived}    Device Should Receive    desktop    ${message}
    VAR    &{confirmation}    originalMessageId=${message.id}    seq=${arrived.seq}
    ${sent}    Device Sends    desktop    ${confirmation}    kind=ack    to=phone
    Message Should Reach Nobody    ${sent}
    Sender Should Have Heard Nothing    desktop    ${sent}


*** Keywords ***
The Cast Registers
    [Documentation]    Registers the devices of a new user.
    New User
    Device With Registers    phone    mobile    files=yes    notifications=yes
    Device With Registers    desktop    desktop    files=yes    notifications=no
    Device With Registers    extension    extension    files=no    notifications=yes
    Device With Registers    tablet    mobile    files=yes    notifications=yes
    Device With Registers    watch    mobile    files=no    notifications=no
    VAR    @{DEVICES}    phone    desktop    extension    tablet    watch    scope=TEST

Device With Registers
    [Documentation]    Registers a device of a type with what it can do.
    [Arguments]    ${client}    ${type}    @{}    ${files: bool}    ${notifications: bool}
    VAR    &{capabilities}    supportsFileSync=${files}    supportsNotifications=${notifications}
    VAR    &{login}    capabilities=${capabilities}
    Device Registers    ${client}    type=${type}    login=${login}

Message Should Go To
    [Documentation]    A message of this type that the phone sends without a target reaches these devices, no others.
    [Arguments]    ${type}    @{receivers}
    ${sent}    Device Sends    phone    {"about": "${type}"}    kind=${type}
    Message Should Reach Only    ${sent}    @{receivers}

Message Should Go To The Named Watch
    [Documentation]    A message of this type that names the watch as its target reaches the watch and no other device.
    [Arguments]    ${type}
    ${sent}    Device Sends    phone    {"about": "${type}"}    kind=${type}    to=watch
    Message Should Reach Only    ${sent}    watch

Task Should Go To The Active
    [Documentation]    After a device, then the tablet, has been active, a task of this type reaches that device only.
    [Arguments]    ${type}    ${device}
    Device Is Active    ${device}
    Device Is Active    tablet
    Message Should Go To    ${type}    ${device}

Device Is Active
    [Documentation]    A device says something that the service stores.
    [Arguments]    ${client}
    ${sent}    Device Sends    ${client}    {"status": "in use"}    to=watch    kind=device_status
    Sender Hears About    ${client}    ${sent}
