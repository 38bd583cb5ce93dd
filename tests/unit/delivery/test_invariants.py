"""Every invariant is broken by a history that breaks nothing else, and has a twin that is well."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from story import Story, chat, tracked

from wireproof.delivery.invariants import INVARIANTS

M, N, O = tracked(2), tracked(3), tracked(4)  # noqa: E741 - three messages


@dataclass(frozen=True)
class Case:
    """What breaks an invariant, its twin that does not, and what is said of the first case."""

    word: str
    broken: Callable[[], Story]
    twin: Callable[[], Story]
    detail: str
    count: int = 1


def unacknowledged() -> Story:
    return chat(acknowledges=False)


def dedupe() -> Story:
    return chat("exactly once after dedupe")


def causal() -> Story:
    return chat(order="causal")


def numbered(*seqs: int, client: str = "bob", **more: object) -> Story:
    story = chat()
    for place, seq in enumerate(seqs):
        story.deliver(tracked(10 + place), client, seq=seq, **more)
    return story


def resumed(**granted: object) -> Story:
    """Bob has one delivery, two wait for him, and he logs in again."""
    story = numbered(1)
    for id in (M, N):
        story.expect("alice", id, "bob").send("alice", id).answer("alice", id)
    return story.connect("bob", 2, identity="b", **granted)


def taken_over(identity: str) -> Story:
    """Bob's numbers go on at another client, and then at his own."""
    story = chat().connect("bob", 2, identity="b", epoch="x").deliver(tracked(10), "bob", seq=1, connection=2)
    story.connect("bob's phone", identity=identity, epoch="x").deliver(M, "bob's phone", seq=2)
    return story.connect("bob", 3, identity="b", epoch="x")


def left() -> Story:
    """Bob and Carol hear Alice; Carol leaves, and Alice goes on."""
    story = chat().send("alice", M).answer("alice", M).receive("bob", M).receive("carol", M)
    return story.tell("close", "carol", connection=1).send("alice", N).answer("alice", N).receive("bob", N)


