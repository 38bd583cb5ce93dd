"""Fixtures of the acceptance tests of the libraries."""

import resource
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from harness import Run, run_robot
from peers import Echo, echo_server

_SOCKETS = 8192


@pytest.fixture(scope="session")
def echo() -> Iterator[Echo]:
    """An echo server."""
    with echo_server() as server:
        yield server


@pytest.fixture
def robot_run(tmp_path: Path) -> Callable[..., Run]:
    """Runs a suite's text in a child process: see `harness.run_robot`."""
    return partial(run_robot, tmp_path)


def pytest_configure() -> None:
    """The servers of a whole night hold more sockets than a user's shell allows at first."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _SOCKETS if hard == resource.RLIM_INFINITY else min(hard, _SOCKETS)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
