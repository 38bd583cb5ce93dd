"""The kill matrix as data and as a page."""

import json
from dataclasses import replace
from pathlib import Path

from reference_server.defects import DEFECTS
from tests.prove.judge import Judgement
from tests.prove.matrix import Row, page, write
from tests.prove.outcomes import Outcome

DEFECT = replace(DEFECTS[0], name="drop", expected="lost")
FOUND = Outcome("delivery/ledger", "Nothing Is Lost", frozenset({"DLV-12"}), "FAIL", "FAIL: 3 lost of 10 acked")
OTHER = Outcome("connection/opening", "Opens <b>", frozenset({"CONN-01"}), "FAIL", "<script>alert(1)</script>")
CAUGHT = Judgement(1, ("lost",), (FOUND,), caught=True)


def row(*judgements: Judgement) -> Row:
    return Row("drop:0.5", DEFECT, judgements)


def test_a_defect_is_killed_when_every_repeat_catches_it_and_nothing_else():
    assert row(CAUGHT, replace(CAUGHT, seed=2)).killed
    assert not row(CAUGHT, replace(CAUGHT, caught=False)).killed
    assert not row(CAUGHT, replace(CAUGHT, stray=(OTHER,))).killed
    assert not row(replace(CAUGHT, problem="robot ended with 255")).killed


def test_the_file_says_what_was_found(tmp_path: Path):
    write(tmp_path, [row(CAUGHT, Judgement(2, stray=(OTHER,)))], ["delivery/ledger", "connection/opening"])
    [found] = json.loads((tmp_path / "kill-matrix.json").read_text())
    runs = found.pop("runs")
    assert found == {
        "defect": "drop:0.5",
        "expected": "lost",
        "caught": ["lost"],
        "red": ["delivery/ledger"],
        "specific": False,
        "repeats": 2,
        "killed": False,
    }
    assert [run["seed"] for run in runs] == [1, 2]
    assert runs[1]["stray"] == ["connection/opening: Opens <b>"]
    assert (tmp_path / "kill-matrix.html").read_text().startswith("<!doctype html>")


def test_the_page_needs_nothing_and_shows_text_as_text():
    text = page([row(replace(CAUGHT, stray=(OTHER,)))], ["delivery/ledger", "connection/opening"])
    for forbidden in ("<script", "src=", "href=", "url(", "<b>"):
        assert forbidden not in text
    assert "color-scheme: light dark" in text
    assert "&lt;script&gt;alert(1)" in text
    assert text.count('<td class="bad"') == 2


def test_a_cell_says_in_how_many_runs_a_suite_was_red():
    runs = [replace(CAUGHT, seed=seed) for seed in (1, 2)]
    text = page([row(*runs, Judgement(3, stray=(OTHER,)))], ["delivery/ledger", "delivery/order", "connection/opening"])
    assert '<td class="good" title="lost\nNothing Is Lost">2</td><td></td><td class="bad" title="no word' in text
    assert '">1!</td>' in text
    assert '<th scope="colgroup" colspan="2">delivery</th><th scope="colgroup" colspan="1">connection</th>' in text


def test_words_that_came_with_the_expected_one_stand_beside_it():
    both = replace(CAUGHT, words=("missing-recipient", "lost"))
    assert "<td>lost <small>missing-recipient</small></td>" in page([row(both)], ["delivery/ledger"])


def test_the_line_on_the_console_says_it_all():
    line = str(row(CAUGHT, Judgement(2, stray=(OTHER,)), Judgement(3, problem="no test ran")))
    assert line == (
        "drop:0.5: expected lost, found lost, 1 of 3 caught; no test ran;"
        " not green though unrelated: connection/opening: Opens <b>"
    )
