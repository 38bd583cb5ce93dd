*** Settings ***
Documentation     What one device sends arrives in the order of sending, whoever else sends at the same time, and
...               whatever its priority.

Resource          ../../resources/delivery.resource

Suite Setup       Prepare Suite
Suite Teardown    Disconnect From All Databases
Test Setup        New User
Test Timeout      60 s


*** Test Cases ***
Each Sender Keeps Its Order Among Others
    [Documentation]    Five devices write to one at the same time; it gets each one's messages whole and in order.
    [Tags]    DLV-08
    VAR    @{speakers}    phone    tablet    laptop    watch    extension
    User Has Devices    desktop    @{speakers}
    Stranger Registers
    All Speak At Once    ${speakers}    to=desktop
    Devices Should Have Only What Is Theirs
    Stranger Should Have Heard Nothing
    FOR    ${speaker}    IN    @{speakers}
        Device Should Hear In Order    desktop    ${speaker}
    END
    Deliveries Should Be Numbered Without A Gap    desktop

Everybody Hears Each Speaker In Order
    [Documentation]    Three devices write to all at the same time; each other device gets everyone's messages in order.
    [Tags]    DLV-08
    VAR    @{speakers}    phone    tablet    laptop
    User Has Devices    desktop    @{speakers}
    All Speak At Once    ${speakers}
    Devices Should Have Only What Is Theirs
    FOR    ${speaker}    IN    @{speakers}
        FOR    ${listener}    IN    @{DEVICES}
            IF    $listener != $speaker
                Device Should Hear In Order    ${listener}    ${speaker}
            END
        END
    END

A Burst Arrives In Order And Once
    [Documentation]    A thousand messages sent without a pause arrive in order, and none again after messageTimeout.
    [Tags]    DLV-08
    User Has Devices    phone    desktop
    @{sent}    Device Sends Many    phone    1000    to=desktop
    Device Should Receive All    desktop    ${sent}
    Set Mark    all have come
    ${message_timeout}    Get Setting    messageTimeout
    VAR    ${long_enough}    ${{ 1.25 * $message_timeout }} s
    No Message Should Arrive    desktop    kind=user_message    within=${long_enough}    msg=duplicated

Priority Does Not Change The Order
    [Documentation]    Messages of low to critical priority arrive in the order in which they were sent.
    [Tags]    DLV-09
    User Has Devices    phone    desktop
    @{sent}    Device Sends In All Priorities    phone    to=desktop
    Deliveries Should Have Ended    phone
    Device Should Receive All    desktop    ${sent}

Priority Does Not Change The Order Of The Backlog
    [Documentation]    Messages of low to critical priority that waited for a device come in the order of sending.
    [Tags]    DLV-09
    User Has Devices    phone    desktop
    Device Goes Offline    desktop
    @{sent}    Device Sends In All Priorities    phone    to=desktop
    Deliveries Should Have Ended    phone
    Device Comes Back    desktop
    Device Should Receive All    desktop    ${sent}


*** Keywords ***
All Speak At Once
    [Documentation]    Devices send a hundred numbered messages each, in turns, without waiting for anything.
    [Arguments]    ${speakers}    ${to}=${EMPTY}
    ${target}    Device Id    ${to}
    ${target}    Set Variable If    $to    ${target}    ${EMPTY}
    FOR    ${n}    IN RANGE    1    101
        FOR    ${speaker}    IN    @{speakers}
            Send Message    ${speaker}    {"n": ${n}}    kind=user_message    to=${target}
        END
    END
    # its own last message shows that a speaker's messages are stored, a listener's that it has got them
    Deliveries Should Have Ended    @{speakers}
    Deliveries Should Have Ended    @{DEVICES}

Device Should Hear In Order
    [Documentation]    A device gets the hundred messages of one speaker in their order, each once.
    [Arguments]    ${listener}    ${speaker}
    ${sender}    Device Id    ${speaker}
    VAR    &{numbered}    n=\#number
    VAR    &{by_speaker}    fromDeviceId=${sender}    payload=${numbered}
    Get Message Count    ${listener}    >=    ${100}    kind=user_message    json=${by_speaker}    msg=lost
    Get Message Count    ${listener}    <=    ${100}    kind=user_message    json=${by_speaker}    msg=duplicated
    Messages Should Be In Order    ${listener}    by=$.payload.n    step=1    json=${by_speaker}    msg=reordered
