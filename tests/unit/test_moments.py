"""Since when a keyword looks, if not told."""

from wireproof import journal, scopes
from wireproof.moments import Since, moment


def test_the_start_then_the_last_mark_of_the_running_test() -> None:
    suite = scopes.enter("suite", "Orders")
    assert moment(None).at_ns == suite.started_ns
    assert moment(None).words == "the start of the suite"
    before = journal.current().mark("before the test")
    test = scopes.enter("test", "Pay")
    assert moment(None).at_ns == test.started_ns >= before.at_ns
    mark = journal.current().mark("request")
    assert (moment(None).at_ns, moment(None).words) == (mark.at_ns, "mark 'request'")
    assert moment(Since(name="before the test")).at_ns == before.at_ns
    scopes.leave(suite)


def test_a_given_moment_stays() -> None:
    assert moment(Since(at_ns=5)).at_ns == 5
