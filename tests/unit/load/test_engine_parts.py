"""The pure parts of a load: who is whose, what is due for whom, where every message is."""

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wireproof.delivery.columns import ABSENT
from wireproof.delivery.findings import Rules
from wireproof.delivery.history import History
from wireproof.delivery.verdict import judge
from wireproof.dialects import Traits
from wireproof.journal import now_ns
from wireproof.load import profile
from wireproof.load.audience import audience_sizes, audiences
from wireproof.load.conservation import Conservation
from wireproof.load.metrics import METRICS
from wireproof.load.outcome import rules_of
from wireproof.load.outlook import Progress, together
from wireproof.load.plan import Endpoint, Member, Pace, Plan, Traffic
from wireproof.load.queries import Query, read_queries
from wireproof.load.split import schedule, senders_of, shards_of
from wireproof.load.worker.bodies import padded
from wireproof.load.worker.columns import merged, texts_of
from wireproof.load.worker.ids import PER_SHARD, Ids
from wireproof.load.worker.pacer import AT_ONCE, pace
from wireproof.measures.durations import Durations
from wireproof.measures.proportion import Proportion

IDS = Ids("0badcafe")


def plan_of(members: list[Member], scenario: Any = "pairs", rate: float = 100) -> Plan:
    return Plan(
        name="parts",
        endpoint=Endpoint(url="ws://nowhere/"),
        members=tuple(members),
        traffic=Traffic(scenario=scenario),
        profile=profile.constant_rate(rate, len(members), 1),
        pace=Pace(),
    )


def pairs(count: int) -> list[Member]:
    return [Member(name=f"client-{number}", peer=number ^ 1) for number in range(count)]


# -- who is where ----------------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(couples=st.integers(1, 20), shards=st.integers(1, 5))
def test_pairs_stay_together_and_everybody_is_somewhere(couples: int, shards: int) -> None:
    parts = shards_of(plan_of(pairs(2 * couples)), shards)
    assert sorted(member for part in parts for member in part) == list(range(2 * couples))
    assert all({member ^ 1 for member in part} == set(part) for part in parts)
    assert all(parts)
    assert max(map(len, parts)) - min(map(len, parts)) <= 2


def test_a_group_is_one_workers() -> None:
    members = [Member(name=f"client-{number}", group=f"group-{number % 3}") for number in range(12)]
    parts = shards_of(plan_of(members, "fan out"), 2)
    assert [{member % 3 for member in part} for part in parts] in ([{0, 2}, {1}], [{0}, {1, 2}], [{1}, {0, 2}])


@settings(deadline=None)
@given(couples=st.integers(1, 8), shards=st.integers(1, 4), rate=st.integers(1, 500))
def test_every_message_is_one_workers(couples: int, shards: int, rate: int) -> None:
    plan = plan_of(pairs(2 * couples), rate=rate)
    parts = [schedule(plan, members) for members in shards_of(plan, shards)]
    due = np.sort(np.concatenate([moments for moments, _ in parts]))
    assert (due == profile.due_ns(plan.profile)).all()
    for (_, senders), members in zip(parts, shards_of(plan, shards), strict=True):
        assert set(senders.tolist()) <= set(members)


def test_members_take_turns() -> None:
    _, senders = schedule(plan_of(pairs(4), rate=8), range(4))
    assert senders.tolist() == [0, 1, 2, 3, 0, 1, 2, 3]


def test_in_push_only_those_send_that_name_a_recipient() -> None:
    members = [Member(name="a"), Member(name="b", to="all"), Member(name="c")]
    plan = plan_of(members, "push only")
    assert senders_of(plan) == [1]
    assert audiences(plan)[2] == [1, 3]
    assert len(schedule(plan_of(members[:1], "push only"), [0])[0]) == 0


@pytest.mark.parametrize("scenario", ["pairs", "fan out", "request reply", "push only", "user"])
def test_audiences_and_their_sizes_agree(scenario: Any) -> None:
    peers = pairs(4) if scenario == "pairs" else [Member(name=f"client-{n}", group=f"g{n // 2}") for n in range(4)]
    plan = plan_of(peers, scenario)
    assert [len(audience) for audience in audiences(plan)] == audience_sizes(plan).tolist()
    assert audiences(plan)[0] == []


# -- what is sent ----------------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(size=st.integers(40, 500), text=st.text(max_size=5))
def test_bodies_are_padded_to_the_byte(size: int, text: str) -> None:
    def length(body: Any) -> int:
        return 20 + len(str(body).encode())

    for body in (None, {"a": text}, text):
        if length(padded(body, 0, length)) <= size - 14:
            assert length(padded(body, size, length)) == size


def test_a_body_that_is_too_large_or_cannot_grow_is_refused() -> None:
    with pytest.raises(ValueError, match="has 27 bytes without any padding: it cannot be made 20 bytes long"):
        padded("x" * 7, 20, lambda body: 20 + len(body))
    with pytest.raises(ValueError, match="a list cannot be padded to 20 bytes"):
        padded([1], 20, len)
    assert padded([1], 0, len) == [1]


async def test_the_pacer_sends_all_in_order_and_says_how_many() -> None:
    sent: list[int] = []
    count = await pace(0, list(range(3 * AT_ONCE)), lambda place, due_ns: sent.append(place), lambda: False, spin=False)
    assert sent == list(range(3 * AT_ONCE))
    assert count == 3 * AT_ONCE


async def test_the_pacer_gives_up_when_it_is_stopped() -> None:
    sent: list[int] = []
    due = [0] * AT_ONCE + [2**62]
    count = await pace(0, due, lambda place, due_ns: sent.append(place), lambda: len(sent) >= AT_ONCE, spin=True)
    assert count == len(sent) == AT_ONCE


