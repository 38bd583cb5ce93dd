"""What the one line says, and when it is PASS, FAIL or UNKNOWN."""

import json
from pathlib import Path

import pytest
from story import MS, Story, chat, tracked

from wireproof import journal
from wireproof.delivery import evidence
from wireproof.delivery.findings import SAMPLES, Guarantee
from wireproof.delivery.invariants import INVARIANTS
from wireproof.delivery.report import report_of
from wireproof.delivery.samples import millis, thousands

M, N = tracked(2), tracked(3)
BLIND = "numbers, digests, rows, digests of rows, owners of rows, names of senders, recoveries, faults"


def test_a_pass_says_what_it_rests_on() -> None:
    line = chat().verdict().line
    assert line == f"PASS: 1 sent, 1 acked, 1 delivered, 0 unknown; p50 2.0 ms, p99 2.0 ms; not observable: {BLIND}"


def test_a_failure_counts_every_anomaly_and_shows_the_gravest() -> None:
    story = chat().deliver(M, "bob").receive("bob", M).send("alice", N, to="b").answer("alice", N)
    assert story.verdict().line == (
        f"FAIL: 1 lost, 1 duplicated of 3 acked; first lost {N} (alice→bob, message 1 of 1): "
        "acked 1.0 ms after it was sent, never on bob's socket"
    )


def test_what_steady_traffic_could_not_send_is_neither_sent_nor_lost() -> None:
    story = chat().tell("unsent", "alice", id=M, reason="alice is closed")
    assert story.verdict().line == chat().verdict().line
    broken_off = story.expect("alice", N, "bob").tell("unsent", "alice", id=N, reason="the connection broke")
    assert broken_off.verdict().line.startswith("PASS: 1 sent, 1 acked, 1 delivered, 1 unknown; ")
    arrived = broken_off.receive("bob", N)
    assert arrived.verdict().line.startswith("PASS: 1 sent, 1 acked, 2 delivered, 1 unknown (1 of them delivered); ")
    assert arrived.receive("bob", N).verdict().line.startswith("FAIL: 1 duplicated")


def test_what_nobody_acknowledges_is_counted_as_sent() -> None:
    story = chat(acknowledges=False)
    story.recorder._columns["verdicts"].__delitem__(slice(None))
    assert story.verdict().line.startswith("PASS: 1 sent, 1 delivered, 0 unknown")
    story.send("alice", M, to="b")
    assert story.verdict().line.startswith("FAIL: 1 lost of 2 sent; ")


def test_where_some_is_acknowledged_what_is_due_is_counted() -> None:
    story = chat().send("alice", M, to="b", no_ack=True)
    assert story.verdict().line.startswith("FAIL: 1 lost of 2 due; ")


def test_unknown_is_an_outcome_of_its_own() -> None:
    story = chat().send("alice", M, to="b").send("alice", N, to="b").receive("bob", N)
    verdict = story.verdict()
    assert verdict.line.startswith("PASS: 3 sent, 1 acked, 2 delivered, 2 unknown (1 of them delivered); ")
    assert (verdict.counts.unknown, verdict.counts.recovered, verdict.counts.due) == (2, 1, 1)
    story.answer("alice", M, "refused")
    assert story.verdict().line.startswith("PASS: 3 sent, 1 acked, 2 delivered, 1 refused, 1 unknown (1 ")


def test_the_peer_may_not_know_either_and_may_learn() -> None:
    story = chat().send("alice", M, to="b", no_ack=True).answer("alice", M, "unknown")
    assert story.verdict().counts.unknown == 1
    story.answer("alice", M).answer("alice", M, "refused")
    assert story.verdict().counts.acked == 2


def test_a_verdict_for_another_client_is_none() -> None:
    story = chat().expect("alice", M, "bob").send("alice", M).answer("carol", M)
    assert story.verdict().counts.unknown == 1


def test_what_never_left_its_sender_is_unknown() -> None:
    story = chat().expect("alice", M, "bob")
    assert story.verdict().result == "PASS"
    assert (story.verdict().counts.sent, story.verdict().counts.unknown) == (1, 1)
    story.tell("rows", "db", scan=1, table="messages", asked_ns=99 * MS)
    story.look(tracked(1), M, scan=2)
    assert story.verdict().findings["unconverged"].samples[0].detail == (
        "it never left the sender, stored, never on bob's socket"
    )


def test_a_proxy_tells_how_far_it_came() -> None:
    story = chat().send("alice", M, to="b").answer("alice", M).tell("wire", "office", id=M, direction="to server")
    where = "on the wire at office to server"
    assert story.verdict().line.endswith(f"acked 1.0 ms after it was sent, {where}, never on bob's socket")


def test_where_nothing_is_known_of_a_loss_it_says_so() -> None:
    story = Story().expect("shop", "order-17", "bob", elsewhere=True)
    assert story.verdict().line.endswith("(shop→bob): expected from elsewhere, where it was lost is not observable")


def test_messages_for_nobody_here_are_not_judged_and_named() -> None:
    line = chat().send("alice", M, to="printer").answer("alice", M).verdict().line
    assert line.startswith("PASS: 2 sent, 2 acked, 1 delivered, 0 unknown; ")
    assert line.endswith("faults, who should get 1 of them")


