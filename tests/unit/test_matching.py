import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from wireproof.dialects import TEXT, Echo, Frame, Message, PlainJson
from wireproof.matching import Matcher, json_path, nearest
from wireproof.wiretext import load_json

KEYS = st.text(max_size=8)
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=12)
)
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4))
OBJECTS = st.dictionaries(KEYS, VALUES, max_size=5)


def message(value: Any, index: int = 1) -> Message:
    """A message as the dialect `json` makes it, with the value after its way over a wire."""
    (made,) = PlainJson("alice", iter([index])).feed(Frame(TEXT, json.dumps(value).encode()))
    return made


def of(**parts: Any) -> Message:
    return Message(**{"at_ns": 1, "index": 1, **parts})


def differences(matcher: Matcher, message: Message) -> list[str]:
    return [str(difference) for difference in matcher.differences(message)]


def escaped(value: Any) -> Any:
    """The template that means the value itself: texts that start with # are written with #exactly."""
    match value:
        case dict():
            return {key: escaped(item) for key, item in value.items()}
        case list():
            return [escaped(item) for item in value]
        case str() if value.startswith("#"):
            return f"#exactly {value}"
    return value


def subset(draw: st.DrawFn, value: Any) -> Any:
    match value:
        case dict():
            return {key: subset(draw, item) for key, item in value.items() if draw(st.booleans())}
        case list():
            return [subset(draw, item) for item in value]
    return value


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    match value:
        case dict():
            return [leaf for key, item in value.items() for leaf in leaves(item, (*path, key))]
        case list():
            return [leaf for position, item in enumerate(value) for leaf in leaves(item, (*path, position))]
    return [path]


def changed(value: Any, path: tuple[str | int, ...], leaf: Any) -> Any:
    if not path:
        return leaf
    copy = value.copy()
    copy[path[0]] = changed(value[path[0]], path[1:], leaf)
    return copy


def test_a_difference_names_path_value_and_type() -> None:
    matcher = Matcher(json={"type": "order.paid", "order": 17})
    assert differences(matcher, message({"type": "order.paid", "order": "17"})) == [
        'order expected 17 (number), got "17" (text)'
    ]


@given(st.data(), OBJECTS)
def test_a_message_matches_every_subset_of_itself(data: st.DataObject, value: dict[str, Any]) -> None:
    received = message(value)
    asked = escaped(subset(data.draw, received.json))
    matcher = Matcher(json=asked)
    assert matcher.matches(received)
    assert matcher.differences(received) == []


@given(st.data(), OBJECTS)
def test_one_changed_leaf_differs_and_is_the_only_difference(data: st.DataObject, value: dict[str, Any]) -> None:
    received = message(value)
    places = leaves(received.json)
    assume(places)
    place = data.draw(st.sampled_from(places))
    other = data.draw(st.sampled_from([None, True, False, 0, 1, "", "0", "true"]))
    matcher = Matcher(json=escaped(changed(received.json, place, other)))
    original = received.json
    for step in place:
        original = original[step]
    same = original == other and isinstance(original, bool) is isinstance(other, bool)
    found = matcher.differences(received)
    assert matcher.matches(received) is same
    assert len(found) == (0 if same else 1)
    if found and all(isinstance(step, int) or re.fullmatch(r"[^\W\d]\w*", step) for step in place):
        path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)
        assert found[0].path == path.removeprefix(".")


@given(VALUES, VALUES)
def test_no_json_makes_a_matcher_raise_or_contradict_itself(asked: Any, value: Any) -> None:
    assume(asked is not None)
    matcher = Matcher(json=escaped(asked), jsonpath="$..*[?(@.a > 1)]", schema={"type": "object", "maxProperties": 3})
    received = message(value)
    found = differences(matcher, received)
    assert matcher.matches(received) is (found == [])
    assert all(len(line.splitlines()) == 1 and len(line) < 1_000 for line in found)
    assert len(matcher.describe().splitlines()) == 1


