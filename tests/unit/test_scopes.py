import pytest

from wireproof import journal, scopes
from wireproof.failures import CheckFailedError


@pytest.fixture(autouse=True)
def own_run(monkeypatch):
    monkeypatch.setattr(scopes, "_stack", [scopes.Scope("run", "")])


@pytest.fixture
def events(monkeypatch):
    own = journal.Journal()
    monkeypatch.setattr(journal, "_current", own)
    return lambda: [(event.source, event.data["phase"], event.data["name"]) for event in own.recent()]


def test_clean_ups_run_last_in_first_out_when_their_scope_ends():
    calls = []
    suite = scopes.enter("suite", "S")
    scopes.current().defer(lambda: calls.append("suite"))
    test = scopes.enter("test", "T")
    scopes.current().defer(lambda: calls.append("first"))
    scopes.current().defer(lambda: calls.append("second"))
    assert scopes.leave(test) == []
    assert calls == ["second", "first"]
    assert scopes.current() is suite
    scopes.leave(suite)
    assert calls == ["second", "first", "suite"]
    assert scopes.current() is scopes.run()


def test_one_failing_clean_up_does_not_stop_the_others():
    def fails():
        raise ValueError("a\n*ERROR* b")

    calls = []
    test = scopes.enter("test", "T")
    test.defer(lambda: calls.append("ran"))
    test.defer(lambda: 1 / 0)
    test.defer(fails)
    assert scopes.leave(test) == [
        "clean-up at the end of test 'T' failed: a\\n*ERROR* b",
        "clean-up at the end of test 'T' failed: division by zero",
    ]
    assert calls == ["ran"]


def test_an_interrupt_passes_and_the_rest_is_cleaned_up_by_the_next_end():
    calls = []
    test = scopes.enter("test", "T")
    test.defer(lambda: calls.append("ran"))

    def interrupted():
        raise KeyboardInterrupt

    test.defer(interrupted)
    with pytest.raises(KeyboardInterrupt):
        scopes.leave(test)
    scopes.leave(scopes.run())
    assert calls == ["ran"]


def test_leaving_an_outer_scope_ends_the_inner_ones_first(events):
    calls = []
    suite = scopes.enter("suite", "S")
    suite.defer(lambda: calls.append("suite"))
    scopes.enter("test", "T").defer(lambda: calls.append("test"))
    scopes.leave(suite)
    assert calls == ["test", "suite"]
    assert events() == [("suite", "start", "S"), ("test", "start", "T"), ("test", "end", "T"), ("suite", "end", "S")]


def test_what_a_clean_up_opens_is_cleaned_up_too():
    calls = []
    test = scopes.enter("test", "T")
    test.defer(lambda: scopes.current().defer(lambda: calls.append("late")))
    scopes.leave(test)
    assert calls == ["late"]


def test_a_scope_is_left_once(events):
    test = scopes.enter("test", "T")
    scopes.leave(test)
    assert scopes.leave(test) == []
    assert events() == [("test", "start", "T"), ("test", "end", "T")]


def test_the_run_can_end_and_start_again():
    calls = []
    scopes.enter("suite", "S").defer(lambda: calls.append("suite"))
    scopes.run().defer(lambda: calls.append("run"))
    scopes.leave(scopes.run())
    assert calls == ["suite", "run"]
    assert scopes.current() is scopes.run()
    assert scopes.run().kind == "run"
    scopes.enter("suite", "S2").defer(lambda: calls.append("again"))
    scopes.leave(scopes.run())
    assert calls == ["suite", "run", "again"]


def test_a_scope_names_itself():
    assert str(scopes.run()) == "run"
    assert str(scopes.enter("suite", "Orders")) == "suite 'Orders'"


def test_a_mark_ends_with_the_scope_it_was_set_in():
    suite = scopes.enter("suite", "S")
    kept = journal.current().mark("of the suite")
    test = scopes.enter("test", "T")
    journal.current().mark("of the test")
    scopes.leave(test)
    assert journal.current().find_mark("of the suite") == kept
    with pytest.raises(ValueError, match="no mark named 'of the test' was set"):
        journal.current().find_mark("of the test")
    scopes.leave(suite)


def test_a_check_that_fails_at_the_end_is_told_from_a_clean_up_that_fails():
    scope = scopes.enter("test", "suite.test")

    def check() -> None:
        raise CheckFailedError("nothing felt it")

    def clean_up() -> None:
        raise OSError("no room")

    scope.defer(clean_up)
    scope.defer(check)
    problems = scopes.leave(scope)
    assert problems == ["nothing felt it", "clean-up at the end of test 'suite.test' failed: no room"]
    assert [isinstance(problem, scopes.FailedCheck) for problem in problems] == [True, False]
