*** Settings ***
Documentation    What happens to messages for what they mean: the dialect tells an acknowledgement from a delivery. The
...              clients are devices of a server that acknowledges what it has stored, and delivers it at least once.

Resource         shop.resource

Suite Setup      Shop Is Open
Test Setup       Alice And Bob Are In The Shop


*** Test Cases ***
Acknowledgements Are Lost
    [Documentation]    What was sent is delivered, and its sender does not hear of it.
    [Tags]    fault:drop-ack
    Drop Acknowledgements    room
    ${sent}    Device Writes    alice    bob
    Message Should Reach    bob    ${sent}
    Message Should Not Be Answered    alice    ${sent}
    All Should Be Well After Healing

Acknowledgements Are Late
    [Documentation]    The sender's patience is at its end before it hears what has long happened.
    [Tags]    fault:delay-ack
    Delay Acknowledgements    room    1h
    ${sent}    Device Writes    alice    bob
    Message Should Reach    bob    ${sent}
    Message Should Not Be Answered    alice    ${sent}
    Heal All Faults
    Message Should Be Answered    alice    ${sent}    delivered
    All Should Be Well After Healing

Deliveries Are Lost
    [Documentation]    The sender has its acknowledgement, the recipient has nothing; it comes when the server tries
    ...    again.
    [Tags]    fault:drop-delivery
    Drop Deliveries    room
    ${sent}    Device Writes    bob    alice
    Message Should Be Answered    bob    ${sent}    delivered
    Message Should Not Reach    alice    ${sent}
    Heal All Faults
    Message Should Reach    alice    ${sent}
    All Should Be Well After Healing

An Old Message Comes Again
    [Documentation]    The recipient gets a message that it has had before.
    [Tags]    fault:replay
    ${recording}    Record Messages    room    kind=user_message
    ${sent}    Device Writes    bob    alice
    Message Should Reach    alice    ${sent}
    Replay Message    ${recording}
    VAR    &{message}    id=${sent.id}
    Wait For Messages    alice    2    json=${message}
    All Should Be Well After Healing
