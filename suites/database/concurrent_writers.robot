*** Settings ***
Documentation     Several write the same rows at once, jobs by SQL and devices by messages: no work is lost.

Resource          ../../resources/database.resource

Suite Setup       Prepare Suite
Suite Teardown    Disconnect From All Databases
Test Setup        User Has Devices    phone    desktop    tablet
Test Timeout      60 s


*** Test Cases ***
Jobs And Devices Write To One Device At Once
    [Documentation]    Two open transactions and two devices fill one mailbox; all comes, numbered without a gap.
    [Tags]    DB-05
    Job Is Connected    one
    Job Is Connected    two
    FOR    ${_}    IN RANGE    20
        Everybody Writes To    desktop
    END
    Job Commits    two
    Job Commits    one
    Wait For Messages    desktop    80    kind=user_message    timeout=${PATIENCE}    msg=lost
    Deliveries Should Have Ended    desktop
    Get Message Count    desktop    ==    ${80}    kind=user_message    msg=duplicated
    Deliveries Should Be Numbered Without A Gap    desktop
    Numbering Should Be As Stored    desktop    81

A Job Changes A Device While It Gets Messages
    [Documentation]    The service waits for the job's lock on the device; then both have changed the row, none in vain.
    [Tags]    DB-05
    ${device}    Device Id    desktop
    Job Is Connected    slow
    Job Runs    UPDATE devices SET version = %s WHERE user_id = %s AND id = %s    9.9.9    ${USER}    ${device}
    ...    job=slow    commit=no
    ${sent}    Device Sends    phone    {"text": "one of many"}    to=desktop    count=20
    Job Commits    slow
    Device Should Receive All    desktop    ${sent}
    Numbering Should Be As Stored    desktop    21
    VAR    @{key}    ${USER}    ${device}
    Check Query Result    SELECT version FROM devices WHERE user_id = %s AND id = %s    ==    9.9.9
    ...    parameters=${key}


*** Keywords ***
Everybody Writes To
    [Documentation]    Two jobs, in open transactions, and two devices each write one message to a device.
    [Arguments]    ${client}
    Job Inserts Message    to=${client}    job=one    commit=no
    Device Sends    phone    {"text": "from the phone"}    to=${client}
    Job Inserts Message    to=${client}    job=two    commit=no
    Device Sends    tablet    {"text": "from the tablet"}    to=${client}
