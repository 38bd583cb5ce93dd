*** Settings ***
Documentation     What a device misses while it is away is kept and comes when it returns, in order, before the new.

Resource          ../../resources/delivery.resource

Suite Setup       Prepare Suite
Suite Teardown    Disconnect From All Databases
Test Setup        User Has Devices    phone    desktop
Test Timeout      60 s


*** Test Cases ***
What A Device Missed Comes When It Returns
    [Documentation]    What was sent to a device while it was away reaches it in order, then live messages, none twice.
    [Tags]    DLV-06    smoke
    ${before}    Device Sends    phone    {"text": "one of many"}    to=desktop
    Device Should Receive    desktop    ${before}
    Device Goes Offline    desktop
    @{missed}    Device Sends Many    phone    20    to=desktop
    Device Comes Back    desktop
    @{live}    Device Sends Many    phone    5    to=desktop
    Device Should Receive All    desktop    ${{ [$before, *$missed, *$live] }}
    Deliveries Should Be Numbered Without A Gap    desktop

A Long Absence Loses Nothing
    [Documentation]    A backlog of a thousand messages comes whole and in order.
    [Tags]    DLV-06
    Device Goes Offline    desktop
    @{missed}    Device Sends Many    phone    1000    to=desktop
    Device Comes Back    desktop
    Device Should Receive All    desktop    ${missed}

The Numbers Of A Long Backlog Have No Gap
    [Documentation]    A device sees by the numbers whether anything is missing: after a long absence nothing is.
    [Tags]    DLV-06
    ${before}    Device Sends    phone    {"text": "one of many"}    to=desktop
    Device Should Receive    desktop    ${before}
    Device Goes Offline    desktop
    @{missed}    Device Sends Many    phone    200    to=desktop
    Device Comes Back    desktop
    Device Should Receive    desktop    ${missed}[-1]
    Deliveries Should Be Numbered Without A Gap    desktop

Live Messages Do Not Overtake The Backlog
    [Documentation]    Messages sent while a device is still catching up come after what it missed, which is more than
    ...    the network holds: the service is not done with it before the device has read most.
    [Tags]    DLV-06
    Device Goes Offline    desktop
    @{missed}    Device Sends Many    phone    1000    to=desktop    text=${{ "long " * 1600 }}
    Device Comes Back    desktop
    @{live}    Device Sends Many    phone    200    to=desktop
    Device Should Receive All    desktop    ${{ [*$missed, *$live] }}
    Deliveries Should Be Numbered Without A Gap    desktop

What Was Not Confirmed Comes Again
    [Documentation]    What a device did not confirm before its connection broke comes again: same seq, retryCount.
    [Tags]    DLV-06
    [Setup]    A Phone And A Silent Desktop Register
    @{sent}    Device Sends Many    phone    3    to=desktop
    Device Should Receive All    desktop    ${sent}
    Abort Client    desktop
    ${second_time}    Set Mark    second time
    Device Comes Back    desktop
    Device Should Receive All    desktop    ${sent}
    VAR    &{again}    retryCount=\#number
    Get Message Count    desktop    ==    ${3}    kind=user_message    json=${again}
    Messages Should Be In Order    desktop    by=$.seq    step=1    kind=user_message    since=${second_time}

What Was Confirmed Does Not Come Again
    [Documentation]    Of three messages those come again that the device had not confirmed, around the one it had.
    [Tags]    DLV-06
    [Setup]    A Phone And A Silent Desktop Register
    @{sent}    Device Sends Many    phone    3    to=desktop
    Device Confirms    desktop    ${sent}[1]
    Device Goes Offline    desktop
    Set Mark    second time
    Device Comes Back    desktop
    Device Should Receive All    desktop    ${{ [$sent[0], $sent[2]] }}

What Was Confirmed By Everyday Devices Does Not Come Again
    [Documentation]    A device that confirms what it reads gets nothing twice, however often it returns.
    [Tags]    DLV-06
    @{sent}    Device Sends Many    phone    20    to=desktop
    Device Should Receive All    desktop    ${sent}
    FOR    ${_}    IN RANGE    3
        Device Goes Offline    desktop
        Device Comes Back    desktop
    END
    Device Should Receive All    desktop    ${sent}

What Needs No Confirmation Waits Too
    [Documentation]    A message with requiresAck false reaches a device that was away, once.
    [Tags]    DLV-06
    Device Goes Offline    desktop
    VAR    &{fields}    requiresAck=${False}
    @{sent}    Device Sends Many    phone    3    to=desktop    fields=${fields}
    Deliveries Should Have Ended    phone
    Device Comes Back    desktop
    Device Should Receive All    desktop    ${sent}
    Device Goes Offline    desktop
    Device Comes Back    desktop
    Device Should Receive All    desktop    ${sent}

Each Device Has Its Own Backlog
    [Documentation]    Messages to all wait for each device that is away, until that device returns.
    [Tags]    DLV-06
    [Setup]    User Has Devices    phone    desktop    tablet    watch
    Device Goes Offline    desktop
    Device Goes Offline    tablet
    @{sent}    Device Sends Many    phone    10
    Device Should Receive All    watch    ${sent}
    Device Comes Back    desktop
    Device Should Receive All    desktop    ${sent}
    @{more}    Device Sends Many    phone    10
    Device Comes Back    tablet
    Device Should Receive All    tablet    ${{ $sent + $more }}
    Device Should Receive All    desktop    ${{ $sent + $more }}

The Backlog Does Not Need Its Sender
    [Documentation]    Messages reach a returning device though their sender has gone meanwhile.
    [Tags]    DLV-06
    Device Goes Offline    desktop
    @{sent}    Device Sends Many    phone    10    to=desktop
    Device Goes Offline    phone
    Device Comes Back    desktop
    Device Should Receive All    desktop    ${sent}

A New Device Starts Empty
    [Documentation]    A device that registers for the first time does not get what was sent to all before.
    [Tags]    DLV-06
    ${sent}    Device Sends    phone    {"text": "one of many"}
    Device Should Receive    desktop    ${sent}
    Device Registers    tablet
    Device Should Not Have Received    tablet    ${sent}
