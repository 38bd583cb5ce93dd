*** Settings ***
Documentation    The dockerised stack's own services are harmed and come back; smoke-compose runs this on a real engine.

Library          wireproof.Stack

Suite Setup      Prepare


*** Test Cases ***
A Killed Service Comes Back On Its Port
    [Documentation]    It is dead at once, and reached where it was when it is started.
    Kill Service    redis
    Run Keyword And Expect Error    *redis: *    Stack Should Be Healthy
    Start Service    redis
    Stack Should Be Healthy

A Suspended Service Hangs Until It Is Resumed
    [Documentation]    Its container is paused: nothing answers.
    Suspend Service    postgres
    Run Keyword And Expect Error    *postgres: *    Stack Should Be Healthy
    Resume Service    postgres
    Stack Should Be Healthy

The Server Ends In Good Order
    [Documentation]    Docker is told to stop it; it ends by itself, with exit code 0.
    ${stopped}    Stop Service    server
    Should Be True    ${stopped.graceful}
    Should Be Equal    ${stopped.exit_code}    ${0}

Every Service Is Restarted In Turn
    [Documentation]    The next one when the one before is ready.
    Roll Services    postgres    redis    server
    Stack Should Be Healthy

A Service Crashes Again And Again
    [Documentation]    PostgreSQL recovers from an immediate stop; the server from two crashes.
    Restart Service    postgres    mode=immediate
    Crash Service    server    times=2
    Stack Should Be Healthy

All At Once Is Left Broken
    [Documentation]    Nothing here puts it right.
    Suspend Service    redis
    Stop Service    server
    Kill Service    postgres

And Is Whole For The Next Test
    [Documentation]    What a test did to services was undone when it ended.
    Stack Should Be Healthy


*** Keywords ***
Prepare
    [Documentation]    Skips where the containers cannot be controlled, with the reason.
    Ensure Stack
    Skip Unless Stack Can    kill services
