*** Settings ***
Documentation     The database, the sockets and the cache agree on what has happened, message by message and in sum.

Resource          ../../resources/database.resource
Resource          ../../resources/ledger.resource

Suite Setup       Prepare Suite With Patient Server
Suite Teardown    Disconnect From All Databases
Test Timeout      2 minutes


*** Test Cases ***
Every Acknowledged Message Is One Row
    [Documentation]    Of every kind: it is stored once, says what was sent, and belongs to who sent it.
    [Tags]    DB-01    smoke
    Members Register    4
    Ledger Is Open    kinds
    FOR    ${kind}    IN    user_message    task_start    file_upload    notification    device_status    device_handoff
        Everybody Writes To Each    3    kind=${kind}
    END
    Everything Should Be Delivered Right    kinds    at_least=216

A Message To All Is One Row
    [Documentation]    However many receive it: it is stored once, with one delivery for each of them.
    [Tags]    DB-01
    Members Register    5
    Ledger Is Open    to all
    Everybody Writes To All    20
    Everything Should Be Delivered Right    to all    at_least=100
    FOR    ${member}    IN    @{MEMBERS}
        Numbering Should Be As Stored    ${member}    80
    END

A Refused Message Is No Row
    [Documentation]    What its sender was told is refused is not stored.
    [Tags]    DB-01
    New User
    Device Registers    phone
    ${sent}    Device Sends    phone    {"text": "to nobody"}    to=nobody
    Sender Should Learn Of Refusal    phone    ${sent}    DEVICE_NOT_FOUND
    Message Should Not Be Stored    ${sent}

After A Busy Time Rows, Sockets And Cache Agree
    [Documentation]    Five devices write, one is cut off and returns: what they got is what is stored, nothing waits,
    ...    everybody is shown as present; when they have gone nobody is, and the cache holds nothing.
    [Tags]    DB-06
    Members Register    5
    Ledger Is Open    busy
    Everybody Writes While One Is Cut Off
    Everything Should Be Delivered Right    busy    at_least=250
    Service Should Count    5
    Nothing Should Wait    120
    Close All Clients
    Service Should Count    0
    Nothing Should Be Left Behind    ignore=rows,sessions,connections


*** Keywords ***
Everybody Writes While One Is Cut Off
    [Documentation]    All write to all; a device loses its connection meanwhile and returns; then each writes to each.
    Everybody Writes To All    20
    Abort Client    member-005
    Reconnect Client    member-005
    Everybody Writes To Each    10

Nothing Should Wait
    [Documentation]    Each member has got so many deliveries, as its rows say, and has confirmed all of them.
    [Arguments]    ${count}
    FOR    ${member}    IN    @{MEMBERS}
        Numbering Should Be As Stored    ${member}    ${count}
        Backlog Should Be    ${member}    0
    END

Service Should Count
    [Documentation]    So many of the user's devices are there, by the presence rows and by the server's own count.
    [Arguments]    ${count: int}
    Present Devices Should Be    ${count}
    Connections Should Return To    ${count}    server=${SERVER}
    ${devices}    Get Gauge    cloud_registered_devices    server=${SERVER}
    Should Be Equal As Integers    ${devices}    ${count}    leak: the server counts ${devices} devices, not ${count}
    ...    values=False
