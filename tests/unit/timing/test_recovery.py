"""What recovery is: told by hand, and as laws that hold for any traffic."""

from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wireproof.timing.fault import Fault
from wireproof.timing.figures import LOST, UNSENT, Recovery
from wireproof.timing.recovery import Observed, Steady, measure

MS = 1_000_000
START = 1_000_000  # milliseconds: no run begins with its machine


@dataclass
class Traffic:
    """Messages in milliseconds of the story: when each was sent, acked and delivered; 0 for never."""

    rows: list[tuple[int, int, int]] = field(default_factory=list)
    errors: dict[str, list[int]] = field(default_factory=dict)
    steady: list[tuple[int, int]] = field(default_factory=list)

    def flow(self, begin: int, end: int, *, every: int = 10, takes: int = 2) -> "Traffic":
        """Messages that are acked and delivered soon."""
        self.rows += [(at, at + takes, at + takes) for at in range(begin, end, every)]
        return self

    def wait(self, begin: int, end: int, *, until: int, acked: int = 0, every: int = 10) -> "Traffic":
        """Messages that are delivered much later, all at once; `acked` at once too, or so many milliseconds later."""
        self.rows += [(at, at + acked if acked else until, until) for at in range(begin, end, every)]
        return self

    def lose(self, begin: int, end: int, *, acked: bool, every: int = 10) -> "Traffic":
        """Messages that never arrive."""
        self.rows += [(at, at + 2 if acked else 0, 0) for at in range(begin, end, every)]
        return self

    def error(self, kind: str, *at: int) -> "Traffic":
        self.errors.setdefault(kind, []).extend(at)
        return self

    def observed(self) -> Observed:
        def column(place: int) -> "np.ndarray":
            return np.array([when(row[place]) if row[place] else 0 for row in self.rows], np.int64)

        errors = {kind: np.array([when(moment) for moment in at], np.int64) for kind, at in self.errors.items()}
        steady = [Steady(when(begin), when(end) if end else 0, 100) for begin, end in self.steady]
        return Observed(column(0), column(1), column(2), errors, steady)


def when(ms: int) -> int:
    return (START + ms) * MS


def fault(on: int, off: int | None, number: int = 1, until: int | None = None) -> Fault:
    return Fault(number, "redis", "killed", "Suite.Test", when(on), off and when(off), until_ns=until and when(until))


def recovery(traffic: Traffic, *faults: Fault, now: int = 10_000, share: float = 0.9) -> Recovery:
    """From the first of the faults."""
    return measure(faults[0], faults, traffic.observed(), when(now), share)


def numbers(found: Recovery) -> tuple[float | None, ...]:
    return found.detect_ms, found.first_success_ms, found.rate_ms, found.drained_ms


# -- one fault ---------------------------------------------------------------------------------------------------------


def test_an_outage_is_told_by_its_four_numbers() -> None:
    traffic = Traffic().flow(0, 2000).error(LOST, 2005, 2006).error(UNSENT, *range(2010, 3300, 10)).flow(3300, 6000)
    found = recovery(traffic, fault(2000, 3000))
    # 45 of 50 messages are 90 % of the rate before: after the first success the 45th is done 450 ms later.
    assert numbers(found) == (5, 302, 752, 752)
    assert found.errors == 2 + 129
    assert found.kinds == {LOST: 2, "refused connections": 0, "refused": 0, "unknown": 0, UNSENT: 129}
    assert found.rate_before == pytest.approx(100, rel=0.01)


def test_a_fault_that_disturbs_nothing_takes_as_long_as_the_proof() -> None:
    found = recovery(Traffic().flow(0, 6000), fault(2000, 3005))
    assert numbers(found) == (None, 7, 457, 457)
    assert (found.errors, found.outstanding) == (0, 0)


def test_what_went_well_until_the_heal_proves_nothing() -> None:
    assert numbers(recovery(Traffic().flow(0, 3000), fault(2000, 3000))) == (None, None, None, None)


