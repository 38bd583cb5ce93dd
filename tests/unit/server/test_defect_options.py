"""Defects as data: how an option is read, which are there, what the documentation says of them."""

import json
import re
import unicodedata
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reference_server.app import Parts
from reference_server.defects import DEFECTS, parse, parts_with
from reference_server.defects.parameters import Chance
from reference_server.defects.text import CUT_AT, damaged
from reference_server.settings import SettingsError, load
from tests.prove.words import VOCABULARY

ROOT = Path(__file__).parents[3]
NEEDED = {
    "REFERENCE_SERVER_DATABASE_URL": "postgresql://localhost/cloud",
    "REFERENCE_SERVER_REDIS_URL": "redis://localhost/0",
    "REFERENCE_SERVER_AUTH_MODE": "open",
}


def asked_for(text: str, *, test_mode: bool = True) -> tuple[str, ...]:
    return load({**NEEDED, "REFERENCE_SERVER_DEFECTS": text}, test_mode=test_mode).defects


def test_a_comma_before_a_number_belongs_to_the_parameters():
    found = asked_for("duplicate-delivery:0.001,2s, reorder ,backlog-cap:7")
    assert found == ("duplicate-delivery:0.001,2s", "reorder", "backlog-cap:7")


def test_without_test_mode_there_are_no_defects():
    with pytest.raises(SettingsError, match=r"^defects are for tests only: add --test-mode"):
        asked_for("reorder", test_mode=False)
    assert asked_for("", test_mode=False) == ()


def test_parameters_that_are_left_out_have_their_default():
    [late, capped] = parse(["duplicate-delivery:0.5", "backlog-cap"])
    assert (late.values[1], capped.values) == (0.0, (100,))
    assert parse(["duplicate-delivery:1,250ms"])[0].values[1] == 0.25


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["no-such"], r"^there is no defect 'no-such'; there are drop-delivery, duplicate-delivery, "),
        ([""], r"^there is no defect ''; there are "),
        (["reorder", "reorder:1"], r"^defect reorder is given twice$"),
        (["reorder:0"], r"^defect reorder: share is '0', expected a share above 0 and at most 1, for example 0.001$"),
        (["reorder:1.5"], r"^defect reorder: share is '1.5', expected a share"),
        (["reorder:nan"], r"^defect reorder: share is 'nan', expected a share"),
        (["reorder:much"], r"^defect reorder: share is 'much', expected a share"),
        (["reorder:0.1,2s"], r"^defect reorder has too many parameters: it is written reorder:0.001$"),
        (["broadcast-echo:1"], r"^defect broadcast-echo has too many parameters: it takes none$"),
        (["backlog-cap:0"], r"^defect backlog-cap: count is '0', expected a whole number above 0, for example 100$"),
        (["backlog-cap:1.5"], r"^defect backlog-cap: count is '1.5', expected"),
        (["duplicate-delivery:1,2"], r"^defect duplicate-delivery: delay is '2', expected a time, for example 2s or"),
    ],
)
def test_an_option_that_is_wrong_is_one_line_that_says_what_to_do(options: list[str], says: str):
    with pytest.raises(SettingsError, match=says) as caught:
        parse(options)
    assert "\n" not in str(caught.value)


def test_without_defects_the_parts_are_the_normal_ones():
    assert parts_with([], 1) == Parts()


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.name)
def test_a_defect_replaces_parts_by_subclasses_of_theirs(defect):
    parts = parts_with([defect.usage], 1)
    replaced = [name for name in Parts.__slots__ if getattr(parts, name) is not getattr(Parts(), name)]
    assert replaced
    assert all(issubclass(getattr(parts, name), getattr(Parts(), name)) for name in replaced)


def test_all_defects_at_once_fit_together():
    parts_with([defect.usage for defect in DEFECTS], 1)


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.name)
def test_a_defect_names_known_words_and_known_criteria(defect):
    known = {entry["id"] for entry in yaml.safe_load((ROOT / "resources/criteria.yaml").read_text())["criteria"]}
    assert defect.criteria <= known
    assert {defect.expected, *defect.also} <= VOCABULARY


def test_chance_is_the_same_for_the_same_seed_and_hits_about_its_share():
    first, second, third = (Chance(0.25).seeded(seed) for seed in ("3 a", "3 a", "4 a"))
    rows = [[chance.hits() for _ in range(4_000)] for chance in (first, second, third)]
    assert rows[0] == rows[1] != rows[2]
    assert 800 < sum(rows[0]) < 1_200
    assert all(Chance(1, seed).hits() for seed in map(str, range(100)))


TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner)
)


@given(JSON)
def test_damage_is_that_of_every_text_and_leaves_the_rest_byte_for_byte(value: object):
    payload = json.dumps(value, indent=3, ensure_ascii=False).encode()
    found = damaged(payload)
    if all(unicodedata.is_normalized("NFKC", text) for text in _texts(value)):
        assert found == payload
    else:
        assert all(unicodedata.is_normalized("NFKC", text) for text in _texts(json.loads(found)))


def _texts(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.items() for part in item for text in _texts(part)]
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize("character", ["x", "é", "\U0001f600"])
def test_a_payload_is_cut_at_its_limit_between_characters(character: str):
    width = len(character.encode())
    fits = json.dumps([character * ((CUT_AT - 4) // width)], ensure_ascii=False).encode()
    assert damaged(fits) == fits
    longer = json.dumps([character * ((CUT_AT - 4) // width + 1)], ensure_ascii=False).encode()
    assert CUT_AT - width < len(damaged(longer)) <= CUT_AT


def test_a_payload_of_many_short_texts_is_not_cut():
    payload = json.dumps(["x" * 100] * 1_000).encode()
    assert damaged(payload) == payload


def table() -> str:
    """The table of docs/defects.md."""
    lines = ["| defect | what it does | expected | found by | may also fail |", "|---|---|---|---|---|"]
    for defect in DEFECTS:
        also = f" ({', '.join(f'`{word}`' for word in defect.also)})" if defect.also else ""
        cells = (f"`{defect.usage}`", defect.summary, f"`{defect.expected}`{also}", ", ".join(defect.caught_by))
        lines.append(f"| {' | '.join(cells)} | {_short(defect.spreads_to)} |")
    return "\n".join(lines)


def _short(criteria: tuple[str, ...]) -> str:
    """Ids by area, neighbours as a range: DLV-01…03 05."""
    areas: dict[str, list[list[str]]] = {}
    for criterion in criteria:
        area, number = criterion.split("-")
        ranges = areas.setdefault(area, [])
        if ranges and int(ranges[-1][-1]) == int(number) - 1:
            ranges[-1] = [ranges[-1][0], number]
        else:
            ranges.append([number])
    return ", ".join(f"{area}-{' '.join('…'.join(ends) for ends in ranges)}" for area, ranges in areas.items())


def test_the_documentation_lists_every_defect():
    text = (ROOT / "docs/defects.md").read_text()
    found = re.search(r"<!-- table -->\n(.*)\n<!-- end of table", text, re.DOTALL)
    assert found, "docs/defects.md has no place for the table"
    assert found[1] == table(), f"put this table into docs/defects.md:\n{table()}"
