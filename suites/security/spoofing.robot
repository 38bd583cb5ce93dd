*** Settings ***
Documentation     Nobody speaks for another device or user, neither in a message nor when registering.

Resource          ../../resources/security.resource

Suite Setup       Prepare Suite
Suite Teardown    Disconnect From All Databases
Test Setup        User Has Devices    phone    desktop    tablet
Test Timeout      60 s


*** Test Cases ***
A Device Cannot Send In The Name Of Another Device
    [Documentation]    Refused as FORBIDDEN, whether the other device is online, offline or unknown; nobody gets it.
    [Tags]    SEC-03    smoke
    Device Goes Offline    tablet
    FOR    ${victim}    IN    desktop    tablet    nobody
        ${sent}    Device Sends As    phone    ${victim}
        Spoof Should Be Refused    phone    ${sent}
    END
    Device Comes Back    tablet

A Device Cannot Send In The Name Of Another User
    [Documentation]    Refused as FORBIDDEN to one device and to all; the other user's devices hear nothing.
    [Tags]    SEC-03
    Stranger Registers
    VAR    &{identity}    userId=${USER}-other
    ${to_all}    Device Sends    phone    {"text": "from me?"}    fields=${identity}
    Spoof Should Be Refused    phone    ${to_all}
    ${to_one}    Send Message    phone    {"text": "from me?"}    to=stranger-${USER}-other    fields=${identity}
    Spoof Should Be Refused    phone    ${to_one}
    Stranger Should Have Heard Nothing

A Device Cannot Confirm In The Name Of Another
    [Documentation]    A confirmation with another device's id is refused; the delivery stays unconfirmed.
    [Tags]    SEC-03
    [Setup]    A Phone And A Silent Desktop Register
    ${sent}    Device Sends    phone    {"text": "for the desktop"}    to=desktop
    ${arrived}    Device Should Receive    desktop    ${sent}
    Backlog Should Be    desktop    1
    Confirmation As Another Should Be Refused    phone    desktop    ${arrived}
    Backlog Should Be    desktop    1    msg=spoofed-sender

A Device Cannot Register With Another Device's Token
    [Documentation]    The token decides who somebody is: another device's or user's is refused, and changes nothing.
    [Tags]    SEC-03
    ${of_another_device}    Mint Token    desktop
    Impostor Should Be Refused    tablet    ${of_another_device}
    ${of_another_user}    Mint Token    tablet    user=${USER}-other
    Impostor Should Be Refused    tablet    ${of_another_user}
    Get Client State    tablet    ==    open    msg=spoofed-sender

The Other Messages Of A Spoofer Still Pass
    [Documentation]    A refused message costs the sender nothing else: what is right is delivered, in order.
    [Tags]    SEC-03
    ${before}    Device Sends    phone    {"text": "mine"}    to=desktop
    ${spoofed}    Device Sends As    phone    tablet
    ${after}    Device Sends    phone    {"text": "mine, too"}    to=desktop
    Spoof Should Be Refused    phone    ${spoofed}
    Message Should Reach Only    ${before}    desktop
    Message Should Reach Only    ${after}    desktop
    Deliveries Should Be Numbered Without A Gap    desktop
