import json
import re
import unicodedata
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wireproof import wiretext
from wireproof.wiretext import MASK, InvalidTextError, decode_text, hide, load_json, refuse_secret_literal, safe

# Hypothesis leaves surrogates out of its texts; a wire does not.
ANY_TEXT = st.text(st.characters(exclude_categories=()))
TURNS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
ANY_WIRE = st.one_of(ANY_TEXT, st.binary())
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@pytest.fixture(autouse=True)
def no_secrets_yet(monkeypatch):
    monkeypatch.setattr(wiretext, "_secrets", wiretext._Secrets())


@given(ANY_WIRE)
def test_safe_gives_one_printable_line_that_any_log_can_keep(value):
    shown = safe(value)
    assert shown.splitlines() in ([shown], [])
    assert not {unicodedata.category(character) for character in shown} & {"Cc", "Cs", "Zl", "Zp"}
    assert not {unicodedata.bidirectional(character) for character in shown} & TURNS
    element = ET.Element("msg")
    element.text = shown
    assert (ET.fromstring(ET.tostring(element, encoding="utf-8")).text or "") == shown


@given(ANY_WIRE, st.integers(0, 300))
def test_safe_is_bounded(value, limit):
    assert len(safe(value, limit)) <= 10 * limit + len("… (1234567890 characters)")


@given(st.text(st.characters(categories=("L", "N", "P"))))
def test_safe_changes_nothing_that_is_harmless(text):
    assert safe(text, len(text)) == text


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("half \ud83d", "half \\ud83d"),
        ("\x1b[31mred\x00", "\\x1b[31mred\\x00"),
        ("a\n*ERROR* b\r\t", "a\\n*ERROR* b\\r\\t"),
        ("\u202eevil\u2066", "\\u202eevil\\u2066"),
        ("zero\u200bwidth\xad\ufeff", "zero\\u200bwidth\\xad\\ufeff"),
        ("\U000e0041tag", "\\U000e0041tag"),
        ("next\x85line\u2028", "next\\x85line\\u2028"),
        (b"caf\xc3\xa9 \xff\xc3", "café \\xff\\xc3"),
        (bytearray(b"ab"), "ab"),
        (None, "None"),
        (17, "17"),
        ("👍", "👍"),
    ],
)
def test_safe_shows_what_cannot_be_printed(value, shown):
    assert safe(value) == shown


def test_safe_says_how_much_it_cut():
    assert safe("x" * 300, 5) == "xxxxx… (300 characters)"
    assert safe("x" * 5, 5) == "xxxxx"


@given(secret=st.text(min_size=4), before=ANY_TEXT, after=ANY_TEXT, limit=st.integers(0, 100))
def test_a_hidden_text_is_never_shown(secret, before, after, limit):
    wiretext._secrets = wiretext._Secrets()
    hide(secret)
    masked = wiretext._secrets.mask(before + secret + after)
    assert MASK in masked
    assert secret not in masked.replace(MASK, "")
    assert safe(before + secret + after, limit) == safe(masked, limit)


@pytest.mark.parametrize("order", [1, -1])
def test_overlapping_secrets_leave_nothing_of_each_other(order):
    for secret in ["horse", "correct", "correct-horse-battery", "battery-staple"][::order]:
        hide(secret)
    assert safe("say correct-horse-battery-staple twice") == f"say {MASK} twice"
    assert safe("horse horse") == f"{MASK} {MASK}"


def test_a_masked_secret_is_not_cut_open():
    hide("0123456789")
    assert "0123" not in safe("ab0123456789", 6)


def test_a_secret_is_known_in_the_forms_in_which_it_travels():
    hide("Bearer pa/ss w\"rd'")
    for form in ["Bearer pa/ss w\"rd'", "pa/ss w\"rd'", "pa%2Fss%20w%22rd%27", "pa%2Fss+w%22rd%27", "pa/ss w\\\"rd'"]:
        assert safe(f"<{form}>") == f"<{MASK}>", form


def test_a_short_secret_is_not_masked():
    hide("abc")
    assert safe("abc abc") == "abc abc"


def test_any_text_can_be_hidden():
    hide("\ud800 half\x00")
    assert safe("\ud800 half\x00") == MASK


@given(st.one_of(ANY_TEXT, st.binary(), JSON_VALUES.map(json.dumps)))
def test_load_json_gives_a_value_or_one_plain_line(text):
    reason = ""
    try:
        value = load_json(text)
        json.dumps(value, ensure_ascii=False).encode()
    except ValueError as error:
        reason = str(error)
    assert reason == safe(reason, 500)


@given(JSON_VALUES)
def test_load_json_reads_what_json_writes(value):
    assert load_json(json.dumps(value)) == value
    assert load_json(json.dumps(value, ensure_ascii=False).encode()) == value


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not JSON: Expecting value at position 0"),
        ('{"a": }', "not JSON: Expecting value at position 6"),
        ("NaN", "not readable as JSON: NaN is no JSON number"),
        ("[" * 200_000, "not readable as JSON: nested too deep"),
        ("9" * 5000, "not readable as JSON: Exceeds the limit"),
        (b"\xff{}", "not UTF-8: byte 0xff at position 0"),
        ('"\\ud83d"', "half a character (lone surrogate \\ud83d) in a JSON string"),
        ('{"\\uDE00": 1}', "half a character (lone surrogate \\ude00) in a JSON string"),
        ('[[{"a": "\ud83d"}]]', "half a character (lone surrogate \\ud83d) in a JSON string"),
    ],
)
def test_load_json_says_what_is_wrong(text, reason):
    with pytest.raises(ValueError, match=f"^{re.escape(reason)}"):
        load_json(text)


@pytest.mark.parametrize("text", ['"\\ud83d\\ude00"', '"\\\\ud83d"'])
def test_load_json_reads_whole_characters_and_their_escapes(text):
    assert load_json(text) == json.loads(text)


def test_decode_text_names_the_first_bad_byte():
    assert decode_text("é".encode()) == "é"
    with pytest.raises(InvalidTextError, match="not UTF-8: byte 0xff at position 2"):
        decode_text(b"ok\xff")


@pytest.mark.parametrize(
    "value",
    ["Bearer <secret>", {"a": [1, {"b": ("<secret>",)}]}, {"<secret>": 1}, b"\xff<secret>", bytearray(b"<secret>")],
)
def test_the_text_of_a_masked_secret_is_refused(value):
    with pytest.raises(ValueError, match="the text <secret> would be sent"):
        refuse_secret_literal(value)


@pytest.mark.parametrize("value", ["secret", {"a": [None, 1, True]}, None, b""])
def test_everything_else_may_be_sent(value):
    refuse_secret_literal(value)


def test_refusing_does_not_mind_depth():
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    refuse_secret_literal(deep)
