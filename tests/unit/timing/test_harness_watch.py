"""What the measuring process adds is counted, and said where nobody can know it."""

import gc

import pytest

from wireproof.timing import harness
from wireproof.timing.harness import Harness, HarnessWatch, steal_share

IDLE = (0,) * 8


@pytest.mark.parametrize(
    ("before", "after", "share"),
    [
        (IDLE, (60, 0, 0, 30, 0, 0, 0, 10), 0.1),
        (IDLE, (60, 0, 0, 40, 0, 0, 0, 0), 0.0),
        (IDLE, IDLE, None),
        (None, IDLE, None),
        (IDLE, (1, 2, 3), None),
    ],
)
def test_steal_is_the_share_of_all_time(before, after, share):
    assert steal_share(before, after) == share


def test_pauses_are_counted_between_start_and_stop():
    watch = HarnessWatch().start()
    gc.collect()
    gc.collect()
    seen = watch.stop()
    gc.collect()
    assert seen.gc_pauses >= 2
    assert seen.gc_longest_ms > 0
    assert watch.stop().gc_pauses == seen.gc_pauses


def test_a_machine_that_does_not_tell_is_unknown(tmp_path, monkeypatch):
    monkeypatch.setattr(harness, "_STAT", tmp_path / "stat")
    assert harness.read_times() is None
    (tmp_path / "stat").write_text("cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 1 1\n")
    assert harness.read_times() == (1, 2, 3, 4, 5, 6, 7, 8)


@pytest.mark.parametrize(
    ("seen", "text"),
    [
        (Harness(0, 0, None), "no GC pause, CPU steal unknown"),
        (Harness(3, 12.34, 0.056), "3 GC pauses, the longest 12.3 ms, CPU steal 5.6 %"),
    ],
)
def test_it_is_told_in_words(seen, text):
    assert str(seen) == text
