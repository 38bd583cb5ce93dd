"""What a connection is sent again, against a plain set of numbers."""

from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from reference_server.channel import Channel, Link
from reference_server.store import Admission

NUMBERS = st.integers(0, 12)


def channel(watermark: int, exceptions: str = "{}", offered_before: int = 0) -> Channel:
    made = Channel(("ada", "phone"), cast(Link, None))
    made.admit(
        Admission(
            outcome="registered",
            session_id="s",
            resumed=False,
            generation=1,
            epoch="e",
            last_seq=12,
            watermark=watermark,
            exceptions=exceptions,
            offered_before=offered_before,
            kept=0,
        )
    )
    return made


def test_without_recovery_the_unconfirmed_is_owed():
    backlog = channel(4, "{[6,8)}")
    assert backlog.cursor == 4
    assert [seq for seq in range(1, 13) if backlog.owes(seq)] == [5, 8, 9, 10, 11, 12]
    assert backlog.owed(5, 12) == [(5, 5), (8, 12)]


def test_recovery_begins_at_the_earliest_that_is_owed():
    ahead, behind = channel(4), channel(4)
    ahead.recover(7)
    behind.recover(2)
    assert (ahead.cursor, behind.cursor) == (4, 2)


@given(NUMBERS, st.sets(st.integers(1, 12)), NUMBERS, NUMBERS, NUMBERS)
def test_what_is_owed_is_unconfirmed_or_asked_for(watermark: int, above: set[int], after: int, first: int, last: int):
    again = channel(watermark, "{" + ",".join(f"[{n},{n + 1})" for n in sorted(above)) + "}")
    again.recover(after)
    expected = [seq for seq in range(1, 13) if seq > after or (seq > watermark and seq not in above)]
    assert [seq for seq in range(1, 13) if again.owes(seq)] == expected
    assert all(seq > again.cursor for seq in expected)
    assert all(start <= end for start, end in again.owed(first, last))
    told = [seq for start, end in again.owed(first, last) for seq in range(start, end + 1)]
    assert [seq for seq in told if seq] == [seq for seq in expected if first <= seq <= last]


def test_seen_before_is_what_was_offered_or_confirmed():
    again = channel(2, "{[9,10)}", offered_before=4)
    assert [seq for seq in range(1, 13) if again.seen_before(seq)] == [1, 2, 3, 4, 9]
