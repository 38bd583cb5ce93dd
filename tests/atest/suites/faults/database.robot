*** Settings ***
Documentation    What happens to the database of a server, or to its replies on a link `db` in front of it. The clients
...              are devices of that server, `shop`: it must not promise what is not stored.

Library          data_clients.py
Resource         shop.resource

Suite Setup      Shop And Its Database Are Open
Test Setup       Alice And Bob Are In The Shop


*** Test Cases ***
Replies To Commits Are Held
    [Documentation]    The message is stored, and the server cannot know: neither acknowledgement nor delivery until it
    ...    does.
    [Tags]    fault:hold-commit-reply
    Hold Replies    db    matching=store_batch
    ${sent}    Device Writes    alice    bob
    Message Should Not Be Answered    alice    ${sent}
    Message Should Not Reach    bob    ${sent}    within=0s
    Wait Until Reply Is Held    db    # so it is stored
    Heal All Faults
    Message Should Be Answered    alice    ${sent}    delivered
    Message Should Reach    bob    ${sent}
    All Should Be Well After Healing

Replies To Commits Are Lost
    [Documentation]    The sender is told that the outcome is unknown; what was stored arrives all the same.
    [Tags]    fault:lose-commit-reply
    Lose Replies    db    matching=store_batch
    ${sent}    Device Writes    alice    bob
    Message Should Be Answered    alice    ${sent}    failed    code=UNAVAILABLE
    Heal All Faults
    Message Should Reach    bob    ${sent}
    All Should Be Well After Healing

Sessions Are Terminated
    [Documentation]    Who waits for a statement that was running is told that the outcome is unknown; the server
    ...    connects again.
    [Tags]    fault:terminate-sessions
    Begin To Lock    messages    ${SHOP.postgres}
    ${sent}    Device Writes    alice    bob
    Wait Until Somebody Waits
    Terminate Database Sessions    db=shop    every=100ms
    Message Should Be Answered    alice    ${sent}    failed    code=UNAVAILABLE
    Heal All Faults
    End To Lock
    All Should Be Well After Healing
    [Teardown]    End To Lock

A Table Is Locked
    [Documentation]    Whatever needs the table waits: what was sent is answered when the lock is gone.
    [Tags]    fault:table-lock
    Lock Table    messages    db=shop
    ${sent}    Device Writes    alice    bob
    Message Should Not Be Answered    alice    ${sent}
    Heal All Faults
    Message Should Be Answered    alice    ${sent}    delivered
    All Should Be Well After Healing

Too Many Clients Are Connected
    [Documentation]    The server gets no session any more (53300): senders are told that it is unavailable.
    [Tags]    fault:connection-limit
    Exhaust Connections    db=shop    terminate=True
    Sender Should Be Refused
    All Should Be Well After Healing

The Database Only Reads
    [Documentation]    As after a failover to a replica (25006): senders are told that it is unavailable.
    [Tags]    fault:read-only
    Make Database Read Only    db=shop
    Sender Should Be Refused
    All Should Be Well After Healing

The Disk Is Full
    [Documentation]    Inserts fail (53100): senders are told that it is unavailable, and nobody gets the message.
    [Tags]    fault:disk-full
    Fail Inserts    messages    db=shop    sqlstate=53100
    Sender Should Be Refused
    All Should Be Well After Healing

Transactions Cannot Be Serialized
    [Documentation]    Inserts fail (40001), also when the server tries again: senders are told that it is
    ...    unavailable.
    [Tags]    fault:serialization-failure
    Fail Inserts    messages    db=shop    sqlstate=40001
    Sender Should Be Refused
    All Should Be Well After Healing

Statements Are Cancelled
    [Documentation]    Inserts fail (57014), as by `statement_timeout`: senders are told that it is unavailable.
    [Tags]    fault:statement-cancelled
    Fail Inserts    messages    db=shop    sqlstate=57014
    Sender Should Be Refused
    All Should Be Well After Healing

Only Some Inserts Fail
    [Documentation]    One message in three is refused, the others are stored and delivered.
    [Tags]    fault:nth-insert
    Fail Inserts    messages    db=shop    every=3
    Message Should Be Stored
    Message Should Be Stored
    Sender Should Be Refused
    Message Should Be Stored
    All Should Be Well After Healing

Writing Is Slow
    [Documentation]    Acknowledgements and deliveries come later by the delay.
    [Tags]    fault:slow-query
    Slow Writes    messages    db=shop    delay=300ms
    ${sent}    Device Writes    alice    bob
    ${answer}    Message Should Be Answered    alice    ${sent}    delivered
    Should Be True    $answer.at_ms - $sent.at_ms >= 300
    All Should Be Well After Healing


*** Keywords ***
Shop And Its Database Are Open
    [Documentation]    The server reaches PostgreSQL through the link `db`.
    Ensure Stack
    Start Fault Proxy    db    postgres
    Shop Is Open    via={"postgres": "db"}

Message Should Be Stored
    [Documentation]    Alice's message is acknowledged, and Bob gets it.
    ${sent}    Device Writes    alice    bob
    Message Should Be Answered    alice    ${sent}    delivered
    Message Should Reach    bob    ${sent}
