"""How the tests of a run have ended by now, as what a criterion judges."""

from runs import trial

from wireproof.quantities import Fraction
from wireproof.report.acceptance import RunSoFar


def test_skipped_tests_did_not_run():
    so_far = RunSoFar.of([trial("a"), trial("b"), trial("c", status="FAIL"), trial("d", status="SKIP")])
    assert (so_far.passed, so_far.failed, so_far.skipped) == (2, 1, 1)
    estimate = so_far.measures["tests.passed"].estimate("observed")
    assert (estimate.value, estimate.n) == (Fraction(2 / 3), 3)
