"""Random histories, judged in columns and by a slow, obvious judge: both find the same."""

from collections import Counter
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st
from story import Story, tracked

CLIENTS = ("alice", "bob", "carol")
OUTCOMES = ("acked", "refused", "unknown", "")


@dataclass(frozen=True)
class Plan:
    """One message: who sends it to whom, what its peer says, who gets it, in what order."""

    sender: str
    audience: frozenset[str]
    outcome: str
    receipts: tuple[tuple[float, str], ...] = field(default=())


PLANS = st.lists(
    st.builds(
        Plan,
        st.sampled_from(CLIENTS[:2]),
        st.frozensets(st.sampled_from(CLIENTS), min_size=1),
        st.sampled_from(OUTCOMES),
        st.lists(st.tuples(st.floats(0, 1), st.sampled_from(CLIENTS)), max_size=4).map(tuple),
    ),
    max_size=8,
)


def told(plans: list[Plan]) -> Story:
    """The history of a plan: all is sent first, then all is received in the planned order."""
    story = Story()
    for client in CLIENTS:
        story.connect(client)
    for number, plan in enumerate(plans):
        story.expect(plan.sender, tracked(number), *sorted(plan.audience)).send(plan.sender, tracked(number))
        if plan.outcome:
            story.answer(plan.sender, tracked(number), plan.outcome)  # type: ignore[arg-type]
    for _, number, client in in_order(plans):
        story.receive(client, tracked(number))
    return story


def in_order(plans: list[Plan]) -> list[tuple[float, int, str]]:
    return sorted((place, number, client) for number, plan in enumerate(plans) for place, client in plan.receipts)


def oracle(plans: list[Plan]) -> Counter[str]:
    """What is wrong with a plan, message by message."""
    found: Counter[str] = Counter()
    for plan in plans:
        got = [client for _, client in plan.receipts]
        strays = [client for client in got if client not in plan.audience]
        missing = plan.audience - set(got)
        if plan.outcome == "acked":
            found["lost"] += not got
            found["missing-recipient"] += len(missing) if len(missing) < len(plan.audience) and not strays else 0
        found["refused-delivered"] += plan.outcome == "refused" and bool(got)
        found["misdelivered" if len(plan.audience) == 1 or missing else "unexpected-recipient"] += len(strays)
        found["duplicated"] += sum(got.count(client) - 1 for client in plan.audience if client in got)
    for recipient in CLIENTS:
        for sender in CLIENTS:
            first: list[int] = []
            for _, number, client in in_order(plans):
                ours = client == recipient and plans[number].sender == sender and recipient in plans[number].audience
                if ours and number not in first:
                    first.append(number)
            found["reordered"] += sum(number < max(first[:place], default=-1) for place, number in enumerate(first))
    return +found


@given(PLANS)
def test_both_judges_agree(plans: list[Plan]) -> None:
    assert told(plans).words() == oracle(plans)


STEPS = st.lists(st.tuples(st.sampled_from(CLIENTS), st.none() | st.integers(0, 4)), max_size=24)
"""Each step a client sends the next message to all, or gets a message by its number."""


@given(STEPS)
def test_nobody_gets_an_effect_before_its_cause(steps: list[tuple[str, int | None]]) -> None:
    story = Story(order="causal")
    for client in CLIENTS:
        story.connect(client)
    sent: list[tuple[str, set[int]]] = []
    got: dict[str, list[int]] = {client: [] for client in CLIENTS}
    for client, number in steps:
        if number is None:
            story.expect(client, tracked(len(sent)), *CLIENTS).send(client, tracked(len(sent)))
            sent.append((client, set(got[client])))
        elif number < len(sent) and number not in got[client]:
            story.receive(client, tracked(number))
            got[client].append(number)
    reversed_pairs = {
        (client, cause)
        for client, numbers in got.items()
        for place, cause in enumerate(numbers)
        for effect in numbers[:place]
        if cause in sent[effect][1] and sent[effect][0] not in (client, sent[cause][0])
    }
    assert story.words().get("causal-reversed", 0) == len(reversed_pairs)


@given(st.lists(st.integers(1, 30), max_size=12), st.booleans())
def test_holes_are_the_numbers_that_never_came(seqs: list[int], by_flow: bool) -> None:
    story = Story()
    story.connect("bob", counts_flows=by_flow)
    for place, seq in enumerate(seqs):
        story.receive("bob", f"news-{place}", seq=seq, flow="a→b")
    # What falls below the first one begins another count.
    missing = set(range(seqs[0], max(seqs) + 1)) - set(seqs) if seqs else set()
    falling = sum(seq <= max(seqs[:place], default=0) for place, seq in enumerate(seqs))
    found = {"gap": len(missing), "non-monotonic": falling}
    assert story.words() == {word: count for word, count in found.items() if count}