def test_a_fault_of_a_moment_is_not_recovered_before_it_can_be_seen() -> None:
    assert recovery(Traffic().flow(0, 6000), fault(2000, 2000)).rate_ms == 452
    reset = Traffic().flow(0, 2000).error(LOST, 2001).flow(2700, 6000)
    assert numbers(recovery(reset, fault(2000, 2000))) == (1, 702, 1152, 1152)


def test_what_was_waiting_and_comes_at_once_is_no_rate() -> None:
    # All of five seconds arrive 100 ms after the heal; then nothing until 8 s.
    traffic = Traffic().flow(0, 2000).wait(2000, 6500, until=7100).flow(8000, 10_000)
    found = recovery(traffic, fault(2000, 7000))
    assert found.first_success_ms == 100
    assert found.rate_ms == 1452
    assert found.drained_ms == 1452


def test_what_piled_up_after_the_heal_and_comes_at_once_is_no_rate() -> None:
    # As when a server needs 1.8 s to start: its healing was ordered at 3 s. Then nothing until 6 s.
    traffic = Traffic().flow(0, 2000).wait(3000, 4800, until=4800).flow(6000, 8000)
    found = recovery(traffic, fault(2000, 3000))
    assert (found.first_success_ms, found.rate_ms) == (1800, 3442)


def test_a_message_acked_before_the_heal_is_no_success_and_is_drained_when_it_arrives() -> None:
    traffic = Traffic().flow(0, 2000).wait(2000, 3000, until=5500, acked=2).flow(3010, 6000)
    found = recovery(traffic, fault(2000, 3000))
    assert found.first_success_ms == 12
    assert found.rate_ms is not None
    assert found.rate_ms < 500
    assert found.drained_ms == 2500


def test_a_success_is_both_acked_and_delivered_after_the_heal() -> None:
    acked_before = Traffic([(2900, 2990, 3001)]).flow(3500, 6000)
    assert recovery(acked_before, fault(2000, 3000)).first_success_ms == 502
    delivered_before = Traffic([(2900, 3001, 2990)]).flow(3500, 6000)
    assert recovery(delivered_before, fault(2000, 3000)).first_success_ms == 502


def test_errors_are_counted_until_it_is_drained() -> None:
    traffic = Traffic().flow(0, 2000).flow(3000, 6000).error(LOST, 1999, 2001, 3452, 3453)
    assert recovery(traffic, fault(2000, 3000)).kinds[LOST] == 2


def test_what_got_done_before_the_heal_is_not_the_rate_now() -> None:
    traffic = Traffic().flow(0, 3000)
    assert recovery(traffic, fault(2000, 3000), now=3100).rate_now == 0


def test_what_is_acked_and_never_arrives_keeps_it_from_being_drained() -> None:
    traffic = Traffic().flow(0, 2000).lose(2000, 2050, acked=True).flow(2050, 6000)
    found = recovery(traffic, fault(2000, 2500))
    assert found.drained_ms is None
    assert found.outstanding == 5
    assert found.reached_ms("rate") == 452


def test_what_an_earlier_test_left_undelivered_is_not_waited_for() -> None:
    traffic = Traffic().lose(0, 1000, acked=True).flow(1000, 6000)
    own = replace(fault(2000, 3000), since_ns=when(1000))
    assert recovery(traffic, own).outstanding == 0
    assert recovery(traffic, own).drained_ms == 452
    assert recovery(traffic, replace(own, since_ns=when(980))).outstanding == 2


def test_what_is_of_unknown_outcome_is_not_waited_for() -> None:
    traffic = Traffic().flow(0, 2000).lose(2000, 3000, acked=False).flow(3000, 6000)
    found = recovery(traffic, fault(2000, 3000))
    assert found.drained_ms == found.rate_ms == 452


def test_an_ack_alone_is_no_success() -> None:
    found = recovery(Traffic().flow(0, 2000).lose(2000, 6000, acked=True), fault(2000, 3000))
    assert numbers(found)[1:] == (None, None, None)
    assert found.rate_now == 0


