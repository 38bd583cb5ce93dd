*** Settings ***
Documentation     The moment of truth of every acknowledgement: PostgreSQL has committed, and its reply is late, or is
...               lost. A fault proxy between the server and PostgreSQL decides when the server gets to know.

Resource          ../../resources/recovery.resource

Suite Setup       Prepare Suite With Proxied Database
Suite Teardown    Disconnect From All Databases
Test Setup        User Has Devices    phone    desktop
Test Timeout      60 s


*** Test Cases ***
Nobody Hears Of A Message While The Reply To Its Commit Is Held
    [Documentation]    The row is there, the server does not know it yet: neither acknowledgement nor delivery; after it
    ...    both.
    [Tags]    REC-07
    Hold Replies    db
    ${sent}    Device Sends    phone    {"text": "hold me"}    to=desktop
    Wait Until Reply Is Held    db
    ${about}    About    ${sent}
    No Message Should Arrive    phone    json=${about}    within=500ms    msg=ack-before-durable
    Message Should Not Reach    desktop    ${sent}    within=0s
    Get Stored Message    ${sent.id}
    Heal All Faults
    Sender Should Learn    phone    ${sent}    delivered
    Device Should Receive    desktop    ${sent}

A Lost Reply And A Repetition Make One Message
    [Documentation]    The server cannot know that the row is there; the sender repeats. One row, one delivery, one
    ...    promise.
    [Tags]    REC-08
    Lose Replies    db    count=1
    ${sent}    Device Sends    phone    {"text": "did you get this?"}    to=desktop
    ${answer}    Sender Hears About    phone    ${sent}
    Should Be Equal
    ...    ${answer.body}[code]
    ...    UNAVAILABLE
    ...    ack-before-durable: the answer is ${answer.body}
    ...    values=False
    Heal All Faults
    ${again}    Set Mark    again
    Device Sends    phone    {"text": "did you get this?"}    to=desktop    id=${sent.id}
    ${about}    About    ${sent}
    ${ack}    Message Should Arrive Once    phone    json=${about}    since=${again}
    Should Be Equal    ${ack.kind}    ack
    Device Should Receive    desktop    ${sent}
    Get Stored Message    ${sent.id}

What Was Stored Arrives Though Nobody Repeats It
    [Documentation]    The reply is lost and the sender does not ask again: what is stored still reaches its recipient.
    [Tags]    REC-08
    Lose Replies    db    count=1
    ${sent}    Device Sends    phone    {"text": "never mind"}    to=desktop
    Sender Hears About    phone    ${sent}
    Heal All Faults
    VAR    &{expected}    id=${sent.id}
    Wait For Message    desktop    json=${expected}    timeout=15s    msg=lost
    Device Should Receive    desktop    ${sent}

Traffic Survives Lost Replies
    [Documentation]    In steady traffic replies are lost again and again; nothing that was acknowledged is.
    [Tags]    REC-08
    [Setup]    Traffic Is Steady
    FOR    ${_}    IN RANGE    3
        Lose Replies    db    count=1
        Sender Should Be Told    UNAVAILABLE
        Heal All Faults
        Traffic Should Flow
    END
    Everything Should Have Recovered


*** Keywords ***
Prepare Suite With Proxied Database
    [Documentation]    The suite's server reaches PostgreSQL through the link `db`.
    Start Fault Proxy    db    postgres
    Prepare Suite For Recovery    via={"postgres": "db"}

Sender Should Be Told
    [Documentation]    Somebody who sends in the steady traffic is refused with this code.
    [Arguments]    ${code}
    VAR    &{payload}    status=failed    code=${code}
    VAR    &{expected}    payload=${payload}
    Wait For Message    member-001    kind=ack    json=${expected}    timeout=10s
