"""Waiting for what monitors see."""

import time
from collections.abc import Callable

from wireproof.monitor.registry import Running

GENEROUS_S = 60.0


def wait_until(condition: Callable[[], object]) -> None:
    """Waits for something that comes about in the background."""
    deadline = time.monotonic() + GENEROUS_S
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


def looks(running: Running, subject: str) -> int:
    """How often was looked at a subject."""
    return len(running.so_far().looks.get(subject, ()))


def look_again(running: Running, *subjects: str, times: int = 2) -> None:
    """Waits for further looks, the first of which may have begun before."""
    before = {subject: looks(running, subject) for subject in subjects}
    wait_until(lambda: all(looks(running, subject) >= count + times for subject, count in before.items()))
