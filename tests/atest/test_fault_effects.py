"""Every fault of the catalogue shows its effect on a client, and heals: the suites of which docs/faults.md is made."""

import pytest
from harness import run_suite

from tests.catalogue.faults import FAMILIES, SUITES


@pytest.mark.parametrize("family", FAMILIES)
def test_a_client_sees_each_fault_and_is_well_when_it_is_healed(tmp_path, family):
    run = run_suite(SUITES / f"{family}.robot", tmp_path).passed()
    assert {status for status, _ in run.outcomes().values()} == {"PASS"}
