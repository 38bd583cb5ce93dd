*** Settings ***
Documentation     What a device does not confirm is sent again; what it confirms is not.
...               The tests have a server of their own that does not wait long before it sends again.

Resource          ../../resources/delivery.resource

Suite Setup       Prepare Suite With Own Server    settings={"messageTimeout": 0.3, "retryAttempts": 2}
Suite Teardown    Disconnect From All Databases
Test Setup        A Phone And A Silent Desktop Register
Test Timeout      60 s


*** Variables ***
${ONE_MORE}    450 ms    # one and a half messageTimeout: one repetition too many would have come


*** Test Cases ***
An Unconfirmed Message Is Sent Again
    [Documentation]    It comes again, with the same seq and a retryCount that counts up, retryAttempts times, no more.
    [Tags]    DLV-05
    ${sent}    Device Sends    phone    {"text": "are you there?"}    to=desktop
    Copies Should Come    ${sent}    0    1    2

A Confirmed Message Is Not Sent Again
    [Documentation]    Of three messages the confirmed one comes once, whatever is unconfirmed before and after it.
    [Tags]    DLV-05
    @{sent}    Device Sends Many    phone    3    to=desktop
    Device Confirms    desktop    ${sent}[1]
    Copies Should Come    ${sent}[0]    0    1    2
    Copies Should Come    ${sent}[1]    0    settle=0s
    Copies Should Come    ${sent}[2]    0    1    2    settle=0s

A Confirmation Ends The Repetitions
    [Documentation]    A message that is confirmed after it came a second time does not come a third time.
    [Tags]    DLV-05
    ${sent}    Device Sends    phone    {"text": "are you there?"}    to=desktop
    VAR    &{repetition}    id=${sent.id}    retryCount=${1}
    Wait For Message    desktop    json=${repetition}
    Device Confirms    desktop    ${sent}
    Copies Should Come    ${sent}    0    1

Nobody Confirms For Another Device
    [Documentation]    A confirmation by a device that did not get the message does not end its repetitions.
    [Tags]    DLV-05
    ${sent}    Device Sends    phone    {"text": "are you there?"}    to=desktop
    ${arrived}    Device Should Receive    desktop    ${sent}
    Device Sends Confirmation    phone    ${sent.id}    ${arrived.seq}
    VAR    &{repetition}    id=${sent.id}    retryCount=${1}
    Wait For Message    desktop    json=${repetition}    msg=lost

A Message That Needs No Confirmation Comes Once
    [Documentation]    With requiresAck false a message is done once it is written; it is not sent again.
    [Tags]    DLV-05
    VAR    &{fields}    requiresAck=${False}
    ${sent}    Device Sends    phone    {"text": "never mind"}    to=desktop    fields=${fields}
    Copies Should Come    ${sent}    0

What Was Given Up Waits For The Next Connection
    [Documentation]    After the last repetition a message is kept; the device gets it again when it registers again.
    [Tags]    DLV-05
    ${sent}    Device Sends    phone    {"text": "are you there?"}    to=desktop
    Copies Should Come    ${sent}    0    1    2    settle=0s
    Set Mark    next connection
    Device Comes Back    desktop
    VAR    &{again}    id=${sent.id}    retryCount=\#number
    Wait For Message    desktop    json=${again}    msg=lost


*** Keywords ***
Copies Should Come
    [Documentation]    The desktop gets a message with these retry counts (0: none), no more, always with the same seq.
    [Arguments]    ${sent}    @{retry_counts}    ${settle}=${ONE_MORE}
    VAR    &{expected}    id=${sent.id}
    ${count}    Get Length    ${retry_counts}
    Wait For Messages    desktop    ${count}    json=${expected}    msg=lost
    ${copies}    Wait For Messages
    ...    desktop
    ...    ${count}
    ...    json=${expected}
    ...    exactly=yes
    ...    settle=${settle}
    ...    msg=duplicated
    ${found}    Evaluate    [str(copy.json.get("retryCount", 0)) for copy in $copies]
    Should Be Equal    ${found}    ${retry_counts}
    ${numbers}    Evaluate    {copy.seq for copy in $copies}
    Length Should Be    ${numbers}    1    a message came with several seq: ${numbers}
