"""The nightly suite of a staging environment, in seconds: load, a cut network, a rollout."""

import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness import Run, run_suite
from peers import Echo, echo_server
from test_dry_run import SECRETS, TRADES
from websockets.sync.server import ServerConnection

from wireproof.stack.embedded import EmbeddedStack

STEADY, CUT, ROLLOUT, LEFT = (
    "Delivery Stays Below 50 Milliseconds For Ten Minutes",
    "Clients Survive A Cut Network",
    "Rollout By The Platform Team Loses Nothing",
    "Nothing Of Ours Is In The Way",
)

SHORT = {"DELIVERED_IN": "5 s", "STEADY_FOR": "3s", "CUT_FOR": "2s", "ROLLOUT_FOR": "6s"}
"""What takes minutes on staging; and a latency that a busy machine keeps, with the load's own delays in sending."""

LIMITS = {"< 50 ms": "< 5 s", "> 99.9 %": "> 99 %"}
"""Of the criteria: seconds of a load prove no more."""


class Gateway(Echo):
    """An echo server that a rollout replaces: whoever calls `/rollout` closes all other connections."""

    def __init__(self) -> None:
        super().__init__("")
        self._clients: set[ServerConnection] = set()

    def handle(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        if connection.request.path == "/rollout":
            for client in tuple(self._clients):
                client.close(1012)
            return
        self._clients.add(connection)
        super().handle(connection)
        self._clients.discard(connection)


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    """A PostgreSQL that is not the run's own."""
    stack = EmbeddedStack.start()
    yield stack.addresses.postgres
    stack.stop()


def run_nightly(tmp_path: Path, url: str, database: str, *options: str, **variables: str) -> Run:
    """Runs the suite against a server, in seconds."""
    suites = tmp_path / "suites"
    shutil.copytree(TRADES, suites)
    criteria = suites / "criteria.yaml"
    limits = criteria.read_text()
    for limit, loose in LIMITS.items():
        assert limit in limits
        limits = limits.replace(limit, loose)
    criteria.write_text(limits)
    given = [f"--variable={name}:{value}" for name, value in {**SHORT, "WS_URL": url, **variables}.items()]
    return run_suite(suites / "nightly.robot", tmp_path, *given, *options, env={**SECRETS, "POSTGRES_URL": database})


def test_a_night_in_which_nothing_is_wrong(tmp_path, echo, database):
    run = run_nightly(tmp_path, echo.url, database, ROLLOUT="true").passed()
    assert {name: test.status for name, test in run.tests.items()} == dict.fromkeys(
        (STEADY, CUT, ROLLOUT, LEFT), "PASS"
    )


def test_a_night_that_is_too_slow_and_clients_that_come_back_from_a_rollout(tmp_path, database):
    with echo_server(echo=Gateway()) as gateway:
        call = f"from websockets.sync.client import connect; connect('{gateway.url}/rollout').close()"
        rollout = shlex.join([sys.executable, "-c", call])
        options = [f"--test={name}" for name in (STEADY, ROLLOUT)]
        run = run_nightly(tmp_path, gateway.url, database, *options, ROLLOUT=rollout, DELIVERED_IN="1 us")
    assert "delivery" in run.failure(STEADY)
    assert run.tests[ROLLOUT].status == "PASS", run.tests[ROLLOUT].message