def test_half_of_the_rate_is_not_the_rate() -> None:
    traffic = Traffic().flow(0, 2000).flow(3000, 9000, every=20)
    assert recovery(traffic, fault(2000, 3000), now=9000).rate_ms is None
    assert recovery(traffic, fault(2000, 3000), now=9000).rate_now == pytest.approx(50, abs=3)
    assert recovery(traffic, fault(2000, 3000), now=9000, share=0.5).rate_ms == 502


def test_slow_traffic_is_looked_at_for_as_long_as_ten_messages_take() -> None:
    traffic = Traffic().flow(0, 6000, every=200).flow(8000, 14_000, every=200)
    found = recovery(traffic, fault(6000, 8000), now=14_000)
    assert found.window_s == pytest.approx(2, rel=0.02)
    assert found.rate_ms == 1802


def test_without_traffic_before_there_is_no_rate_but_a_success() -> None:
    traffic = Traffic().flow(3100, 6000)
    found = recovery(traffic, fault(2000, 3000))
    assert numbers(found) == (None, 102, None, 102)
    assert found.has_traffic


def test_without_any_traffic_nothing_is_known() -> None:
    found = recovery(Traffic(), fault(2000, 3000))
    assert numbers(found) == (None, None, None, None)
    assert not found.has_traffic


def test_traffic_that_ended_before_the_fault_proves_nothing() -> None:
    assert not recovery(Traffic(steady=[(0, 1900)]).flow(0, 1900), fault(2000, 3000)).has_traffic
    assert recovery(Traffic(steady=[(0, 2500)]).flow(0, 2000), fault(2000, 3000)).has_traffic


def test_the_rate_before_is_that_of_the_traffic_that_runs_when_the_fault_begins() -> None:
    traffic = Traffic(steady=[(0, 1500), (1600, 0)]).flow(0, 1500, every=1).flow(1600, 2000).flow(3000, 6000)
    found = recovery(traffic, fault(2000, 3000))
    assert found.rate_before == pytest.approx(100, rel=0.02)
    assert found.rate_ms == 452


def test_what_came_at_once_before_the_fault_is_no_rate_to_come_back_to() -> None:
    # A backlog of ten seconds that arrived just before, as from an earlier fault.
    traffic = Traffic(steady=[(0, 0)]).flow(0, 2000).wait(0, 1800, until=1900).flow(3000, 6000)
    found = recovery(traffic, fault(2000, 3000))
    assert found.rate_before == 100
    assert found.rate_ms == 452


def test_what_was_acked_long_before_the_fault_is_waited_for() -> None:
    traffic = Traffic().wait(100, 110, until=19_000, acked=2).flow(110, 14_000).flow(15_000, 20_000)
    found = recovery(traffic, fault(14_000, 15_000), now=18_000)
    assert (found.rate_ms, found.drained_ms, found.outstanding) == (452, None, 1)
    assert recovery(traffic, fault(14_000, 15_000), now=20_000).drained_ms == 4000


def test_the_rate_of_long_ago_is_none_to_come_back_to() -> None:
    assert recovery(Traffic().flow(0, 2000).flow(15_100, 16_000), fault(14_000, 15_000), now=16_000).rate_before is None


def test_the_end_of_the_traffic_is_told() -> None:
    flow = Traffic(steady=[(0, 3200)]).flow(0, 2000).flow(3000, 3200)
    assert recovery(flow, fault(2000, 3000)).traffic_ended_ms == 200
    assert recovery(flow, fault(2000, 3300)).traffic_ended_ms == -100
    assert recovery(flow, fault(2000, 3000), now=3100).traffic_ended_ms is None
    assert recovery(Traffic(steady=[(0, 3200), (10, 0)]).flow(0, 3200), fault(2000, 3000)).traffic_ended_ms is None
    assert recovery(Traffic().flow(0, 3100), fault(2000, 3000)).traffic_ended_ms == 90


