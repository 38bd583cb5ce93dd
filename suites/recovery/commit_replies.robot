*** Settings ***
Documentation     The moment of truth of every acknowledgement: PostgreSQL has committed, and its reply is late, or is
...               lost. A fault proxy between the server and PostgreSQL decides when the server gets to know.

Resource          ../../resources/recovery.resource

Suite Setup       Prepare Suite With Proxied Database
Suite Teardown    Disconnect From All Databases
Test Setup        User Has Devices    phone    desktop
Test Timeout      60 s


*** Variables ***
${STORING}    store_batch    # what the statement that stores messages is known by


*** Test Cases ***
Nobody Hears Of A Message While The Reply To Its Commit Is Held
    [Documentation]    The row is there, the server does not know it yet: neither acknowledgement nor delivery; after it
    ...    both.
    [Tags]    REC-07
    Hold Replies    db    matching=${STORING}
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
    ${sent}    Device Sends And The Reply Is Lost
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
    ${sent}    Device Sends And The Reply Is Lost
    VAR    &{expected}    id=${sent.id}
    Wait For Message    desktop    json=${expected}    timeout=15s    msg=lost
    Device Should Receive    desktop    ${sent}

Traffic Survives Lost Replies
    [Documentation]    In steady traffic replies are lost again and again; nothing that was acknowledged is.
    [Tags]    REC-08
    [Setup]    Traffic Is Steady
    FOR    ${_}    IN RANGE    3
        ${lost}    Lose Replies    db    matching=${STORING}
        Wait Until Fault Has Effect    ${lost}
        Heal Fault    ${lost}
        Traffic Should Flow
    END
    Everything Should Have Recovered


*** Keywords ***
Prepare Suite With Proxied Database
    [Documentation]    The suite's server reaches PostgreSQL through the link `db`.
    Start Fault Proxy    db    postgres
    Prepare Suite For Recovery    via={"postgres": "db"}

Device Sends And The Reply Is Lost
    [Documentation]    The phone sends, the row is stored, and the server does not get to know: it says so, and not
    ...    more.
    ${lost}    Lose Replies    db    matching=${STORING}
    ${sent}    Device Sends    phone    {"text": "did you get this?"}    to=desktop
    ${answer}    Sender Hears About    phone    ${sent}
    Should Be Equal    ${answer.body.get("code")}    UNAVAILABLE    unanswered: ${answer.body}    values=False
    Heal Fault    ${lost}
    RETURN    ${sent}
