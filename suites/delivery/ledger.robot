*** Settings ***
Documentation     A ledger judges every single message: none may be lost, doubled, reordered, misdelivered or changed.

Resource          ../../resources/ledger.resource

Suite Setup       Prepare Suite For Ledgers
Suite Teardown    Disconnect From All Databases
Test Timeout      3 minutes


*** Test Cases ***
Ten Thousand Messages Are Delivered Right
    [Documentation]    Ten devices send each other ten thousand messages, each of them is judged.
    [Tags]    DLV-12
    Members Register    10
    Ledger Is Open    direct
    Everybody Writes To Each    112
    Everything Should Be Delivered Right    direct    at_least=10000    within=20s

Messages To All Reach Everybody
    [Documentation]    Five devices send messages to all others: each member gets each once, its sender does not.
    [Tags]    DLV-12    smoke
    Members Register    5
    Ledger Is Open    to all
    Everybody Writes To All    40
    Everybody Writes To All    10    kind=notification
    Everything Should Be Delivered Right    to all    at_least=250

Who Is Away For A While Misses Nothing
    [Documentation]    A device is cut off while others send, comes back while they still do, and gets all, in order.
    [Tags]    DLV-12
    Members Register    4
    Ledger Is Open    absence
    Everybody Writes To All    20
    Abort Client    member-004
    VAR    @{others}    member-001    member-002    member-003
    Everybody Writes To All    100    senders=${others}
    Reconnect Client    member-004
    Everybody Writes To All    50    senders=${others}
    Everything Should Be Delivered Right    absence    at_least=500

Large Messages Arrive Whole
    [Documentation]    Messages of more than 64 KiB come unchanged, in order among small ones.
    [Tags]    DLV-12
    Members Register    3
    Ledger Is Open    large
    ${large}    Evaluate    {"text": "\u00fc" * 70_000}
    FOR    ${_}    IN RANGE    5
        Everybody Writes To Each    1    body=${large}
        Everybody Writes To Each    3
    END
    Everything Should Be Delivered Right    large    at_least=120


*** Keywords ***
Prepare Suite For Ledgers
    [Documentation]    The set-up of this suite; another's stack is judged as it is.
    IF    $STACK == "embedded"
        Prepare Suite With Patient Server
    ELSE
        Prepare Suite
    END
