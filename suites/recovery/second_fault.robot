*** Settings ***
Documentation     A second fault hits while the service is still recovering from the first one.

Resource          ../../resources/recovery.resource

Suite Setup       Prepare Suite For Recovery
Suite Teardown    Disconnect From All Databases
Test Setup        Traffic Is Steady
Test Teardown     Stack Should Have Recovered Too
Test Timeout      2 minutes


*** Test Cases ***
Redis Dies While PostgreSQL Comes Back
    [Documentation]    PostgreSQL is killed and started; at that moment Redis is killed. Both are there again in the
    ...    end.
    [Tags]    REC-14
    Kill Service    postgres
    Start Service    postgres
    Kill Service    redis
    Traffic Should Flow
    Start Service    redis
    Everything Should Have Recovered
    Service Should Be Ready

The Server Dies While PostgreSQL Comes Back
    [Documentation]    PostgreSQL stops; the server is killed before it is back, and both are started.
    [Tags]    REC-14
    Stop Service    postgres    mode=immediate
    Kill Service    ${SERVER.name}
    Start Service    postgres
    Start Service    ${SERVER.name}
    Everything Should Have Recovered
