"""Which looks failed, and which failures are excused."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from wireproof.monitor.looks import Look
from wireproof.monitor.windows import RECOVERY_S, Window


@dataclass(frozen=True, slots=True)
class Excuse:
    """A failure and the window that it falls into."""

    look: Look
    window: Window


@dataclass(frozen=True, slots=True)
class Restart:
    """A subject that is not the same as before.

    Attributes:
        before_ns, at_ns: between these two looks it changed.
        was, became: how it could be told.
        window: what explains it; None where nobody asked for it.
    """

    before_ns: int
    at_ns: int
    was: str
    became: str
    window: Window | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the looks at one subject came to.

    Attributes:
        good: how many went well.
        failed: those that did not, and nothing explains it.
        excused: those that failed while something was done on purpose.
        restarts: all of them.
    """

    good: int
    failed: Sequence[Look]
    excused: Sequence[Excuse]
    restarts: Sequence[Restart]

    @property
    def tried(self) -> int:
        """How many count."""
        return self.good + len(self.failed)


def judge(subject: str, looks: Sequence[Look], windows: Sequence[Window], before: Look | None = None) -> Outcome:
    """What the looks at a subject came to, given what was done on purpose.

    A failure is excused when it overlaps a window, or comes after one, before the first success after it and within
    `RECOVERY_S`.

    Args:
        subject: what was looked at.
        looks: in the order of time.
        windows: what was done on purpose.
        before: the last look before them, which may have been the first success.
    """
    concerning = [window for window in windows if window.concerns(subject)]
    good_ns = [look.began_ns for look in looks if not look.problem]
    successes_ns = [before.began_ns, *good_ns] if before is not None and not before.problem else good_ns
    failed, excused = [], []
    for look in looks:
        if not look.problem:
            continue
        window = next((window for window in concerning if _excuses(window, look, successes_ns)), None)
        if window is None:
            failed.append(look)
        else:
            excused.append(Excuse(look, window))
    return Outcome(len(good_ns), failed, excused, list(_restarts(looks, concerning)))


def _excuses(window: Window, look: Look, good_ns: Sequence[int]) -> bool:
    if window.overlaps(look.began_ns, look.ended_ns):
        return True
    healed = window.until_ns
    if healed is None or not healed < look.began_ns <= healed + RECOVERY_S * 1e9:
        return False
    first_success = bisect_left(good_ns, healed)
    return first_success == len(good_ns) or good_ns[first_success] > look.began_ns


def _restarts(looks: Sequence[Look], windows: Sequence[Window]) -> Iterator[Restart]:
    before: Look | None = None
    for look in looks:
        if not look.identity:
            continue
        if before is not None and look.identity != before.identity:
            began, ended = before.began_ns, look.ended_ns
            window = next((window for window in windows if window.overlaps(began, ended)), None)
            yield Restart(began, ended, before.identity, look.identity, window)
        before = look
