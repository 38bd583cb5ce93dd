*** Settings ***
Documentation    Connections succeed and messages arrive, in numbers large enough to prove it.

Resource         ../../resources/load.resource

Suite Setup      Prepare Suite For Load
Test Timeout     10 minutes


*** Test Cases ***
Connections Succeed
    [Documentation]    Devices come one after the other, and every one of them gets in.
    [Tags]    REL-01
    Criterion Should Be Proved    REL-01    by=Devices Come One After The Other

What Is Acknowledged Is Delivered
    [Documentation]    The ledger finds every acknowledged message at its recipient.
    [Tags]    REL-02
    Criterion Should Be Proved    REL-02    by=Many Messages
