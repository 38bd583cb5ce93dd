"""Suites of trades other than ours: their keywords, arguments and values fit the libraries, without a server."""

import shutil
import subprocess
from pathlib import Path

import pytest
from harness import GENEROUS_S, Run, command, environment

SUITES = Path(__file__).parent / "suites"
TRADES = SUITES / "trades"
SECRETS = {
    name: f"canary-{name}"
    for name in ("ALICE_TOKEN", "BOB_TOKEN", "EXPIRED_TOKEN", "ORDERS_DB_PASSWORD", "TLS_KEY_PASSWORD")
}


def dry_run(suites: Path, output: Path) -> Run:
    """Runs suites without running keywords."""
    done = subprocess.run(
        command(suites, output, "--dryrun", "--exclude", "fault:*"),  # those run, see test_fault_effects
        env=environment(SECRETS),
        capture_output=True,
        text=True,
        timeout=GENEROUS_S,
        check=False,
    )
    return Run(done.returncode, done.stdout + done.stderr, output)


def test_suites_of_other_trades_fit(tmp_path):
    run = dry_run(SUITES, tmp_path).passed()
    assert len(run.tests) == 19
    assert [name for name, data in run.artefacts().items() if b"canary" in data] == []


@pytest.mark.parametrize(
    ("trade", "right", "wrong", "test", "told"),
    [
        (
            "graphql",
            "code=4409",
            "code=many",
            "Second Subscription With The Same Id Closes 4409",
            "Argument 'code' got value 'many'",
        ),
        (
            "nightly",
            "Stop Load When",
            "Stop Lode When",
            "Delivery Stays Below 50 Milliseconds For Ten Minutes",
            "No keyword with name 'Stop Lode When' found",
        ),
    ],
)
def test_a_suite_that_does_not_fit_is_seen(tmp_path, trade, right, wrong, test, told):
    suite = tmp_path / "wrong.robot"
    suite.write_text((TRADES / f"{trade}.robot").read_text().replace(right, wrong))
    shutil.copy(TRADES / "environment.resource", tmp_path)
    run = dry_run(suite, tmp_path / "results")
    assert told in run.failure(test)
