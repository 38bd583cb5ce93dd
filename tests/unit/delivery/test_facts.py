"""What of a history is still open, who has to get what, and what can be seen in it at all."""

from typing import Any

import pytest
from story import Story, chat, tracked

from wireproof.delivery.facts import Facts

M, N = tracked(2), tracked(3)


def pending(story: Story) -> list[str]:
    facts = Facts(story.recorder.history())
    return [facts.history.id(message) for message in facts.verdict_pending]


def test_a_verdict_may_come_while_the_socket_is_open() -> None:
    story = chat().send("alice", M, to="b").send("alice", N, to="b")
    assert pending(story) == [M, N]
    assert pending(story.answer("alice", N, "refused")) == [M]
    assert pending(story.tell("close", "alice", connection=2)) == [M]
    assert pending(story.tell("close", "bob", connection=1)) == [M]
    assert pending(story.tell("close", "alice", connection=1)) == []


def test_what_is_told_of_a_sending_after_the_end_of_its_socket_waits_for_nothing() -> None:
    """One thread sends while another one reads the close: nobody answers on a socket that has ended."""
    assert pending(chat().tell("close", "alice", connection=1).send("alice", M, to="b")) == []


def test_who_does_not_know_has_said_so() -> None:
    story = chat().send("alice", M, to="b").send("alice", N, to="b").answer("alice", M, "unknown")
    assert pending(story) == [N]


def test_a_retry_waits_on_its_own_socket() -> None:
    story = chat().send("alice", M, to="b").tell("close", "alice", connection=1)
    assert pending(story) == []
    assert pending(story.connect("alice", 2, identity="a").send("alice", M, to="b", connection=2)) == [M]


def test_a_name_that_is_opened_again_is_open() -> None:
    story = chat().tell("close", "alice", connection=1).connect("alice", identity="a").send("alice", M, to="b")
    assert pending(story) == [M]


def test_what_was_only_expected_has_no_verdict() -> None:
    assert pending(chat().expect("alice", M, "bob")) == []


def test_who_is_expected_twice_gets_it_once() -> None:
    story = Story().connect("alice").connect("bob").expect("alice", M, "bob").deliver(M, "bob")
    assert story.verdict().result == "PASS"
    assert Facts(story.recorder.history()).audience.sizes[0] == 1


def test_the_first_name_of_an_audience_stands_first() -> None:
    story = Story().connect("bob").connect("alice").deliver(M, "alice", "bob", sender="carol").deliver(N, "bob")
    assert story.verdict().result == "PASS"


@pytest.mark.parametrize(
    ("story", "observable"),
    [
        (chat(), ()),
        (chat().receive("bob", "news", seq=1), ("numbers",)),
        (Story().connect("bob", recovered=True).receive("bob", "news", seq=1), ("numbers", "recoveries")),
        (Story().connect("bob", recovered=False).receive("bob", "news"), ()),
        (chat().receive("bob", tracked(1), flow="a→b"), ("names of senders",)),
        (Story().receive("bob", "news", flow="a→b"), ()),
        (chat().send("alice", M, digest="aa"), ()),
        (chat().receive("bob", tracked(1), digest="aa"), ()),
        (chat().send("alice", M, to="b", digest="aa").receive("bob", M, digest="aa"), ("digests",)),
        (chat().look(), ("rows",)),
        (chat().look(tracked(1), digest="aa"), ("rows",)),
        (chat().send("alice", M, digest="aa").look(M, digest="aa"), ("rows", "digests of rows")),
        (chat().look(tracked(1), owner="u"), ("rows", "owners of rows")),
        (chat().look("other", owner="u"), ("rows",)),
        (chat().tell("fault", "db", phase="on"), ("faults",)),
    ],
)
def test_a_verdict_knows_what_it_cannot_see(story: Story, observable: Any) -> None:
    blind = {"numbers", "recoveries", "names of senders", "digests", "rows", "digests of rows", "owners of rows"}
    assert set(story.verdict().unobservable) - {"logins"} == (blind | {"faults"}) - set(observable)