CASES = [
    # -- D1 lost
    Case(
        "lost",
        lambda: chat().expect("alice", M, "bob").send("alice", M).answer("alice", M),
        lambda: chat().expect("alice", M, "bob").send("alice", M).answer("alice", M).receive("bob", M),
        "acked 1.0 ms after it was sent, never on bob's socket",
    ),
    Case(
        "lost",
        lambda: unacknowledged().expect("alice", M, "bob").send("alice", M),
        lambda: unacknowledged().expect("alice", M, "bob").send("alice", M).receive("bob", M),
        "sent, never on bob's socket",
    ),
    Case(
        "lost",
        lambda: chat().send("alice", M, to="b").answer("alice", M),
        lambda: chat().send("alice", M, to="b"),
        "acked 1.0 ms after it was sent, never on bob's socket",
    ),
    Case(
        "lost",
        lambda: chat().expect("shop", "order-17", "bob", elsewhere=True),
        lambda: chat().expect("shop", "order-17", "bob", elsewhere=True).receive("bob", "order-17"),
        "expected from elsewhere, never on bob's socket",
    ),
    Case(
        "lost",
        lambda: chat().expect("alice", M, "dave").send("alice", M).answer("alice", M).look(M, tracked(1)),
        lambda: chat().expect("alice", M, "bob").send("alice", M, no_ack=True).receive("bob", M),
        "acked 1.0 ms after it was sent, stored, dave was not connected",
    ),
    # -- D9 the right recipients
    Case(
        "missing-recipient",
        lambda: chat().expect("alice", M, "bob", "carol").send("alice", M).answer("alice", M).receive("bob", M),
        lambda: chat().deliver(M, "bob", "carol"),
        "acked 1.0 ms after it was sent, read by bob, never on carol's socket",
    ),
    Case(
        "missing-recipient",
        lambda: (
            unacknowledged()
            .send("alice", M)
            .receive("bob", M)
            .receive("carol", M)
            .send("alice", N)
            .receive("bob", N)
        ),
        lambda: (
            unacknowledged().send("alice", M).receive("bob", M).send("alice", N, message_kind="x").receive("carol", N)
        ),
        "sent, read by bob, never on carol's socket",
    ),
    Case(
        "misdelivered",
        lambda: chat().expect("alice", M, "bob").send("alice", M).answer("alice", M).receive("carol", M),
        lambda: chat().expect("alice", M, "carol").send("alice", M).answer("alice", M).receive("carol", M),
        "meant for bob, it came to carol 2.0 ms after it was sent",
    ),
    Case(
        "misdelivered",
        lambda: chat().send("alice", M, to="b").answer("alice", M).receive("bob", M).receive("carol", M),
        lambda: chat().send("alice", M, to="b").answer("alice", M).receive("bob", M),
        "meant for bob, it came to carol 3.0 ms after it was sent",
    ),
    Case(
        "misdelivered",
        lambda: (
            chat().expect("alice", M, "bob", "carol").send("alice", M).answer("alice", M).receive("bob", M)
        ).receive("dave", M),
        lambda: chat().deliver(M, "bob", "carol", "dave"),
        "meant for bob, carol, it came to dave 3.0 ms after it was sent",
    ),
    Case(  # the number is the right recipient's and leaves the wrong one's alone
        "misdelivered",
        lambda: (
            numbered(1, 2, client="carol")
            .expect("alice", M, "bob")
            .send("alice", M)
            .answer("alice", M)
            .receive("carol", M, seq=77)
        ),
        lambda: numbered(1, 2, client="carol").deliver(M, "bob", seq=77),
        "meant for bob, it came to carol 2.0 ms after it was sent",
    ),
    Case(
        "unexpected-recipient",
        lambda: chat().deliver(M, "bob", "carol").receive("alice", M),
        lambda: chat().deliver(M, "alice", "bob", "carol"),
        "meant for bob, carol, it came to alice 4.0 ms after it was sent",
    ),
    # -- D2 nothing that nobody sent
    Case(
        "phantom",
        lambda: chat().receive("bob", tracked(99)),
        lambda: chat().receive("bob", "news-17", message_kind="news"),
        "nobody sent it in this run",
    ),
    Case(
        "phantom",
        lambda: chat().receive("bob", "wp-ffffffffffff-1", message_kind="other"),
        lambda: chat().receive("bob", "7", message_kind="other"),
        "it is another run's",
    ),
    Case(
        "phantom",
        lambda: chat().receive("bob", "rolled-back"),
        lambda: chat().receive("carol", "not of a declared audience"),
        "nobody sent it in this run",
    ),
    Case(
        "phantom",
        lambda: chat().receive("bob", "rolled-back"),
        lambda: chat().receive("bob", "an answer", reply_to=tracked(1)),
        "nobody sent it in this run",
    ),
    # -- D4 refused
    Case(
        "refused-delivered",
        lambda: chat().expect("alice", M, "bob").send("alice", M).answer("alice", M, "refused").receive("bob", M),
        lambda: chat().expect("alice", M, "bob").send("alice", M).answer("alice", M, "refused"),
        "refused to its sender, read by bob",
    ),
    Case(
        "refused-delivered",
        lambda: chat().expect("alice", M, "carol").send("alice", M).answer("alice", M, "refused").receive("carol", M),
        lambda: (
            chat().expect("alice", M, "bob").send("alice", M).answer("alice", M, "refused").send("alice", M)
        )
        .answer("alice", M)
        .receive("bob", M),
        "refused to its sender, read by carol",
    ),
    # -- D3 once
    Case(
        "duplicated",
        lambda: chat().deliver(M, "bob").receive("bob", M, at=2000, retry=1),
        lambda: chat().deliver(M, "bob"),
        "it came again 1986 ms later on the same connection, marked as a repetition",
    ),
    Case(  # not marked
        "duplicated",
        lambda: dedupe().deliver(M, "bob").receive("bob", M, at=20_000),
        lambda: dedupe().deliver(M, "bob").receive("bob", M, at=20_000, retry=1),
        "it came again 20.0 s later on the same connection, not marked as a repetition",
    ),
    Case(  # too early
        "duplicated",
        lambda: dedupe().deliver(M, "bob").receive("bob", M, at=9_000, retry=1),
        lambda: dedupe().deliver(M, "bob").connect("bob", 2, identity="b").receive("bob", M, connection=2, retry=1),
        "it came again 8986 ms later on the same connection, marked as a repetition",
    ),
    Case(  # too early for this server, which is set to another time
        "duplicated",
        lambda: dedupe().deliver(M, "bob").receive("bob", M, at=1_900, retry=1).promised(redelivery_s=2),
        lambda: dedupe().deliver(M, "bob").receive("bob", M, at=2_100, retry=1).promised(redelivery_s=2),
        "it came again 1886 ms later on the same connection, marked as a repetition",
    ),
    Case(  # although confirmed
        "duplicated",
        lambda: dedupe().deliver(M, "bob").confirm("bob", M).receive("bob", M, at=20_000, retry=1),
        lambda: dedupe().deliver(M, "bob").confirm("bob", M, at=16_000).receive("bob", M, at=20_000, retry=1),
        "it came again 20.0 s later on the same connection, marked as a repetition",
    ),
    Case(  # nothing to recognise it by
        "duplicated",
        lambda: (
            chat("exactly once after dedupe", marks_redelivery=False, redelivery_s=0)
            .deliver(M, "bob")
            .receive("bob", M)
        ),
        lambda: (
            chat("exactly once after dedupe", marks_redelivery=False, redelivery_s=0)
            .deliver(M, "bob")
            .connect("bob", 2, marks_redelivery=False, redelivery_s=0)
            .receive("bob", M, connection=2)
        ),
        "it came again 1.0 ms later on the same connection, not marked as a repetition",
    ),
    # -- D5 a retry is the same message
    Case(
        "retry-duplicated",
        lambda: chat().deliver(M, "bob").send("alice", M).answer("alice", M).receive("bob", M),
        lambda: chat().deliver(M, "bob").send("alice", M).answer("alice", M),
        "it came again 3.0 ms later on the same connection, not marked as a repetition",
    ),
    # -- D6 order
    Case(
        "reordered",
        lambda: (
            chat().expect("alice", M, "bob").send("alice", M).answer("alice", M).deliver(N, "bob").receive("bob", M)
        ),
        lambda: chat().deliver(M, "bob").deliver(N, "bob").deliver(O, "bob", sender="carol"),
        "came after one that was sent 1 messages later",
    ),
    Case(  # also where the server numbers what it turns round
        "reordered",
        lambda: (
            chat()
            .expect("alice", M, "bob")
            .send("alice", M)
            .answer("alice", M)
            .deliver(N, "bob", seq=2)
            .receive("bob", M, seq=1)
        ),
        lambda: chat().deliver(M, "bob", seq=1).deliver(N, "bob", seq=2),
        "came after one that was sent 1 messages later",
    ),
    # -- D8 causality
    Case(
        "causal-reversed",
        lambda: (
            causal()
            .expect("alice", M, "bob", "carol")
            .send("alice", M)
            .answer("alice", M)
            .receive("bob", M)
            .deliver(N, "carol", sender="bob")
            .receive("carol", M)
        ),
        lambda: (
            causal()
            .expect("alice", M, "bob", "carol")
            .expect("bob", N, "carol")
            .send("alice", M)
            .answer("alice", M)
            .send("bob", N)
            .answer("bob", N)
            .receive("bob", M)
            .receive("carol", N)
            .receive("carol", M)
        ),
        "came after a message whose sender had read it",
    ),
    # -- D7 numbers
    Case("gap", lambda: numbered(1, 2, 5), lambda: numbered(1, 2, 3), "numbers 3 to 4 before it never came", 2),
    Case(
        "gap",
        lambda: numbered(4, 6),
        lambda: (
            chat()
            .deliver(M, "bob", seq=1)
            .connect("bob", 2, identity="b", recovered=False)
            .deliver(N, "bob", seq=7, connection=2)
        ),
        "number 5 before it never came",
    ),
    Case(  # a lost message leaves a hole, and only one
        "gap",
        lambda: numbered(1, 5).expect("alice", M, "bob").send("alice", M).answer("alice", M, "refused"),
        lambda: numbered(1, 5).send("alice", M, to="b").send("alice", N, to="b").send("alice", O, to="b"),
        "numbers 2 to 4 before it never came",
        3,
    ),
    Case(
        "non-monotonic",
        lambda: numbered(7, 8).deliver(M, "bob", seq=1, sender="carol").deliver(N, "bob", seq=2, sender="carol")
        .deliver(O, "bob", seq=3, sender="carol").deliver(tracked(5), "bob", seq=4, sender="carol")
        .deliver(tracked(6), "bob", seq=5, sender="carol").deliver(tracked(7), "bob", seq=6, sender="carol"),
        lambda: (
            chat(counts_flows=True)
            .deliver(M, "bob", seq=1, flow="a→b")
            .deliver(N, "bob", seq=1, flow="c→b", sender="carol")
            .deliver(O, "bob", seq=2, flow="a→b")
        ),
        "number 1 came after a number that is not lower",
        6,
    ),
    Case(  # declared at the login, also for what comes after the first
        "gap",
        lambda: resumed().receive("bob", M, seq=3, connection=2).receive("bob", N, seq=5, connection=2),
        lambda: resumed(last_seq=1, recovered=False).receive("bob", M, seq=3, connection=2)
        .receive("bob", N, seq=5, connection=2),
        "number 2 before it never came",
        2,
    ),
    Case(  # declared by a message
        "gap",
        lambda: numbered(1, 2).tell("received", "bob", gap=[3, 4], connection=1).deliver(M, "bob", seq=6),
        lambda: numbered(1, 2).tell("received", "bob", gap=[3, 5], connection=1).deliver(M, "bob", seq=6),
        "number 5 before it never came",
    ),
    Case(  # one sender's numbers are not another's
        "gap",
        lambda: chat().deliver(M, "bob", seq=1, flow="a→b").deliver(N, "bob", seq=3, flow="c→b", sender="carol"),
        lambda: chat(counts_flows=True).deliver(M, "bob", seq=1, flow="a→b")
        .deliver(N, "bob", seq=3, flow="c→b", sender="carol"),
        "number 2 before it never came",
    ),
    Case(  # a declaration goes for its own numbering
        "gap",
        lambda: numbered(1, 2).tell("received", "carol", gap=[3, 3], connection=1).deliver(M, "bob", seq=4),
        lambda: numbered(1, 2).tell("received", "bob", gap=[3, 3], connection=1).deliver(M, "bob", seq=4),
        "number 3 before it never came",
    ),
    Case(  # two clients that log in as the same share their numbers
        "gap",
        lambda: taken_over("c").deliver(N, "bob", seq=4, connection=3),
        lambda: taken_over("b").deliver(N, "bob", seq=3, connection=3),
        "numbers 2 to 3 before it never came",
        2,
    ),
    Case(  # with another epoch numbers start anew
        "non-monotonic",
        lambda: numbered(5, 6).connect("bob", 2, identity="b").deliver(M, "bob", seq=1, connection=2),
        lambda: chat().connect("bob", 2, identity="b", epoch="x").deliver(M, "bob", seq=5, connection=2)
        .connect("bob", 3, identity="b", epoch="y").deliver(N, "bob", seq=1, connection=3),
        "number 1 came after a number that is not lower",
    ),
    Case(
        "non-monotonic",
        lambda: numbered(1, 2, 2),
        lambda: chat("at least once").deliver(M, "bob", seq=1).receive("bob", M, seq=1, at=20_000, retry=1),
        "number 2 came after a number that is not lower",
    ),
    # -- D10 content
    Case(
        "corrupted",
        lambda: chat().expect("alice", M, "bob").send("alice", M, digest="aa").answer("alice", M)
        .receive("bob", M, digest="bb"),
        lambda: chat().expect("alice", M, "bob").send("alice", M, digest="aa").answer("alice", M)
        .receive("bob", M, digest="aa"),
        "its body differs from what was sent 2.0 ms before",
    ),
    # -- D11, D12 rows
    Case(
        "acked-not-persisted",
        lambda: chat().expect("alice", M, "bob").send("alice", M).answer("alice", M).look(tracked(1)),
        lambda: chat().deliver(M, "bob").look(tracked(1), M),
        "acked 1.0 ms after it was sent, never stored",
    ),
    Case(
        "acked-not-persisted",
        lambda: chat().look(),
        lambda: chat().look(asked=1),
        "acked 1.0 ms after it was sent, never stored, read by bob",
    ),
    Case(
        "ack-before-durable",
        lambda: chat().deliver(M, "bob").look(tracked(1)).look(tracked(1), M, scan=2),
        lambda: chat().expect("alice", M, "bob").send("alice", M).look(tracked(1)).answer("alice", M)
        .receive("bob", M).look(tracked(1), M, scan=2),
        "acked 1.0 ms after it was sent, stored, read by bob, but not yet at a look after the acknowledgement",
    ),
    Case(
        "duplicate-row",
        lambda: chat().look(tracked(1), tracked(1)),
        lambda: chat().look(tracked(1)).look(tracked(1), scan=2).look(tracked(1), table="archive"),
        "more than one row in messages",
    ),
    Case(
        "duplicate-row",
        lambda: chat().look(tracked(1), copies=2),
        lambda: chat().look(tracked(1), copies=1),
        "more than one row in messages",
    ),
    Case(  # what is stored twice is delivered twice; the rows are the cause
        "duplicate-row",
        lambda: chat().send("alice", tracked(1)).receive("bob", tracked(1)).look(tracked(1), tracked(1)),
        lambda: chat().send("alice", tracked(1)).look(tracked(1)),
        "more than one row in messages",
    ),
    Case(
        "refused-stored",
        lambda: chat().expect("alice", M, "bob").send("alice", M).answer("alice", M, "refused").look(tracked(1), M),
        lambda: chat().expect("alice", M, "bob").send("alice", M).answer("alice", M, "refused").look(tracked(1)),
        "refused to its sender, yet stored",
    ),
    Case(
        "corrupted-row",
        lambda: chat().expect("alice", M, "bob").send("alice", M, digest="aa").answer("alice", M)
        .receive("bob", M).look(tracked(1), M, digest="bb"),
        lambda: chat().expect("alice", M, "bob").send("alice", M, digest="aa").answer("alice", M)
        .receive("bob", M).look(tracked(1), M, digest="aa"),
        "its row differs from what was sent",
    ),
    Case(
        "wrong-owner",
        lambda: chat().look(tracked(1), owner="c"),
        lambda: chat().look(tracked(1), owner="b"),
        "its row belongs to c",
    ),
    Case(
        "wrong-owner",
        lambda: chat().look(tracked(1), owner="carol"),
        lambda: chat().look(tracked(1), owner="user-17"),
        "its row belongs to carol",
    ),
    Case(
        "phantom-row",
        lambda: chat().look(tracked(1), tracked(99)),
        lambda: chat().look(tracked(1), "wp-ffffffffffff-1", "other"),
        "stored, and nobody sent it",
    ),
    # -- D13 convergence
    Case(
        "unconverged",
        lambda: chat().expect("alice", M, "bob").send("alice", M).look(tracked(1), M),
        lambda: chat().expect("alice", M, "bob").send("alice", M).look(tracked(1)),
        "sent, outcome unknown, stored, never on bob's socket",
    ),
    Case(
        "unconverged",
        lambda: chat().expect("alice", M, "bob").send("alice", M).receive("bob", M).look(tracked(1)),
        lambda: chat().expect("alice", M, "bob").send("alice", M).receive("bob", M).look(tracked(1), M),
        "sent, outcome unknown, read by bob, never stored",
    ),
    # -- D14 sessions
    Case(
        "stale-session",
        lambda: chat().connect("bob2", identity="b").send("alice", M, to="b").answer("alice", M).receive("bob", M),
        lambda: chat().connect("bob2", identity="b").send("alice", M, to="b").answer("alice", M).receive("bob2", M),
        "it came on a socket that had been replaced 1.0 ms before it was sent",
    ),
    Case(
        "stale-session",
        lambda: chat().connect("bob", 2, identity="b").deliver(M, "bob").receive("bob", M, connection=2),
        lambda: chat().connect("bob", 2, identity="b").deliver(M, "bob", connection=2),
        "it came on a socket that had been replaced 2.0 ms before it was sent",
    ),
    Case(
        "stale-session",
        lambda: chat().connect("bob2", identity="b").expect("alice", M, "bob2").send("alice", M).answer("alice", M)
        .receive("bob", M).receive("bob2", M),
        lambda: chat().expect("alice", M, "bob", "bob2").connect("bob2", identity="b").send("alice", M)
        .answer("alice", M).receive("bob", M).receive("bob2", M),
        "it came on a socket that had been replaced 2.0 ms before it was sent",
    ),
    Case(  # who held the name when the message was sent got it: nothing is stale
        "stale-session",
        lambda: chat().connect("bob2", identity="b").send("alice", M, to="b").answer("alice", M).receive("bob", M),
        lambda: chat().send("alice", M, to="b").answer("alice", M).receive("bob", M).connect("bob2", identity="b"),
        "it came on a socket that had been replaced 1.0 ms before it was sent",
    ),
    Case(
        "spoofed-sender",
        lambda: chat().deliver(M, "bob", flow="c→b"),
        lambda: chat().deliver(M, "bob", flow="a→b").deliver(N, "bob", flow="room→b"),
        "it came as c→b",
    ),
    Case(
        "false-recovery",
        lambda: chat().deliver(M, "bob", seq=1).connect("bob", 2, identity="b", recovered=True)
        .deliver(N, "bob", seq=4, connection=2),
        lambda: chat().deliver(M, "bob", seq=1).connect("bob", 2, identity="b", recovered=True)
        .deliver(N, "bob", seq=2, connection=2),
        "recovered, it was said, but 2 before it never came, from number 2 on",
    ),
    Case(  # what was taken over before the socket was opened is promised, too
        "false-recovery",
        lambda: resumed(last_seq=1, recovered=True).receive("bob", M, seq=2, connection=2)
        .receive("bob", N, seq=4, connection=2),
        lambda: resumed(last_seq=1, recovered=True).receive("bob", M, seq=2, connection=2)
        .receive("bob", N, seq=3, connection=2),
        "recovered, it was said, but 1 before it never came, from number 3 on",
    ),
    Case(  # what the client said it had read need not come
        "false-recovery",
        lambda: resumed(last_seq=3, recovered=True).receive("bob", M, seq=6, connection=2)
        .receive("bob", N, seq=7, connection=2),
        lambda: resumed(last_seq=5, recovered=True).receive("bob", M, seq=6, connection=2)
        .receive("bob", N, seq=7, connection=2),
        "recovered, it was said, but 2 before it never came, from number 4 on",
        1,
    ),
    # -- who has to get what nobody declared
    Case(
        "missing-recipient",
        lambda: chat().connect("dave", identity="d").send("alice", M).answer("alice", M).receive("bob", M)
        .send("alice", N).answer("alice", N).receive("bob", N).receive("dave", N),
        lambda: chat().send("alice", M).answer("alice", M).receive("bob", M).connect("dave", identity="d")
        .send("alice", N).answer("alice", N).receive("bob", N).receive("dave", N),
        "acked 1.0 ms after it was sent, read by bob, never on dave's socket",
    ),
    Case(  # who comes back has to get what was sent meanwhile, who leaves for good has not
        "missing-recipient",
        lambda: left().connect("carol", 2, identity="c"),
        lambda: left(),
        "acked 1.0 ms after it was sent, read by bob, never on carol's socket",
    ),
    Case(  # what came nevertheless came to the right one
        "missing-recipient",
        lambda: left().send("alice", O).answer("alice", O).receive("bob", O).connect("carol", 2, identity="c")
        .receive("carol", O, connection=2),
        lambda: left().receive("carol", N),
        "acked 1.0 ms after it was sent, read by bob, never on carol's socket",
    ),
    # -- D15, D16 time
    Case(
        "late",
        lambda: chat().expect("alice", M, "bob").send("alice", M).answer("alice", M)
        .tell("ledger", "default", phase="overdue").receive("bob", M),
        lambda: chat().tell("ledger", "default", phase="overdue").deliver(M, "bob"),
        "received 1.0 ms after the deadline",
    ),
    Case(
        "no-progress-after-heal",
        lambda: chat().tell("fault", "db", phase="on").tell("fault", "db", phase="off").expect("alice", M, "bob")
        .send("alice", M),
        lambda: chat().tell("fault", "db", phase="on").tell("fault", "db", phase="off").deliver(M, "bob"),
        "sent after the last fault, as all that got nowhere",
    ),
    Case(
        "no-progress-after-heal",
        lambda: chat().tell("fault", "db", phase="on").tell("fault", "db", phase="off").expect("alice", M, "bob")
        .send("alice", M).answer("alice", M),
        lambda: chat().tell("fault", "db", phase="off").tell("fault", "db", phase="on").expect("alice", M, "bob")
        .send("alice", M),
        "sent after the last fault, as all that got nowhere",
    ),
    Case(  # nothing is taken over, although something arrives
        "no-progress-after-heal",
        lambda: chat().tell("fault", "db", phase="on").tell("fault", "db", phase="off").expect("alice", M, "bob")
        .send("alice", M).receive("bob", M),
        lambda: chat().tell("fault", "db", phase="on").tell("fault", "db", phase="off").expect("alice", M, "bob")
        .send("alice", M, no_ack=True).receive("bob", M),
        "sent after the last fault, as all that got nowhere",
    ),
    Case(  # one is being sent when nobody acknowledges and others have arrived
        "no-progress-after-heal",
        lambda: unacknowledged().tell("fault", "db", phase="on").tell("fault", "db", phase="off")
        .expect("alice", N, "bob").expect("alice", M, "bob"),
        lambda: unacknowledged().tell("fault", "db", phase="on").tell("fault", "db", phase="off")
        .expect("alice", M, "bob").send("alice", M).receive("bob", M).expect("alice", N, "bob"),
        "sent after the last fault, as all that got nowhere",
        count=2,
    ),
]  # fmt: skip

_named = pytest.mark.parametrize("case", CASES, ids=[f"{case.word}-{place}" for place, case in enumerate(CASES)])


@_named
def test_a_history_that_breaks_an_invariant_breaks_only_that(case: Case) -> None:
    story = case.broken()
    assert story.words() == {case.word: case.count}
    found = story.verdict().findings[case.word]
    assert found.samples[0].detail == case.detail
    assert len(found.samples) == min(case.count, len(found.samples))
    assert story.verdict().result == "FAIL"


@_named
def test_its_twin_is_well(case: Case) -> None:
    verdict = case.twin().verdict()
    assert not verdict.failing, verdict.line
    assert verdict.result == "PASS"


def test_every_invariant_has_such_a_history() -> None:
    assert {case.word for case in CASES} == set(INVARIANTS)
