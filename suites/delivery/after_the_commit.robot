*** Settings ***
Documentation     An acknowledgement is a promise: it comes after the commit, and never for what was not stored.
...               The tests have a server of their own, in whose database they hold commits and refuse rows.

Resource          ../../resources/delivery.resource

Suite Setup       Prepare Own Server And Its Gates
Suite Teardown    Disconnect From All Databases
Test Setup        User Has Devices    phone    desktop
Test Timeout      60 s


*** Variables ***
${GATE}        4711    # number of the advisory lock that commits wait for
${FUNCTION}
...            CREATE FUNCTION wait_at_gate() RETURNS trigger LANGUAGE plpgsql AS
...            $$ BEGIN PERFORM pg_advisory_xact_lock_shared(${GATE}); RETURN NULL; END $$
${TRIGGER}
...            CREATE CONSTRAINT TRIGGER gate AFTER INSERT ON messages DEFERRABLE INITIALLY DEFERRED
...            FOR EACH ROW EXECUTE FUNCTION wait_at_gate()


*** Test Cases ***
Nobody Hears Of A Message Before Its Commit
    [Documentation]    While the commit is held neither acknowledgement nor delivery comes; after it both do.
    [Tags]    DLV-05
    Commits Are Held
    ${sent}    Device Sends    phone    {"text": "hold me"}    to=desktop
    A Commit Should Be Waiting
    ${about}    About    ${sent}
    No Message Should Arrive    phone    json=${about}    within=300ms    msg=ack-before-durable
    Message Should Not Reach    desktop    ${sent}    within=0s
    Commits Go On
    Sender Should Learn    phone    ${sent}    delivered
    Device Should Receive    desktop    ${sent}
    [Teardown]    Commits Go On

A Refused Row Is Not Acknowledged As Stored
    [Documentation]    When the database refuses one row its sender learns that; its neighbours are delivered.
    [Tags]    DLV-05
    ${before}    Device Sends    phone    {"text": "one"}    to=desktop
    ${poison}    Device Sends    phone    {"text": "poison"}    to=desktop
    ${after}    Device Sends    phone    {"text": "three"}    to=desktop
    Sender Should Learn    phone    ${poison}    failed    msg=acked-not-persisted
    Message Should Reach Nobody    ${poison}
    Message Should Not Be Stored    ${poison}
    FOR    ${neighbour}    IN    ${before}    ${after}
        Sender Should Learn    phone    ${neighbour}    delivered
        Message Should Reach Only    ${neighbour}    desktop
        Get Stored Message    ${neighbour.id}
    END

What Waits For The Database Keeps Its Order
    [Documentation]    Messages of all priorities that pile up behind a held commit arrive in the order of sending.
    [Tags]    DLV-09
    Commits Are Held
    ${first}    Device Sends    phone    {"text": "one of many"}    to=desktop
    A Commit Should Be Waiting
    @{waiting}    Device Sends In All Priorities    phone    to=desktop
    Commits Go On
    Deliveries Should Have Ended    phone
    Device Should Receive All    desktop    ${{ [$first, *$waiting] }}
    [Teardown]    Commits Go On


*** Keywords ***
Prepare Own Server And Its Gates
    [Documentation]    Starts a server in whose database commits can be held, and rows with "poison" are refused.
    Prepare Suite With Own Server    settings={}
    Database Is Open
    Execute Sql String    ${FUNCTION}
    Execute Sql String    ${TRIGGER}
    Execute Sql String    ALTER TABLE messages ADD CONSTRAINT no_poison CHECK (payload::text NOT LIKE '%poison%')

Commits Are Held
    [Documentation]    From now on a transaction that has stored a message waits before it commits.
    Query    SELECT pg_advisory_lock(${GATE})

Commits Go On
    [Documentation]    Lets the waiting commits and those to come pass.
    Query    SELECT pg_advisory_unlock_all()

A Commit Should Be Waiting
    [Documentation]    Waits until a transaction has stored a message and only its commit is missing.
    Check Row Count    SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = ${GATE} AND NOT granted
    ...    >=    ${1}    retry_timeout=5s    retry_pause=20ms