def test_a_fault_that_is_on_has_not_been_recovered_from() -> None:
    found = recovery(Traffic().flow(0, 2000).error(LOST, 2005), fault(2000, None))
    assert not found.is_healed
    assert numbers(found) == (5, None, None, None)


def test_what_comes_after_the_test_is_none_of_its_business() -> None:
    traffic = Traffic().flow(0, 2000).flow(5000, 8000).error(LOST, 2005, 6000)
    found = recovery(traffic, fault(2000, 3000, until=4000))
    assert numbers(found) == (5, None, None, None)
    assert found.errors == 1
    assert not recovery(Traffic(steady=[(5000, 0)]), fault(2000, 3000, until=4000)).has_traffic


# -- several faults ----------------------------------------------------------------------------------------------------


def test_a_second_fault_during_recovery_is_part_of_it() -> None:
    traffic = Traffic().flow(0, 2000).flow(3100, 3200).flow(4500, 8000)
    first, second = fault(2000, 3000), fault(3200, 4000, number=2)
    assert numbers(recovery(traffic, first, second))[1:] == (502, 952, 952)
    assert numbers(recovery(traffic, first, second)) == numbers(
        recovery(traffic, first, replace(second, off_ns=when(4000)))
    )
    assert not recovery(traffic, first, replace(second, off_ns=None)).is_healed


def test_a_second_fault_after_recovery_is_another_matter() -> None:
    traffic = Traffic().flow(0, 2000).flow(3000, 5000).flow(6700, 8000)
    alone = recovery(traffic, fault(2000, 3000), now=4900)
    assert numbers(recovery(traffic, fault(2000, 3000), fault(5000, 6000, number=2))) == numbers(alone)


def test_a_fault_that_was_there_before_changes_nothing() -> None:
    traffic = Traffic().flow(0, 2000).flow(3000, 6000)
    around = fault(1000, 5500, number=2)
    assert recovery(traffic, fault(2000, 3000), around) == recovery(traffic, fault(2000, 3000))


def test_a_short_fault_within_a_long_one_ends_with_it() -> None:
    traffic = Traffic().flow(0, 2000).flow(4000, 6000)
    assert recovery(traffic, fault(2000, 4000), fault(2500, 2600, number=2)).first_success_ms == 2


def test_a_fault_during_a_recovery_asks_for_the_rate_before_all_of_it() -> None:
    # After the first heal only every fourth message gets through, and so it stays.
    traffic = Traffic(steady=[(0, 0)]).flow(0, 2000).flow(3000, 3500, every=40).flow(4000, 9000, every=40)
    first, second, third = fault(2000, 3000), fault(3500, 4000, number=2), fault(4500, 4500, number=3)
    for last in (second, third):
        found = recovery(traffic, last, first, second, third)
        assert found.rate_before == pytest.approx(100, rel=0.02)
        assert found.rate_ms is None
    traffic.flow(9000, 9900)
    assert recovery(traffic, third, first, second).rate_ms is not None


def test_a_fault_within_one_that_goes_on_asks_for_the_rate_that_this_one_left() -> None:
    traffic = Traffic(steady=[(0, 0)]).flow(0, 2000).flow(2000, 4000, every=40).flow(5000, 9000, every=40)
    narrow = fault(2000, 9000, number=2)
    inside = fault(4000, 5000, number=3)
    assert recovery(traffic, inside, narrow).rate_ms is not None
    together = replace(narrow, off_ns=when(5001))
    assert recovery(traffic, inside, together).rate_ms is None


def test_after_a_recovery_the_rate_is_what_it_is() -> None:
    traffic = Traffic(steady=[(0, 0)]).flow(0, 2000).flow(3000, 4000).flow(4000, 6000, every=40)
    traffic.flow(6500, 9000, every=40)
    assert recovery(traffic, fault(6000, 6500, number=2), fault(2000, 3000)).rate_ms is not None