@given(st.binary())
def test_any_frame_can_be_matched(payload: bytes) -> None:
    (received,) = PlainJson().feed(Frame(TEXT, payload))
    matcher = Matcher(json={"a": 1}, text="x", regex="x", kind="k", opcode="binary", fields={"f": 1}, jsonpath="$.a")
    assert matcher.differences(received)
    assert not matcher.matches(received)


@pytest.mark.parametrize(
    ("asked", "value", "matches"),
    [
        ({"a": 1}, {"a": 1, "b": 2}, True),
        ({"a": 1}, {"a": True}, False),
        ({"a": True}, {"a": 1}, False),
        ({"a": False}, {"a": 0}, False),
        ({"a": 1}, {"a": 1.0}, True),
        ({"a": "1"}, {"a": 1}, False),
        ({"a": None}, {}, False),
        ({"a": None}, {"a": None}, True),
        ({"a": [1, 2]}, {"a": [1, 2, 3]}, False),
        ({"a": [1, 2]}, {"a": [2, 1]}, False),
        ({"a": (1, 2)}, {"a": [1, 2]}, True),
        ({"a": [{"b": 1}]}, {"a": [{"b": 1, "c": 2}]}, True),
        ({}, {"a": 1}, True),
        ({}, [], False),
        ([], [], True),
        ("text", "text", True),
    ],
)
def test_objects_by_subset_lists_whole(asked: Any, value: Any, matches: bool) -> None:
    assert Matcher(json=asked).matches(message(value)) is matches


@pytest.mark.parametrize(
    ("word", "accepted", "refused"),
    [
        ("#uuid", ["0b7e7a36-5b55-4a0d-9d0a-2c1a5f1c9e11"], ["0b7e7a365b554a0d9d0a2c1a5f1c9e11", 1, None]),
        (
            "#datetime",
            ["2026-01-02T03:04:05Z", "2026-01-02 03:04:05.123456789+02:00", "2026-01-02t03:04:05"],
            ["2026-01-02", "2026-13-02T03:04:05Z", "20260102T030405Z", 1_700_000_000],
        ),
        ("#string", ["", "x"], [1, None, []]),
        ("#number", [0, 1.5], [True, "1", None]),
        ("#integer", [0, 2.0, 10**400], [2.5, True, "1"]),
        ("#boolean", [True, False], [0, 1, "true"]),
        ("#array", [[], [1]], [{}, "[]"]),
        ("#object", [{}, {"a": 1}], [[], "{}"]),
        ("#null", [None], [0, "", False]),
        ("#notnull", [0, "", False, []], [None]),
        ("#present", [None, 0, ""], []),
        ("#ignore", [None, 0, ""], []),
        ("#absent", [], [None, 0, ""]),
        ("#regex [0-9]+", ["17"], ["x17", "17 ", "", 17]),
        ("#exactly #general", ["#general"], ["#exactly #general", "general"]),
    ],
)
def test_fuzzy_words(word: str, accepted: list[Any], refused: list[Any]) -> None:
    matcher = Matcher(json={"value": word})
    assert [value for value in accepted if not matcher.matches(message({"value": value}))] == []
    assert [value for value in refused if matcher.matches(message({"value": value}))] == []
    assert matcher.matches(message({})) is (word in {"#ignore", "#absent"})


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ({"id": 17}, "id expected #uuid, got 17 (number)"),
        ({}, "id expected #uuid, got nothing"),
        ({"id": None}, "id expected #uuid, got null"),
        ({"id": ["x"]}, "id expected #uuid, got an array of 1"),
        ({"id": {"x": 1, "y": 2}}, "id expected #uuid, got an object with keys x, y"),
        ({"id": {}}, "id expected #uuid, got an empty object"),
        ({"id": "*HTML*\n"}, 'id expected #uuid, got "*HTML*\\n" (text)'),
        ({"id": "x" * 500}, f'id expected #uuid, got "{"x" * 79}… (502 characters) (text)'),
    ],
)
def test_what_came_is_shown_with_its_type(value: Any, line: str) -> None:
    assert differences(Matcher(json={"id": "#uuid"}), message(value)) == [line]


