*** Settings ***
Documentation    GraphQL subscriptions by graphql-transport-ws.

Library          wireproof.Sockets
Resource         environment.resource

Suite Setup      Set Client Defaults    url=${WS_URL}    dialect=graphql-transport-ws    login=${ALICE_AUTH}


*** Variables ***
${ON_ORDER}    subscription($id: ID!) { orderChanged(id: $id) { id status version } }


*** Test Cases ***
Subscriber Sees Each Change Once
    [Documentation]    Each change comes as one `next`.
    Open Client    alice
    Subscribe    alice    s1    order=17
    Change Order    17    PAID
    ${next}    Message Should Arrive Once
    ...    alice
    ...    kind=next
    ...    json={"id": "s1", "payload": {"data": {"orderChanged": {"status": "PAID"}}}}
    Should Be Equal    ${next.json}[payload][data][orderChanged][id]    17

Completed Subscription Is Silent
    [Documentation]    After `complete` nothing comes for its id.
    Open Client    alice
    Subscribe    alice    s1    order=17
    Send Json    alice    {"id": "s1", "type": "complete"}
    ${mark}    Set Mark    completed
    Change Order    17    PACKED
    No Message Should Arrive    alice    json={"id": "s1"}    since=${mark}    within=1s

Second Subscription With The Same Id Closes 4409
    [Documentation]    The protocol says so.
    Open Client    alice
    Subscribe    alice    s1    order=17
    Subscribe    alice    s1    order=18
    Wait For Close    alice    code=4409


*** Keywords ***
Subscribe
    [Documentation]    Starts one subscription on a client.
    [Arguments]    ${client}    ${id}    ${order: int}
    VAR    &{variables}    id=${order}
    VAR    &{payload}    query=${ON_ORDER}    variables=${variables}
    VAR    &{frame}    id=${id}    type=subscribe    payload=${payload}
    Send Json    ${client}    ${frame}

Change Order
    [Documentation]    Changes an order by a mutation.
    [Arguments]    ${order: int}    ${status}
    Log    mutation ${order} ${status}
