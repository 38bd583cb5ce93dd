"""Conditions: how they are written, when they come true, that they are told once."""

import pytest

from wireproof.monitor.alerts import Alert
from wireproof.monitor.looks import Look

S = 10**9
METRICS = ["memory.server", "cpu.server"]


def look(at_s: float, megabytes: float | None) -> Look:
    if megabytes is None:
        return Look(int(at_s * S), int(at_s * S), "server has no process")
    return Look(int(at_s * S), int(at_s * S), values={"memory.server": megabytes * 1e6})


def texts(alert: Alert, *megabytes: float | None) -> list[str]:
    told = []
    for at, value in enumerate(megabytes):
        alert.see("process.server", look(at, value))
        told.append(alert.take())
    return told


def test_it_is_told_once_when_it_has_lasted() -> None:
    alert = Alert.parse("memory.server > 512 MB for 2s", METRICS)
    told = texts(alert, 600, 100, 600, 601, 602, 603)
    assert told == ["", "", "", "", "memory.server > 512 MB for 2 s: it is 602.0 MB", ""]


def test_a_gap_begins_the_time_anew() -> None:
    assert texts(Alert.parse("memory.server > 512 MB for 2s", METRICS), 600, 600, None, 600, 600) == [""] * 5


def test_looks_at_others_say_nothing() -> None:
    alert = Alert.parse("memory.server > 512 MB for 1s", METRICS)
    alert.see("process.server", look(0, 600))
    alert.see("process.redis", look(0.5, None))
    alert.see("process.server", Look(S // 2, S // 2, values={"cpu.server": 0.1}))
    alert.see("process.server", look(1, 600))
    assert alert.take()


def test_without_a_time_one_look_is_enough() -> None:
    alert = Alert.parse("memory.server >= 512 MB", METRICS)
    assert texts(alert, 511, 512) == ["", "memory.server >= 512 MB: it is 512.0 MB"]


@pytest.mark.parametrize(
    ("condition", "reason"),
    [
        ("", "is no condition: write a metric, a limit and how long"),
        ("memory.server", "is not a comparison"),
        ("memory.servr > 1 MB", r"there is no metric 'memory.servr' to watch; there are memory.server, cpu.server"),
        ("memory.server > 50 %", "cannot be compared"),
        ("memory.server > 1 MB for 5", "is not a duration"),
        ("memory.server > 1 MB for", "unknown unit|is not"),
    ],
)
def test_what_is_no_condition_is_refused(condition: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Alert.parse(condition, METRICS)