def test_differences_of_every_shape() -> None:
    matcher = Matcher(json={"items": [{"id": 1}, {"id": 2}], "odd key": True, "data": {"a": 1}})
    received = message({"items": [{"id": 1}, {"id": 3}], "data": "x"})
    assert differences(matcher, received) == [
        "items[1].id expected 2 (number), got 3 (number)",
        '["odd key"] expected true (boolean), got nothing',
        'data expected an object, got "x" (text)',
    ]
    assert differences(matcher, message({"items": []}))[0] == "items expected an array of 2, got an array of 0"
    assert differences(Matcher(json=[1]), message({"a": 1})) == [
        "json expected an array of 1, got an object with keys a"
    ]


def test_no_json_is_not_the_json_null() -> None:
    (not_json,) = Echo().feed(Frame(TEXT, b"hello"))
    assert differences(Matcher(json="#null"), not_json)[0].startswith("json expected a JSON value, got not JSON")
    assert differences(Matcher(json={"a": 1}, schema="{}"), not_json)[1].startswith(
        "json expected a JSON value of schema given inline, got not JSON"
    )
    assert not Matcher(json="#null").matches(not_json)
    assert Matcher(json="#null").matches(message(None))


def test_all_parts_together() -> None:
    received = of(kind="next", text="order 17 paid", fields={"id": "s1"}, opcode="text", json={"order": 17})
    asked: dict[str, Any] = {
        "kind": "next",
        "text": "order 17 paid",
        "regex": "[0-9]+ paid$",
        "fields": {"id": "s1", "receipt": "#absent"},
        "opcode": "text",
        "json": {"order": 17},
        "jsonpath": "$.order",
        "schema": {"required": ["order"]},
        "where": lambda message: message.json["order"] == 17,
    }
    assert Matcher(**asked).matches(received)
    wrong: dict[str, tuple[Any, str]] = {
        "kind": ("complete", "kind expected 'complete', got 'next'"),
        "text": ("order 17", 'text expected "order 17" (text), got "order 17 paid" (text)'),
        "regex": ("^paid", 'text expected something like ^paid, got "order 17 paid" (text)'),
        "fields": ({"id": 2}, 'fields.id expected "2" (text), got "s1" (text)'),
        "opcode": ("binary", "opcode expected binary, got text"),
        "json": ({"order": 18}, "order expected 18 (number), got 17 (number)"),
        "jsonpath": ("$.items[?(@.id==17)]", "json expected something at $.items[?(@.id==17)], got nothing there"),
        "schema": ({"required": ["id"]}, 'json expected required ["id"], got an object with keys order'),
    }
    for part, (value, line) in wrong.items():
        matcher = Matcher(**(asked | {part: value}))
        assert not matcher.matches(received)
        assert differences(matcher, received) == [line]


def test_a_predicate_decides_last_and_may_raise() -> None:
    def is_large(received: Message) -> bool:
        return bool(received.json["amount"] > 100)

    matcher = Matcher(kind="order", where=is_large)
    assert differences(matcher, of(kind="order", json={"amount": 1})) == [
        "message expected to satisfy is_large, got no"
    ]
    assert not matcher.matches(of(kind="other"))
    with pytest.raises(KeyError):
        matcher.matches(of(kind="order", json={}))


def test_a_message_without_text_has_no_text() -> None:
    binary = of(opcode="binary", raw=b"\x00")
    assert differences(Matcher(text="x"), binary) == ['text expected "x" (text), got a binary message']
    assert not Matcher(regex="").differences(binary)
    assert differences(Matcher(regex="x"), binary) == ["text expected something like x, got a binary message"]


