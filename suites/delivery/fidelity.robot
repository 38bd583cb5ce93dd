*** Settings ***
Documentation     A message arrives, and is stored, as it was sent: every field, and every byte of the payload.

Resource          ../../resources/delivery.resource

Suite Setup       Prepare Suite
Suite Teardown    Disconnect From All Databases
Test Setup        User Has Devices    phone    desktop
Test Timeout      60 s


*** Test Cases ***    PAYLOAD, AS IT IS SPELLED
Every Kind Of Value Arrives As It Was Spelled
    [Documentation]    Objects, lists, texts, numbers, booleans, null and their empty forms keep their spelling.
    [Tags]    DLV-04
    [Template]    Payload Should Arrive Unchanged
    {"text": "hello", "number": 17, "list": [1, 2, 3], "yes": true, "nothing": null}
    {}
    \[]
    ""
    " "
    0
    false
    null
    {"": ""}
    \[null, false, 0, "", [], {}]

The Spelling Of JSON Survives
    [Documentation]    White space, the order of keys, repeated keys and escapes stay: nobody rewrites a payload.
    [Tags]    DLV-04
    [Template]    Payload Should Arrive Unchanged
    {"z": 1, "a": 2, "m": 3}
    {"twice": 1, "twice": 2}
    {"a" :1 ,"b":[ 1,2 ] }
    {"a":\t1,\r\n"b":\n2}
    "a\\/b \\u0041 \\u00e9 \\n \\t \\" \\\\"
    "\\u0000"
    {"\\u0000": "a\\u0000b"}
    "\\ud83d\\ude00"

Numbers Are Not Rounded
    [Documentation]    Integers beyond 64 bits, long fractions, exponents and negative zero keep every digit.
    [Tags]    DLV-04
    [Template]    Payload Should Arrive Unchanged
    123456789012345678901234567890
    9007199254740993
    18446744073709551616
    0.1000000000000000055511151231257827
    1.0
    -0
    1E+5
    1e400

Every Script Arrives Unchanged
    [Documentation]    Emoji, characters beyond 16 bits, combining marks and right-to-left text are not normalised.
    [Tags]    DLV-04
    [Template]    Payload Should Arrive Unchanged
    "naïve, Ωmega, Привет, 你好, こんにちは"
    "😀 👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽"
    "\U00010348 \U0001D54F \U0010FFFF"
    "e\u0301 and \u00e9; \u1E9B\u0323; \u212B, A\u030A and \u00C5"
    "العربية \u202Eabc\u202C עברית"
    "zero\u200Bwidth\u200D, a\u00A0b, \u2028 and \u2029, \uFEFF and \uFFFD"
    "ﬁ Ⅳ ½ ｶ İ ı ſ"
    {"ключ": "значение", "🔑": "🚪"}

What Looks Like Code Is Only Text
    [Documentation]    Quotes, SQL, markup and format marks in a payload come back as they are.
    [Tags]    DLV-04
    [Template]    Payload Should Arrive Unchanged
    "'; DROP TABLE messages; --"
    "<script>alert('hi')</script> &amp; *HTML*"
    "\%s \%(id)s {0} \${HOME} $1 \\\\x00"
    {"type": "error", "seq": 1, "id": "mine", "payload": {"payload": 1}}

Deep Nesting Arrives Unchanged
    [Documentation]    A payload of a hundred lists within each other comes back whole.
    [Tags]    DLV-04
    ${payload}    Evaluate    '[' * 100 + ']' * 100
    Payload Should Arrive Unchanged    ${payload}

Long Texts Arrive Whole
    [Documentation]    Messages around 65 536 bytes, and longer, are not cut; in one-byte and in four-byte characters.
    [Tags]    DLV-04
    FOR    ${size}    IN    65535    65536    65537    200000
        Envelope Of Size Should Arrive Unchanged    ${size}    x
        Envelope Of Size Should Arrive Unchanged    ${size}    😀
    END

A Message Of Exactly The Largest Size Arrives
    [Documentation]    A message may be as long as maxMessageBytes says, to the byte.
    [Tags]    DLV-04
    ${largest}    Get Setting    maxMessageBytes
    Envelope Of Size Should Arrive Unchanged    ${largest}    x

A Message One Byte Too Long Is Refused
    [Documentation]    One byte more than maxMessageBytes closes the sender's connection with 1009; nobody gets it.
    [Tags]    DLV-04
    ${largest}    Get Setting    maxMessageBytes
    ${fields}    Envelope Fields
    ${envelope}    Make Envelope Of Size    ${fields}    ${{ $largest + 1 }}
    Send Text    phone    ${envelope}
    Wait For Close    phone    code=1009
    Deliveries Should Have Ended    desktop
    Get Message Count    desktop    ==    0    json={"id": "${fields}[id]"}

