*** Settings ***
Documentation     PostgreSQL is stopped, cuts its sessions, locks, refuses: senders are told, nothing is promised that
...               is not stored, and the service comes back by itself.

Resource          ../../resources/recovery.resource

Suite Setup       Prepare Suite For Recovery
Suite Teardown    Disconnect From All Databases
Test Setup        Traffic Is Steady
Test Timeout      2 minutes


*** Test Cases ***
PostgreSQL Stops And Comes Back
    [Documentation]    An immediate shutdown; while it lasts senders are told so, and the service says that it is not
    ...    ready.
    [Tags]    REC-04
    Stop Service    postgres    mode=immediate
    Service Should Not Be Ready
    Sender Should Learn That It Is Unavailable
    Start Service    postgres
    Everything Should Have Recovered
    Service Should Be Ready
    [Teardown]    Stack Should Have Recovered Too

Sessions Are Cut Again And Again
    [Documentation]    All of the server's sessions are terminated, three times, in the middle of traffic.
    [Tags]    REC-05
    FOR    ${_}    IN RANGE    3
        Terminate Database Sessions    db=${SERVER.name}
        Traffic Should Flow
    END
    Everything Should Have Recovered

A Locked Table Delays And Loses Nothing
    [Documentation]    Somebody holds an exclusive lock on the table of messages for some seconds.
    [Tags]    REC-06
    Lock Table    messages    db=${SERVER.name}
    Sender Should Learn That It Is Unavailable
    Heal All Faults
    Everything Should Have Recovered

No Connection Is Free In PostgreSQL
    [Documentation]    The server's sessions are cut, and PostgreSQL lets nobody in any more.
    [Tags]    REC-18
    Exhaust Connections    db=${SERVER.name}    terminate=True
    Sender Should Learn That It Is Unavailable
    Service Should Not Be Ready
    Heal All Faults
    Everything Should Have Recovered

A Full Disk Makes No False Promises
    [Documentation]    Every insert fails as on a full disk (53100): senders are told, and nobody gets such a message.
    [Tags]    REC-19
    Fail Inserts    messages    db=${SERVER.name}    sqlstate=53100
    ${sent}    Device Sends    member-001    {"text": "no room"}
    ${answer}    Sender Hears About    member-001    ${sent}
    Should Be Equal
    ...    ${answer.body}[status]
    ...    failed
    ...    acked-not-persisted: the answer is ${answer.body}
    ...    values=False
    Message Should Not Be Stored    ${sent}
    Heal All Faults
    Everything Should Have Recovered

A Database That Only Reads Is Left As Soon As It Writes Again
    [Documentation]    As after a failover to a replica that is not promoted yet: reads work, writes are refused
    ...    (25006).
    [Tags]    REC-04
    Make Database Read Only    db=${SERVER.name}
    Sender Should Learn That It Is Unavailable
    Heal All Faults
    Everything Should Have Recovered