def test_too_little_proves_nothing() -> None:
    story = chat()
    story.promised(min_acked=2)
    assert story.verdict().line == (
        "UNKNOWN: only 1 messages were taken over, 2 are needed; 1 sent, 1 acked, 1 delivered, 0 unknown"
    )
    deaf = Story().connect("alice").send("alice", M, to="b").answer("alice", M)
    assert deaf.verdict().line == "UNKNOWN: nothing was received; 1 sent, 1 acked, 0 delivered, 0 unknown"


def test_a_fault_that_touched_nothing_proves_nothing() -> None:
    story = chat().tell("fault", "link", phase="on", name="cut", touched=0)
    assert story.verdict().line.startswith("UNKNOWN: the fault 'cut' touched nothing; ")
    story.tell("fault", "link", phase="off", name="cut", touched=3).deliver(M, "bob")
    assert story.verdict().result == "PASS"


@pytest.mark.parametrize(
    ("guarantee", "lost", "doubled"),
    [
        ("at most once", "PASS", "FAIL"),
        ("at least once", "FAIL", "PASS"),
        ("exactly once", "FAIL", "FAIL"),
        ("exactly once after dedupe", "FAIL", "FAIL"),
    ],
)
def test_a_guarantee_says_what_is_allowed(guarantee: Guarantee, lost: str, doubled: str) -> None:
    losing = chat(guarantee).send("alice", M, to="b").answer("alice", M).verdict()
    doubling = chat(guarantee).receive("bob", tracked(1)).verdict()
    assert (losing.result, doubling.result) == (lost, doubled)
    for verdict in (losing, doubling):
        assert ("(allowed)" in verdict.line) == (verdict.result == "PASS")


def test_recognisable_repeats_are_counted() -> None:
    story = chat("exactly once after dedupe").receive("bob", tracked(1), at=20_000, retry=1)
    assert "0 unknown, 1 recognisably redelivered; p50" in story.verdict().line
    assert chat("exactly once").receive("bob", tracked(1), at=20_000, retry=1).verdict().counts.redelivered == 0


@pytest.mark.parametrize("order", ["none", "per sender"])
def test_without_an_order_nothing_is_out_of_order(order: str) -> None:
    story = chat(order=order)  # type: ignore[arg-type]
    story.send("alice", M, to="b").answer("alice", M).deliver(N, "bob", seq=5).receive("bob", M)
    story.deliver(tracked(4), "bob", seq=4, sender="carol")
    assert set(story.words()) == (set() if order == "none" else {"reordered", "non-monotonic"})


def test_only_the_first_cases_are_kept() -> None:
    story = chat()
    for number in range(30):
        story.send("alice", tracked(100 + number), to="b").answer("alice", tracked(100 + number))
    found = story.verdict().findings["lost"]
    assert (found.count, len(found.samples)) == (30, SAMPLES)
    assert [case.id for case in found.samples[:2]] == [tracked(100), tracked(101)]
    assert "message 2 of 30" in found.samples[1].flow


def test_many_names_are_shortened() -> None:
    story = chat().deliver(M, "bob").expect("alice", N, "d", "e", "f", "g").send("alice", N).answer("alice", N)
    assert "(alice→d, e, f and 1 more, message 3 of 3)" in story.verdict().line


def test_the_report_has_a_count_for_every_anomaly() -> None:
    verdict = chat().expect("alice", M, "bob", "carol").send("alice", M).answer("alice", M).receive("bob", M).verdict()
    report = report_of("room", verdict)
    assert (report.sent, report.acked, report.delivered, report.missing_recipient, report.lost) == (2, 2, 2, 1, 0)
    assert repr(report) == f"<ledger room: {verdict.line}>"
    for word in INVARIANTS:
        assert getattr(report, word.replace("-", "_")) == verdict.findings[word].count


def test_the_evidence_cannot_be_markup(tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script>\ud800"
    story = chat().expect("alice", hostile, "bob").send("alice", hostile).answer("alice", hostile)
    verdict = story.verdict()
    table = evidence.table("<b>", verdict)
    assert "<script>" not in table
    assert "<b>" not in table
    assert "&lt;script&gt;alert(1)&lt;/script&gt;\\ud800" in table
    path = evidence.write(tmp_path / "deep", "../<b>", verdict)
    assert path.parent == tmp_path / "deep"
    assert json.loads(path.read_text())["findings"][0]["count"] == 1


def test_the_table_says_how_many_more_there_are() -> None:
    story = chat("at most once")
    for number in range(SAMPLES + 3):
        story.send("alice", tracked(100 + number), to="b").answer("alice", tracked(100 + number))
    table = evidence.table("room", story.verdict())
    assert "lost (allowed)" in table
    assert "and 3 more" in table
    assert "not observable" in table
    assert "UNKNOWN" in evidence.table("room", Story().verdict())


@pytest.mark.parametrize(
    ("duration_ns", "text"),
    [(38_400_000, "38 ms"), (1_250_000, "1.2 ms"), (9_999_000_000, "9999 ms"), (12_340_000_000, "12.3 s")],
)
def test_durations_are_short(duration_ns: int, text: str) -> None:
    assert millis(duration_ns) == text


def test_counts_have_blanks() -> None:
    assert [thousands(number) for number in (7, 5000, 1_234_567)] == ["7", "5 000", "1 234 567"]


def test_it_judges_what_the_journal_says() -> None:
    body = {"text": "hi"}
    story = chat().expect("alice", M, "bob").send("alice", M, digest=journal.digest(body)).answer("alice", M)
    assert story.receive("bob", M, digest=journal.digest({"text": "hj"})).words() == {"corrupted": 1}
