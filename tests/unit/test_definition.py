import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wireproof import dialects
from wireproof.dialects import TEXT, Definition, Dialect, Draft, Frame, Message

ORDERS = Definition(
    name="orders",
    kind="$.header.event",
    id="$.header.id",
    reply_to="$.header.causedBy",
    flow="$.order.number",
    seq="$.order.version",
    ack={"header": {"event": "ack"}, "of": "$.header.id", "version": "$.order.version", "note": ["$.nowhere", 1]},
    control=[{"header": {"event": "#regex ping|pong"}}, {"header": {"event": "ack"}}],
)
CHANGED = {
    "header": {"event": "order.changed", "id": "m-1", "causedBy": "r-1"},
    "order": {"number": 17, "version": 3},
    "shop": "blue",
}


def made(definition: Definition) -> Dialect:
    return definition.dialect()("alice")


def read(dialect: Dialect, value: Any) -> Message:
    (message,) = dialect.feed(Frame(TEXT, json.dumps(value).encode()))
    return message


def test_every_part_is_read_from_its_path() -> None:
    message = read(made(ORDERS), CHANGED)
    assert (message.kind, message.id, message.reply_to, message.flow) == ("order.changed", "m-1", "r-1", "17")
    assert message.seq == 3
    assert message.fields == {"shop": "blue"}
    assert message.json == message.body == CHANGED
    assert not message.control


def test_paths_left_out_are_those_of_plain_json_and_nothing_for_flow_and_seq() -> None:
    message = read(made(Definition(name="plain")), {"type": "said", "id": 7, "replyTo": "q", "seq": 1, "flow": "f"})
    assert (message.kind, message.id, message.reply_to, message.flow, message.seq) == ("said", "7", "q", "", None)


@pytest.mark.parametrize(
    "value", [{"header": 1}, {"header": {"event": ["x"], "id": True, "causedBy": None}}, [], 1, None]
)
def test_what_is_not_there_is_empty(value: Any) -> None:
    message = read(made(ORDERS), value)
    assert (message.kind, message.id, message.reply_to, message.flow, message.seq) == ("", "", "", "", None)
    assert message.problem == ""


@pytest.mark.parametrize("version", ["3", 3.5, True, None])
def test_a_seq_is_a_whole_number(version: Any) -> None:
    assert read(made(ORDERS), {"order": {"version": version}}).seq is None


@given(st.binary())
def test_any_frame_is_one_message(payload: bytes) -> None:
    dialect = made(ORDERS)
    (message,) = dialect.feed(Frame(TEXT, payload))
    assert len(dialect.answers(message)) <= 1


def test_each_message_with_an_id_is_acknowledged_with_its_own_values() -> None:
    dialect = made(ORDERS)
    (ack,) = dialect.answers(read(dialect, CHANGED))
    assert json.loads(ack.payload) == {"header": {"event": "ack"}, "of": "m-1", "version": 3, "note": [None, 1]}
    assert ack.kind == "ack"


@pytest.mark.parametrize(
    "header", [{"event": "order.changed"}, {"event": "pong", "id": "m-2"}, {"event": "ack", "id": "m-3"}]
)
def test_messages_without_id_and_control_messages_are_not_acknowledged(header: dict[str, str]) -> None:
    dialect = made(ORDERS)
    assert dialect.answers(read(dialect, {"header": header})) == ()


def test_without_ack_nothing_is_acknowledged() -> None:
    dialect = made(Definition(name="plain"))
    assert dialect.answers(read(dialect, {"id": "m-1"})) == ()


@pytest.mark.parametrize("event", ["ping", "pong", "ack"])
def test_control_messages_are_marked(event: str) -> None:
    assert read(made(ORDERS), {"header": {"event": event}}).control


def test_drafts_have_kind_and_id_where_the_definition_says() -> None:
    dialect = made(ORDERS)
    sent = dialect.encode(Draft({"header": {"trace": 1}}, "pay", "shop", {"urgent": True}, "m-9"))
    assert json.loads(sent.payload) == {
        "header": {"trace": 1, "event": "pay", "id": "m-9"},
        "to": "shop",
        "urgent": True,
    }
    assert (sent.id, sent.kind) == ("m-9", "pay")
    assert dialect.is_reply(sent, read(dialect, {"header": {"causedBy": "m-9"}}))


def test_a_draft_without_id_gets_a_fresh_one_unless_the_body_has_one() -> None:
    dialect = made(ORDERS)
    first, second = dialect.encode(Draft({})), dialect.encode(Draft({}))
    assert json.loads(first.payload)["header"]["id"] == first.id != second.id
    assert dialect.encode(Draft({"header": {"id": "own"}})).id == "own"


def test_an_id_that_stands_in_a_list_is_read_and_not_written() -> None:
    dialect = made(Definition(name="lists", id="$[1]", kind="$[0]"))
    assert read(dialect, ["said", "m-1"]).id == "m-1"
    assert dialect.encode(Draft({"a": 1})).payload == b'{"a": 1}'
    assert dialect.encode(Draft([1, 2], id="x")).payload == b"[1, 2]"


def test_the_echo_base_takes_the_same_message_for_the_reply() -> None:
    dialect = made(Definition(name="mirror", base="echo", kind="$.k"))
    sent = dialect.encode(Draft({"a": 1}, "say"))
    (message,) = dialect.feed(Frame(TEXT, sent.payload))
    assert dialect.is_reply(sent, message)
    assert message.kind == "say"


@pytest.mark.parametrize(
    ("draft", "line"),
    [
        (Draft({}, kind="say"), "nothing can be put at '$.k[0]'; give a path of names such as $.header.id"),
        (Draft({"header": "x"}), "'header' in the body is no object, so that nothing can be put into it"),
        (Draft([1], kind="say"), "kind, to and fields need a JSON object as body, not list"),
        (Draft([1], to="bob"), "kind, to and fields need a JSON object as body, not list"),
    ],
)
def test_a_draft_that_cannot_be_written(draft: Draft, line: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(line)}$"):
        made(Definition(name="odd", kind="$.k[0]", id="$.header.id")).encode(draft)


@pytest.mark.parametrize(
    ("parts", "line"),
    [
        ({"name": "my.dialect"}, "a dialect's name is a word without a point, not 'my.dialect'"),
        ({"name": ""}, "a dialect's name is a word without a point, not ''"),
        ({"base": "stomp"}, "base is json or echo, not 'stomp'; extend other dialects by a class in Python"),
        ({"kind": "$.["}, "kind: '$.[' is no JSON path: Parse error"),
        ({"ack": {"of": "$.["}}, "ack: '$.[' is no JSON path: Parse error"),
        ({"control": [{"type": "#uid"}]}, "control: type: unknown fuzzy word '#uid': there are"),
    ],
)
def test_a_bad_definition_is_refused_in_one_line(parts: dict[str, Any], line: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(line)}[^\n]*$"):
        Definition(**({"name": "orders"} | parts))


def test_a_defined_dialect_is_made_by_its_name() -> None:
    dialects.define(Definition(name="test-orders", kind="$.old"))
    dialects.define(Definition(name="test-orders", kind="$.event"))
    dialect = dialects.create("test-orders", "alice")
    assert dialect.name == "test-orders"
    assert read(dialect, {"event": "x"}).kind == "x"
    with pytest.raises(ValueError, match=r"^the dialect 'test-orders' cannot be made with these options: "):
        dialects.create("test-orders", options={"confirm": False})


def test_a_built_in_name_stays_what_it_is() -> None:
    with pytest.raises(ValueError, match=r"^the dialect 'json' is built in; give yours another name$"):
        dialects.define(Definition(name="json"))
