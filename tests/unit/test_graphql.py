import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wireproof.dialects import BINARY, TEXT, Dialect, Draft, Frame, Message, create


@pytest.fixture
def dialect() -> Dialect:
    return create("graphql-transport-ws", "alice")


def read(dialect: Dialect, value: Any) -> Message:
    (message,) = dialect.feed(Frame(TEXT, json.dumps(value).encode()))
    return message


def test_results_belong_to_their_operation(dialect: Dialect) -> None:
    message = read(dialect, {"id": "s1", "type": "next", "payload": {"data": {"count": 1}}})
    assert (message.kind, message.reply_to, message.flow, message.id) == ("next", "s1", "s1", "")
    assert message.body == {"data": {"count": 1}}
    assert message.fields == {"id": "s1", "type": "next"}


@pytest.mark.parametrize(
    ("kind", "control"),
    [("connection_ack", True), ("ping", True), ("pong", True), ("next", False), ("error", False), ("complete", False)],
)
def test_only_results_are_for_matchers(dialect: Dialect, kind: str, control: bool) -> None:
    assert read(dialect, {"type": kind}).control is control


@pytest.mark.parametrize(
    ("payload", "problem"),
    [
        (b"{", "not JSON: "),
        (b"[]", "a graphql-transport-ws message is an object with a type"),
        (b'{"type": 1}', "a graphql-transport-ws message is an object with a type"),
        (b'{"type": "next", "id": "\\ud83d"}', "half a character (lone surrogate \\ud83d) in a JSON string"),
    ],
)
def test_other_messages_have_a_problem(dialect: Dialect, payload: bytes, problem: str) -> None:
    (message,) = dialect.feed(Frame(TEXT, payload))
    assert message.problem.startswith(problem)
    assert message.kind == ""


@given(st.binary(), st.sampled_from([TEXT, BINARY]))
def test_any_frame_is_one_message_and_needs_no_answer(payload: bytes, opcode: int) -> None:
    dialect = create("graphql-transport-ws")
    (message,) = dialect.feed(Frame(opcode, payload))
    assert dialect.answers(message) == ()


def test_login_sends_the_credentials_and_waits_for_the_acknowledgement(dialect: Dialect) -> None:
    login = dialect.login({"Authorization": "Bearer abc"})
    assert login is not None
    (init,) = next(login)
    assert json.loads(init.payload) == {"type": "connection_init", "payload": {"Authorization": "Bearer abc"}}
    assert init.confidential
    assert login.send(read(dialect, {"type": "ping"})) == ()
    acknowledgement = read(dialect, {"type": "connection_ack", "payload": {"session": "s-1"}})
    assert dialect.is_reply(init, acknowledgement)
    with pytest.raises(StopIteration) as end:
        login.send(acknowledgement)
    assert end.value.value == {"session": "s-1"}


def test_login_without_credentials_has_no_payload(dialect: Dialect) -> None:
    login = dialect.login({})
    assert login is not None
    (init,) = next(login)
    assert init.payload == b'{"type": "connection_init"}'
    assert not init.confidential
    with pytest.raises(StopIteration) as end:
        login.send(read(dialect, {"type": "connection_ack"}))
    assert end.value.value == {}


@pytest.mark.parametrize("payload", [None, {"n": 1}])
def test_a_ping_is_answered_with_its_payload(dialect: Dialect, payload: Any) -> None:
    ping = {"type": "ping"} if payload is None else {"type": "ping", "payload": payload}
    (pong,) = dialect.answers(read(dialect, ping))
    assert json.loads(pong.payload) == ping | {"type": "pong"}


@pytest.mark.parametrize(
    ("draft", "message"),
    [
        (Draft("{ a }", id="s1"), {"type": "subscribe", "id": "s1", "payload": {"query": "{ a }"}}),
        (
            Draft({"query": "{ a }", "variables": {"id": 1}}, kind="subscribe", id="s1"),
            {"type": "subscribe", "id": "s1", "payload": {"query": "{ a }", "variables": {"id": 1}}},
        ),
        (Draft(kind="complete", id="s1"), {"type": "complete", "id": "s1"}),
        (Draft(kind="ping"), {"type": "ping"}),
        (Draft({"a": 1}, kind="connection_init"), {"type": "connection_init", "payload": {"a": 1}}),
    ],
)
def test_drafts(dialect: Dialect, draft: Draft, message: dict[str, Any]) -> None:
    sent = dialect.encode(draft)
    assert json.loads(sent.payload) == message
    assert (sent.kind, sent.id) == (message["type"], message.get("id", ""))


def test_each_operation_has_an_id_of_its_own(dialect: Dialect) -> None:
    assert dialect.encode(Draft("{ a }")).id != dialect.encode(Draft("{ a }")).id


@pytest.mark.parametrize(
    ("draft", "line"),
    [
        (Draft(), 'the body of a subscribe is a query, or {"query": …, "variables": …}'),
        (Draft({"query": 1}), 'the body of a subscribe is a query, or {"query": …, "variables": …}'),
        (Draft(kind="complete"), "a complete needs the id of the subscription that it ends"),
        (
            Draft(kind="start"),
            "graphql-transport-ws clients send subscribe, complete, ping, pong, connection_init, not 'start'; "
            "use Send Json for it",
        ),
        (
            Draft("{ a }", fields={"id": 1}),
            "graphql-transport-ws has neither fields nor addressees; variables belong into the body",
        ),
        (
            Draft("{ a }", to="bob"),
            "graphql-transport-ws has neither fields nor addressees; variables belong into the body",
        ),
    ],
)
def test_a_draft_that_the_protocol_does_not_have(dialect: Dialect, draft: Draft, line: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(line)}$"):
        dialect.encode(draft)


def test_replies_are_found_by_operation(dialect: Dialect) -> None:
    sent = dialect.encode(Draft("{ a }", id="s1"))
    assert dialect.is_reply(sent, read(dialect, {"type": "next", "id": "s1"}))
    assert not dialect.is_reply(sent, read(dialect, {"type": "next", "id": "s2"}))
    assert not dialect.is_reply(
        dialect.encode(Draft(kind="complete", id="s1")), read(dialect, {"type": "next", "id": "s1"})
    )


def test_close_codes_have_reasons(dialect: Dialect) -> None:
    assert dialect.close_reasons[4409] == "a subscription with this id already exists"