@pytest.mark.parametrize(
    ("parts", "line"),
    [
        (
            {"json": {"id": "#uid"}},
            "id: unknown fuzzy word '#uid': there are #uuid, #datetime, #string, #number, #integer,",
        ),
        ({"json": ["#general"]}, "[0]: unknown fuzzy word '#general': there are"),
        ({"json": "#uuid please"}, "json: unknown fuzzy word '#uuid please': there are"),
        ({"json": {"a": "#regex ["}}, "a: '[' is no regular expression: unterminated character set at position 0"),
        ({"json": ["#absent"]}, "[0]: #absent asks that an object has not a key; here it is not the value of one"),
        ({"json": {"a": {1, 2}}}, "a: {1, 2} (set) is not a JSON value"),
        ({"json": float("nan")}, "json: nan (float) is not a JSON value"),
        ({"json": {"a": {1: 2}}}, "a: the key 1 is not a text, and JSON has no others"),
        ({"regex": "("}, "regex '(' is no regular expression: missing ), unterminated subpattern at position 0"),
        ({"jsonpath": "$.["}, "'$.[' is no JSON path: Parse error near the end of string!; write one as $.items[0].id"),
        ({"opcode": "ping"}, "opcode is text or binary, not 'ping'"),
        ({"fields": {"a": None}}, "fields are texts and numbers, not None (NoneType)"),
        ({"schema": "nowhere.json"}, "schema 'nowhere.json' cannot be read: No such file or directory"),
        ({"schema": "{"}, "schema given inline cannot be read: not JSON: "),
        (
            {"schema": {"properties": {"a": {"type": "strng"}}}},
            "schema given inline is not valid at properties.a.type: 'strng' is not valid under any of the given",
        ),
        ({"schema": {"type": 1}}, "schema given inline is not valid at type: 1 is not valid under any of the given"),
        ({"schema": '{"required": 1}'}, "schema given inline is not valid at required: 1 is not of type 'array'"),
    ],
)
def test_a_bad_part_is_refused_when_the_matcher_is_made(parts: dict[str, Any], line: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(line)}[^\n]*$"):
        Matcher(**parts)


def test_a_file_that_is_no_schema_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    path.write_text("[1]")
    with pytest.raises(ValueError, match=r"list\.json' is not valid: a schema is a JSON object, not an array of 1$"):
        Matcher(schema=str(path))


def test_a_json_template_has_a_depth_limit() -> None:
    deep: Any = 1
    for _ in range(200):
        deep = [deep]
    with pytest.raises(ValueError, match=r"^json nests deeper than 100: ask for less of the message, or use jsonpath$"):
        Matcher(json=deep)


def test_a_very_deep_message_is_no_match_and_no_error() -> None:
    received = of(json=load_json("[" * 900 + "]" * 900))
    recursive = {"$ref": "#/$defs/a", "$defs": {"a": {"items": {"$ref": "#/$defs/a"}}}}
    for matcher in (Matcher(json={"a": 1}), Matcher(jsonpath="$..id"), Matcher(schema=recursive)):
        assert not matcher.matches(received)
        assert matcher.differences(received)


def test_schema_files_refer_to_their_neighbours_and_never_to_a_network(tmp_path: Path) -> None:
    (tmp_path / "id.json").write_text('{"type": "string", "format": "uuid"}')
    file = tmp_path / "order.json"
    file.write_text('{"properties": {"id": {"$ref": "id.json"}, "at": {"format": "date-time"}}}')
    matcher = Matcher(schema=str(file))
    assert matcher.matches(message({"id": "0b7e7a36-5b55-4a0d-9d0a-2c1a5f1c9e11", "at": "2026-01-02T03:04:05Z"}))
    assert differences(matcher, message({"id": "17", "at": "today"})) == [
        'id expected format "uuid", got "17" (text)',
        'at expected format "date-time", got "today" (text)',
    ]
    for reference in ("nowhere.json", f"https://schemas.example{tmp_path.as_posix()}/id.json"):
        file.write_text(json.dumps({"properties": {"id": {"$ref": reference}}}))
        with pytest.raises(ValueError, match=rf"^schema '[^\n]*' refers to [^\n]*{reference}, which cannot be read$"):
            Matcher(schema=str(file)).matches(message({"id": 1}))


def test_describe() -> None:
    assert Matcher(json={"type": "order.paid", "order": 17}).describe() == '{"type":"order.paid","order":17}'
    assert Matcher(kind="next", json={"id": "s1"}).describe() == 'kind=next json={"id":"s1"}'
    assert Matcher(fields={"id": 1}, text="a\nb", where=str.isupper).describe() == (
        'fields={"id":1} text=a\\nb where=isupper'
    )
    assert Matcher().describe() == "(any)"


