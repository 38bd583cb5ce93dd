"""Who connects: clients of a template, and clients listed one by one."""

import pytest
from robot.api.types import Secret

from wireproof.journal import current as journal
from wireproof.load.errors import LoadError
from wireproof.load.members import Client, from_template, members_of
from wireproof.load.plan import NOBODY, Endpoint
from wireproof.wiretext import safe

ECHO = Endpoint(url="ws://127.0.0.1:1/", dialect="echo")
CLOUD = Endpoint(url="ws://127.0.0.1:1/", dialect="cloudmessage")


def test_placeholders_stand_for_what_differs() -> None:
    token = Secret("bearer-0815")
    template = Client(
        name="client",
        login={"id": "d{n:04}-{run}", "pair": {"of": ["{pair}{side}", "{peer}"]}, "token": token, "level": 3},
        headers={"X-Device": "{n}"},
        to="room-{pair}",
        group="g{side}",
    )
    clients = from_template(template, 3)
    assert [client.name for client in clients] == ["client-001", "client-002", "client-003"]
    assert [client.login["id"] for client in clients] == [f"d000{n}-{journal().run}" for n in (1, 2, 3)]
    assert [client.login["pair"] for client in clients] == [
        {"of": ["1a", "2"]},
        {"of": ["1b", "1"]},
        {"of": ["2a", "4"]},
    ]
    assert clients[2].login["token"] is token
    assert clients[2].login["level"] == 3
    assert [client.headers["X-Device"] for client in clients] == ["1", "2", "3"]
    assert [client.group for client in clients] == ["ga", "gb", "ga"]
    assert [member.group for member in members_of([Client(name="x", group="g")], "fan out", ECHO)] == ["g"]
    assert [client.to for client in clients] == ["room-1", "room-1", "room-2"]


def test_braces_that_are_no_placeholder_stay() -> None:
    (client,) = from_template(Client(name="client", login={"filter": '{"a": {}}'}), 1)
    assert client.login["filter"] == '{"a": {}}'


def test_an_unknown_placeholder_is_refused() -> None:
    with pytest.raises(LoadError) as error:
        from_template(Client(name="client", login={"id": "{number}"}), 1)
    known = "{n}, {pair}, {side}, {peer}, {run}"
    assert str(error.value) == f"unknown placeholder {{number}}: there are {known}"


def test_who_sends_to_whom() -> None:
    clients = from_template(Client(name="client"), 4)
    assert [member.peer for member in members_of(clients, "request reply", ECHO)] == [0, 1, 2, 3]
    assert [member.peer for member in members_of(clients, "pairs", ECHO)] == [1, 0, 3, 2]
    assert [member.peer for member in members_of(clients, "fan out", ECHO)] == [NOBODY] * 4


def test_the_dialect_knows_who_the_peer_is() -> None:
    clients = from_template(Client(name="client", login={"id": "d{n}", "userId": "u{pair}"}), 4)
    assert [member.to for member in members_of(clients, "pairs", CLOUD)] == ["d2", "d1", "d4", "d3"]
    assert [member.to for member in members_of(clients, "fan out", CLOUD)] == [""] * 4


def test_secrets_are_unwrapped_and_hidden() -> None:
    client = Client(
        name="a",
        login={"id": "d", "userId": "u", "authToken": Secret("token-0816")},
        headers={"Authorization": Secret("Bearer key-0817")},
    )
    (member,) = members_of([client], "push only", CLOUD)
    assert member.login["authToken"] == "token-0816"
    assert member.headers == {"Authorization": "Bearer key-0817"}
    assert safe(repr(member)).count("<secret>") == 2


def test_pairs_need_an_even_number() -> None:
    with pytest.raises(LoadError) as error:
        members_of(from_template(Client(name="client"), 3), "pairs", ECHO)
    assert str(error.value) == "3 connections do not make pairs: take an even number, or another scenario"


def test_names_are_given_once() -> None:
    with pytest.raises(LoadError, match="clients need different names; 'bob' is given twice"):
        members_of([Client(name="bob"), Client(name="bob")], "fan out", ECHO)


def test_a_login_that_the_dialect_does_not_take_is_refused() -> None:
    with pytest.raises(LoadError, match=r"client-001 cannot log in: a CloudMessage login takes .*; id is missing"):
        members_of(from_template(Client(name="client", login={"userId": "u"}), 1), "request reply", CLOUD)
    with pytest.raises(LoadError, match="client-001 cannot log in: the dialect 'echo' has no login; leave out id"):
        members_of(from_template(Client(name="client", login={"id": "d"}), 1), "request reply", ECHO)
