*** Settings ***
Documentation     A message that cannot be read is answered by an error that names the field. The connection lives, and
...               others do not notice: after each bad envelope the sender's next message arrives, and a bystander's.

Resource          ../../resources/delivery.resource

Suite Setup       Prepare Suite
Suite Teardown    Stack Should Be Healthy    msg=server-died
Test Setup        A Pair And A Bystander Register
Test Teardown     The Bystander Should Have Noticed Nothing
Test Timeout      60 s


*** Variables ***
${SAID_BY_BYSTANDER}    ${0}


*** Test Cases ***    FIELD    ENVELOPE
What Is No Envelope Is Refused
    [Documentation]    Text that is no JSON, or JSON that is no object, is answered by an error.
    [Tags]    DLV-10
    [Template]    Text Should Be Refused
    hello
    {"id":
    {"id": "1"} {"id": "2"}
    {'id': 'x'}
    {"id": NaN}
    \uFEFF{}
    null
    true
    17
    "text"
    \[]
    \[{}]
    {}

A Missing Field Is Named
    [Documentation]    Each field that an envelope needs is named when it is missing.
    [Tags]    DLV-10
    [Template]    Envelope Without Should Be Refused
    id
    type
    fromDeviceId
    userId
    payload
    timestamp
    priority
    requiresAck

A Field Of Another Type Is Named
    [Documentation]    A field that holds a value of another JSON type is named.
    [Tags]    DLV-10
    [Template]    Envelope With Should Be Refused
    id    17
    id    null
    id    ["a"]
    type    17
    type    null
    fromDeviceId    17
    fromDeviceId    null
    toDeviceId    17
    toDeviceId    {}
    userId    false
    userId    null
    timestamp    1709210096
    timestamp    null
    priority    "1"
    priority    true
    priority    null
    priority    1.5
    requiresAck    "true"
    requiresAck    1
    requiresAck    null
    retryCount    "1"

A Value Out Of Its Range Is Named
    [Documentation]    A field of the right type with a value that it cannot have is named.
    [Tags]    DLV-10
    [Template]    Envelope With Should Be Refused
    id    ""
    type    "no_such_type"
    type    "USER_MESSAGE"
    type    ""
    fromDeviceId    ""
    toDeviceId    ""
    userId    ""
    timestamp    "yesterday"
    timestamp    ""
    timestamp    "2024-02-30T12:00:00Z"
    priority    -1
    priority    4
    priority    99999999999999999999
    retryCount    -1

An Unknown Field Is Named
    [Documentation]    A field that no envelope has is named, even when it only differs by case.
    [Tags]    DLV-10
    [Template]    Envelope With Should Be Refused
    colour    "red"
    Priority    1
    seq    1
    sql    "'; DROP TABLE messages; --"

Text That No Database Can Keep Is Named
    [Documentation]    NUL in a text field and halves of surrogate pairs are refused by name of the field.
    [Tags]    DLV-10
    [Template]    Envelope With Should Be Refused
    id    "a\\u0000b"
    toDeviceId    "a\\u0000b"
    id    "\\ud800"
    toDeviceId    "\\udfff"
    payload    "\\ud800"
    payload    {"deep": ["\\udc00\\ud800"]}
    payload    {"\\ud83d": 1}

A Bad Envelope In A Binary Frame Is Refused Alike
    [Documentation]    What is refused as text is refused in a binary frame, too, and so are bytes that are no UTF-8.
    [Tags]    DLV-10
    [Template]    Bytes Should Be Refused
    # null, an open brace, UTF-16, a cut UTF-8 sequence, nothing
    hex:6e 75 6c 6c
    hex:7b
    hex:ff fe 7b 00 7d 00
    hex:22 c3 22
    hex:

The Error Says Which Message It Means
    [Documentation]    Where the id could be read the error repeats it; it says what to do, nothing of the inside.
    [Tags]    DLV-10
    ${fields}    Envelope Fields    priority=${9}
    ${envelope}    Make Envelope    ${fields}    {"text": "hello"}
    Send Text    phone    ${envelope}
    VAR    &{payload}    originalMessageId=${fields}[id]    code=INVALID_MESSAGE    error=\#string    message=\#string
    VAR    &{expected}    fromDeviceId=server    payload=${payload}
    ${error}    Wait For Message    phone    kind=error    json=${expected}
    Should Not Match Regexp    ${error.text}    (?i)traceback|\\.py|select|insert|postgres|/usr|/home
    Length Should Be    ${{ set($error.body) }}    4

The Type Of A Service Message Is Not For Devices
    [Documentation]    A device cannot send an error to another device.
    [Tags]    DLV-10
    ${sent}    Device Sends    phone    {"error": "made up"}    to=desktop    kind=error
    Sender Should Learn Of Refusal    phone    ${sent}    FORBIDDEN
    Device Should Not Have Received    desktop    ${sent}

Too Many Bad Frames Close The Connection
    [Documentation]    Over badFrameLimit the sender is closed with 1008; what it sent before and was good has arrived.
    [Tags]    DLV-10
    ${limit}    Get Setting    badFrameLimit
    ${sent}    Device Sends    phone    {"text": "still good"}    to=desktop
    FOR    ${_}    IN RANGE    ${limit} + 1
        Send Text    phone    null
    END
    Wait For Close    phone    code=1008
    Device Should Receive    desktop    ${sent}


*** Keywords ***
A Pair And A Bystander Register
    [Documentation]    Registers a sender and a recipient, and two devices of another user that talk all the while.
    User Has Devices    phone    desktop
    Stranger Registers    bystander
    Stranger Registers    companion
    Bystander Speaks

Bystander Speaks
    [Documentation]    The bystander sends its companion one more numbered message.
    ${n}    Evaluate    $SAID_BY_BYSTANDER + 1
    VAR    ${SAID_BY_BYSTANDER}    ${n}    scope=TEST
    Send Message    bystander    {"n": ${n}}    kind=user_message

The Bystander Should Have Noticed Nothing
    [Documentation]    The server lives, and all that the bystander said has reached its companion, in order, each once.
    Server Should Be Alive
    Wait For Messages    companion    ${SAID_BY_BYSTANDER}    kind=user_message    exactly=yes    settle=0s
    Messages Should Be In Order    companion    by=$.payload.n    step=1    kind=user_message

Envelope Without Should Be Refused
    [Documentation]    An envelope that lacks this field is refused by its name.
    [Arguments]    ${field}
    ${fields}    Envelope Fields
    VAR    &{fields}    &{fields}    payload=hello
    Remove From Dictionary    ${fields}    ${field}
    ${text}    Evaluate    json.dumps($fields)
    Text Should Be Refused    ${text}    ${field}

Envelope With Should Be Refused
    [Documentation]    An envelope in which this field has this value, a JSON text, is refused by the field's name.
    [Arguments]    ${field}    ${value}
    ${fields}    Envelope Fields
    VAR    &{fields}    &{fields}    payload=hello
    Remove From Dictionary    ${fields}    ${field}
    ${others}    Evaluate    json.dumps($fields)[:-1]
    Text Should Be Refused    ${others}, "${field}": ${value}}    ${field}

Text Should Be Refused
    [Documentation]    A text is answered by one error that names the field; the connection is as good as before.
    [Arguments]    ${text}    ${field}=${EMPTY}
    ${sent}    Send Text    phone    ${text}
    Refusal Should Come    ${sent}    ${field}

Bytes Should Be Refused
    [Documentation]    A binary message is answered by one error; the connection is as good as before.
    [Arguments]    ${bytes}
    ${sent}    Send Binary    phone    ${bytes}
    Refusal Should Come    ${sent}    ${EMPTY}

Refusal Should Come
    [Documentation]    The sender gets one error that names the field; what it and the bystander say next arrives.
    [Arguments]    ${sent}    ${field}
    ${error}    Wait For Message    phone    kind=error    since=${sent}
    Should Be Equal    ${error.body}[code]    INVALID_MESSAGE
    Should Start With    ${error.body}[error]    ${field}
    Bystander Speaks
    ${next}    Device Sends    phone    {"text": "still here"}    to=desktop
    Device Should Receive    desktop    ${next}
    Get Message Count    phone    ==    ${1}    kind=error    since=${sent}
