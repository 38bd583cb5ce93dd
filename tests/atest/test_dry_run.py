"""Suites of trades other than ours: their keywords, arguments and values fit the libraries, without a server."""

import subprocess
from pathlib import Path

from harness import GENEROUS_S, Run, command, environment

SUITES = Path(__file__).parent / "suites"
SECRETS = {"DEALER_PASS": "canary-4715", "STALE_PASS": "canary-4716", "DEALER_KEY_PASSWORD": "canary-4717"}


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
    assert len(run.tests) == 10
    assert [name for name, data in run.artefacts().items() if b"canary" in data] == []


def test_a_wrong_argument_is_seen(tmp_path):
    suite = tmp_path / "wrong.robot"
    suite.write_text((SUITES / "orders_over_graphql.robot").read_text().replace("code=4409", "code=many"))
    (tmp_path / "market.resource").write_text((SUITES / "market.resource").read_text())
    run = dry_run(suite, tmp_path / "results")
    assert "Argument 'code' got value 'many'" in run.failure("An Id In Use Is Refused")
