*** Settings ***
Documentation    Orders over REST, pushed to the screens of those they concern and stored in PostgreSQL.

Library          DatabaseLibrary
Library          RequestsLibrary
Library          wireproof.Fixtures
Library          wireproof.Sockets
Library          wireproof.Timing
Resource         environment.resource

Suite Setup      Connect And Listen
Test Template    Order Update Is Pushed Once


*** Test Cases ***    ACTION    STATUS    TYPE
Pay    pay    paid    order.paid
Cancel    cancel    cancelled    order.cancelled
Versions Arrive In Order Without A Gap
    [Documentation]    Each change counts the order's version up by one.
    [Template]    NONE
    ${order}    New Order
    Set Mark    three actions
    FOR    ${action}    IN    pay    pack    ship
        POST    ${API}/orders/${order}/${action}    auth=${ALICE_HTTP}
    END
    Wait For Messages    alice    3    json={"order": ${order}}    exactly=yes    timeout=2s
    Messages Should Be In Order    alice    by=$.version    step=1    json={"order": ${order}}


*** Keywords ***
Connect And Listen
    [Documentation]    Alice, whose orders these are, and Bob, whom they do not concern.
    Connect To Database    psycopg2    &{ORDERS_DB}    alias=orders
    Connect Postgres    orders    adopt=orders
    ${auth}    Http Auth    ${ALICE_BEARER}
    VAR    ${ALICE_HTTP}    ${auth}    scope=SUITE
    Set Client Defaults    url=${WS_URL}    dialect=json    timeout=2s
    Open Client    alice    headers=${ALICE_AUTH}
    Open Client    bob    headers=${BOB_AUTH}

New Order
    [Documentation]    Places an order of Alice's and returns its number.
    ${response}    POST    ${API}/orders    json=${{ {"sku": "A-1", "amount": 250} }}    auth=${ALICE_HTTP}
    RETURN    ${response.json()}[id]

Order Update Is Pushed Once
    [Documentation]    On Alice's screen and in the database, and not on Bob's screen.
    [Arguments]    ${action}    ${status}    ${type}
    ${order}    New Order
    Set Mark    request
    POST    ${API}/orders/${order}/${action}    auth=${ALICE_HTTP}
    ${message}    Message Should Arrive Once    alice    json={"type": "${type}", "order": ${order}, "at": "#datetime"}
    Wait Until Row Exists    orders    {"id": ${order}}    having={"status": "${status}"}    db=orders
    No Message Should Arrive    bob    json={"order": ${order}}    within=500ms
    Record Latency Between    order to screen    request    ${message}
