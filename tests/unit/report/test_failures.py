"""Where a failure is shown, on results as Robot has them while a test runs."""

from types import SimpleNamespace
from typing import Any

import pytest

from wireproof.report.failures import shows_failure


def chain(*outside_in: str, failed: bool = True) -> Any:
    """The innermost of results that stand inside each other, in a test; the innermost has a message in its body."""
    result = SimpleNamespace(type="TEST", parent=None, body=[])
    for name in outside_in:
        kind = name if name.isupper() else "KEYWORD"
        inner = SimpleNamespace(type=kind, full_name=name, parent=result, body=[], failed=failed)
        result.body.append(inner)
        result = inner
    result.body.append(SimpleNamespace(type="MESSAGE"))
    return result


def test_a_keyword_that_failed_shows_it() -> None:
    assert shows_failure(chain("My Keyword", "wireproof.Sockets.Wait For Message"))


def test_a_keyword_that_did_not_fail_shows_nothing() -> None:
    assert not shows_failure(chain("wireproof.Sockets.Wait For Message", failed=False))


def test_what_a_failure_passes_through_does_not_show_it_again() -> None:
    assert not shows_failure(chain("BuiltIn.Run Keyword", "BuiltIn.Fail").parent)


@pytest.mark.parametrize(
    "around",
    [
        ("BuiltIn.Run Keyword And Expect Error",),
        ("BuiltIn.Run Keyword And Ignore Error",),
        ("BuiltIn.Run Keyword And Return Status",),
        ("BuiltIn.Run Keyword And Warn On Failure",),
        ("BuiltIn.Wait Until Keyword Succeeds", "My Keyword"),
        ("TRY/EXCEPT ROOT", "TRY"),
    ],
)
def test_a_failure_that_may_be_caught_is_not_shown_yet(around: tuple[str, ...]) -> None:
    assert not shows_failure(chain(*around, "BuiltIn.Fail"))


def test_what_could_not_catch_it_shows_it() -> None:
    assert shows_failure(chain("BuiltIn.Wait Until Keyword Succeeds", "BuiltIn.Fail").parent)
    assert not shows_failure(chain("BuiltIn.Run Keyword And Expect Error", "BuiltIn.Wait Until Keyword Succeeds"))


def test_a_set_up_may_catch_too() -> None:
    failed = chain("BuiltIn.Wait Until Keyword Succeeds", "BuiltIn.Fail")
    failed.parent.type = "SETUP"
    assert not shows_failure(failed)
    assert shows_failure(failed.parent)


def test_structures_catch_nothing() -> None:
    failed = chain("FOR", "ITERATION", "BuiltIn.Fail")
    del failed.parent.full_name, failed.parent.parent.full_name
    assert shows_failure(failed)


def test_a_try_shows_what_none_of_its_branches_caught() -> None:
    root = chain("TRY/EXCEPT ROOT", "TRY", "BuiltIn.Fail").parent.parent
    assert shows_failure(root)
    root.body.append(SimpleNamespace(type="EXCEPT", failed=True))
    assert not shows_failure(root), "the keyword that failed in the EXCEPT branch has shown it"


def test_a_failure_in_an_except_branch_is_shown_at_once() -> None:
    assert shows_failure(chain("TRY/EXCEPT ROOT", "EXCEPT", "BuiltIn.Fail"))
