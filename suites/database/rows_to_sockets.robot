*** Settings ***
Documentation     Rows are truth: a message that a job writes by SQL is delivered like any other.

Resource          ../../resources/database.resource

Suite Setup       Prepare Suite
Suite Teardown    Disconnect From All Databases
Test Setup        User Has Devices    phone    desktop    tablet
Test Timeout      60 s


*** Test Cases ***
A Row For One Device Reaches That Device
    [Documentation]    It comes once, with a number, from the server; the row says delivered.
    [Tags]    DB-02    smoke
    Stranger Registers
    ${message}    Job Inserts Message    {"text": "from a job"}    to=desktop
    Row Should Reach Only    ${message}    desktop
    ${arrived}    Row Should Reach    desktop    ${message}
    Should Be Equal    ${arrived.json}[fromDeviceId]    server
    Should Be Equal    ${arrived.body}[text]    from a job
    Row Should Become    ${message}    delivered
    Stranger Should Have Heard Nothing

A Row Without A Target Reaches All Devices
    [Documentation]    It comes to every device of the user, once.
    [Tags]    DB-02
    ${message}    Job Inserts Message
    Row Should Reach Only    ${message}    phone    desktop    tablet

A Row Waits For A Device That Is Away
    [Documentation]    The row says queued; the device gets it when it comes back.
    [Tags]    DB-02
    Device Goes Offline    tablet
    ${message}    Job Inserts Message    to=tablet
    Row Should Become    ${message}    queued
    Device Comes Back    tablet
    Row Should Reach Only    ${message}    tablet

A Row For Nobody Fails
    [Documentation]    A target that does not exist makes the row failed; nobody hears of it, nothing else is held up.
    [Tags]    DB-02
    ${message}    Job Inserts Message    to=nobody
    ${next}    Job Inserts Message    to=desktop
    Row Should Become    ${message}    failed
    Row Should Reach Only    ${next}    desktop
    Devices Should Not Have Heard Of    ${message.id}    msg=misdelivered

A Row That Cannot Be A Message Fails
    [Documentation]    A type that the protocol does not have makes the row failed; nothing else is held up.
    [Tags]    DB-02
    ${message}    Job Inserts Message    to=desktop    kind=no_such_type
    ${next}    Job Inserts Message    to=desktop
    Row Should Become    ${message}    failed
    Row Should Reach Only    ${next}    desktop
    Devices Should Not Have Heard Of    ${message.id}    msg=misdelivered

Rows Come In The Order Of Their Keys
    [Documentation]    A hundred rows of one transaction come in order, numbered without a gap.
    [Tags]    DB-02
    VAR    @{messages}    @{EMPTY}
    FOR    ${number}    IN RANGE    100
        ${message}    Job Inserts Message    {"number": ${number}}    to=desktop    commit=no
        Append To List    ${messages}    ${message}
    END
    Job Commits
    Row Should Reach    desktop    ${messages}[-1]
    VAR    &{expected}    fromDeviceId=server    seq=\#number
    ${arrived}    Get Messages    desktop    kind=user_message    json=${expected}
    Arrivals Should Be    ${arrived}    ${messages}
    Deliveries Should Be Numbered Without A Gap    desktop

Rows And Messages Share One Numbering
    [Documentation]    What jobs write and what devices send comes to a device in one sequence without a gap.
    [Tags]    DB-02
    FOR    ${_}    IN RANGE    10
        Job Inserts Message    to=desktop
        Device Sends    phone    {"text": "from the phone"}    to=desktop
    END
    ${last}    Job Inserts Message    to=desktop
    Row Should Reach    desktop    ${last}
    Deliveries Should Have Ended    phone    desktop
    Deliveries Should Be Numbered Without A Gap    desktop
    Get Message Count    desktop    ==    ${21}    kind=user_message    msg=lost

A Changed Message Is Told
    [Documentation]    When a job changes the payload of a message, every device of its user is told, and nobody else.
    [Tags]    DB-03    smoke
    Stranger Registers
    ${sent}    Device Sends    phone    {"text": "first"}    to=desktop
    Message Should Reach Only    ${sent}    desktop
    Job Changes Message    ${sent}
    Devices Should Hear Of Change    update    messages    ${sent.id}
    Stranger Should Have Heard Nothing

