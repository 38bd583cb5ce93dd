*** Settings ***
Documentation     Redis stops, forgets, cuts its subscribers: a node goes on by itself, nodes find each other again.

Resource          ../../resources/recovery.resource

Suite Setup       Prepare Suite For Recovery
Suite Teardown    Disconnect From All Databases
Test Setup        Traffic Is Steady
Test Timeout      2 minutes


*** Test Cases ***
Without Redis Messages Flow
    [Documentation]    Redis stops; messages are delivered all the while, and the service says that it is degraded.
    [Tags]    REC-09
    Stop Service    redis
    Service Should Be Degraded
    Traffic Should Flow
    Start Service    redis
    Everything Should Have Recovered
    Service Should Be Ready

A Redis That Does Not Answer Holds Nobody Up
    [Documentation]    Redis is there and answers nothing for some seconds.
    [Tags]    REC-09
    Suspend Service    redis
    Traffic Should Flow
    Service Should Be Degraded
    Resume Service    redis
    Everything Should Have Recovered
    Service Should Be Ready

What Redis Forgets Is Not Missed
    [Documentation]    Redis is restarted, and with its memory everything that was in it is gone.
    [Tags]    REC-10
    Restart Service    redis
    Everything Should Have Recovered
    Service Should Be Ready
