*** Settings ***
Documentation    What a device has to say to be registered, by when, and what it hears when that is wrong.

Resource         ../../resources/connection.resource

Suite Setup      Prepare Suite
Test Setup       New User
Test Timeout     60 s


*** Test Cases ***
Registration Without A Required Field Is Refused
    [Documentation]    The registration fails by the name of the missing field, and the connection closes with 1008.
    [Tags]    CONN-11
    [Template]    Registration Should Fail Without
    id
    userId
    type
    platform
    version
    capabilities

Registration With A Mistyped Field Is Refused
    [Documentation]    The registration fails by the name of the mistyped field, and the connection closes with 1008.
    [Tags]    CONN-11
    [Template]    Registration Should Fail With
    # field    value    named in the error
    id    17
    id    ""
    id    null
    userId    17
    userId    ""
    type    "toaster"
    type    2
    platform    ["ios"]
    version    1.0
    authToken    17
    sessionId    17
    epoch    17
    lastSeq    "17"
    lastSeq    -1
    capabilities    "all"
    capabilities    {"supportsFileSync": "yes"}    supportsFileSync
    capabilities    {"supportsVoiceCommands": 1}    supportsVoiceCommands
    capabilities    {"supportsVideoStreaming": null}    supportsVideoStreaming
    capabilities    {"supportsNotifications": []}    supportsNotifications
    capabilities    {"maxFileSize": "10 MB"}    maxFileSize
    capabilities    {"supportedFormats": "txt"}    supportedFormats

Registration Without A Token Is Refused
    [Documentation]    A registration without a token proves nobody's identity.
    [Tags]    CONN-11
    ${registration}    Registration Of    phone
    Remove From Dictionary    ${registration}    authToken
    Registration Should Be Refused    ${registration}    AUTH_FAILED    token

Registration With A Malformed Token Is Refused
    [Documentation]    A text that is no token is refused.
    [Tags]    CONN-11
    Registration With Token Should Be Refused    not-a-token

Registration With An Expired Token Is Refused
    [Documentation]    A token for this device that has expired a minute ago is refused.
    [Tags]    CONN-11    smoke
    ${token}    Mint Token    phone    expires_in=${-60}
    Registration With Token Should Be Refused    ${token}

Registration With Another Device's Token Is Refused
    [Documentation]    A token of the same user's other device is refused.
    [Tags]    CONN-11
    ${token}    Mint Token    tablet
    Registration With Token Should Be Refused    ${token}

Registration With Another User's Token Is Refused
    [Documentation]    A token for a device of the same name, but of another user, is refused.
    [Tags]    CONN-11
    ${token}    Mint Token    phone    user=${USER}-other
    Registration With Token Should Be Refused    ${token}

Registration In Another's Name Is Refused
    [Documentation]    An envelope that names another sender than the registration is refused by the name of the field.
    [Tags]    CONN-11
    [Template]    Registration Should Fail In The Name Of Another
    fromDeviceId
    userId

Refused Registration Ends The Connection At Once
    [Documentation]    The close comes with the refusal, and not only when the time to register is over.
    [Tags]    CONN-11
    ${server}    Start A Server    {"registrationTimeout": 60}
    Set Client Defaults    url=${server.ws}    scope=test
    Registration With Token Should Be Refused    not-a-token

Refused Device Can Register Correctly Afterwards
    [Documentation]    A failed registration locks nobody out.
    [Tags]    CONN-11
    Registration With Token Should Be Refused    not-a-token
    Device Registers    phone
    Device Should Answer    phone

Connection That Stays Silent Is Closed In Time
    [Documentation]    A connection that says nothing within the time to register is closed with 1008.
    [Tags]    CONN-12
    ${seconds}    Get Setting    registrationTimeout
    Open Client    visitor    log_in=no
    Wait For Close    visitor    code=1008    timeout=${seconds + 5} s

Talking Does Not Extend The Time To Register
    [Documentation]    A connection that sends other messages instead of registering is closed all the same.
    [Tags]    CONN-12
    ${seconds}    Get Setting    registrationTimeout
    Open Client    visitor    log_in=no
    Run Keyword And Expect Error    *closed by the server (1008*
    ...    Visitor Sends    visitor    {}    as=phone    kind=heartbeat    count=30    rate=${{ 10 / $seconds }}/s
