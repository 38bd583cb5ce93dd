*** Settings ***
Documentation    Subscriptions to orders by graphql-transport-ws.

Library          wireproof.Sockets
Resource         market.resource

Suite Setup      Set Client Defaults    url=${GATEWAY}    dialect=graphql-transport-ws    login=${DEALER}


*** Variables ***
${FILLED}    subscription($order: ID!) { filled(order: $order) { order amount } }


*** Test Cases ***
A Fill Is Told Once
    [Documentation]    Each change comes as one `next`, also over a slow network.
    Open Client    dealer
    ${mark}    Set Mark    subscribed
    Follow Order    dealer    one    17
    VAR    &{filled}    order=17
    VAR    &{data}    filled=${filled}
    VAR    &{payload}    data=${data}
    VAR    &{wanted}    id=one    payload=${payload}
    ${next}    Message Should Arrive Once    dealer    kind=next    json=${wanted}    since=${mark}
    Should Be Equal    ${next.json}[payload][data][filled][order]    17

A Completed Subscription Is Silent
    [Documentation]    After `complete` nothing comes for its id.
    Open Client    dealer
    Follow Order    dealer    one    17
    Send Json    dealer    {"id": "one", "type": "complete"}
    ${mark}    Set Mark    completed
    No Message Should Arrive    dealer    json={"id": "one"}    since=${mark}    within=1s

An Id In Use Is Refused
    [Documentation]    The protocol closes with 4409.
    Open Client    dealer
    Follow Order    dealer    one    17
    Follow Order    dealer    one    18
    ${end}    Wait For Close    dealer    code=4409
    Should Be Equal    ${end.by}    server


*** Keywords ***
Follow Order
    [Documentation]    Subscribes a client to the fills of an order.
    [Arguments]    ${client}    ${id}    ${order: int}
    VAR    &{variables}    order=${order}
    VAR    &{payload}    query=${FILLED}    variables=${variables}
    VAR    &{frame}    id=${id}    type=subscribe    payload=${payload}
    Send Json    ${client}    ${frame}