async def test_the_pacer_looks_again_where_nothing_is_due_for_long() -> None:
    looks = itertools.count()
    count = await pace(now_ns(), [2**62], lambda place, due_ns: None, lambda: next(looks) > 1, spin=False)
    assert count == 0


async def test_what_sending_raises_is_raised_where_the_pacer_is_awaited() -> None:
    def send(place: int, due_ns: int) -> None:
        raise OSError("no more")

    with pytest.raises(OSError, match="no more"):
        await pace(0, [0], send, lambda: False, spin=False)


# -- what came of it -------------------------------------------------------------------------------------------------


def story(shard: int, messages: int, *, to_other: int | None = None) -> History:
    """What one worker saw: its client 1 sends to client 2, and a message of another worker strays to client 2."""
    numbers = shard * PER_SHARD + np.arange(messages)
    rows = np.arange(messages)
    ids = numbers if to_other is None else np.append(numbers, to_other)
    received = rows if to_other is None else np.append(rows, messages)
    at = np.arange(len(received)) * 1000 + 500
    sender, recipient = 2 * shard + 1, 2 * shard + 2
    names = ["", *(f"client-{number}" for number in range(4)), f"identity-{shard}"]
    tables: dict[str, dict[str, Any]] = {
        "sent": {"message": rows, "client": np.full(messages, sender), "at": rows * 1000, "due": rows * 1000},
        "received": {"message": received, "client": np.full(len(received), recipient), "at": at},
        "expected": {"message": rows, "client": np.full(messages, recipient), "sender": np.full(messages, sender)},
        "logins": {"client": [recipient], "identity": [5], "at": [0]},
    }
    return History.from_columns(tables, texts_of(IDS, ids), names, "0badcafe")


def test_the_histories_of_workers_become_one() -> None:
    whole = merged([story(0, 5), story(1, 4)])
    assert judge(whole, Rules()).line.startswith("PASS: 9 sent, 9 delivered")
    assert sorted(whole.id(message) for message in whole["sent"]["message"]) == [
        IDS.text(number) for number in (*range(5), *range(PER_SHARD, PER_SHARD + 4))
    ]
    assert [whole.names[number] for number in whole["logins"]["identity"]] == ["identity-0", "identity-1"]
    assert (whole["sent"]["due"] == whole["sent"]["at"]).all()


def test_a_message_that_strays_to_another_workers_client_is_found() -> None:
    verdict = judge(merged([story(0, 5), story(1, 4, to_other=2)]), Rules())
    found = {word: finding.count for word, finding in verdict.findings.items() if finding.count}
    assert found == {"misdelivered": 1}


def test_a_receipt_of_nothing_known_stays_absent() -> None:
    part = History.from_columns({"received": {"message": [ABSENT], "client": [1], "at": [1]}}, [], ["", "a"])
    assert merged([part, story(0, 1)])["received"]["message"].tolist() == [ABSENT, 0]


GOOD = Conservation(
    due=10, sent=9, unsent=1, pairs=9, delivered=5, lost=1, refused=2, in_flight=1, receipts=8, repeated=2, astray=1
)


def test_sums_that_are_right_hold() -> None:
    assert GOOD.holds
    assert "10 due = 9 sent + 1 unsent" in str(GOOD)


@pytest.mark.parametrize("name", [name for name in Conservation.__slots__ if name != "delivered"])
def test_a_message_that_nobody_counted_breaks_them(name: str) -> None:
    assert not replace(GOOD, **{name: getattr(GOOD, name) + 1}).holds


def test_a_protocol_that_repeats_promises_what_it_can() -> None:
    assert rules_of(Traits()).guarantee == "exactly once"
    assert rules_of(Traits(redelivery_s=1, marks_redelivery=True)).guarantee == "exactly once after dedupe"
    assert rules_of(Traits(redelivery_s=1)).guarantee == "at least once"


def test_workers_tell_together() -> None:
    parts = [
        Progress(phase="draining", connected=2, sent=5, p95_ms=3.0, lag_ms=1, errors={"ECONNRESET": 1}),
        Progress(phase="running", connected=3, sent=6, p95_ms=None, lag_ms=4, errors={"ECONNRESET": 2}),
    ]
    whole = together(parts)
    assert (whole.phase, whole.connected, whole.sent, whole.p95_ms, whole.lag_ms) == ("running", 5, 11, 3.0, 4)
    assert whole.errors == {"ECONNRESET": 3}
    assert together([]) == Progress()


def test_every_metrics_own_statistic_is_one_that_measures_have() -> None:
    durations = Durations.from_seconds([0.1] * 400)
    for metric, statistic in METRICS.items():
        if statistic in ("rate", "count"):
            Proportion(1, 2).estimate(statistic)
        elif metric.endswith((".time", ".lag", ".pause", ".lateness", ".echo")):
            durations.estimate(statistic)


# -- queries ---------------------------------------------------------------------------------------------------------


def test_queries_are_read_with_their_names_and_values() -> None:
    one = "-- for PERF-03\n\n-- name: one\nSELECT 1;\n\n"
    two = "-- name: two\n-- values: SELECT id FROM t\n-- why\nSELECT\n%(id)s\n"
    assert read_queries(one + two) == (
        Query("one", "SELECT 1"),
        Query("two", "-- why\nSELECT\n%(id)s", "SELECT id FROM t"),
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "there is no query: write `-- name: what it is`"),
        ("SELECT 1", "a query without a name"),
        ("-- name: empty\n", "the query 'empty' has no text"),
    ],
)
def test_a_file_without_queries_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_queries(text)
