"""A defect counts as caught when the right tests fail for the right reason, and only they."""

from dataclasses import replace

import pytest

from reference_server.defects import DEFECTS
from tests.prove.judge import Judgement, judge
from tests.prove.outcomes import Outcome

DEFECT = replace(
    DEFECTS[0], expected="duplicate-row", also=("duplicated",), caught_by=("DLV-07",), spreads_to=("DB-01",)
)


def ended(criterion: str, message: str = "", status: str = "") -> Outcome:
    return Outcome(
        "area/file", criterion, frozenset({criterion, "smoke"}), status or ("FAIL" if message else "PASS"), message
    )


def judged(*outcomes: Outcome) -> Judgement:
    healthy = frozenset(str(outcome) for outcome in outcomes if outcome.name != "SKIPPED-ANYWAY")
    return judge(DEFECT, 1, outcomes, healthy)


def test_the_expected_word_counts():
    found = judged(ended("DLV-07", "duplicate-row: 2 rows"), ended("DLV-01"))
    assert (found.caught, found.specific, found.words) == (True, True, ("duplicate-row",))
    assert [outcome.name for outcome in found.red] == ["DLV-07"]


def test_a_consequence_beside_the_expected_word_does_no_harm():
    found = judged(ended("DLV-07", "FAIL: 1 duplicate-row, 1 lost of 9 acked"), ended("DB-01", "duplicated: twice"))
    assert (found.caught, found.words) == (True, ("duplicate-row", "duplicated"))


@pytest.mark.parametrize(
    "outcomes",
    [
        [ended("DLV-07")],
        [ended("DLV-07", "duplicated: twice")],
        [ended("DLV-07", "FAIL: 1 duplicated, 1 duplicate-row of 9 acked")],
        [ended("DLV-07", "Setup failed:\nduplicate-row: 2 rows")],
        [ended("DLV-07", "the connection was refused")],
        [ended("DLV-07", "duplicate-row: 2 rows"), ended("DB-01", "corrupted: 3 bytes")],
        [ended("DLV-01", "duplicate-row: 2 rows")],
    ],
    ids=lambda outcomes: "; ".join(outcome.message for outcome in outcomes) or "green",
)
def test_nothing_else_counts(outcomes: list[Outcome]):
    assert not judged(*outcomes).caught


def test_a_failure_without_a_word_in_a_concerned_test_is_no_proof_and_no_harm():
    found = judged(ended("DLV-07", "duplicate-row: 2 rows"), ended("DB-01", "timed out"))
    assert (found.caught, found.specific, len(found.red)) == (True, True, 2)


def test_an_unrelated_failure_is_not_specific():
    found = judged(ended("DLV-07", "duplicate-row: 2 rows"), ended("DLV-01", "lost: 1"))
    assert (found.caught, found.specific) == (True, False)
    assert [outcome.name for outcome in found.stray] == ["DLV-01"]


def test_a_test_that_only_the_defect_skips_is_not_green():
    assert not judged(ended("DLV-07", "duplicate-row: 2 rows"), ended("DB-01", status="SKIP")).specific
    assert judged(ended("DLV-07", "duplicate-row: 2 rows"), ended("SKIPPED-ANYWAY", status="SKIP")).specific


@pytest.mark.parametrize("outcomes", [[], [ended("DLV-07", status="SKIP")]])
def test_a_run_without_tests_proves_nothing(outcomes: list[Outcome]):
    found = judged(*outcomes)
    assert (found.caught, found.specific, found.problem) == (False, False, "no test ran")