def test_without_parts_everything_matches() -> None:
    assert Matcher().matches(message({"a": 1}))


def test_the_nearest_miss_is_the_one_with_least_and_smallest_differences() -> None:
    matcher = Matcher(json={"type": "order.paid", "order": 17})
    messages = [
        message({"type": "order.paid", "order": 18}, 1839),
        message({"hello": 1}, 1840),
        message({"type": "order.paid", "order": "17"}, 1841),
        message({"type": "order.paid"}, 1842),
        message("text", 1843),
    ]
    miss = nearest(matcher, messages)
    assert miss is not None
    assert miss.text == 'nearest #1841 differs: order expected 17 (number), got "17" (text)'


def test_of_equal_misses_the_latest_is_shown() -> None:
    miss = nearest(Matcher(json={"n": 1}), [message({"n": 2}, 7), message({"n": 3}, 8)])
    assert miss is not None
    assert miss.message.index == 8


def test_a_message_of_the_same_kind_is_nearer_than_one_with_the_same_value() -> None:
    matcher = Matcher(kind="paid", json={"order": 17})
    paid, sent = of(kind="paid", json={"order": 18}, index=1), of(kind="sent", json={"order": 17}, index=2)
    miss = nearest(matcher, [paid, sent])
    assert miss is not None
    assert miss.message is paid


def test_a_message_without_the_object_is_farther_than_one_with_a_wrong_value_in_it() -> None:
    matcher = Matcher(json={"type": "next", "payload": {"a": 1, "b": 2, "c": 3}})
    empty, wrong = (
        message({"type": "next", "payload": None}),
        message({"type": "next", "payload": {"a": 9, "b": 9, "c": 3}}),
    )
    miss = nearest(matcher, [wrong, empty])
    assert miss is not None
    assert miss.message is wrong


def test_an_array_of_another_length_is_farther_than_one_with_a_wrong_element() -> None:
    matcher = Matcher(json=[1, 2, 3])
    miss = nearest(matcher, [message([1, 9, 9]), message([1, 2])])
    assert miss is not None
    assert miss.message.json == [1, 9, 9]


def test_a_long_list_of_differences_is_cut() -> None:
    miss = nearest(Matcher(json=dict.fromkeys("abcde", 1)), [message({})])
    assert miss is not None
    assert miss.text.endswith("c expected 1 (number), got nothing; and 2 more")


def test_nothing_came_and_nothing_differs() -> None:
    assert nearest(Matcher(kind="x"), []) is None
    assert nearest(Matcher(kind="x"), [of(kind="x")]) is None


@given(VALUES, st.lists(st.sampled_from(["a", "b", 0, 1]), min_size=1, max_size=4))
def test_direct_look_up_agrees_with_the_full_json_path(value: Any, steps: list[str | int]) -> None:
    nested = value
    for step in reversed(steps):
        nested = {step: nested} if isinstance(step, str) else [nested] * (step + 1)
    direct = "$" + "".join(f".{step}" if isinstance(step, str) else f"[{step}]" for step in steps)
    full = direct.replace("$", "$.`this`", 1) if direct.startswith("$.") else f"$.`this`{direct[1:]}"
    assert json_path(direct).values(nested) == json_path(full).values(nested) == [value]


@pytest.mark.parametrize("path", ["$.a.b", "a.b", "$.a", "$"])
def test_a_path_that_leads_nowhere_finds_nothing(path: str) -> None:
    found = json_path(path).values([1])
    assert found == ([[1]] if path == "$" else [])


def test_the_guide_lists_every_fuzzy_word_and_no_other() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "matching.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `(#[a-z]+)[ `]", guide, re.MULTILINE)
    with pytest.raises(ValueError, match=r"^json: unknown fuzzy word") as error:
        Matcher(json="#unknown")
    known = re.findall(r"#[a-z]+", str(error.value).split("there are")[1].split(";")[0])
    assert listed == [*known, "#exactly"]