Every Field Arrives As It Was Sent
    [Documentation]    The envelope's own fields reach the recipient and the database as the sender wrote them.
    [Tags]    DLV-04
    [Template]    Fields Should Arrive Unchanged
    priority=${0}
    priority=${1}
    priority=${2}
    priority=${3}
    requiresAck=${True}
    requiresAck=${False}
    timestamp=2024-02-29T23:59:59.123456+14:00
    timestamp=1999-12-31T23:59:59Z
    type=user_response
    id=an id with spaces, "quotes", 'more' and \\backslash
    id=идентификатор-😀-e\u0301

The Server Adds Its Number And Nothing Else
    [Documentation]    A first delivery has the sender's fields and seq, no more; a message to all names no target.
    [Tags]    DLV-04
    ${sent}    Device Sends    phone    {"text": "to all"}
    ${arrived}    Device Should Receive    desktop    ${sent}
    ${names}    Evaluate    sorted($arrived.json)
    Should Be Equal    ${names}
    ...    ${{ ["fromDeviceId", "id", "payload", "priority", "requiresAck", "seq", "timestamp", "type", "userId"] }}

A Binary Frame Is Read Like A Text Frame
    [Documentation]    An envelope in a binary frame is delivered like any other.
    [Tags]    DLV-04
    ${fields}    Envelope Fields
    ${envelope}    Make Envelope    ${fields}    {"text": "in binary, é😀"}
    Send Binary    phone    ${{ $envelope.encode() }}
    ${arrived}    Wait For Message    desktop    json={"id": "${fields}[id]"}
    ${payload}    Get Payload Text    ${arrived.text}
    Should Be Equal    ${payload}    {"text": "in binary, é😀"}


*** Keywords ***
Payload Should Arrive Unchanged
    [Documentation]    A payload reaches the recipient and the database byte for byte.
    [Arguments]    ${payload}
    ${fields}    Envelope Fields
    ${envelope}    Make Envelope    ${fields}    ${payload}
    Envelope Should Arrive Unchanged    ${envelope}    ${fields}[id]

Envelope Of Size Should Arrive Unchanged
    [Documentation]    A message of exactly this many bytes, filled with one character, arrives and is stored whole.
    [Arguments]    ${size: int}    ${filler}
    ${fields}    Envelope Fields
    ${envelope}    Make Envelope Of Size    ${fields}    ${size}    ${filler}
    Envelope Should Arrive Unchanged    ${envelope}    ${fields}[id]

Envelope Should Arrive Unchanged
    [Documentation]    The payload of an envelope, given as text, reaches the recipient and the database byte for byte.
    [Arguments]    ${envelope}    ${id}
    ${sent}    Get Payload Text    ${envelope}
    Send Text    phone    ${envelope}
    VAR    &{expected}    id=${id}
    ${message}    Wait For Message    desktop    json=${expected}
    ${arrived}    Get Payload Text    ${message.text}
    Payloads Should Be Equal    ${arrived}    ${sent}    arrived
    ${row}    Get Stored Message    ${id}
    Payloads Should Be Equal    ${row}[payload]    ${sent}    is stored

Payloads Should Be Equal
    [Documentation]    Compares two spellings; the failure shows where they part, not the whole of long ones.
    [Arguments]    ${found}    ${sent}    ${what}
    IF    $found != $sent
        ${at}    Evaluate    len(os.path.commonprefix([$found, $sent]))
        ${shown}    Evaluate    ascii($found[max(0, $at - 20):$at + 40])
        ${wanted}    Evaluate    ascii($sent[max(0, $at - 20):$at + 40])
        Fail    corrupted: the payload that ${what} differs from character ${at} on: ${shown}, sent was ${wanted}
    END

Fields Should Arrive Unchanged
    [Documentation]    A message with this field reaches the recipient and the database with all fields as sent.
    [Arguments]    &{given}
    ${fields}    Envelope Fields    &{given}
    ${envelope}    Make Envelope    ${fields}    {"text": "hello"}
    Send Text    phone    ${envelope}
    ${message}    Wait For Message    desktop    json=${fields}
    ${row}    Get Stored Message    ${fields}[id]
    FOR    ${name}    ${value}    IN    &{fields}
        Should Be Equal    ${message.json}[${name}]    ${value}    corrupted: ${name} arrived as another value
        Should Be Equal    ${row}[${name}]    ${value}    corrupted: ${name} is stored as another value
    END