def test_other_traffic_since_the_earlier_fault_has_a_rate_of_its_own() -> None:
    traffic = Traffic(steady=[(0, 3000), (3100, 0)]).flow(0, 2000).flow(3100, 6000, every=40).flow(6500, 9000, every=40)
    assert recovery(traffic, fault(6000, 6500, number=2), fault(2000, 3000)).rate_ms is not None


# -- laws --------------------------------------------------------------------------------------------------------------

rows = st.lists(
    st.tuples(st.integers(1, 8000), st.integers(0, 2000), st.integers(0, 2000)).map(
        lambda row: (row[0], row[0] + row[1] if row[1] else 0, row[0] + row[2] if row[2] else 0)
    ),
    max_size=200,
)
moments = st.lists(st.integers(1, 8000), max_size=10)


@st.composite
def stories(draw: st.DrawFn) -> tuple[Traffic, list[Fault]]:
    base = draw(st.sampled_from([0, 10, 50]))
    traffic = Traffic(draw(rows), {LOST: draw(moments), UNSENT: draw(moments)})
    if base:
        traffic.flow(0, draw(st.integers(0, 8000)), every=base)
    faults = []
    for number in range(1, draw(st.integers(1, 3)) + 1):
        on = draw(st.integers(1, 6000))
        off = draw(st.none() | st.integers(on, 7000))
        faults.append(fault(on, off, number))
    return traffic, faults


@given(stories(), st.integers(1, 10**12))
def test_shifting_all_times_changes_nothing(story: tuple[Traffic, list[Fault]], by: int) -> None:
    traffic, faults = story
    seen = traffic.observed()

    def shifted(column: "np.ndarray") -> "np.ndarray":
        return np.where(column > 0, column + by, 0)

    moved = Observed(
        shifted(seen.sent),
        shifted(seen.acked),
        shifted(seen.delivered),
        {kind: shifted(at) for kind, at in seen.errors.items()},
    )
    later = [replace(one, on_ns=one.on_ns + by, off_ns=one.off_ns and one.off_ns + by) for one in faults]
    here = measure(faults[0], faults, seen, when(10_000))
    there = measure(later[0], later, moved, when(10_000) + by)
    assert numbers(here) == numbers(there)
    assert (here.kinds, here.outstanding, here.rate_before) == (there.kinds, there.outstanding, there.rate_before)


@given(stories())
def test_the_order_of_messages_and_of_faults_changes_nothing(story: tuple[Traffic, list[Fault]]) -> None:
    traffic, faults = story
    backwards = Traffic(traffic.rows[::-1], traffic.errors)
    here = measure(faults[0], faults, traffic.observed(), when(10_000))
    assert here == measure(faults[0], faults[::-1], backwards.observed(), when(10_000))


@given(stories(), st.integers(0, 2000))
def test_undisturbed_traffic_after_the_heal_never_lengthens(story: tuple[Traffic, list[Fault]], after: int) -> None:
    traffic, faults = story
    off_ns = faults[0].off_ns
    if off_ns is None:
        return
    heal = off_ns // MS - START
    more = Traffic(list(traffic.rows), traffic.errors)
    more.rows += [(at, at, at) for at in range(heal + after, 9000, 5)]
    before = measure(faults[0], faults[:1], traffic.observed(), when(10_000))
    then = measure(faults[0], faults[:1], more.observed(), when(10_000))
    for shorter, longer in zip(numbers(then)[1:], numbers(before)[1:], strict=True):
        assert longer is None or (shorter is not None and shorter <= longer)


@given(stories())
def test_what_is_known_later_is_known_in_the_same_order(story: tuple[Traffic, list[Fault]]) -> None:
    traffic, faults = story
    found = measure(faults[0], faults, traffic.observed(), when(10_000))
    if found.drained_ms is not None and found.rate_ms is not None:
        assert found.first_success_ms is not None
        assert found.drained_ms >= found.rate_ms >= found.first_success_ms >= 0
    if found.detect_ms is not None:
        assert found.detect_ms >= 0
        assert found.errors
    if not found.is_healed:
        assert numbers(found)[1:] == (None, None, None)
