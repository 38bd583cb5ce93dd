"""A running ledger: what it takes, when it calls a drain over, and what it leaves in the journal."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from story import RUN, tracked

from wireproof.delivery.errors import DeliveryError, NotQuietError
from wireproof.delivery.findings import Rules
from wireproof.delivery.ledger import Ledger, Ledgers, Patience
from wireproof.journal import Journal, now_ns

SHORT = Patience(quiet_s=0.05, timeout_s=20)
OVER = Patience(quiet_s=0.05, timeout_s=0.15)
EXACTLY_ONCE = Rules("exactly once")


@pytest.fixture
def journal() -> Iterator[Journal]:
    journal = Journal()
    journal.run = RUN
    yield journal
    journal.close()


@pytest.fixture
def ledgers(journal: Journal) -> Ledgers:
    return Ledgers(journal)


class Chat:
    """Alice and Bob, as the recorders would tell of them."""

    def __init__(self, journal: Journal, **traits: Any) -> None:
        self.journal = journal
        for client in ("alice", "bob"):
            journal.record("connected", client, connection=1, **({"acknowledges": True} | traits))
            journal.record("login", client, connection=1, identity=client[0])

    def send(self, id: str) -> None:
        self.journal.record("expect", "alice", id=id, audience=["bob"])
        self.journal.record("sent", "alice", id=id, connection=1, message_kind="say")

    def ack(self, id: str) -> None:
        self.journal.record("received", "alice", id=f"ack {id}", connection=1, reply_to=id, outcome="acked")

    def receive(self, id: str) -> None:
        self.journal.record("received", "bob", id=id, connection=1, message_kind="say")

    def deliver(self, *ids: str) -> None:
        for id in ids:
            self.send(id)
            self.ack(id)
            self.receive(id)


def phases(journal: Journal, ledger: str) -> list[str]:
    return [event.data["phase"] for event in journal.recent() if event.kind == "ledger" and event.source == ledger]


def later(act: Callable[[], object]) -> threading.Timer:
    timer = threading.Timer(0.12, act)
    timer.start()
    return timer


def test_it_judges_what_was_sent_from_its_start_on(journal: Journal, ledgers: Ledgers) -> None:
    chat = Chat(journal)
    chat.send(tracked(1))
    chat.ack(tracked(1))
    ledger = ledgers.start("room", EXACTLY_ONCE)
    chat.deliver(tracked(2), tracked(3))
    verdict = ledger.judge()
    assert verdict.result == "PASS"
    assert (verdict.counts.sent, verdict.counts.acked, verdict.counts.delivered) == (2, 2, 2)


def test_what_was_sent_before_is_no_phantom_when_it_comes_late(journal: Journal, ledgers: Ledgers) -> None:
    chat = Chat(journal)
    chat.send(tracked(1))
    ledger = ledgers.start("room", EXACTLY_ONCE)
    chat.deliver(tracked(2))
    chat.receive(tracked(1))
    assert ledger.judge().result == "PASS"
    chat.receive(tracked(99))
    assert [found.word for found in ledger.judge().failing] == ["phantom"]


def test_what_is_sent_again_during_it_counts(journal: Journal, ledgers: Ledgers) -> None:
    chat = Chat(journal)
    chat.send(tracked(1))
    ledger = ledgers.start("room", EXACTLY_ONCE)
    chat.deliver(tracked(1))
    assert ledger.judge().counts.delivered == 1


def test_it_knows_what_held_before_it_was_imported(journal: Journal) -> None:
    chat = Chat(journal)
    ledger = Ledgers(journal).start("room", EXACTLY_ONCE)
    chat.send(tracked(1))
    assert ledger.judge().counts.unknown == 1


def test_a_client_that_takes_a_name_over_is_another(journal: Journal, ledgers: Ledgers) -> None:
    Chat(journal)
    journal.record("connected", "alice", connection=2, acknowledges=True)
    journal.record("login", "alice", connection=2, identity="a")
    chat = Chat(journal)
    ledger = ledgers.start("room", EXACTLY_ONCE)
    chat.deliver(tracked(1))
    journal.record("expect", "bob", id=tracked(2), audience=["alice"])
    journal.record("sent", "bob", id=tracked(2), connection=1)
    journal.record("received", "bob", reply_to=tracked(2), outcome="acked", connection=1)
    journal.record("received", "alice", id=tracked(2), connection=1)
    assert ledger.judge().result == "PASS", ledger.judge().line


def test_ledgers_do_not_mix_what_is_expected_of_them(journal: Journal, ledgers: Ledgers) -> None:
    chat = Chat(journal)
    one, other = ledgers.start("one", EXACTLY_ONCE), ledgers.start("other", EXACTLY_ONCE)
    chat.deliver(tracked(1))
    journal.record("expect", "", id="order-17", audience=["bob"], elsewhere=True, ledger="one")
    assert [found.word for found in one.judge().failing] == ["lost"]
    assert other.judge().result == "PASS"


def test_a_drain_waits_for_what_is_outstanding(journal: Journal, ledgers: Ledgers) -> None:
    chat = Chat(journal)
    ledger = ledgers.start("room", EXACTLY_ONCE)
    chat.send(tracked(1))
    assert not ledger.is_drained
    begin_ns = now_ns()
    later(lambda: (chat.ack(tracked(1)), chat.receive(tracked(1))))
    ledger.drain(SHORT, print)
    assert now_ns() - begin_ns >= 0.12e9
    assert ledger.is_drained
    assert ledger.judge().result == "PASS"
    assert phases(journal, "room") == ["start", "quiet"]
    chat.send(tracked(2))
    assert not ledger.is_drained


def test_a_drain_listens_on_for_the_quiet_time(journal: Journal, ledgers: Ledgers) -> None:
    chat = Chat(journal)
    ledger = ledgers.start("room", EXACTLY_ONCE)
    chat.deliver(tracked(1))
    later(lambda: chat.receive(tracked(1)))
    ledger.drain(Patience(quiet_s=2), print)
    assert [found.word for found in ledger.judge().failing] == ["duplicated"]


def test_a_drain_waits_for_verdicts_too(journal: Journal, ledgers: Ledgers) -> None:
    chat = Chat(journal)
    ledger = ledgers.start("room", EXACTLY_ONCE)
    chat.send(tracked(1))
    chat.receive(tracked(1))
    with pytest.raises(
        NotQuietError, match=rf"after \d+\.\d s, 1 to be acknowledged \(first {tracked(1)}\) outstanding$"
    ):
        ledger.drain(OVER, print)
    assert phases(journal, "room") == ["start", "overdue"]


def test_no_verdict_comes_from_a_socket_that_is_gone(journal: Journal, ledgers: Ledgers) -> None:
    chat = Chat(journal)
    journal.record("close", "alice", connection=1, by="network", code=1006)
    ledger = ledgers.start("room", EXACTLY_ONCE)
    journal.record("connected", "alice", connection=2, acknowledges=True)
    chat.deliver(tracked(1))
    journal.record("sent", "alice", id=tracked(2), connection=2)
    later(lambda: journal.record("close", "alice", connection=2, by="network", code=1006))
    ledger.drain(SHORT, print)
    assert (ledger.judge().counts.unknown, ledger.judge().result) == (1, "PASS")


def test_a_peer_that_does_not_know_has_spoken(journal: Journal, ledgers: Ledgers) -> None:
    chat = Chat(journal)
    ledger = ledgers.start("room", EXACTLY_ONCE)
    chat.deliver(tracked(1))
    chat.send(tracked(2))
    journal.record("received", "alice", connection=1, reply_to=tracked(2), outcome="unknown")
    ledger.drain(SHORT, print)
    assert ledger.judge().counts.unknown == 1


def test_a_drain_that_gives_up_says_what_was_lost(journal: Journal, ledgers: Ledgers) -> None:
    chat = Chat(journal)
    ledger = ledgers.start("room", EXACTLY_ONCE)
    chat.deliver(tracked(1))
    chat.send(tracked(2))
    chat.ack(tracked(2))
    with pytest.raises(NotQuietError) as failure:
        ledger.drain(OVER, print)
    text = str(failure.value)
    assert text.startswith("ledger 'room' is not quiet after ")
    assert f"1 to be delivered (first {tracked(2)}) outstanding: FAIL: 1 lost of 2 acked; first lost" in text
    chat.receive(tracked(2))
    assert [found.word for found in ledger.judge().failing] == ["late"]


def test_a_drain_does_not_give_up_before_the_redelivery_time(journal: Journal, ledgers: Ledgers) -> None:
    chat = Chat(journal, redelivery_s=0.5)
    ledger = ledgers.start("room", EXACTLY_ONCE)
    chat.send(tracked(1))
    chat.ack(tracked(1))
    begin_ns = now_ns()
    with pytest.raises(NotQuietError):
        ledger.drain(OVER, print)
    assert now_ns() - begin_ns >= 0.55e9
    begin_ns = now_ns()
    with pytest.raises(NotQuietError):
        ledger.drain(Patience(quiet_s=0.05, timeout_s=0.1, redelivery_s=0), print)
    assert now_ns() - begin_ns >= 0.1e9


def test_a_ledger_may_know_another_redelivery_time(journal: Journal, ledgers: Ledgers) -> None:
    chat = Chat(journal, redelivery_s=50)
    ledger = ledgers.start("room", Rules("exactly once", redelivery_s=0))
    chat.send(tracked(1))
    chat.ack(tracked(1))
    with pytest.raises(NotQuietError):
        ledger.drain(OVER, print)


def test_what_it_cannot_read_proves_nothing(journal: Journal, ledgers: Ledgers) -> None:
    chat = Chat(journal)
    ledger = ledgers.start("room", EXACTLY_ONCE)
    chat.deliver(tracked(1))
    journal.record("received", "bob", id=tracked(1), connection="first")
    chat.deliver(tracked(2))
    assert ledger.judge().line.startswith("UNKNOWN: 1 events could not be read; 2 sent, 2 acked, 2 delivered")


def test_a_drain_says_when_messages_keep_coming(journal: Journal, ledgers: Ledgers) -> None:
    chat = Chat(journal)
    ledger = ledgers.start("room", EXACTLY_ONCE)
    chat.deliver(tracked(1))
    with pytest.raises(NotQuietError) as failure:
        ledger.drain(Patience(quiet_s=30, timeout_s=0.1), print)
    assert str(failure.value).endswith("nothing is outstanding, but messages keep coming")


def test_what_may_be_lost_is_waited_for_and_fails_no_drain(journal: Journal, ledgers: Ledgers) -> None:
    chat = Chat(journal)
    ledger = ledgers.start("room", Rules("at most once"))
    chat.deliver(tracked(1))
    chat.send(tracked(2))
    chat.ack(tracked(2))
    ledger.drain(OVER, print)
    assert ledger.judge().result == "PASS"
    chat.receive(tracked(1))
    with pytest.raises(NotQuietError, match="1 duplicated"):
        ledger.drain(OVER, print)


def test_its_verdict_is_an_event(journal: Journal, ledgers: Ledgers) -> None:
    chat = Chat(journal)
    ledger = ledgers.start("room", Rules("at least once", "none"))
    chat.deliver(tracked(1))
    chat.receive(tracked(1))
    ledger.note(ledger.judge(), 5)
    start, verdict = (event for event in journal.recent() if event.kind in ("ledger", "verdict"))
    assert dict(start.data) == {
        "phase": "start",
        "guarantee": "at least once",
        "order": "none",
        "redelivery_s": None,
    }
    assert verdict.source == "room"
    assert (verdict.data["result"], verdict.data["min_acked"]) == ("PASS", 5)
    assert verdict.data["anomalies"] == {"duplicated": 1}


def test_a_name_is_running_once(journal: Journal, ledgers: Ledgers) -> None:
    chat = Chat(journal)
    first = ledgers.start("room", EXACTLY_ONCE)
    with pytest.raises(DeliveryError, match="the ledger 'room' is running already"):
        ledgers.start("room", EXACTLY_ONCE)
    with pytest.raises(DeliveryError, match="needs a name"):
        ledgers.start(" ", EXACTLY_ONCE)
    assert ledgers.find("room") is first
    with pytest.raises(DeliveryError, match="no ledger named 'hall' is running; running: room"):
        ledgers.find("hall")
    ledgers.end("room")
    ledgers.end("room")
    assert phases(journal, "room") == ["start", "end"]
    chat.deliver(tracked(1))
    assert first.judge().counts.sent == 0
    with pytest.raises(DeliveryError, match="running: none, call Start Ledger first"):
        ledgers.find("room")
    assert isinstance(ledgers.start("room", EXACTLY_ONCE), Ledger)


def test_a_message_under_way_at_the_start_is_none_of_its_business(journal: Journal, ledgers: Ledgers) -> None:
    chat = Chat(journal)
    journal.record("sent", "alice", id=tracked(1), connection=1, message_kind="say")
    ledger = ledgers.start("room", EXACTLY_ONCE)
    journal.record("received", "alice", id="a", reply_to=tracked(1), outcome="acked", connection=1)
    journal.record("received", "bob", id=tracked(1), connection=1, message_kind="say")
    chat.deliver(tracked(2))
    assert ledger.judge().line.startswith("PASS: 1 sent, 1 acked, 1 delivered")


def test_one_that_is_sent_again_is(journal: Journal, ledgers: Ledgers) -> None:
    chat = Chat(journal)
    journal.record("sent", "alice", id=tracked(1), connection=1, message_kind="say")
    ledger = ledgers.start("room", EXACTLY_ONCE)
    chat.deliver(tracked(1))
    assert ledger.judge().line.startswith("PASS: 1 sent, 1 acked, 1 delivered")


def test_a_drain_says_how_it_goes(journal: Journal, ledgers: Ledgers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wireproof.delivery.ledger._TELL_EVERY_S", 0.0)
    chat = Chat(journal)
    said: list[str] = []

    def tell(words: str) -> None:
        said.append(words)
        if len(said) == 1:
            chat.receive(tracked(1))

    ledger = ledgers.start("room", EXACTLY_ONCE)
    chat.send(tracked(1))
    chat.ack(tracked(1))
    ledger.drain(SHORT, tell)
    assert said[0] == f"0 s, 1 to be delivered (first {tracked(1)}) outstanding"
    assert said[-1].startswith("ledger 'room' is quiet after ")
