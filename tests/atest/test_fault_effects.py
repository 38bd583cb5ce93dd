"""Every fault of the catalogue shows its effect on a client, and heals: the suites of which docs/faults.md is made."""

import subprocess

import pytest
from harness import GENEROUS_S, Run, command, environment

from tests.catalogue.faults import FAMILIES, SUITES


@pytest.mark.parametrize("family", FAMILIES)
def test_a_client_sees_each_fault_and_is_well_when_it_is_healed(tmp_path, family):
    done = subprocess.run(
        command(SUITES / f"{family}.robot", tmp_path),
        env=environment(),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=GENEROUS_S,
        check=False,
    )
    run = Run(done.returncode, done.stdout + done.stderr, tmp_path).passed()
    assert {status for status, _ in run.outcomes().values()} == {"PASS"}