A Message Changed Before It Came Is Not Told
    [Documentation]    A row that its own transaction has changed comes as it is in the end; of a change nobody is told.
    [Tags]    DB-03
    ${message}    Job Inserts Message    {"text": "first"}    to=desktop    commit=no
    Job Changes Message    ${message}    {"text": "second"}    commit=no
    Job Commits
    ${arrived}    Row Should Reach    desktop    ${message}
    Should Be Equal    ${arrived.body}[text]    second    corrupted
    Everything Committed Should Have Been Told
    Devices Should Not Have Heard Of Change Of    ${message}

A Deleted Message Is Told
    [Documentation]    When a job deletes a message, every device of its user is told.
    [Tags]    DB-03
    ${sent}    Device Sends    phone    {"text": "first"}    to=desktop
    Message Should Reach Only    ${sent}    desktop
    Job Deletes Message    ${sent}
    Devices Should Hear Of Change    delete    messages    ${sent.id}

Many Messages Changed At Once Are Each Told
    [Documentation]    One statement changes ten messages, one deletes them; every device is told of each, once.
    [Tags]    DB-03
    @{sent}    Device Sends Many    phone    10    to=desktop
    Database Is Open
    Job Runs    UPDATE messages SET payload = %s WHERE user_id = %s    {"changed": true}    ${USER}
    FOR    ${message}    IN    @{sent}
        Devices Should Hear Of Change    update    messages    ${message.id}
    END
    Job Runs    DELETE FROM messages WHERE user_id = %s    ${USER}
    FOR    ${message}    IN    @{sent}
        Devices Should Hear Of Change    delete    messages    ${message.id}
    END

Conversations Are Told, Too
    [Documentation]    A changed title and a deleted conversation reach every device of its user.
    [Tags]    DB-03
    ${id}    Job Inserts Conversation
    Job Runs    UPDATE conversations SET title = %s WHERE id = %s    second title    ${id}
    Devices Should Hear Of Change    update    conversations    ${id}
    Job Runs    DELETE FROM conversations WHERE id = %s    ${id}
    Devices Should Hear Of Change    delete    conversations    ${id}

Bookkeeping Is Not Told
    [Documentation]    A column that is no content may change without anybody hearing of it.
    [Tags]    DB-03
    ${sent}    Device Sends    phone    {"text": "first"}    to=desktop
    Message Should Reach Only    ${sent}    desktop
    Job Runs    UPDATE messages SET delivered_at = now() WHERE user_id = %s AND id = %s    ${USER}    ${sent.id}
    Everything Committed Should Have Been Told
    VAR    &{payload}    id=${sent.id}
    VAR    &{change}    payload=${payload}
    No Message Should Arrive    ${DEVICES}    kind=notification    json=${change}    within=0s    msg=phantom

What Is Rolled Back Never Was
    [Documentation]    Neither an inserted nor a changed nor a deleted row of a rolled back transaction is seen.
    [Tags]    DB-04    smoke
    ${changed}    Device Sends    phone    {"text": "first"}    to=desktop
    ${kept}    Device Sends    phone    {"text": "second"}    to=desktop
    ${phantom}    Job Inserts Message    to=desktop    commit=no
    ${phantom_for_all}    Job Inserts Message    commit=no
    Job Changes Message    ${changed}    commit=no
    Job Deletes Message    ${kept}    commit=no
    Job Rolls Back
    Everything Committed Should Have Been Told
    Devices Should Not Have Heard Of    ${phantom.id}    ${phantom_for_all.id}
    Devices Should Not Have Heard Of Change Of    ${changed}    ${kept}

An Open Transaction Is Not Seen Before It Ends
    [Documentation]    A row comes only when its transaction is committed, and holds nothing up until then.
    [Tags]    DB-04
    Job Is Connected    slow
    ${open}    Job Inserts Message    to=desktop    job=slow    commit=no
    Everything Committed Should Have Been Told
    Devices Should Not Have Heard Of    ${open.id}
    Job Commits    slow
    Row Should Reach Only    ${open}    desktop
