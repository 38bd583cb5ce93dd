"""The envelope: whatever comes is read or refused by one exception that names the field; payloads stay as they were."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_server.protocol import MAX_ID_LENGTH, Envelope, InvalidMessage, encode, has_lone_surrogate, parse

GOOD: dict[str, Any] = {
    "id": "m-1",
    "type": "user_message",
    "fromDeviceId": "phone",
    "toDeviceId": "desktop",
    "userId": "ada",
    "payload": {"text": "hello"},
    "timestamp": "2026-01-01T12:00:00.000Z",
    "priority": 1,
    "requiresAck": True,
}
NAMES = st.sampled_from([*GOOD, "retryCount", "seq", "other"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def text_of(**changes: Any) -> bytes:
    return json.dumps({**GOOD, **changes}).encode()


def refused(data: bytes) -> InvalidMessage:
    with pytest.raises(InvalidMessage) as caught:
        parse(data)
    return caught.value


def outcome(data: bytes) -> Envelope | InvalidMessage:
    try:
        return parse(data)
    except InvalidMessage as problem:
        return problem


def test_a_good_message_is_read():
    envelope = parse(text_of())
    assert (envelope.id, envelope.from_device_id, envelope.to_device_id) == ("m-1", "phone", "desktop")
    assert json.loads(encode(envelope)) == GOOD


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes):
    assert str(outcome(data))


@given(JSON)
def test_any_json_is_read_or_refused(value: Any):
    assert str(outcome(json.dumps(value).encode()))


@given(NAMES, JSON)
def test_any_value_of_a_field_is_read_or_refused_by_the_name_of_that_field(name: str, value: Any):
    problem = outcome(text_of(**{name: value}))
    if isinstance(problem, InvalidMessage):
        assert problem.field in (name, "")
        assert problem.message_id in ("", "m-1") or name == "id"
        encode([problem.field, problem.message_id, str(problem)])


@given(
    JSON.map(lambda value: json.dumps(value, allow_nan=False) if _finite(value) else "null"),
    st.sampled_from(["", " ", "\n\t "]),
)
def test_a_payload_is_kept_byte_for_byte(payload: str, space: str):
    data = text_of().replace(b'{"text": "hello"}', (space + payload + space).encode("utf-8", "surrogatepass"))
    envelope = outcome(data)
    if isinstance(envelope, InvalidMessage):
        assert envelope.field in ("payload", "")
        return
    assert bytes(envelope.payload) == payload.encode()
    assert b'"payload":' + payload.encode() + b',"timestamp"' in encode(envelope)


def _finite(value: Any) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(
    "payload",
    ['{"b":1,"a":2,"a":3}', "1.50", '"\\u0000"', "1e400", '"\\ud83d\\ude00"', "[ 1 ,2]", "12345678901234567890"],
)
def test_odd_but_legal_payloads_are_kept(payload: str):
    data = text_of().replace(b'{"text": "hello"}', payload.encode())
    assert bytes(parse(data).payload) == payload.encode()


@pytest.mark.parametrize("name", [name for name in GOOD if name != "toDeviceId"])
def test_a_missing_field_is_named(name: str):
    problem = refused(json.dumps({key: value for key, value in GOOD.items() if key != name}).encode())
    assert (problem.field, str(problem)) == (name, f"{name}: is missing")
    assert problem.message_id == ("" if name == "id" else "m-1")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("id", 5),
        ("id", ""),
        ("id", "x" * (MAX_ID_LENGTH + 1)),
        ("id", "a\0b"),
        ("type", "no_such_type"),
        ("type", 1),
        ("fromDeviceId", None),
        ("toDeviceId", 7),
        ("toDeviceId", "a\0b"),
        ("userId", ["ada"]),
        ("userId", "a\0b"),
        ("timestamp", "yesterday"),
        ("timestamp", 0),
        ("priority", -1),
        ("priority", 4),
        ("priority", 1.5),
        ("priority", "1"),
        ("priority", True),
        ("priority", 10**30),
        ("requiresAck", "yes"),
        ("requiresAck", 1),
        ("retryCount", "1"),
        ("seq", 1),
        ("hello", 1),
        ("payload", "half \ud83d"),
        ("id", "half \ud83d"),
        ("userId", "\ude00"),
    ],
)
def test_a_wrong_field_is_named(name: str, value: Any):
    problem = refused(text_of(**{name: value}))
    assert problem.field == name
    assert problem.message_id == ("m-1" if name != "id" or value == "a\0b" else "") or problem.message_id == "a\0b"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b"1",
        b'"x"',
        b"{",
        b"nonsense",
        b'{"id":"a"',
        text_of() + b"x",
        b"\xff\xfe",
        b"\xef\xbb\xbf{}",
    ],
)
def test_what_is_no_object_is_refused(data: bytes):
    refused(data)


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_a_deep_payload_is_refused(opening: str):
    problem = refused(text_of().replace(b'{"text": "hello"}', opening.encode() * 100_000))
    assert str(problem) == "payload: nested too deeply"


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"01", b"+1", b".5"])
def test_what_is_no_number_in_json_is_refused(number: bytes):
    refused(text_of().replace(b'{"text": "hello"}', number))


def test_a_clients_own_retry_count_is_ignored():
    assert b"retryCount" not in encode(parse(text_of(retryCount=3)))


def test_no_target_may_be_written_as_null():
    assert parse(text_of(toDeviceId=None)).to_device_id is None


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_half_a_surrogate_pair_is_found_where_python_finds_one(text: str):
    try:
        text.encode()
    except UnicodeEncodeError:
        lone = True
    else:
        lone = False
    assert has_lone_surrogate(json.dumps(text).encode()) is lone


def test_an_escaped_backslash_before_u_is_no_escape():
    assert not has_lone_surrogate(rb'"\\ud83d"')
    assert has_lone_surrogate(rb'"\\\ud83d"')
