"""A recovery that is judged by a criterion."""

import pytest

from wireproof.quantities import Comparison
from wireproof.timing.fault import Fault
from wireproof.timing.figures import Recovery
from wireproof.timing.requirement import Requirement
from wireproof.timing.series import SeriesBook, measured_of
from wireproof.timing.verdict import assess

FAULT = Fault(1, "postgres", "killed", "Suite.Test", 1_000_000_000, 3_000_000_000)
REC = Requirement("REC-04", "PostgreSQL stops", "recovery.time", "max", Comparison.parse("< 30 s"))


def judged(requirement: Requirement = REC, **told: object) -> str:
    usual = {"healed_ns": 3, "has_traffic": True, "rate_before": 200.0, "rate_ms": 1800.0, "looked_ms": 4000.0}
    recovery = Recovery(FAULT, **(usual | told))  # type: ignore[arg-type]
    return assess(requirement, measured_of(recovery, SeriesBook(), float)).line  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("told", "line"),
    [
        ({"drained_ms": 2345.0}, "PASS REC-04 PostgreSQL stops: max = 2.35 s is < 30 s (n = 1)"),
        ({"drained_ms": 31_000.0}, "FAIL REC-04 PostgreSQL stops: max = 31.0 s is not < 30 s (n = 1)"),
        ({}, "INCONCLUSIVE REC-04 PostgreSQL stops: max = 4.00 s [4.00, ?] is not proven to be < 30 s (n = 1)"),
        ({"looked_ms": 30_000.0}, "FAIL REC-04 PostgreSQL stops: max = 30.0 s [30.0, ?] is not < 30 s (n = 1)"),
    ],
)
def test_a_recovery_that_is_not_over_is_longer_than_it_was_so_far(told: dict[str, object], line: str) -> None:
    assert judged(**told) == line


@pytest.mark.parametrize(
    ("told", "problem"),
    [
        ({"has_traffic": False}, "nothing shows a recovery from 'postgres killed': no tracked message was sent"),
        ({"still_on": FAULT}, "the fault 'postgres killed' is still on: recovery begins when it is healed"),
    ],
)
def test_what_shows_no_recovery_is_invalid(told: dict[str, object], problem: str) -> None:
    assert judged(**told).startswith(f"INVALID REC-04 PostgreSQL stops: {problem}")


def test_one_recovery_has_no_percentile() -> None:
    p95 = Requirement("x", "", "recovery.time", "p95", Comparison.parse("< 1 s"))
    with pytest.raises(ValueError, match="one recovery has no statistic 'p95': it has max, min, mean, last"):
        judged(p95, drained_ms=1.0)
