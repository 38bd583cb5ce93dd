*** Settings ***
Documentation    What happens to new connections; those that are open go on. Clients come
...              through the link `room`.

Resource         chat.resource

Suite Setup      Chat Is Open
Test Setup       Link Leads To The Chat


*** Test Cases ***
Nobody Listens
    [Documentation]    The connection is refused by the system of the other side, as when a server is down.
    [Tags]    fault:refuse
    Refuse Connections    room
    Connection Should Be Refused    via=room    stage=tcp    reason=refused
    Alice Should Get In After Healing

Connections Are Closed At Once
    [Documentation]    The connection comes about and ends (FIN) before a word is said.
    [Tags]    fault:accept-and-close
    Refuse Connections    room    mode=close
    Connection Should Be Refused    via=room    stage=http    reason=closed
    Alice Should Get In After Healing

Connections Are Reset At Once
    [Documentation]    The connection comes about and is reset (RST) before a word is said.
    [Tags]    fault:accept-and-reset
    Refuse Connections    room    mode=reset
    Connection Should Be Refused    via=room    reason=reset
    Alice Should Get In After Healing

Silence After Connecting
    [Documentation]    The connection comes about and the upgrade is not answered: only the client's own time-out
    ...    helps.
    [Tags]    fault:silence
    Refuse Connections    room    mode=silence
    Connection Should Be Refused    via=room    within=1s    stage=http
    Alice Should Get In After Healing

Connecting Takes Long
    [Documentation]    The upgrade is answered late; after that the connection is as any other.
    [Tags]    fault:slow-accept
    Refuse Connections    room    mode=slow    delay=300ms
    ${opened}    Open Client    carol    via=room
    Should Be True    ${opened.connect_ms} >= 300
    Alice Should Get In After Healing

The Server Is Overloaded
    [Documentation]    The upgrade is answered with HTTP 503.
    [Tags]    fault:http-503
    Refuse Connections    room    mode=status    status=503
    Connection Should Be Refused    via=room    stage=http    status=503
    Alice Should Get In After Healing

There Are Too Many Requests
    [Documentation]    The upgrade is answered with HTTP 429.
    [Tags]    fault:http-429
    Refuse Connections    room    mode=status    status=429
    Connection Should Be Refused    via=room    stage=http    status=429
    Alice Should Get In After Healing

The Upgrade Is Answered Wrong
    [Documentation]    The server's proof that it understood the upgrade (Sec-WebSocket-Accept) is wrong: the client
    ...    must not go on.
    [Tags]    fault:wrong-accept
    Refuse Connections    room    mode=wrong accept
    Connection Should Be Refused    via=room    stage=http    reason=Accept
    Alice Should Get In After Healing

Only Every Third Attempt Gets Through
    [Documentation]    Two attempts fail, the third one gets in: who tries again comes back.
    [Tags]    fault:every-nth
    Refuse Connections    room    mode=reset    except_every=3
    Connection Should Be Refused    via=room    reason=reset
    Connection Should Be Refused    via=room    reason=reset
    Open Client    carol    via=room
    Alice Should Get In After Healing


*** Keywords ***
Alice Should Get In After Healing
    [Documentation]    A new connection works, and there all is well.
    Heal All Faults
    Alice And Bob Come In
